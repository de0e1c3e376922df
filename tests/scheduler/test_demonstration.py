"""The demonstration tells the same cases at any hour of any day."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from scheduler.models import Case, Practice
from scheduler.services.boards import rows
from scheduler.services.demonstration import make_demonstration
from scheduler.services.verification import verify_chain

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
CASES = {
    "Ready": ("booked", "ready"),
    "Fever": ("booked", "blocked"),
    "Underway": ("in_procedure", "ready"),
    "Homebound": ("discharged", "ready"),
    "Latte": ("booked", "blocked"),
    "Twin": ("booked", "pending"),
    "Newman": ("referred", "pending"),
    "Consulted": ("referred", "pending"),
    "Booker": ("booked", "pending"),
    "Stopped": ("booked", "pending"),
    "Awaited": ("booked", "pending"),
    "Contrary": ("booked", "needs_review"),
    "Rideless": ("booked", "blocked"),
    "Exempt": ("booked", "needs_review"),
    "Putoff": ("referred", "pending"),
}


@pytest.mark.parametrize(
    "moment",
    [
        "2027-03-01 08:00",
        "2027-03-05 16:30",
        "2027-03-06 00:10",
        "2027-03-13 23:50",
        "2027-03-14 03:30",
        "2027-03-18 12:00",
        "2027-11-07 01:30",
        "2027-12-31 23:30",
    ],
)
def test_demonstration_has_a_case_at_every_step_at_any_hour(moment: str) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("America/New_York"))
    practice = make_demonstration(now=now)
    related = ("practice", "patient", "booking", "checklist__protocol_version")
    cases = Case.objects.filter(practice=practice).select_related(*related)
    told = {row.case.patient.family_name: (row.case.state, row.state) for row in rows(cases, now)}
    holder = told.pop("Holder")
    assert told == CASES
    # Near a weekend the prescriber's deadline can lie behind us already, which is what the case is there to show.
    assert holder in {("booked", "pending"), ("booked", "blocked")}
    assert verify_chain(practice.pk) == []
    assert make_demonstration(now=now) == practice
    assert Practice.objects.count() == 1
