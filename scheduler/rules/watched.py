"""How long somebody can have been watched after a procedure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

MINUTES = ("observed_minutes", "flat_minutes")


def minutes_passed(since: datetime, until: datetime) -> int:
    """Whole minutes between the two, one that has begun included; 0 where `until` is the earlier."""
    return max(0, -((since - until) // timedelta(minutes=1)))


def too_long(value: Mapping[str, Any], since: datetime, seen_at: datetime) -> Iterator[tuple[str, str]]:
    """Each field of an observation with more minutes than had passed when it was seen, and what to do about it."""
    passed = minutes_passed(since, seen_at)
    for field in MINUTES:
        given = value.get(field)
        if isinstance(given, int) and given > passed:
            yield (
                field,
                f"{given} minutes are given, and it is {passed} minute{'s' * (passed != 1)} since the procedure. Write "
                "what was seen until now, and record it again later.",
            )
