"""The order of locks, tried: changes, sweeps, sendings and sealings at once on few cases, rooms and messages."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from notifications.models import Message
from notifications.services.outbox import send_due
from notifications.transport import Answer, Delivered, Permanent
from scheduler.deadlocks import again_after_deadlock, is_deadlock
from scheduler.isolation import within
from scheduler.models import Case, Practice, Record, RecordHead, Resource
from scheduler.rules.problems import Problem
from scheduler.services import bookings, transitions
from scheduler.services.access_log import log_reading
from scheduler.services.delivery import owe_undelivered
from scheduler.services.record import append_record
from scheduler.services.sealing import seal_record
from scheduler.services.sweeps import sweep_due_cases
from scheduler.services.verification import verify_chain, verify_practice
from tests.conftest import NOW
from tests.scheduler.services.conftest import at_once
from tests.scheduler.services.races.conftest import MEETING
from tests.scheduler.services.steps import BY, record

ON_POSTGRESQL = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time")
pytestmark = MEETING
WORKERS, ROUNDS, SEED = 9, 6, 20270301
SLOTS = (("Room 1", "Chris Clinician", "Bay 1"), ("Room 2", "Sam Second", "Bay 2"))


class Moody:
    """A mail server that takes one of two."""

    def send(self, **_: Any) -> Answer:
        return Delivered() if random.random() < 0.5 else Permanent("550 no such person")


class Storm:
    """What people and machines do to the same few cases."""

    def __init__(self, cases: list[Case], resources: dict[str, Resource], start: datetime) -> None:
        self.cases, self.resources, self.start = cases, resources, start
        self.practice_id = cases[0].practice_id
        self.acts = [self.evidence, self.move, self.release_or_book, self.arrive, self.sweep, self.send, self.seal,
                     self.end, self.read]  # fmt: skip

    def blow(self, seed: int) -> Callable[[], Counter[str]]:
        def run() -> Counter[str]:
            dice, seen = random.Random(seed), Counter[str]()
            for act in dice.sample(self.acts, ROUNDS):
                try:
                    act(Case.objects.get(pk=dice.choice(self.cases).pk), dice)
                    seen[act.__name__] += 1
                except Problem as problem:
                    seen[problem.code] += 1
                except OperationalError as error:
                    seen["deadlock" if is_deadlock(error) else str(error)] += 1
            return seen

        return run

    def slot(self, dice: random.Random) -> bookings.Slot:
        at = self.start + timedelta(hours=dice.randrange(4))
        return bookings.Slot(at, *(self.resources[name].pk for name in dice.choice(SLOTS)))

    def common(self, case: Case) -> dict[str, Any]:
        return {"practice_id": self.practice_id, "seen_version": case.version, "by": BY, "now": NOW}

    def evidence(self, case: Case, dice: random.Random) -> None:
        record(case, "ride", {"available": dice.random() < 0.5, "adult": True, "transport": "car"}, now=NOW)

    def move(self, case: Case, dice: random.Random) -> None:
        if case.booking_id:
            bookings.move_booking(booking_id=case.booking_id, slot=self.slot(dice), **self.common(case))

    def release_or_book(self, case: Case, dice: random.Random) -> None:
        if case.booking_id:
            bookings.release_booking(booking_id=case.booking_id, reason="storm", **self.common(case))
        else:
            bookings.book_case(case_id=case.pk, slot=self.slot(dice), **self.common(case))

    def arrive(self, case: Case, _: random.Random) -> None:
        transitions.arrive(practice_id=self.practice_id, case_id=case.pk, by=BY, now=NOW)

    def end(self, case: Case, dice: random.Random) -> None:
        if dice.random() < 0.2:
            transitions.end_case(case_id=case.pk, ending="cancelled", reason="storm", **self.common(case))

    def sweep(self, _: Case, dice: random.Random) -> None:
        sweep_due_cases(clock=lambda: NOW + timedelta(days=dice.randrange(3)))

    def read(self, case: Case, _: random.Random) -> None:
        log_reading(
            practice_id=self.practice_id, by=BY, roles=["nurse"], route="board", seen=[case.pk], status=200, now=NOW
        )

    def seal(self, *_: Any) -> None:
        seal_record(practice_id=self.practice_id, now=NOW)

    def send(self, *_: Any) -> None:
        send_due(
            practice_id=self.practice_id,
            within=within,
            clock=lambda: NOW,
            until=NOW + timedelta(seconds=1),
            still_true=lambda _: None,
            transport=Moody(),
            owner="storm",
            on_failed=lambda undelivered: owe_undelivered(undelivered=undelivered, now=NOW),
        )


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


@ON_POSTGRESQL
def test_storm_of_changes_meets_no_deadlock(
    tell: Callable[..., Case], resources: dict[str, Resource], practice: Practice
) -> None:
    start = NOW + timedelta(days=2)
    cases = [tell("booked", start=start + timedelta(hours=2 * n), slot=SLOTS[n % 2]) for n in range(4)]
    before, storm = deadlocks(), Storm(cases, resources, start)
    results = at_once([storm.blow(SEED + n) for n in range(WORKERS)])
    faults = [result for result in results if isinstance(result, Exception)]
    assert faults == []
    seen = sum(results, Counter())
    assert seen["deadlock"] == 0, seen
    assert {"evidence", "sweep", "send", "seal", "read"} <= set(seen), seen
    assert deadlocks() == before
    assert verify_practice(practice.pk).breaks == ()
    assert Message.objects.exclude(state="queued").exists()


@ON_POSTGRESQL
def test_200_parallel_writers_leave_one_chain(practice: Practice) -> None:
    """AUD-03: twenty at a time, ten rows each."""

    def write(number: int) -> Callable[[], list[int]]:
        def run() -> list[int]:
            rows = []
            for each in range(10):
                entry = {"action": "noted", "subject": f"{number}.{each}", "now": NOW}
                rows.append(append_record(practice_id=practice.pk, by=BY, **entry).number)
            return rows

        return run

    before = Record.objects.filter(practice=practice).count()
    results = at_once([write(number) for number in range(20)])
    assert sorted(number for rows in results for number in rows) == list(range(before + 1, before + 201))
    assert verify_chain(practice.pk) == []
    assert RecordHead.objects.get(practice=practice).number == before + 200


@ON_POSTGRESQL
def test_deadlock_is_tried_again_and_both_get_through(
    tell: Callable[..., Case], practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F16: two that take two rows in opposite orders, on purpose; the pause of one lasts as long as the other needs."""
    one, other = tell("opened"), tell("opened")
    meeting, through, pauses = Barrier(2, timeout=20), Event(), list[float]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert through.wait(timeout=20)

    monkeypatch.setattr("scheduler.deadlocks.sleep", pause)

    def take(first: Case, then: Case) -> Callable[[], int]:
        tries = []

        def act() -> int:
            tries.append(1)
            with within(practice.pk), transaction.atomic():
                Case.objects.select_for_update().get(pk=first.pk)
                if len(tries) == 1:
                    meeting.wait()
                Case.objects.select_for_update().get(pk=then.pk)
            through.set()
            return len(tries)

        return lambda: again_after_deadlock(act)

    assert sorted(at_once([take(one, other), take(other, one)])) == [1, 2]
    assert pauses == [0.1]
