"""Nothing that is owed to a patient gets lost on the way: decisions, calls, arrivals, lists."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import ProtocolVersion
from checklists.services.checklists import current_facts
from notifications.models import Message
from scheduler.models import Case, Contact, Resource, Task, User
from scheduler.rules.problems import Refused
from scheduler.services import bookings, cases, signing, transitions
from scheduler.services.boards import pathway
from scheduler.services.bookings import Slot
from scheduler.services.practices import add_staff
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db
BY = "staff:1"
LATER = START + timedelta(days=21)


def slot(resources: dict[str, Resource], at: datetime) -> Slot:
    return Slot(at, resources["Room 1"].pk, resources["Chris Clinician"].pk, resources["Bay 1"].pk)


def release(case: Case, now: datetime = NOW) -> None:
    case.refresh_from_db()
    assert case.booking is not None
    bookings.release_booking(
        practice_id=case.practice_id,
        booking_id=case.booking.pk,
        reason="asked to wait",
        seen_version=case.version,
        by=BY,
        now=now,
    )
    case.refresh_from_db()


def book(case: Case, at: Slot, now: datetime = NOW) -> None:
    bookings.book_case(
        practice_id=case.practice_id, case_id=case.pk, slot=at, seen_version=case.version, by=BY, now=now
    )
    case.refresh_from_db()


def open_tasks(case: Case) -> list[str]:
    return sorted(Task.objects.filter(case=case, done_at=None).values_list("kind", flat=True))


def test_booking_anew_leaves_the_restart_decision_owed(
    tell: Callable[..., Case], resources: dict[str, Resource]
) -> None:
    case = tell("held", drugs=("apixaban",), start=START + timedelta(hours=2))
    release(case)
    assert "restart_decision" in open_tasks(case)
    book(case, slot(resources, LATER))
    assert "restart_decision" in open_tasks(case)


def test_booking_anew_settles_the_offer_of_a_new_date(
    tell: Callable[..., Case], resources: dict[str, Resource]
) -> None:
    case = tell("booked", start=START + timedelta(days=2))
    release(case)
    assert open_tasks(case) == ["reschedule"]
    book(case, slot(resources, LATER))
    assert open_tasks(case) == []


def test_patient_whose_invite_never_arrived_is_rung_about_the_cancellation(tell: Callable[..., Case]) -> None:
    case = tell("booked", start=START + timedelta(days=2))
    Message.objects.filter(subject=case.pk, kind="invite:patient").update(state="failed", finished_at=NOW)
    release(case)
    assert not Message.objects.filter(subject=case.pk, kind="cancel:patient").exists()
    assert open_tasks(case) == ["call", "reschedule"]


def test_patient_whose_address_came_after_the_booking_is_rung_about_the_cancellation(
    tell: Callable[..., Case], story: Callable[..., Any]
) -> None:
    case = tell("booked", start=START + timedelta(days=2))
    Message.objects.filter(subject=case.pk, kind="invite:patient").delete()
    release(case)
    assert open_tasks(case) == ["call", "reschedule"]


def test_patient_who_was_never_written_to_is_not_rung_about_a_cancellation(tell: Callable[..., Case]) -> None:
    case = tell("booked", start=START + timedelta(days=2))
    release(case)
    assert open_tasks(case) == ["reschedule"]


def test_patient_without_an_address_is_rung_with_the_time(
    tell: Callable[..., Case], resources: dict[str, Resource]
) -> None:
    case = tell("imaged")
    Contact.objects.filter(patient=case.patient).update(ended_at=NOW)
    book(case, slot(resources, LATER))
    assert open_tasks(case) == ["call"]


@pytest.mark.parametrize(("by_days", "arrived"), [(0, True), (7, False)])
def test_arrival_of_one_day_is_not_the_arrival_of_another(
    by_days: int, arrived: bool, tell: Callable[..., Case], resources: dict[str, Resource]
) -> None:
    case = tell("arrived", now=START - timedelta(minutes=30))
    case.refresh_from_db()
    assert case.booking is not None
    bookings.move_booking(
        practice_id=case.practice_id,
        booking_id=case.booking.pk,
        slot=slot(resources, START + timedelta(days=by_days, hours=1)),
        seen_version=case.version,
        by=BY,
        now=START - timedelta(minutes=20),
    )
    case.refresh_from_db()
    known = (case.arrived_at is not None, current_facts(case.checklist).arrived_at is not None)
    assert known == (arrived, arrived)


def end(case: Case, ending: str, now: datetime = NOW) -> None:
    case.refresh_from_db()
    transitions.end_case(
        practice_id=case.practice_id,
        case_id=case.pk,
        ending=ending,
        reason="told by the family",
        seen_version=case.version,
        by=BY,
        now=now,
    )
    case.refresh_from_db()


def test_death_ends_every_call_and_asks_to_end_the_patients_other_cases(
    tell: Callable[..., Case], practice: Any
) -> None:
    case = tell("booked", start=START + timedelta(days=2))
    release(case)
    plan = cases.plan_of(current_facts(case.checklist))
    other = cases.open_case(
        practice=practice, patient_id=case.patient_id, protocol="demonstration", plan=plan, by=BY, now=NOW
    )
    end(case, "died")
    assert (open_tasks(case), open_tasks(other)) == ([], ["reschedule"])
    assert Task.objects.get(case=other).sentence == "The patient died. End this case as well."


def test_death_in_recovery_can_be_recorded(tell: Callable[..., Case]) -> None:
    case = tell("finished", now=START + timedelta(hours=1))
    end(case, "died", now=START + timedelta(hours=1))
    assert (case.state, case.ending) == ("died", "died")


def test_case_whose_medications_nobody_asked_for_cannot_be_booked(
    tell: Callable[..., Case], resources: dict[str, Resource]
) -> None:
    case = tell("imaged")
    for known in (False, True):
        plan = cases.Plan(**{**plan_fields(case), "medications": (), "medications_known": known})
        cases.change_plan(
            practice_id=case.practice_id, case_id=case.pk, plan=plan, seen_version=case.version, by=BY, now=NOW
        )
        case.refresh_from_db()
        if known:
            book(case, slot(resources, LATER))
        else:
            with pytest.raises(Refused) as refusal:
                book(case, slot(resources, LATER))
            assert [(r.item, r.code) for r in refusal.value.errors] == [("candidacy", "medications_unknown")]
    assert case.state == "booked"


def plan_fields(case: Case) -> dict[str, Any]:
    plan = cases.plan_of(current_facts(case.checklist))
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__}


def test_withdrawing_lists_every_waiting_case_also_unbooked_ones(tell: Callable[..., Case]) -> None:
    waiting = [tell("opened"), tell("booked", start=LATER)]
    tell("discharged", now=START + timedelta(hours=6), slot=("Room 2", "Sam Second", "Bay 2"))
    version = ProtocolVersion.objects.get(checklists=waiting[0].checklist)
    pinned = signing.withdraw(version=version, reason="a wrong number", by=BY, now=NOW)
    assert sorted(pinned) == sorted(case.pk for case in waiting)
    for case in waiting:
        case.checklist.refresh_from_db()
        assert case.checklist.next_change_at == NOW
    assert {row.state for row in pathway(waiting[0].practice, NOW)} == {"blocked"}


def test_two_clinicians_of_one_name_have_a_calendar_each(practice: Any) -> None:
    people = [
        add_staff(
            practice=practice,
            email=email,
            name="John Smith",
            roles=["clinician"],
            password="a long enough sentence",
            by=BY,
            now=NOW,
        )
        for email in ("john@clinic.example", "j.smith@clinic.example")
    ]
    found = Resource.objects.filter(practice=practice, kind="proceduralist", user__in=people)
    assert sorted(found.values_list("name", flat=True)) == ["John Smith", "John Smith (j.smith@clinic.example)"]


def test_real_practice_cannot_adopt_the_demonstration_protocol(
    api: Callable[[str], Client], practice: Any, staff: dict[str, User]
) -> None:
    practice.is_demo = False
    practice.save()
    answer = api("clinician").post("/api/v1/protocols/", {"name": "demonstration"}, content_type="application/json")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "protocol_for_demonstration")
    assert ProtocolVersion.objects.filter(practice_id=practice.pk).count() == 1
