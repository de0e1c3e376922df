"""More minutes than have passed since a procedure are no observation."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.rules.watched import minutes_passed, too_long

FINISHED = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "passed"), [(-60, 0), (0, 0), (1, 1), (60, 1), (61, 2), (90 * 60, 90), (90 * 60 + 1, 91)]
)
def test_a_minute_that_has_begun_counts(seconds: int, passed: int) -> None:
    assert minutes_passed(FINISHED, FINISHED + timedelta(seconds=seconds)) == passed


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"observed_minutes": 90, "flat_minutes": 60}, []),
        ({"observed_minutes": 91, "flat_minutes": 60}, ["observed_minutes"]),
        ({"observed_minutes": 91, "flat_minutes": 91}, ["observed_minutes", "flat_minutes"]),
        ({"observed_minutes": 90}, []),
        ({"answer": "not_sure"}, []),
    ],
)
def test_each_number_that_is_too_large_is_named(value: dict[str, object], wrong: list[str]) -> None:
    found = dict(too_long(value, FINISHED, FINISHED + timedelta(minutes=90)))
    assert list(found) == wrong
    assert all("and it is 90 minutes since the procedure." in sentence for sentence in found.values())
