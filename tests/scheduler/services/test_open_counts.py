"""Counting open cases: as many as the board shows in each state, with only those judged that may have changed."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from checklists.models import Checklist, ProtocolVersion
from scheduler.models import Case, Practice
from scheduler.services.boards import pathway
from scheduler.services.open_counts import count_open
from tests.conftest import NOW, START
from tests.house.project import ROOT

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEVER = "as nobody judged"


def shown(practice: Practice, now: Any) -> Counter[str]:
    return Counter(row.listed_as for row in pathway(practice, now))


def stored(practice: Practice, **values: Any) -> None:
    """Write over the stored state, as no service does: what is believed of it shows in the count."""
    Checklist.objects.filter(practice_id=practice.pk).update(state=NEVER, **values)


@pytest.fixture
def several(tell: Callable[..., Case]) -> list[Case]:
    return [
        tell("opened"),
        tell("opened", drugs=("apixaban",)),
        tell("booked", start=START + 9 * DAY),
        tell("prepared", start=START + DAY, ride={"available": False}),
        tell("arrived", now=START - HOUR, slot=("Room 2", "Sam Second", "Bay 2")),
    ]


def test_case_whose_procedure_has_begun_is_counted_as_under_way(tell: Callable[..., Case], practice: Practice) -> None:
    tell("started", now=START + HOUR)
    assert count_open(practice, START + HOUR) == shown(practice, START + HOUR) == {"under_way": 1}


def test_counts_are_those_of_the_board_at_every_moment(several: list[Case], practice: Practice) -> None:
    moments = [checklist.next_change_at for checklist in Checklist.objects.exclude(next_change_at=None)]
    told = START - HOUR  # nobody asks how it was before the last word was said
    around = [at + step for at in moments if at for step in (-timedelta(microseconds=1), timedelta(0)) if at > told]
    for now in (told, *around, START + 2 * HOUR, START + 30 * DAY):
        assert count_open(practice, now) == shown(practice, now)


def test_state_is_believed_until_its_case_is_due_and_judged_anew_from_then_on(
    tell: Callable[..., Case], practice: Practice
) -> None:
    case = tell("booked", start=START + 9 * DAY)
    due = case.checklist.next_change_at
    stored(practice)
    assert due is not None
    assert count_open(practice, due - timedelta(microseconds=1)) == {NEVER: 1}
    assert count_open(practice, due) == shown(practice, due)
    stored(practice, next_change_at=None)
    assert count_open(practice, NOW) == shown(practice, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"judged_facts": 99},
        {"judged_evidence": 99},
        {"judged_version": UUID(int=9)},
        {"judged_version": None},
        {"judged_start": START},
        {"judged_start": None},
        {"judged_by": "1 2020.1"},
    ],
    ids=str,
)
def test_state_judged_from_anything_else_is_not_believed(
    changed: dict[str, Any], tell: Callable[..., Case], practice: Practice
) -> None:
    tell("booked", start=START + 9 * DAY)
    stored(practice)
    assert count_open(practice, NOW) == {NEVER: 1}
    stored(practice, **changed)
    assert count_open(practice, NOW) == shown(practice, NOW)


def test_withdrawn_version_blocks_whatever_was_found_under_it(several: list[Case], practice: Practice) -> None:
    ProtocolVersion.objects.update(withdrawn_at=NOW, withdrawn_by="x", withdrawn_reason="y")
    assert count_open(practice, NOW) == shown(practice, NOW) == {"blocked": len(several)}


def test_another_practice_is_not_counted(several: list[Case], other_practice: Practice) -> None:
    assert count_open(other_practice, NOW) == {}


def test_counting_many_costs_as_many_queries_as_counting_few(
    tell: Callable[..., Case], practice: Practice, django_assert_num_queries: Any
) -> None:
    tell("booked", start=START + 9 * DAY)
    count_open(practice, NOW)  # reads the protocol, once for all
    for more in (0, 3):
        for number in range(more):
            tell("booked", start=START + (10 + number) * DAY)
        with django_assert_num_queries(3):
            assert count_open(practice, NOW).total() == more + 1


def test_nothing_but_the_count_reads_a_stored_state() -> None:
    """A gate, a write or a page of one case that believed it could let a case in which time has made unready."""
    names = ("state_holds", "checklist__state", "checklist.state", "judged_by")
    files = [path for app in ("checklists", "scheduler", "config") for path in (ROOT / app).rglob("*.py")]
    reading = [path for path in files if any(name in path.read_text() for name in names)]
    assert {str(path.relative_to(ROOT)) for path in reading if path.parent.name != "migrations"} == {
        "checklists/models.py",
        "checklists/services/stored.py",
        "scheduler/rules/erased.py",  # names the column, which an erasure keeps
        "scheduler/services/open_counts.py",
    }
