"""A contact is added or replaced: its links die in the same transaction, calendars and reminders follow."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from notifications.encryption import keyed_hash
from notifications.models import Message
from scheduler import messages
from scheduler.models import Booking, Case, Contact, Patient
from scheduler.rules.links import Ended
from scheduler.rules.problems import NotFound, Refused, Stale
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.bookings import next_sequence
from scheduler.services.links import links_for, revoke_links
from scheduler.services.people import NewContact, add_contact, refuse_gone
from scheduler.services.readiness import locked_case, look_again
from scheduler.services.record import append_record


@transaction.atomic
def add_person(
    *, practice_id: uuid.UUID, patient_id: uuid.UUID, contact: NewContact, by: str, now: datetime
) -> Contact:
    """Somebody more who is reached: what is booked already is told there too. Raises NotFound, Invalid, Refused."""
    if not Patient.objects.filter(practice_id=practice_id, pk=patient_id).exists():
        raise NotFound("There is no such patient in this practice.")
    cases = list(_locked_cases(practice_id, patient_id))
    new = add_contact(patient=_locked_patient(patient_id), contact=contact, by=by, now=now)
    _follow(cases, by, now)
    return new


@transaction.atomic
def replace_contact(
    *, practice_id: uuid.UUID, contact_id: uuid.UUID, contact: NewContact, by: str, now: datetime
) -> Contact:
    """Another address or number for the same person: the old row ends, a new one begins. Raises NotFound, Refused."""
    patient_id = _patient_of(practice_id, contact_id)
    cases = list(_locked_cases(practice_id, patient_id))
    old = _standing(patient_id, contact_id)
    mark_ended(old, by, now)
    new = add_contact(patient=old.patient, contact=contact, by=by, now=now)
    _follow(cases, by, now)
    return new


def _follow(cases: Iterable[Case], by: str, now: datetime) -> None:
    """An old address hears a CANCEL, a new one a REQUEST; what is still to come is planned anew."""
    for case in cases:
        invite_anew(case, by, now)
        look_again(case=case, now=now, by=by)


def _patient_of(practice_id: uuid.UUID, contact_id: uuid.UUID) -> uuid.UUID:
    found = Contact.objects.filter(practice_id=practice_id, pk=contact_id).values_list("patient_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such contact in this practice.")
    return found


def _locked_cases(practice_id: uuid.UUID, patient_id: uuid.UUID) -> Iterator[Case]:
    """The patient's cases that still ask something, locked in one order before anything else is."""
    mine = Case.objects.filter(patient_id=patient_id, state__in=BEFORE_PROCEDURE).order_by("pk")
    for case_id in mine.values_list("pk", flat=True):
        yield locked_case(practice_id, case_id)


def _locked_patient(patient_id: uuid.UUID) -> Patient:
    """Under the lock that a merge, an erasure or another change of a contact holds too."""
    return Patient.objects.select_for_update(no_key=True, of=("self",)).select_related("practice").get(pk=patient_id)


def _standing(patient_id: uuid.UUID, contact_id: uuid.UUID) -> Contact:
    """The contact as it is under the lock of its patient's row."""
    patient = _locked_patient(patient_id)
    contact = Contact.objects.get(pk=contact_id)
    refuse_gone(patient)
    if contact.patient_id != patient_id:
        raise Stale("This contact went to another patient meanwhile. Look again.")
    if contact.ended_at is not None:
        raise Refused("This contact was ended before. Look again.", code="contact_ended")
    contact.patient = patient
    return contact


def mark_ended(contact: Contact, by: str, now: datetime, *, reason: Ended = Ended.CONTACT_ENDED) -> None:
    """The row ends and its links die; what calendars and reminders make of it follows with the cases."""
    revoke_links(contact=contact, reason=reason, by=by, now=now)
    contact.ended_at = now
    contact.save(update_fields=["ended_at"])
    append_record(
        practice_id=contact.practice_id,
        by=by,
        action="contact_ended",
        subject=contact.patient_id,
        now=now,
        fields={"contact": contact.pk},
    )


def invite_anew(case: Case, by: str, now: datetime) -> None:
    """After addresses changed, while the booking stands: who is in it now holds it, who is not does not."""
    booking = case.booking
    if booking is None or case.state != "booked":
        return
    if _was_taken_back(case, booking):
        # What was cancelled for an address comes back there under a higher SEQUENCE only.
        next_sequence(booking, now)
        booking.save(update_fields=["sequence", "stamped_at"])
    messages.invite(case=case, booking=booking, link_to=links_for(case, by=by, now=now), by=by, now=now)


def _was_taken_back(case: Case, booking: Booking) -> bool:
    present = [keyed_hash(case.practice_id, each.address) for each in messages.attendees(case, booking)]
    mine = Message.objects.filter(practice_id=case.practice_id, subject=case.pk, recipient_hash__in=present)
    told = mine.filter(uid=booking.uid, sequence=booking.sequence)
    return told.filter(Q(method="CANCEL") | Q(method="REQUEST", state="superseded")).exists()
