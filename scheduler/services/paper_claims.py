"""What a procedure on paper really used: booked where it was done, claimed from when to when it was."""

from datetime import datetime

from scheduler import messages
from scheduler.models import Booking, Case, Resource
from scheduler.rules.downtime import PaperTimes
from scheduler.rules.intervals import Intervals, as_it_was
from scheduler.rules.problems import Reason, Refused
from scheduler.services.bookings import (
    Slot,
    claim_all,
    new_booking,
    next_sequence,
    owe_call,
    planned_intervals,
    taken_of,
    wanted_at,
)
from scheduler.services.cases import bump

DONE_ON_PAPER = "The procedure was done at another time, while the system was down."


def book_what_was_done(
    *, case: Case, slot: Slot, times: PaperTimes, although_taken: bool, by: str, now: datetime
) -> tuple[Reason, ...]:
    """A booking at a time that is past, in place of the one that stands: nobody is invited. Under the caller's lock.

    Raises Refused where a place was taken then; `although_taken` claims what was free and answers with the rest.
    """
    if case.booking is not None:
        _give_way(case, case.booking, by, now)
    wanted = wanted_at(case, slot, _true_intervals(case, slot.starts_at, times))
    taken = tuple(taken_of(case.practice_id, wanted))
    if taken and not although_taken:
        raise Refused("Somebody else has what the paper names at that time.", code="slot_taken", errors=taken)
    clashing = {reason.field for reason in taken}
    booking = new_booking(case, slot, planned_intervals(case, slot.starts_at), by, now)
    claim_all(booking, [each for each in wanted if (each[0].kind if each[0] else "patient") not in clashing])
    case.booking = booking
    if case.state == "referred":
        case.state = "booked"
    bump(case, "booking", "state")
    return taken


def _give_way(case: Case, booking: Booking, by: str, now: datetime) -> None:
    """Free what was booked for another time; only an entry that lies ahead is taken out of calendars."""
    booking.claims.filter(is_active=True).update(is_active=False)
    booking.released_at, booking.released_by, booking.release_reason = now, by, DONE_ON_PAPER
    next_sequence(booking, now)
    booking.save(update_fields=["released_at", "released_by", "release_reason", "sequence", "stamped_at"])
    if booking.starts_at <= now:
        return
    messages.cancel_invites(case=case, booking=booking, by=by, now=now)
    if not messages.cancellation_reaches_patient(case, booking):
        owe_call(
            case, booking, "Tell the patient that the later appointment is not needed: no e-mail says so.", by, now
        )


def _true_intervals(case: Case, started_at: datetime, times: PaperTimes) -> Intervals:
    """From the true start; as long as planned where the paper and the case do not say."""
    planned = planned_intervals(case, started_at)
    return as_it_was(planned, times.finished_at or case.finished_at, times.discharged_at or case.discharged_at)


def claim_true_times(case: Case, started_at: datetime, times: PaperTimes) -> tuple[Reason, ...]:
    """Move what the booking claims to when it was used; what somebody else had then stays as booked, and is named."""
    booking = case.booking
    if booking is None:
        return ()
    used = _true_intervals(case, started_at, times)
    claims = list(booking.claims.filter(is_active=True).select_related("resource", "patient").order_by("claimed"))
    # Before they are looked at, in one order: contenders for a resource queue instead of deadlocking.
    locked = Resource.objects.select_for_update(no_key=True).filter(practice_id=case.practice_id)
    list(locked.filter(pk__in=[each.resource_id for each in claims if each.resource_id]).order_by("pk"))
    taken: list[Reason] = []
    for claim in claims:
        span = used.of(claim.resource.kind if claim.resource else "patient")
        clashes = list(taken_of(case.practice_id, [(claim.resource, claim.patient, span)], besides=booking))
        if not clashes and (claim.starts_at, claim.ends_at) != span:
            claim.starts_at, claim.ends_at = span
            claim.save(update_fields=["starts_at", "ends_at"])
        taken += clashes
    return tuple(taken)
