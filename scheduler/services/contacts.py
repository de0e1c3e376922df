"""A contact is added, replaced or ended, or the patient reads another language: what is said follows at once."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q

from notifications.encryption import keyed_hash
from notifications.models import Message
from notifications.services import outbox
from scheduler import messages
from scheduler.models import Booking, Case, Contact, Patient
from scheduler.rules.links import Ended
from scheduler.rules.problems import Invalid, NotFound, Reason, Refused, Stale
from scheduler.rules.texts import LANGUAGES
from scheduler.rules.transitions import BEFORE_PROCEDURE, UNDER_WAY
from scheduler.services.bookings import next_sequence, owe_call
from scheduler.services.links import links_for, revoke_links
from scheduler.services.people import NewContact, add_contact, patient_of, refuse_gone
from scheduler.services.pickups import is_counted_on
from scheduler.services.readiness import locked_case, look_again
from scheduler.services.record import append_record

# Why a contact is ended, as the record keeps it and as the desk reads it.
WHY_ENDED = {
    "not_theirs": "the address or number is not theirs any more",
    "permission_withdrawn": "the patient withdrew the permission",
    "not_involved": "this person is not involved any more",
}


@transaction.atomic
def add_person(
    *, practice_id: uuid.UUID, patient_id: uuid.UUID, contact: NewContact, by: str, now: datetime
) -> Contact:
    """Somebody more who is reached: what is booked already is told there too. Raises NotFound, Invalid, Refused."""
    patient_of(practice_id, patient_id)
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


@transaction.atomic
def end_contact(
    *, practice_id: uuid.UUID, contact_id: uuid.UUID, why: str, seen_version: int, by: str, now: datetime
) -> Contact:
    """Nobody is reached there any more: links die, what waits is withdrawn, calendar entries there are taken back.

    `why`: of WHY_ENDED; `seen_version`: the patient's. Raises NotFound, Invalid, Stale, and Refused for a contact that
    was ended before, or who takes a patient home by what is recorded of the ride.
    """
    if why not in WHY_ENDED:
        remedy = f"Use one of: {', '.join(WHY_ENDED)}."
        raise Invalid("Say why the contact ends.", errors=(Reason("why_unknown", remedy, field="why"),))
    patient_id = _patient_of(practice_id, contact_id)
    cases = list(_locked_cases(practice_id, patient_id))
    contact = _standing(patient_id, contact_id)
    _next_version(contact.patient, seen_version)
    _refuse_counted_on(contact)
    mark_ended(contact, by, now, codes=(why,))
    _follow(cases, by, now)
    if contact.kind == "patient" and contact.email:
        _owe_calls(cases, by, now)
    return contact


@transaction.atomic
def change_language(
    *, practice_id: uuid.UUID, patient_id: uuid.UUID, language: str, seen_version: int, by: str, now: datetime
) -> Patient:
    """What is written from now on is in it; reminders that wait are written anew. Raises NotFound, Invalid, Stale."""
    if language not in LANGUAGES:
        remedy = f"Use one of: {', '.join(LANGUAGES)}."
        raise Invalid("We do not write in it.", errors=(Reason("language_unknown", remedy, field="language"),))
    patient_of(practice_id, patient_id)
    cases = list(_locked_cases(practice_id, patient_id))
    patient = _locked_patient(patient_id)
    refuse_gone(patient)
    _next_version(patient, seen_version)
    if patient.language == language:
        return patient
    patient.language = language
    patient.save(update_fields=["language"])
    append_record(
        practice_id=practice_id,
        by=by,
        action="language_changed",
        subject=patient.pk,
        now=now,
        fields={"language": language},
        salt=patient.digest_salt,
    )
    for case in cases:
        case.patient = patient
        _write_reminders_anew(case, by, now)
    return patient


def _write_reminders_anew(case: Case, by: str, now: datetime) -> None:
    """Those that wait for their moment; one that is about to leave would not be planned again."""
    waiting = Message.objects.filter(practice_id=case.practice_id, subject=case.pk, not_before__gt=now)
    waiting = waiting.filter(kind__in=messages.REMINDER_KINDS)
    outbox.withdraw(messages=waiting, reason="the patient reads another language", now=now)
    look_again(case=case, now=now, by=by)


def _next_version(patient: Patient, seen_version: int) -> None:
    if patient.version != seen_version:
        told = f"The patient is at version {patient.version}; you saw {seen_version}. Look again."
        raise Stale(told, version=patient.version)
    patient.version += 1
    patient.save(update_fields=["version"])


def _refuse_counted_on(contact: Contact) -> None:
    """The ride would go on counting as arranged although nobody comes."""
    if contact.kind != "escort":
        return
    ahead = Case.objects.filter(patient_id=contact.patient_id, state__in=(*BEFORE_PROCEDURE, *UNDER_WAY))
    if any(is_counted_on(case, contact) for case in ahead.select_related("checklist")):
        raise Refused(
            "By what is recorded of the ride, this person takes the patient home.",
            code="takes_home",
            errors=(Reason("takes_home", "First record who does instead, or that nobody can: Record….", item="ride"),),
        )


def _owe_calls(cases: Iterable[Case], by: str, now: datetime) -> None:
    """The old address hears a CANCEL although the booking stands; without another one only a call says so."""
    for case in cases:
        booking = case.booking
        if booking is None or case.state != "booked":
            continue
        if not any(each.who == "patient" for each in messages.attendees(case, booking)):
            owe_call(case, booking, "Tell the patient that the appointment stands: no e-mail address.", by, now)


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


def mark_ended(
    contact: Contact, by: str, now: datetime, *, reason: Ended = Ended.CONTACT_ENDED, codes: Sequence[str] = ()
) -> None:
    """The row ends, its links die and what waits is withdrawn; calendars and reminders follow with the cases."""
    revoke_links(contact=contact, reason=reason, by=by, now=now)
    _withdraw_waiting(contact, now)
    contact.ended_at = now
    contact.save(update_fields=["ended_at"])
    append_record(
        practice_id=contact.practice_id,
        by=by,
        action="contact_ended",
        subject=contact.patient_id,
        now=now,
        fields={"contact": contact.pk},
        codes=codes,
    )


def _withdraw_waiting(contact: Contact, now: datetime) -> None:
    """Also what was written without a link, which revoking does not reach."""
    if not contact.email_hash:
        return
    kinds = [kind for kind in messages.TO_CONTACTS if kind.endswith(f":{contact.kind}")]
    cases = Case.objects.filter(patient_id=contact.patient_id).values("pk")
    waiting = Message.objects.filter(practice_id=contact.practice_id, subject__in=cases, kind__in=kinds)
    waiting = waiting.filter(recipient_hash=contact.email_hash)
    outbox.withdraw(messages=waiting, reason="the contact was ended", now=now)


def invite_anew(case: Case, by: str, now: datetime) -> None:
    """After addresses changed, while the booking stands: who is in it now holds it, who is not does not."""
    booking = case.booking
    if booking is None or case.state != "booked":
        return
    if (highest := _taken_back_under(case, booking)) is not None:
        # What was cancelled for an address comes back there under a higher SEQUENCE only.
        booking.sequence = highest
        next_sequence(booking, now)
        booking.save(update_fields=["sequence", "stamped_at"])
    messages.invite(case=case, booking=booking, link_to=links_for(case, by=by, now=now), by=by, now=now)


def _taken_back_under(case: Case, booking: Booking) -> int | None:
    """The highest SEQUENCE under which somebody who is in it lost the present time; None where nobody did."""
    present = [keyed_hash(case.practice_id, each.address) for each in messages.attendees(case, booking)]
    mine = Message.objects.filter(practice_id=case.practice_id, subject=case.pk, recipient_hash__in=present)
    told = mine.filter(uid=booking.uid, sequence__gte=booking.sequence)
    lost = told.filter(Q(method="CANCEL") | Q(method="REQUEST", state="superseded"))
    highest: int | None = lost.aggregate(highest=Max("sequence"))["highest"]
    return highest
