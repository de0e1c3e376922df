"""The clock's work: what became overdue blocks at its instant, what is mended is lifted."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.models import Block, Checklist
from scheduler.models import Case, Task
from scheduler.rules.problems import Refused
from scheduler.services import signing
from scheduler.services.sweeps import Swept, sweep_due_cases
from tests.scheduler.services.steps import BY, end_it, record, start_it, undone

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def sweep(now: datetime) -> Swept:
    return sweep_due_cases(clock=lambda: now)


def blocked(case: Case) -> set[str]:
    return set(Block.objects.filter(checklist=case.checklist_id, lifted_at=None).values_list("item", flat=True))


def owed(case: Case) -> set[tuple[str, str]]:
    return set(Task.objects.filter(case=case, done_at=None).values_list("kind", "key"))


def follow(case: Case, until: datetime) -> list[tuple[datetime, set[str]]]:
    """Sweep at each instant at which the case asks to be looked at; when blocks changed, and to what."""
    changes, standing = [], blocked(case)
    while (due := Checklist.objects.get(pk=case.checklist_id).next_change_at) is not None and due <= until:
        assert sweep(due - SECOND).looked == 0
        assert sweep(due).looked == 1
        if blocked(case) != standing:
            standing = blocked(case)
            changes.append((due, standing))
    return changes


@pytest.fixture
def waiting(tell: Callable[..., Case], now: datetime) -> Case:
    """Booked for the fifth day from now, the patient has done nothing yet."""
    return tell("booked", start=now + timedelta(days=4))


def test_overdue_item_is_blocked_at_its_instant_and_not_a_second_earlier(waiting: Case, now: datetime) -> None:
    (first, items), *_ = follow(waiting, now + timedelta(days=4))
    deadline = {f"{block.item}": block.at for block in Block.objects.filter(checklist=waiting.checklist_id)}
    assert {item: at for item, at in deadline.items() if item in items} == dict.fromkeys(items, first)
    assert items <= blocked(waiting)


def test_nothing_is_blocked_one_second_before_it_is_overdue(waiting: Case, now: datetime) -> None:
    with undone():
        (first, _), *_ = follow(waiting, now + timedelta(days=4))
    assert blocked(waiting) == set()
    sweep(first - SECOND)
    assert blocked(waiting) == set()
    sweep(first)
    assert blocked(waiting) != set()


def test_every_item_of_a_patient_who_does_nothing_ends_up_blocked(waiting: Case, now: datetime) -> None:
    follow(waiting, now + timedelta(days=4))
    assert blocked(waiting) == {"labs", "ride", "infection_prescreen", "fasting", "infection_check"}
    assert {key for _, key in owed(waiting)} == blocked(waiting)


def test_mending_lifts_the_block_and_settles_its_task(waiting: Case, now: datetime) -> None:
    follow(waiting, now + timedelta(days=4) - SECOND)
    mended_at = now + timedelta(days=4) - SECOND
    assert "ride" in blocked(waiting)
    record(waiting, "ride", {"available": True, "adult": True, "transport": "car"}, now=mended_at)
    assert "ride" not in blocked(waiting)
    lifted = Block.objects.get(checklist=waiting.checklist_id, item="ride")
    assert (lifted.lifted_at, lifted.lifted_by) == (mended_at, BY)
    task = Task.objects.get(case=waiting, key="ride")
    assert (task.done_at, task.done_by, task.outcome) == (mended_at, BY, "mended: the checklist no longer asks for it")


def test_second_look_at_the_same_instant_places_nothing(waiting: Case, now: datetime) -> None:
    follow(waiting, now + timedelta(days=4))
    before = (Block.objects.count(), Task.objects.count())
    Checklist.objects.update(next_change_at=now)
    assert sweep(now + timedelta(days=4)).placed == 0
    assert (Block.objects.count(), Task.objects.count()) == before


def test_case_whose_instant_has_not_come_is_not_looked_at(
    waiting: Case, tell: Callable[..., Case], now: datetime
) -> None:
    other = tell("booked", start=now + timedelta(days=5), slot=("Room 2", "Sam Second", "Bay 2"))
    Checklist.objects.filter(pk=other.checklist_id).update(next_change_at=now + SECOND)
    Checklist.objects.filter(pk=waiting.checklist_id).update(next_change_at=now)
    assert sweep(now) == Swept(looked=1, placed=0, failed=0)
    assert Checklist.objects.get(pk=other.checklist_id).next_change_at == now + SECOND


def test_sweep_with_nothing_due_asks_one_question(waiting: Case, now: datetime) -> None:
    Checklist.objects.update(next_change_at=now + SECOND)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert sweep(now) == Swept(0, 0, 0)
    assert len(queries) == 1


def test_bad_row_does_not_stop_the_others(waiting: Case, tell: Callable[..., Case], now: datetime) -> None:
    other = tell("booked", start=now + timedelta(days=4), slot=("Room 2", "Sam Second", "Bay 2"))
    Checklist.objects.filter(pk=waiting.checklist_id).update(facts_number=99, next_change_at=now)  # no such document
    Checklist.objects.filter(pk=other.checklist_id).update(next_change_at=now + SECOND)
    assert sweep(now + SECOND) == Swept(looked=1, placed=0, failed=1)
    assert sweep(now + SECOND).failed == 0  # again after a minute, not at once
    assert Checklist.objects.get(pk=waiting.checklist_id).state == ""  # nothing counts what could not be judged
    assert sweep(now + timedelta(minutes=2)).failed == 1


def test_late_start_is_judged_by_the_moving_clock(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("checked_in", now=start)
    sweep(start + timedelta(hours=10, minutes=50))
    changes = follow(case, start + timedelta(hours=11, minutes=10))
    # The infection check of 09:00 holds for 12 hours; after the booked start each minute counts as the start.
    assert [at for at, items in changes if "infection_check" in items] != []
    first = next(at for at, items in changes if "infection_check" in items)
    assert timedelta(0) < first - (start + timedelta(hours=11)) <= timedelta(minutes=1)


def test_case_under_way_or_ended_is_not_looked_at(tell: Callable[..., Case], start: datetime) -> None:
    started = tell("started", now=start)
    ended = tell("booked", start=start + timedelta(days=4), slot=("Room 2", "Sam Second", "Bay 2"))
    end_it(ended, "cancelled", now=start)
    times = Checklist.objects.filter(pk__in=[started.checklist_id, ended.checklist_id])
    assert set(times.values_list("next_change_at", flat=True)) == {None}
    assert blocked(ended) == set()


def test_withdrawn_protocol_shuts_the_gate_at_once_and_blocks_at_the_next_sweep(
    tell: Callable[..., Case], start: datetime
) -> None:
    case = tell("checked_in", now=start)
    assert blocked(case) == set()
    pinned = signing.withdraw(version=case.checklist.protocol_version, reason="A wrong number.", by=BY, now=start)
    assert pinned == [case.pk]
    with pytest.raises(Refused) as refusal:
        start_it(case, start)
    assert [(reason.item, reason.code) for reason in refusal.value.errors] == [("protocol", "protocol_withdrawn")]
    assert sweep(start).placed == 1
    assert blocked(case) == {"protocol"}
    assert ("mend", "protocol") in owed(case)


def test_case_that_nobody_books_is_stalled_and_news_ends_it(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("opened")
    Checklist.objects.filter(pk=case.checklist_id).update(next_change_at=now + timedelta(days=11))
    sweep(now + timedelta(days=11))
    assert ("stalled", "pathway") in owed(case)
    record(case, "consult", {"outcome": "procedure"}, now=now + timedelta(days=11, hours=1))
    assert ("stalled", "pathway") not in owed(case)


def test_unbooked_case_is_looked_at_each_day_of_its_site(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("opened")
    midnight = now.replace(hour=0) + timedelta(days=1)
    looks = [Checklist.objects.get(pk=case.checklist_id).next_change_at]
    assert looks[0] is not None and looks[0] <= midnight
    sweep(midnight)
    following = Checklist.objects.get(pk=case.checklist_id).next_change_at
    assert following is not None and midnight < following <= midnight + timedelta(days=1)
