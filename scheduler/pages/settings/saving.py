"""How every settings page saves: the form, then the service; a refusal goes back to the fields that it names."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from scheduler import clock
from scheduler.access import Actor
from scheduler.pages.session import note, status_of
from scheduler.rules.problems import Problem
from scheduler.rules.roles import ADMINISTRATOR

Act = Callable[[dict[str, Any], datetime], object]
DONE = {
    "saved": "Saved.",
    "added": "Added.",
    "closed": "Closed.",
    "opened": "Opened again.",
    "adopted": "Adopted. Read what is missing, then let a clinician sign it.",
    "filled": "Saved as a new version. A clinician reads it, then signs it.",
    "signed": "Signed. New cases use this version from now on.",
    "erased": "Erased.",
    "withdrawn": "Withdrawn. Its gates are shut from now on.",
}


def posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def attempt(
    request: HttpRequest, actor: Actor, form: forms.Form, act: Act, subject: object = None
) -> tuple[bool, Problem | None]:
    """Whether it was saved, else the problem; nothing is tried without a POST that the form accepts."""
    if request.method != "POST" or not form.is_valid():
        return False, None
    try:
        act(form.cleaned_data, clock.now())
    except Problem as problem:
        note(actor, problem, subject or actor.practice.pk)
        for reason in problem.errors:
            if reason.field in form.fields:
                form.add_error(reason.field, reason.detail)
        return False, problem
    return True, None


def show(
    request: HttpRequest,
    actor: Actor,
    template: str,
    context: dict[str, Any],
    *,
    sent: forms.Form | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    """`sent` is the form of a POST that was not saved."""
    wrong = sent if sent is not None and sent.is_bound else None
    shown = {
        "actor": actor,
        "is_administrator": ADMINISTRATOR in actor.roles,
        "done": DONE.get(request.GET.get("done", ""), ""),
        "sent": wrong,
        "problem": problem,
        "loose": [r for r in problem.errors if wrong is None or r.field not in wrong.fields] if problem else [],
    }
    status = status_of(problem, wrong=wrong is not None)
    return render(request, f"settings/{template}.html", {**shown, **context}, status=status)
