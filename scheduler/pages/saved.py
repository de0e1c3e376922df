"""Back on the page of a case, a line says what was saved."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

SAVED = {
    "opened": "The case is open.",
    "booked": "Booked.",
    "moved": "Moved.",
    "plan": "The plan is saved.",
    "released": "The booking is released.",
    "ended": "The case has ended.",
    "arrived": "It is noted that the patient is here.",
    "closed": "The case is closed.",
    "reopened": "The case is open again.",
    "person": "The person is added.",
    "address": "The address is changed.",
    "contact": "The contact has ended.",
    "language": "The language is changed.",
    "refiled": "The case is filed to this patient now.",
}


def to_case(case_id: uuid.UUID, saved: str) -> HttpResponse:
    """`saved`: a word of SAVED."""
    assert saved in SAVED
    return redirect(f"/desk/cases/{case_id}/?saved={saved}")


def saved_line(request: HttpRequest) -> str:
    """Nothing for a word that nobody was sent back with."""
    return SAVED.get(request.GET.get("saved", ""), "")
