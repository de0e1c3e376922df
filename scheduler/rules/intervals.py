"""Who is claimed for how long: pure arithmetic on half-open intervals [from, until)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]
SHORTEST = timedelta(minutes=1)  # an interval without length claims nothing


@dataclass(frozen=True, slots=True)
class Durations:
    minutes_per_level: int
    turnover_minutes: int
    recovery_minutes: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """The room until it is turned over, the proceduralist while at work, the bay after, the patient throughout."""

    room: Interval
    proceduralist: Interval
    bay: Interval
    patient: Interval

    @property
    def ends_at(self) -> datetime:
        return self.proceduralist[1]

    def of(self, kind: str) -> Interval:
        """Of a kind of resource, or of the patient; equipment is used while somebody works with it."""
        found: Interval = getattr(self, "proceduralist" if kind == "equipment" else kind)
        return found


def intervals(starts_at: datetime, levels: int, durations: Durations) -> Intervals:
    """`levels` counts vertebrae, at least one."""
    ends_at = starts_at + timedelta(minutes=durations.minutes_per_level * max(levels, 1))
    recovered = ends_at + timedelta(minutes=durations.recovery_minutes)
    return Intervals(
        room=(starts_at, ends_at + timedelta(minutes=durations.turnover_minutes)),
        proceduralist=(starts_at, ends_at),
        bay=(ends_at, recovered),
        patient=(starts_at, recovered),
    )


def as_it_was(planned: Intervals, finished_at: datetime | None, left_at: datetime | None) -> Intervals:
    """From the planned start until the end that is known; turnover and recovery as planned where they are not."""
    starts_at = planned.room[0]
    turnover, recovery = planned.room[1] - planned.ends_at, planned.bay[1] - planned.bay[0]
    ends_at = max(finished_at or planned.ends_at, starts_at + SHORTEST)
    left = max(left_at or ends_at + recovery, ends_at + SHORTEST)
    return Intervals(
        room=(starts_at, ends_at + turnover),
        proceduralist=(starts_at, ends_at),
        bay=(ends_at, left),
        patient=(starts_at, left),
    )
