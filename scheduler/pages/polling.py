"""Boards of a day, live: equal rows give an equal short digest, and what a browser shows already is not sent again."""

import hashlib
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scheduler.rules.problems import Invalid, Reason


def version_of(shown: object) -> str:
    """A short digest of all that a board shows."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def answer(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """The rows, or 204 where `?v=` says that the browser has them. `context["v"]` is their version."""
    if request.GET.get("v") == context["v"]:
        return HttpResponse(status=204)
    return render(request, template, context)


def asked_day(request: HttpRequest, today: date) -> date:
    """The day of `?date=`, else today; Invalid where it cannot be read or has no neighbours."""
    given = request.GET.get("date")
    try:
        on = date.fromisoformat(given) if given else today
        on - timedelta(days=1), on + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        reason = Reason("bad_date", "Give the date as 2027-03-01.", "date")
        raise Invalid("The date cannot be read.", errors=(reason,)) from error
    return on
