"""When a message that could not be handed over is tried again."""

from collections.abc import Callable
from datetime import datetime, timedelta

DELAYS = tuple(timedelta(minutes=m) for m in (0.5, 2, 10, 30, 120, 360))
JITTER = 0.2


def next_attempt_at(
    attempts: int, *, now: datetime, not_after: datetime | None, random: Callable[[], float]
) -> datetime | None:
    """The next try after `attempts` failed ones (1 or more), or None when it is a person's turn.

    `random` gives [0, 1); a delay is stretched by up to a fifth, so that a recovering server is not met by
    all at once. After the table's end, about nine hours, a person still has time to call.
    """
    if attempts < 1:
        raise ValueError("Count the failed try first: attempts starts at 1.")
    if attempts > len(DELAYS):
        return None
    at = now + DELAYS[attempts - 1] * (1 + JITTER * random())
    return at if not_after is None or at < not_after else None
