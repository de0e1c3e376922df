"""Times on a paper: past, in order, recent, and neither twice nor missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler.rules.downtime import ENTERED_WITHIN, PaperTimes, problems_of

NOW = datetime(2027, 3, 1, 18, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
GOOD = PaperTimes(
    arrived_at=NOW - 5 * HOUR,
    checked_in_at=NOW - 4 * HOUR,
    started_at=NOW - 3 * HOUR,
    finished_at=NOW - 2 * HOUR,
    discharged_at=NOW - HOUR,
)
ALL_AT_ONCE = PaperTimes(*[NOW - ENTERED_WITHIN] * 5)
WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "arrived after check-in": ({"arrived_at": NOW - 4 * HOUR + SECOND}, [("checked_in_at", "out_of_order")]),
    "started before check-in": ({"started_at": NOW - 4 * HOUR - SECOND}, [("started_at", "out_of_order")]),
    "finished before the start": ({"finished_at": NOW - 3 * HOUR - SECOND}, [("finished_at", "out_of_order")]),
    "home before the end": ({"discharged_at": NOW - 2 * HOUR - SECOND}, [("discharged_at", "out_of_order")]),
    "home at this moment": ({"discharged_at": NOW}, [("discharged_at", "not_past")]),
    "home without an end": ({"finished_at": None}, [("finished_at", "time_missing")]),
    "nobody noted the arrival": ({"arrived_at": None}, [("arrived_at", "time_missing")]),
    "nobody noted the start": ({"started_at": None}, [("started_at", "time_missing")]),
    "nobody noted the check-in": ({"checked_in_at": None}, [("checked_in_at", "time_missing")]),
    "a second too long ago": ({"arrived_at": NOW - ENTERED_WITHIN - SECOND}, [("arrived_at", "too_long_ago")]),
}


def found(paper: PaperTimes, **known: datetime) -> list[tuple[str, str]]:
    return [(reason.field, reason.code) for reason in problems_of(paper, dict(known), NOW)]


@pytest.mark.parametrize("paper", [GOOD, ALL_AT_ONCE, replace(GOOD, finished_at=None, discharged_at=None)])
def test_times_in_order_are_taken(paper: PaperTimes) -> None:
    assert found(paper) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_times_that_do_not_fit_are_named(wrong: str) -> None:
    changes, expected = WRONG[wrong]
    assert found(replace(GOOD, **changes)) == expected


def test_start_of_this_moment_is_not_entered_from_paper() -> None:
    """A pass of paper never stands in for the gate that can be asked now."""
    live = replace(GOOD, started_at=NOW, finished_at=None, discharged_at=None)
    assert found(live) == [("started_at", "not_past")]


def test_time_that_the_system_has_is_not_told_differently() -> None:
    known = {"arrived_at": NOW - 6 * HOUR, "checked_in_at": NOW - 4 * HOUR}
    assert found(GOOD, **known) == [("arrived_at", "known_already")]
    assert found(replace(GOOD, arrived_at=None, checked_in_at=None), **known) == []


def test_rest_of_a_procedure_that_the_system_let_begin_is_taken_alone() -> None:
    known = {"arrived_at": NOW - 6 * HOUR, "checked_in_at": NOW - 4 * HOUR, "started_at": NOW - 3 * HOUR}
    assert found(PaperTimes(finished_at=NOW - 2 * HOUR, discharged_at=NOW - HOUR), **known) == []
    assert found(PaperTimes(finished_at=NOW - 4 * HOUR), **known) == [("finished_at", "out_of_order")]
    assert found(PaperTimes(), **known) == [("finished_at", "time_missing")]
    assert found(PaperTimes(discharged_at=NOW - HOUR), **known) == [("finished_at", "time_missing")]


def test_start_before_the_check_in_that_the_system_has_is_refused() -> None:
    early = replace(GOOD, arrived_at=None, checked_in_at=None)
    known = {"arrived_at": NOW - 5 * HOUR, "checked_in_at": NOW - 3 * HOUR + SECOND}
    assert found(early, **known) == [("started_at", "out_of_order")]
