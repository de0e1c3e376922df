"""W5c: all open cases by state. The sweep looks once a minute, so of thousands a handful is due and judged anew."""

import gc
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import connection

from checklists.models import Checklist, Facts
from scheduler.models import Case, Practice
from scheduler.services.both_versions import CHUNK
from scheduler.services.open_counts import count_open
from tests.bench.rounds import measured

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1200)]
Row = TypeVar("Row", Case, Checklist, Facts)
CASES, DUE = 5000, 5
WANTED = 25_000  # cases a second
MOST_GROWTH = 1.1
FEW, MANY = 3 * CHUNK, 8 * CHUNK  # from the third chunk on there is one to let go of


def copies(case: Case, number: int) -> None:
    """So many more cases like this one, each looked at when it was."""
    checklist, facts = case.checklist, Facts.objects.get(checklist=case.checklist)
    cases, checklists, documents = [], [], []
    for _ in range(number):
        checklists.append(like(checklist, subject=uuid4()))
        cases.append(like(case, checklist_id=checklists[-1].pk))
        documents.append(like(facts, checklist_id=checklists[-1].pk))
    Checklist.objects.bulk_create(checklists, batch_size=500)
    Facts.objects.bulk_create(documents, batch_size=500)
    Case.objects.bulk_create(cases, batch_size=500)


def like(row: Row, **other: object) -> Row:
    kept = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**kept, "id": uuid4(), **other})


def test_all_open_cases(
    tell: Callable[..., Case], practice: Practice, report: Callable[..., None], say: Callable[[str], None]
) -> None:
    case = tell("opened")
    due_at = case.checklist.next_change_at
    assert due_at is not None
    now = due_at - timedelta(minutes=1)
    copies(case, CASES - 1)
    due = list(Checklist.objects.values_list("pk", flat=True)[:DUE])
    Checklist.objects.filter(pk__in=due).update(next_change_at=now)

    def aggregate() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, count(*) FROM checklists_checklist GROUP BY state")
            return sum(number for _, number in cursor.fetchall())

    assert count_open(practice, now).total() == aggregate() == CASES
    # SQLite works in this process and waits for nothing, so other processes need not weigh.
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    found = measured(aggregate, lambda: count_open(practice, now), clock)
    report(f"W5c {CASES:,} open cases counted, {DUE} of them due ({connection.vendor}), per case", found, per=CASES)
    assert found.ours is not None
    say(f"W5c: {CASES / found.ours:,.0f} cases a second (target {WANTED:,})")
    assert CASES / found.ours >= WANTED, "W5c misses its target"


def test_memory_does_not_grow_with_the_cases(
    tell: Callable[..., Case], practice: Practice, say: Callable[[str], None]
) -> None:
    case = tell("opened")
    now = case.checklist.next_change_at
    assert now is not None
    copies(case, FEW - 1)
    count_open(practice, now)
    few = peak(lambda: count_open(practice, now).total(), FEW)
    copies(case, MANY - FEW)
    many = peak(lambda: count_open(practice, now).total(), MANY)
    growth = many / few
    say(f"W5c memory: {MANY:,} cases judged anew take {growth:.2f} x that of {FEW:,} (target {MOST_GROWTH})")
    assert growth <= MOST_GROWTH, "W5c needs more memory the more cases there are"


def peak(count: Callable[[], int], expected: int) -> int:
    """The most bytes that Python held at once while counting, beyond those it held before.

    The collector comes often meanwhile: by itself it waits for some 70,000 new objects, however few are in use.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 2, 1)
    tracemalloc.start()
    try:
        assert count() == expected
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.set_threshold(*usual)
        gc.unfreeze()
