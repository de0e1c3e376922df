"""Who is claimed for how long: pure arithmetic on half-open intervals [from, until)."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Durations:
    minutes_per_level: int
    turnover_minutes: int
    recovery_minutes: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """The room until it is turned over, the proceduralist while at work, the bay after, the patient throughout."""

    room: tuple[datetime, datetime]
    proceduralist: tuple[datetime, datetime]
    bay: tuple[datetime, datetime]
    patient: tuple[datetime, datetime]

    @property
    def ends_at(self) -> datetime:
        return self.proceduralist[1]


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
