"""What becomes of a task that was announced is in the record, once for each change, and costs no statement for each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduler.models import Case, Record, Task
from scheduler.rules.duties import Duty
from scheduler.services.readiness import look_again
from scheduler.services.record import SYSTEM
from scheduler.services.tasks import drop_tasks, owe_task, settle_duties
from tests.conftest import NOW
from tests.scheduler.services.steps import BY, record

pytestmark = pytest.mark.django_db
DUE = NOW + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def told(case: Case) -> list[tuple[str, str]]:
    """What the record says of tasks of this case, with who did it."""
    rows = Record.objects.filter(subject=str(case.pk), action__startswith="task_").order_by("number")
    return list(rows.values_list("action", "by"))


def duty(number: int = 1, due: datetime = DUE, queue: str = "nurse") -> Duty:
    return Duty("mend", f"item-{number}", queue, f"Mend {number}.", due)


def settle(case: Case, *owed: Duty, by: str = SYSTEM) -> int:
    """How many statements it took."""
    with CaptureQueriesContext(connection) as captured:
        settle_duties(case=case, owed=owed, passing=(), by=by, now=NOW)
    return len(captured)


@pytest.fixture
def case(tell: Callable[..., Case]) -> Case:
    case = tell("opened")
    settle(case)
    return case


def test_duty_that_is_mended_is_settled_in_the_record_once(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("prepared", ride={"available": False}, start=start)
    assert Task.objects.filter(case=case, key="ride", done_at=None).count() == 1
    before = told(case)
    ride = {"available": True, "adult": True, "transport": "car", "seen": True}
    no = case.checklist.evidence.filter(item="ride").latest("pk").public_id
    record(case, "ride", ride, now=NOW, supersedes=[no])
    assert told(case)[len(before) :] == [("task_settled", BY)]
    look_again(case=case, now=NOW)
    assert len(told(case)) == len(before) + 1


def test_dropped_task_is_settled_in_the_record(case: Case) -> None:
    owe_task(case=case, duty=Duty("call", "x", "scheduler", "Call.", None), by=BY, now=NOW)
    before = told(case)
    for _ in range(2):
        drop_tasks(case=case, kinds=("call",), outcome="over", by=BY, now=NOW)
    assert told(case)[len(before) :] == [("task_settled", BY)]


@pytest.mark.parametrize(
    ("changed", "by", "is_told"),
    [
        (duty(due=DUE + MINUTE), BY, True),
        (duty(due=DUE + MINUTE), SYSTEM, False),  # the clock pushes it on: each minute, once the booked start is over
        (duty(due=DUE - MINUTE), SYSTEM, True),
        (duty(queue="clinician"), SYSTEM, True),
        (replace(duty(), sentence="Mend it, in 3 days."), BY, False),
        (duty(), BY, False),
    ],
)
def test_change_of_whose_and_by_when_is_told(case: Case, changed: Duty, by: str, is_told: bool) -> None:
    settle(case, duty())
    before = told(case)
    settle(case, changed, by=by)
    assert told(case)[len(before) :] == ([("task_changed", by)] if is_told else [])
    task = Task.objects.get(case=case, key="item-1", done_at=None)
    assert (task.sentence, task.due_at, task.queue) == (changed.sentence, changed.due_at, changed.queue)


def test_record_of_many_tasks_costs_as_many_statements_as_of_one(case: Case) -> None:
    settle(case, *map(duty, range(9)))
    assert settle(case, *map(duty, range(9))) == 1  # nothing changed: the look at what stands
    nine = settle(case)
    settle(case, duty())
    one = settle(case)
    assert one == nine
    assert settle(case) == 1
    opened = settle(case, duty())
    settle(case)
    assert settle(case, *map(duty, range(9))) == opened
    # Mended and new in one go: what stands is looked at once, the chain's head locked once.
    assert settle(case, *map(duty, range(20, 29))) == nine + opened - LOOK - RECORD


LOOK, RECORD = 1, 3  # head, rows, head
