"""Book, move, release: claims that the database holds apart, and everybody's calendar told."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from checklists.rules.sitetime import shown_at
from checklists.rules.values import Gate
from checklists.services import checklists
from checklists.services.gate import ask_gate
from checklists.services.protocols import typed_protocol
from scheduler import messages
from scheduler.models import Booking, Case, Claim, Patient, Resource
from scheduler.rules.duties import DIED, Duty
from scheduler.rules.intervals import Durations, Intervals, intervals
from scheduler.rules.problems import Invalid, NotFound, Reason, Refused
from scheduler.rules.transitions import Act
from scheduler.services.cases import allow, bump, no_other_length, note_facts, put_off, seen
from scheduler.services.gates import refuse_unless_open
from scheduler.services.links import links_for
from scheduler.services.readiness import locked_case, look_again
from scheduler.services.record import append_record
from scheduler.services.restarts import ask_after_move, restarts_owed
from scheduler.services.tasks import drop_tasks, owe_task

OFFER = "Offer a new date."


@dataclass(frozen=True, slots=True)
class Slot:
    """Where and when: ids of resources of the practice."""

    starts_at: datetime
    room: uuid.UUID
    proceduralist: uuid.UUID
    bay: uuid.UUID


@dataclass(frozen=True, slots=True)
class Booked:
    booking: Booking
    case: Case
    refreshed: checklists.Refreshed


@transaction.atomic
def book_case(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, slot: Slot, seen_version: int, by: str, now: datetime
) -> Booked:
    """Book the procedure and queue the invites. Raises Refused (state, gate, overlap), Invalid, Stale."""
    case = locked_case(practice_id, case_id)
    seen(case, seen_version)
    allow(case, Act.BOOK)
    _check_start(slot.starts_at, now)
    _check_gate(case, slot.starts_at, by, now)
    spans = planned_intervals(case, slot.starts_at)
    booking = new_booking(case, slot, spans, by, now)
    claim_all(booking, wanted_at(case, slot, spans))
    # Whoever was here for an earlier appointment has not arrived for this one: as the facts below say.
    case.booking, case.state, case.arrived_at = booking, "booked", None
    bump(case, "booking", "state", "arrived_at")
    was_put_off = checklists.current_facts(case.checklist).not_happening
    stopped = restarts_owed(case, now) if was_put_off else []
    note_facts(case, by=by, now=now, not_happening=False, put_off_at=None, started_holds=(), arrived_at=None)
    # That the patient died, as another case says, is still to be followed.
    drop_tasks(case=case, kinds=("reschedule",), which=~Q(key__startswith=DIED), outcome="booked anew", by=by, now=now)
    append_record(
        practice_id=practice_id,
        by=by,
        action="booked",
        subject=case.pk,
        now=now,
        fields={"booking": booking.pk, "starts_at": slot.starts_at, "room": slot.room},
    )
    messages.invite(case=case, booking=booking, link_to=links_for(case, by=by, now=now), by=by, now=now)
    _call_where_no_mail_goes(case, booking, "Tell the patient the time of the appointment", by, now)
    # What was owed since the case was put off stays owed: the new date leaves the drug stopped until somebody decides.
    ask_after_move(case=case, owed=stopped, by=by, now=now)
    return Booked(booking, case, look_again(case=case, now=now, by=by))


def new_booking(case: Case, slot: Slot, spans: Intervals, by: str, now: datetime) -> Booking:
    return Booking.objects.create(
        practice_id=case.practice_id,
        case=case,
        starts_at=slot.starts_at,
        ends_at=spans.ends_at,
        uid=f"{uuid.uuid4()}@cleared",
        stamped_at=now.replace(microsecond=0),
        booked_at=now,
        booked_by=by,
    )


@transaction.atomic
def move_booking(
    *, practice_id: uuid.UUID, booking_id: uuid.UUID, slot: Slot, seen_version: int, by: str, now: datetime
) -> Booked:
    """One atomic cascade to the new time; on any failure the old booking stands."""
    case, booking = _locked_booking(practice_id, booking_id)
    seen(case, seen_version)
    allow(case, Act.MOVE)
    _check_start(slot.starts_at, now)
    _check_gate(case, slot.starts_at, by, now)
    spans, before = planned_intervals(case, slot.starts_at), booking.starts_at
    stopped = restarts_owed(case, now)
    booking.claims.filter(is_active=True).update(is_active=False)
    claim_all(booking, wanted_at(case, slot, spans))
    booking.starts_at, booking.ends_at = slot.starts_at, spans.ends_at
    next_sequence(booking, now)
    booking.save(update_fields=["starts_at", "ends_at", "sequence", "stamped_at"])
    tz = case.practice.site.tz
    if slot.starts_at.astimezone(tz).date() != before.astimezone(tz).date():
        # Who arrived for the old day has not arrived for the new one, and nobody was seen on it.
        note_facts(case, by=by, now=now, arrived_at=None)
        case.arrived_at = None
    bump(case, "arrived_at")
    no_other_length(case, booking, "moved", by, now)
    append_record(
        practice_id=practice_id,
        by=by,
        action="moved",
        subject=case.pk,
        now=now,
        fields={"booking": booking.pk, "from": before, "starts_at": slot.starts_at},
    )
    messages.invite(case=case, booking=booking, link_to=links_for(case, by=by, now=now), by=by, now=now)
    _call_where_no_mail_goes(case, booking, "Tell the patient the new time of the appointment", by, now)
    if slot.starts_at > before:
        ask_after_move(case=case, owed=stopped, by=by, now=now)
    return Booked(booking, case, look_again(case=case, now=now, by=by))


@transaction.atomic
def release_booking(
    *, practice_id: uuid.UUID, booking_id: uuid.UUID, reason: str, seen_version: int, by: str, now: datetime
) -> Booked:
    """A person releases the booking: claims freed, CANCEL to everybody, the case is referred again."""
    case, booking = _locked_booking(practice_id, booking_id)
    seen(case, seen_version)
    allow(case, Act.RELEASE)
    release_booking_of(case=case, reason=reason, by=by, now=now)
    return Booked(booking, case, look_again(case=case, now=now, by=by))


def release_booking_of(
    *, case: Case, reason: str, by: str, now: datetime, becomes: str = "referred", offer: str = OFFER
) -> None:
    """Release under the caller's lock. `becomes` an ending: nobody owes a new date; else the desk is told `offer`."""
    booking = case.booking
    if booking is None:
        raise Refused("The case has no booking to release.", code="not_booked")
    put_off(case, by=by, now=now)
    no_other_length(case, booking, "the booking was released", by, now)
    booking.claims.filter(is_active=True).update(is_active=False)
    booking.released_at, booking.released_by, booking.release_reason = now, by, reason
    next_sequence(booking, now)
    booking.save(update_fields=["released_at", "released_by", "release_reason", "sequence", "stamped_at"])
    # In one step: from checked in to aborted no way leads over referred.
    case.booking, case.state = None, becomes
    case.arrived_at = case.checked_in_at = None
    bump(case, "booking", "state", "arrived_at", "checked_in_at")
    append_record(
        practice_id=case.practice_id,
        by=by,
        action="booking_released",
        subject=case.pk,
        now=now,
        fields={"booking": booking.pk, "reason": reason},
    )
    messages.cancel_invites(case=case, booking=booking, by=by, now=now)
    if becomes != "died" and not messages.cancellation_reaches_patient(case, booking):
        owe_call(case, booking, "Tell the patient that the appointment is cancelled: no e-mail says so.", by, now)
    if becomes == "referred":
        owe_new_date(case, booking, offer, by, now)


def owe_new_date(case: Case, booking: Booking, offer: str, by: str, now: datetime) -> None:
    sentence = f"The booking was released ({booking.release_reason.rstrip('.')}). {offer}"
    owe_task(case=case, duty=Duty("reschedule", str(booking.pk), "scheduler", sentence, None), by=by, now=now)


def _call_where_no_mail_goes(case: Case, booking: Booking, what: str, by: str, now: datetime) -> None:
    """A patient without an e-mail address is rung: nobody learns of a time by chance."""
    if any(attendee.who == "patient" for attendee in messages.attendees(case, booking)):
        return
    owe_call(case, booking, f"{what}: no e-mail address.", by, now)


def owe_call(case: Case, booking: Booking, sentence: str, by: str, now: datetime) -> None:
    """Once for each SEQUENCE, as the mail would have been; a call about the time before it is overtaken."""
    key = f"told:{booking.pk}:{booking.sequence}"
    earlier, outcome = Q(key__startswith="told:") & ~Q(key=key), "overtaken by a later change of the appointment"
    drop_tasks(case=case, kinds=("call",), which=earlier, outcome=outcome, by=by, now=now)
    owe_task(case=case, duty=Duty("call", key, "scheduler", sentence, None), by=by, now=now)


def next_sequence(booking: Booking, now: datetime) -> None:
    """SEQUENCE + 1 and a DTSTAMP that rises by at least a second, as clients compare both."""
    booking.sequence += 1
    booking.stamped_at = max(now.replace(microsecond=0), booking.stamped_at + timedelta(seconds=1))


def _locked_booking(practice_id: uuid.UUID, booking_id: uuid.UUID) -> tuple[Case, Booking]:
    case_id = Booking.objects.filter(practice_id=practice_id, pk=booking_id).values_list("case_id", flat=True).first()
    if case_id is None:
        raise NotFound("There is no such booking in this practice.")
    case = locked_case(practice_id, case_id)
    if case.booking is None or case.booking.pk != booking_id:
        raise Refused("This booking was released. Look at the case again.", code="booking_released")
    return case, case.booking


def _check_start(starts_at: datetime, now: datetime) -> None:
    if starts_at <= now:
        raise Invalid(
            "The start lies in the past.",
            errors=(
                Reason(
                    "start_in_past",
                    f"{starts_at.isoformat()} is not after now; choose a later start.",
                    field="starts_at",
                ),
            ),
        )


def _check_gate(case: Case, starts_at: datetime, by: str, now: datetime) -> None:
    answer = ask_gate(checklist=case.checklist, gate=Gate.BOOKING, start=starts_at, now=now, by=by, has_booking=True)
    refuse_unless_open(answer, "booked")


def planned_intervals(case: Case, starts_at: datetime) -> Intervals:
    protocol = typed_protocol(case.checklist.protocol_version)
    durations = Durations(protocol.minutes_per_level, protocol.turnover_minutes, protocol.recovery_minutes)
    return intervals(starts_at, len(checklists.current_facts(case.checklist).levels), durations)


def wanted_at(case: Case, slot: Slot, spans: Intervals) -> list["Wanted"]:
    resources = _locked_resources(case.practice_id, slot)
    return [
        (resources[slot.room], None, spans.room),
        (resources[slot.proceduralist], None, spans.proceduralist),
        (resources[slot.bay], None, spans.bay),
        (None, case.patient, spans.patient),
    ]


def claim_all(booking: Booking, wanted: Sequence["Wanted"]) -> None:
    """Claim room, proceduralist, bay and patient, all or none. Raises Refused naming what is taken."""
    try:
        with transaction.atomic():
            Claim.objects.bulk_create(
                Claim(
                    practice_id=booking.practice_id,
                    booking=booking,
                    resource=resource,
                    patient=patient,
                    claimed=(resource or patient).pk,  # type: ignore[union-attr]
                    starts_at=starts_at,
                    ends_at=ends_at,
                )
                for resource, patient, (starts_at, ends_at) in wanted
            )
    except IntegrityError as error:
        if "claim_overlap" not in str(error):
            raise
        raise Refused(
            "The slot is taken.", code="slot_taken", errors=tuple(taken_of(booking.practice_id, wanted))
        ) from error


def _locked_resources(practice_id: uuid.UUID, slot: Slot) -> dict[uuid.UUID, Resource]:
    """The three resources under row locks, in one order, so that contenders queue instead of deadlocking."""
    asked = {"room": slot.room, "proceduralist": slot.proceduralist, "bay": slot.bay}
    found = {
        resource.pk: resource
        for resource in Resource.objects.select_for_update(no_key=True)
        .filter(practice_id=practice_id, pk__in=asked.values(), is_active=True)
        .order_by("pk")
    }
    wrong = tuple(
        Reason("resource_unknown", f"Give the id of an active {kind} of this practice.", field=kind)
        for kind, pk in asked.items()
        if pk not in found or found[pk].kind != kind
    )
    if wrong:
        raise Invalid("The slot names something that this practice does not have.", errors=wrong)
    return found


Wanted = tuple[Resource | None, Patient | None, tuple[datetime, datetime]]


def taken_of(practice_id: uuid.UUID, wanted: Iterable[Wanted], besides: Booking | None = None) -> Iterable[Reason]:
    """What of it somebody else has. `besides`: the booking that asks, which is nobody else."""
    for resource, patient, (starts_at, ends_at) in wanted:
        holder = resource or patient
        assert holder is not None
        claims = Claim.objects.filter(practice_id=practice_id, claimed=holder.pk, is_active=True)
        clash = claims.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exclude(booking=besides).first()
        if clash is not None:
            name = resource.name if resource else "The patient"
            kind = resource.kind if resource else "patient"
            tz = clash.practice.site.tz
            yield Reason(
                "slot_taken",
                f"{name} is taken from {shown_at(clash.starts_at, tz)} to {shown_at(clash.ends_at, tz)}. "
                f"Choose another {kind} or time."
                if resource
                else f"{name} already has an appointment then. Choose another time.",
                field=kind,
            )


def claimed(case: Case) -> list[Claim]:
    """The active claims of the case's booking on rooms, people and bays; none without a booking."""
    if case.booking is None:
        return []
    return list(case.booking.claims.filter(is_active=True, resource__isnull=False).select_related("resource"))
