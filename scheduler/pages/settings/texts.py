"""The lines that the practice adds to its messages, with every message as it would read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from scheduler import clock, mail_texts
from scheduler.access import Actor
from scheduler.models import Practice
from scheduler.pages.session import page
from scheduler.pages.settings.forms import TextsForm
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.rules.texts import KINDS, LANGUAGES
from scheduler.services.practice_changes import change_texts

SAMPLE_LINK = "https://…/my/…"


@dataclass(frozen=True, slots=True)
class Preview:
    kind: str
    language: str
    code: str
    text: str


@require_http_methods(["GET", "POST"])
@page("settings-texts")
def texts(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = TextsForm(posted(request), practice=actor.practice)

    def act(data: dict[str, Any], now: datetime) -> None:
        change_texts(
            practice_id=actor.practice.pk, texts=form.lines(), seen_version=data["version"], by=actor.by, now=now
        )

    saved, problem = attempt(request, actor, form, act)
    if saved:
        return redirect("/settings/texts/?done=saved")
    context = {"form": form, "section": "texts", "previews": previews(actor.practice, clock.now())}
    return show(request, actor, "texts", context, sent=form, problem=problem)


def previews(practice: Practice, now: datetime) -> list[Preview]:
    """Each message in each language with its saved line, for a time in a week."""
    moment = (now + timedelta(days=7)).replace(minute=0)
    return [
        Preview(KINDS[kind], name, language, _text(practice, kind, moment, language))
        for kind in KINDS
        for language, name in LANGUAGES.items()
    ]


def _text(practice: Practice, kind: str, moment: datetime, language: str) -> str:
    if kind == "reminder":
        return mail_texts.reminder_text(practice, moment, link=SAMPLE_LINK, language=language)
    link = "" if kind == "cancelled" else SAMPLE_LINK
    return mail_texts.appointment_text(practice, kind, moment, link=link, language=language)
