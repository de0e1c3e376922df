"""Many at once, each with a connection of its own, at a database that keeps what was committed."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from django.db import connection, transaction

from checklists.models import Block, Decision
from checklists.services.checklists import current_facts
from notifications.models import Message
from scheduler.models import Booking, Case, Claim, Practice, Record, Resource, Task, User
from scheduler.rules.problems import Refused
from scheduler.services import bookings, cases, transitions
from scheduler.services.readiness import locked_case
from scheduler.services.record import append_record
from scheduler.services.sweeps import sweep_due_cases
from scheduler.services.verification import verify_chain
from tests.conftest import NOW, ZONE
from tests.house import roles
from tests.scheduler.services.conftest import at_once
from tests.scheduler.services.races.conftest import MEETING
from tests.scheduler.services.steps import BY, record

pytestmark = MEETING


def attempts() -> int:
    """SQLite lets one writer in at a time, so fewer show the same."""
    return 50 if connection.vendor == "postgresql" else 12


def booking_of(case: Case, slot: bookings.Slot, now: datetime) -> Callable[[], bookings.Booked]:
    return lambda: bookings.book_case(
        practice_id=case.practice_id, case_id=case.pk, slot=slot, seen_version=case.version, by=BY, now=now
    )


def slot_at(start: datetime, resources: dict[str, Resource]) -> bookings.Slot:
    names = ("Room 1", "Chris Clinician", "Bay 1")
    return bookings.Slot(start, *(resources[name].pk for name in names))


def test_one_of_many_attempts_at_one_slot_wins(
    tell: Callable[..., Case], resources: dict[str, Resource], now: datetime
) -> None:
    start = now + timedelta(days=3)
    rivals = [tell("imaged") for _ in range(attempts())]
    results = at_once([booking_of(case, slot_at(start, resources), now) for case in rivals])
    winners = [result for result in results if isinstance(result, bookings.Booked)]
    assert Counter(getattr(r, "code", type(r).__name__) for r in results) == {
        "Booked": 1,
        "slot_taken": len(rivals) - 1,
    }
    assert Booking.objects.get().case_id == winners[0].case.pk
    assert Claim.objects.filter(is_active=True).count() == 4
    assert Case.objects.filter(state="booked").count() == 1
    assert {m.subject for m in Message.objects.filter(method="REQUEST")} == {winners[0].case.pk}
    assert verify_chain(rivals[0].practice_id) == []


def test_one_patient_is_not_booked_twice_at_once(
    tell: Callable[..., Case], resources: dict[str, Resource], staff: dict[str, User], now: datetime
) -> None:
    first, second = tell("imaged"), tell("imaged")
    Case.objects.filter(pk=second.pk).update(patient=first.patient_id)
    start = now + timedelta(days=3)
    other = bookings.Slot(start, *(resources[name].pk for name in ("Room 2", "Sam Second", "Bay 2")))
    results = at_once([booking_of(first, slot_at(start, resources), now), booking_of(second, other, now)])
    assert sorted(getattr(r, "code", "booked") for r in results) == ["booked", "slot_taken"]
    refused = next(result for result in results if isinstance(result, Refused))
    assert [reason.field for reason in refused.errors] == ["patient"]


def test_two_sweepers_place_one_block_and_one_task(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=4))
    due = next_overdue(case)
    results = at_once([lambda: sweep_due_cases(clock=lambda: due)] * 2)
    assert sum(result.placed for result in results) == 1
    assert [result.failed for result in results] == [0, 0]
    assert sorted(result.looked for result in results) == [0, 1]
    block = Block.objects.get(checklist=case.checklist_id, lifted_at=None)
    assert Task.objects.filter(case=case, key=block.item, done_at=None).count() == 1
    assert Decision.objects.filter(checklist=case.checklist_id, kind="verdict", now=due).count() == 1


def next_overdue(case: Case) -> datetime:
    """Follow the clock from change to change until a block is placed, then undo that look."""
    for _ in range(20):
        case.checklist.refresh_from_db()
        due = case.checklist.next_change_at
        with transaction.atomic():
            placed = sweep_due_cases(clock=lambda due=due: due).placed
            transaction.set_rollback(placed > 0)
        if placed:
            return due
    raise AssertionError("nothing became overdue")


def test_who_waited_for_the_lock_sees_what_was_written_meanwhile(tell: Callable[..., Case], now: datetime) -> None:
    """An arrival during a change of plan must not bring back the old plan."""
    case = tell("booked", start=now + timedelta(hours=2))
    plan = replace(cases.plan_of(current_facts(case.checklist)), anesthesia="general")
    is_changed = Event()

    def change() -> None:
        with transaction.atomic():
            locked_case(case.practice_id, case.pk)
            cases.change_plan(
                practice_id=case.practice_id, case_id=case.pk, plan=plan, seen_version=case.version, by=BY, now=now
            )
            is_changed.set()
            time.sleep(0.5)  # the other now waits for the lock, or would have read what is still the old plan

    def arrive() -> None:
        assert is_changed.wait(timeout=30)
        transitions.arrive(practice_id=case.practice_id, case_id=case.pk, by=BY, now=now)

    assert at_once([change, arrive]) == [None, None]
    facts = current_facts(Case.objects.select_related("checklist").get(pk=case.pk).checklist)
    assert (facts.anesthesia, facts.arrived_at) == ("general", now)


def test_failing_evidence_and_start_at_once_never_end_in_a_start_after_it(
    tell: Callable[..., Case], start: datetime
) -> None:
    case = tell("checked_in", now=start)
    acts: list[Callable[[], Any]] = [
        lambda: record(Case.objects.get(pk=case.pk), "ride", {"available": False}, now=start),
        lambda: transitions.start(
            practice_id=case.practice_id, case_id=case.pk, seen_version=case.version, by=BY, now=start
        ),
    ]
    recorded, started = at_once(acts)
    assert not isinstance(recorded, Exception)
    case.refresh_from_db()
    entered = Record.objects.filter(subject=case.pk, action="start").values_list("number", flat=True).first()
    failed = Record.objects.filter(subject=case.pk, action="evidence_recorded").latest("number").number
    assert isinstance(started, Refused) == (entered is None)
    assert entered is None or entered < failed


def test_parallel_writers_leave_one_chain(practice: Practice) -> None:
    def write(number: int) -> Callable[[], Record]:
        return lambda: append_record(practice_id=practice.pk, by=BY, action="noted", subject=number, now=NOW)

    before = Record.objects.filter(practice=practice).count()
    results = at_once([write(number) for number in range(20)])
    assert [r for r in results if isinstance(r, Exception)] == []
    assert sorted(r.number for r in results) == list(range(before + 1, before + 21))
    assert verify_chain(practice.pk) == []


def test_first_writers_of_a_practice_make_one_head(meeting: None) -> None:
    new = Practice(name="New", zone=ZONE, phone="1", email="a@b.example", address="a", hours=[None] * 7, created_at=NOW)
    roles.sees(new.pk)
    new.save(force_insert=True)
    acts = [lambda: append_record(practice_id=new.pk, by=BY, action="noted", subject="s", now=NOW)] * 10
    assert sorted(r.number for r in at_once(acts)) == list(range(1, 11))
    assert verify_chain(new.pk) == []
