"""What a start asks of a case's calendar: of the booked one, of one that is only thought of, or of the earliest."""

from dataclasses import dataclass
from datetime import datetime

from checklists.rules.latest import LatestTime, latest_times
from checklists.services.checklists import Assessment
from scheduler.models import Case


@dataclass(frozen=True, slots=True)
class Planned:
    start: datetime
    is_booked: bool
    limits: tuple[LatestTime, ...]

    @property
    def missed(self) -> int:
        """How many limits this start cannot keep any more."""
        return sum(limit.missed for limit in self.limits)


def planned_times(*, case: Case, assessment: Assessment, start: datetime | None = None) -> Planned:
    """The latest allowed times for `start`; without one for the booked start, else for the earliest safe one.

    For staff: it names drugs before their prescribers have agreed.
    """
    booked = case.booking.starts_at if case.booking is not None and case.booking.released_at is None else None
    chosen = start or booked or assessment.verdict.earliest_safe_start or assessment.now
    limits = latest_times(assessment.protocol, assessment.facts, assessment.evidence, chosen, assessment.now)
    return Planned(chosen, chosen == booked, limits)
