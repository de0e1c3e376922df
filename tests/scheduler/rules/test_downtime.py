"""Times on a paper: past, in order, recent, and neither twice nor missing."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.rules.downtime import ENTERED_WITHIN, PaperTimes, instants, problems_of
from scheduler.rules.papers import is_of_another, is_printed_by_us

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


ZONE = ZoneInfo("America/New_York")
EVENING = date(2027, 3, 1)


def clocks(**at: str) -> dict[str, time]:
    return {f"{step}_at": time.fromisoformat(said) for step, said in at.items()}


def wall(**at: str) -> tuple[list[str], list[str]]:
    moments, wrong = instants(EVENING, clocks(**at), {}, ZONE)
    return [f"{moment.astimezone(ZONE):%d %H:%M}" for moment in moments.values()], list(wrong)


def test_steps_go_on_after_midnight() -> None:
    said = wall(arrived="22:00", checked_in="22:30", started="23:30", finished="00:20", discharged="02:10")
    assert said == (["01 22:00", "01 22:30", "01 23:30", "02 00:20", "02 02:10"], [])
    assert wall(arrived="23:50", checked_in="00:10", started="00:30") == (["01 23:50", "02 00:10", "02 00:30"], [])


def test_time_that_is_out_of_order_is_no_time_after_midnight() -> None:
    """A slip of the pen stays on its day, where it is told."""
    assert wall(arrived="09:00", checked_in="08:40", started="10:00")[0] == ["01 09:00", "01 08:40", "01 10:00"]


def test_midnight_is_counted_from_what_the_system_has() -> None:
    began = datetime(2027, 3, 1, 23, 30, tzinfo=ZONE)
    moments, _ = instants(EVENING, clocks(finished="00:20"), {"started_at": began}, ZONE)
    assert moments == {"finished_at": datetime(2027, 3, 2, 0, 20, tzinfo=ZONE)}


def test_time_that_the_clocks_skip_is_named_by_its_step() -> None:
    """Also after midnight: the night on which the clocks go forward."""
    moments, wrong = instants(date(2027, 3, 13), clocks(started="23:30", finished="02:30"), {}, ZONE)
    assert (list(moments), list(wrong)) == (["started_at"], ["finished_at"])


@pytest.mark.parametrize("typed", ["0301-7F3A2C", "0301-7f3a2c", " 0301 - 7F3A2C", "0301–7F3A2C", "03017F3A2C"])
def test_printed_reference_is_known_however_it_is_typed(typed: str) -> None:
    mine, other = uuid.UUID("7f3a2c00" + 24 * "0"), uuid.UUID("7f3a2d00" + 24 * "0")
    assert (is_printed_by_us(typed), is_of_another(typed, mine), is_of_another(typed, other)) == (True, False, True)


@pytest.mark.parametrize("typed", ["P-1", "7F3A2C", "1301-7F3A2C", "0301-7F3A2", "0301-7F3A2CC", "0301-7F3A2G"])
def test_handwritten_reference_is_of_no_other_case(typed: str) -> None:
    assert (is_printed_by_us(typed), is_of_another(typed, uuid.uuid4())) == (False, False)
