"""The settings' first page, and the practice itself: name, zone, telephone, mailbox, address, hours."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from scheduler.access import Actor
from scheduler.pages.session import page
from scheduler.pages.settings.forms import PRACTICE_FIELDS, WEEK, PracticeForm
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.rules.problems import Problem, Stale
from scheduler.services import setting_up
from scheduler.services.practice_changes import change_practice


@require_GET
@page("settings")
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    return show(request, actor, "home", {"steps": setting_up.steps(actor.practice)})


@require_http_methods(["GET", "POST"])
@page("settings-practice")
def practice(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = PracticeForm(posted(request), practice=actor.practice)

    def act(data: dict[str, Any], now: datetime) -> None:
        change_practice(
            practice_id=actor.practice.pk, details=form.details(), seen_version=data["version"], by=actor.by, now=now
        )

    saved, problem = attempt(request, actor, form, act)
    if saved:
        return redirect("/settings/practice/?done=saved")
    context = {"form": form, "section": "practice", "differs": _differs(form, actor, problem)}
    return show(request, actor, "practice", context, sent=form, problem=problem)


def _differs(form: PracticeForm, actor: Actor, problem: Problem | None) -> list[tuple[str, str]]:
    """What somebody else saved meanwhile and this form would change."""
    if not isinstance(problem, Stale):
        return []
    now, typed = actor.practice, form.details()
    found = [
        (str(form[name].label), getattr(now, name))
        for name in PRACTICE_FIELDS
        if getattr(now, name) != getattr(typed, name)
    ]
    days = zip(WEEK, now.hours, typed.hours, strict=True)
    return found + [(day, " to ".join(stands) if stands else "closed") for day, stands, new in days if stands != new]
