from datetime import timedelta

import pytest

from notifications.rules.retry import next_attempt_at
from tests.notifications.drafts import NOW

FAR = NOW + timedelta(days=30)


def delays(jitter: float, count: int = 8) -> list[float]:
    tries = [next_attempt_at(n, now=NOW, not_after=FAR, random=lambda: jitter) for n in range(1, count + 1)]
    return [(at - NOW).total_seconds() for at in tries if at]


def test_delays_follow_the_table_and_then_a_person_has_time_to_call() -> None:
    assert delays(0.0) == [30, 120, 600, 1800, 7200, 21600]


def test_jitter_stretches_by_up_to_a_fifth() -> None:
    assert delays(0.5) == pytest.approx([33, 132, 660, 1980, 7920, 23760])


def test_try_that_would_come_too_late_is_a_persons_turn() -> None:
    until = NOW + timedelta(seconds=30)
    assert next_attempt_at(1, now=NOW, not_after=until, random=lambda: 0.0) is None
    assert next_attempt_at(1, now=NOW, not_after=until + timedelta(seconds=1), random=lambda: 0.0) == until


def test_without_a_last_moment_the_table_ends() -> None:
    last = next_attempt_at(6, now=NOW, not_after=None, random=lambda: 0.0)
    assert last == NOW + timedelta(hours=6)
    assert next_attempt_at(7, now=NOW, not_after=None, random=lambda: 0.0) is None


def test_try_that_was_not_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="starts at 1"):
        next_attempt_at(0, now=NOW, not_after=None, random=lambda: 0.0)
