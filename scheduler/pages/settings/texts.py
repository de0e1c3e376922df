"""The lines that the practice adds to its messages, with every message as it would read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from scheduler import clock, messages
from scheduler.access import Actor
from scheduler.models import Practice
from scheduler.pages.session import page
from scheduler.pages.settings.forms import TextsForm
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.rules.texts import KINDS, LANGUAGES, line_of
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
    """Each message with its saved line, for a time in a week; where a language has no line, there is none."""
    when = messages.when_in_words((now + timedelta(days=7)).replace(minute=0), practice)
    return [
        Preview(KINDS[kind], name, language, _text(practice, kind, when, language))
        for kind in KINDS
        for language, name in LANGUAGES.items()
        if language == "en" or line_of(practice.texts, kind, language)
    ]


def _text(practice: Practice, kind: str, when: str, language: str) -> str:
    if kind == "reminder":
        return messages.reminder_text(practice, when, link=SAMPLE_LINK, language=language)
    link = "" if kind == "cancelled" else SAMPLE_LINK
    return messages.appointment_text(practice, kind, when, link=link, language=language)
