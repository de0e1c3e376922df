"""What the desk owes about an appointment is about the appointment as it stands: the rest is overtaken."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from checklists.rules.values import Authority
from checklists.services.checklists import current_facts
from scheduler.models import Case, Task
from scheduler.services import bookings, cases, transitions
from tests.scheduler.services.steps import BY, record
from tests.scheduler.walks.words import good_words
from tests.scheduler.world import World, act, booking_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: World, now: datetime) -> Case:
    return world.tell("booked", start=now + timedelta(days=6))


@pytest.fixture
def world(practice: Any) -> World:
    return World(practice)


def open_tasks(case: Case, kind: str) -> list[str]:
    return list(Task.objects.filter(case=case, kind=kind, done_at=None).values_list("sentence", flat=True))


def of_booking(service: Callable[..., Any], case: Case, now: datetime, **more: Any) -> None:
    told = {"booking_id": booking_of(case).pk, "seen_version": case.version, "by": BY, "now": now}
    service(practice_id=case.practice_id, **told, **more)
    case.refresh_from_db()


def move(world: World, case: Case, start: datetime, now: datetime) -> None:
    ids = [world.resources[name].pk for name in ("Room 1", "Chris Clinician", "Bay 1")]
    of_booking(bookings.move_booking, case, now, slot=bookings.Slot(start, *ids))


def plan_levels(case: Case, levels: tuple[str, ...], now: datetime) -> None:
    plan = replace(cases.plan_of(current_facts(case.checklist)), levels=levels)
    act(cases.change_plan, case, BY, now, plan=plan)


def too_short(case: Case, now: datetime) -> None:
    plan_levels(case, ("T12", "L1"), now)
    assert [sentence[-17:] for sentence in open_tasks(case, "reschedule")] == ["Move the booking."]


def test_call_about_a_time_gives_way_to_the_call_about_the_next(world: World, case: Case, now: datetime) -> None:
    case.patient.contacts.update(channel="call", email="", email_hash="")
    move(world, case, now + timedelta(days=7), now)
    assert open_tasks(case, "call") == ["Tell the patient the new time of the appointment: no e-mail address."]
    move(world, case, now + timedelta(days=8), now)
    assert open_tasks(case, "call") == ["Tell the patient the new time of the appointment: no e-mail address."]
    of_booking(bookings.release_booking, case, now, reason="room closed")
    assert len(open_tasks(case, "call")) == 1


def test_moved_booking_has_the_length_that_was_asked_for(world: World, case: Case, now: datetime) -> None:
    too_short(case, now)
    for item in ("consult", "imaging", "consent", "authorisation"):
        for value in good_words(case, item, now):
            record(case, item, value, now=now, role=Authority.CLINICIAN)
    move(world, case, now + timedelta(days=7), now)
    assert open_tasks(case, "reschedule") == []


def test_plan_that_is_changed_back_needs_no_other_booking(case: Case, now: datetime) -> None:
    too_short(case, now)
    plan_levels(case, ("L1",), now)
    assert open_tasks(case, "reschedule") == []


def test_released_booking_is_not_to_be_moved(case: Case, now: datetime) -> None:
    too_short(case, now)
    of_booking(bookings.release_booking, case, now, reason="room closed")
    assert open_tasks(case, "reschedule") == ["The booking was released (room closed). Offer a new date."]


def test_begun_procedure_is_not_to_be_moved(world: World, start: datetime) -> None:
    case = world.tell("checked_in", now=start)
    Task.objects.create(
        practice=case.practice,
        case=case,
        kind="reschedule",
        key=cases.length_key(booking_of(case)),
        queue="scheduler",
        created_at=start,
    )
    act(transitions.start, case, BY, start)
    assert open_tasks(case, "reschedule") == []


def test_new_date_does_not_settle_that_the_patient_died(world: World, case: Case, now: datetime) -> None:
    of_booking(bookings.release_booking, case, now, reason="room closed")
    gone = world.tell("opened", now=now)
    Case.objects.filter(pk=gone.pk).update(patient=case.patient)
    gone.refresh_from_db()
    act(transitions.end_case, gone, BY, now, ending="died", reason="their daughter rang")
    ids = [world.resources[name].pk for name in ("Room 1", "Chris Clinician", "Bay 1")]
    act(bookings.book_case, case, BY, now, slot=bookings.Slot(now + timedelta(days=9), *ids))
    assert open_tasks(case, "reschedule") == ["The patient died. End this case as well."]
