"""Where a booking was before: told from the gate's answers, which keep the start that each was asked about."""

from datetime import datetime

from checklists.models import Decision
from scheduler.models import Case, Link


def moved_from(link: Link) -> datetime | None:
    """The time before the present one, when the booking moved after this person first had a link; else None."""
    booking = link.case.booking
    if booking is None or booking.sequence == 0:
        return None
    known_since = Link.objects.filter(case=link.case, contact=link.contact).order_by("created_at")
    since = known_since.values_list("created_at", flat=True).first() or link.created_at
    before = _starts(link.case, booking.booked_at)
    earlier = [(start, at) for start, at in before if start != booking.starts_at]
    if not earlier or before[-1][0] != booking.starts_at:
        return None
    moved_at = next(at for start, at in before if at > earlier[-1][1])
    return earlier[-1][0] if moved_at > since else None


def _starts(case: Case, since: datetime) -> list[tuple[datetime, datetime]]:
    """Each start that the booking of this case was let in for, with the moment, in order."""
    asked = Decision.objects.filter(checklist=case.checklist_id, kind="gate", gate="booking", at__gte=since)
    let_in = asked.exclude(answer="refused").order_by("at").values_list("start", "at")
    return [(start, at) for start, at in let_in if start is not None]
