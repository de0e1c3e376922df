"""Asking is recording: each comparison with time remembers the instant at which its answer would change."""

from datetime import datetime, timedelta

INSTANT = timedelta(microseconds=1)


class Clock:
    """The moment of judging; `next_change` is the earliest remembered instant after it."""

    __slots__ = ("_asked", "now")

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._asked: list[datetime] = []

    def reached(self, instant: datetime) -> bool:
        """Whether it is `instant` or later."""
        self.remember(instant)
        return self.now >= instant

    def remember(self, instant: datetime) -> None:
        if instant > self.now:
            self._asked.append(instant)

    @property
    def next_change(self) -> datetime | None:
        return min(self._asked, default=None)


class Start:
    """The start of the procedure that is judged.

    A booked start is fixed (`lead` None). Otherwise it is the earliest safe start, which moves with the clock
    `lead` ahead of it, so an instant of the start is reached `lead` before that instant.
    """

    __slots__ = ("at", "clock", "lead")

    def __init__(self, at: datetime, clock: Clock, lead: timedelta | None = None) -> None:
        self.at = at
        self.clock = clock
        self.lead = lead

    @property
    def booked(self) -> bool:
        return self.lead is None

    def at_least(self, instant: datetime) -> bool:
        if self.lead is not None and instant > self.at:
            self.clock.remember(instant - self.lead)
        return self.at >= instant

    def before(self, instant: datetime) -> bool:
        return not self.at_least(instant)

    def at_most(self, instant: datetime) -> bool:
        return self.before(instant + INSTANT)
