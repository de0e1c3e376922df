"""Patients and their contacts."""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from notifications.encryption import keyed_hash
from notifications.rules.ical import check_address
from scheduler.models import Case, Contact, Patient, Practice, User
from scheduler.reads import looked_at
from scheduler.rules.problems import Erased, Invalid, NotFound, Reason, Refused
from scheduler.services.record import append_record

LONGEST_EMAIL = 254  # RFC 5321


@dataclass(frozen=True, slots=True)
class NewContact:
    kind: str = "patient"
    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    permission: str = ""

    @property
    def channel(self) -> str:
        return "email" if self.email else "call"


@dataclass(frozen=True, slots=True)
class NewPatient:
    family_name: str
    given_name: str
    born_on: date
    sex: str = ""
    language: str = "en"
    record_number: str = ""


@transaction.atomic
def add_patient(*, practice_id: uuid.UUID, patient: NewPatient, by: str, now: datetime) -> Patient:
    """A new patient. Raises Refused when the record number is already somebody's, Invalid for an unborn one."""
    if patient.born_on > now.date():
        remedy = f"{patient.born_on} is in the future. Check the year."
        raise Invalid("The date of birth cannot be right.", errors=(Reason("born_in_future", remedy, field="born_on"),))
    hashed = keyed_hash(practice_id, patient.record_number) if patient.record_number else ""
    try:
        with transaction.atomic():
            row = Patient.objects.create(
                practice_id=practice_id,
                family_name=patient.family_name,
                given_name=patient.given_name,
                born_on=patient.born_on,
                sex=patient.sex,
                language=patient.language,
                record_number=patient.record_number,
                record_number_hash=hashed,
                digest_salt=secrets.token_hex(16),
                created_at=now,
            )
    except IntegrityError as error:
        raise Refused(
            "This record number already belongs to a patient of this practice.",
            code="record_number_taken",
            errors=(Reason("record_number_taken", "Use that patient, or correct the number.", field="record_number"),),
        ) from error
    append_record(
        practice_id=practice_id,
        by=by,
        action="patient_added",
        subject=row.pk,
        now=now,
        fields={"family_name": row.family_name, "given_name": row.given_name, "born_on": row.born_on},
        salt=row.digest_salt,
    )
    return row


def check_email(practice: Practice, email: str) -> None:
    """Raises Invalid for an address that no invite could go to."""
    remedy = ""
    try:
        check_address(email)
    except ValueError:
        remedy = f"'{email[:80]}' cannot receive invites. Give a plain address such as ann@mail.example."
    if len(email) > LONGEST_EMAIL:
        remedy = f"An address has at most {LONGEST_EMAIL} characters."
    if email.casefold() == practice.email.casefold():
        remedy = f"{email} is the practice's own mailbox, which sends the invites. Give the person's address."
    if remedy:
        raise Invalid("The e-mail address cannot be used.", errors=(Reason("bad_email", remedy, field="email"),))


@transaction.atomic
def add_contact(*, patient: Patient, contact: NewContact, by: str, now: datetime) -> Contact:
    """Raises Refused for a row that is merged into another, Invalid for an address that nothing could go to."""
    refuse_gone(patient)
    if contact.email:
        check_email(patient.practice, contact.email)
    try:
        with transaction.atomic():
            row = _new_contact(patient, contact, now)
    except IntegrityError:
        # The database waited for a merge or an erasure that was under way.
        refuse_gone(Patient.objects.get(pk=patient.pk))
        raise
    append_record(
        practice_id=patient.practice_id,
        by=by,
        action="contact_added",
        subject=patient.pk,
        now=now,
        fields={"kind": contact.kind, "email": contact.email, "phone": contact.phone},
        salt=patient.digest_salt,
    )
    return row


def _new_contact(patient: Patient, contact: NewContact, now: datetime) -> Contact:
    return Contact.objects.create(
        practice_id=patient.practice_id,
        patient=patient,
        kind=contact.kind,
        name=contact.name,
        channel=contact.channel,
        email=contact.email,
        email_hash=keyed_hash(patient.practice_id, contact.email) if contact.email else "",
        phone=contact.phone,
        phone_hash=keyed_hash(patient.practice_id, contact.phone) if contact.phone else "",
        address=contact.address,
        permission=contact.permission,
        created_at=now,
    )


def patient_of(practice_id: uuid.UUID, patient_id: uuid.UUID) -> Patient:
    """A patient of the practice. Raises NotFound, and what refuse_gone raises."""
    patient = Patient.objects.filter(practice_id=practice_id, pk=patient_id).first()
    if patient is None:
        raise NotFound("There is no such patient in this practice.")
    refuse_gone(patient)
    return patient


def refuse_gone(patient: Patient) -> None:
    """Raises Refused for an erased row, and for a merged one, naming the patient to use instead."""
    if patient.erased_at is not None:
        raise Erased(patient.erased_at)
    if patient.merged_into_id is not None:
        remedy = f"Use patient {patient.merged_into_id}."
        raise Refused(
            "This row was merged into another patient.",
            code="patient_merged",
            errors=(Reason("patient_merged", remedy, field="patient"),),
        )


def survivors(rows: Iterable[Patient]) -> list[Patient]:
    """Each row's own person once, in the order of the rows: a merged row leads to the one it was merged into."""
    found = {row.pk: row for row in rows}
    while ids := {row.merged_into_id for row in found.values() if row.merged_into_id is not None}:
        into = {row.pk: row for row in Patient.objects.filter(pk__in=ids)}
        led = (into[row.merged_into_id] if row.merged_into_id else row for row in found.values())
        found = {row.pk: row for row in led}
    return list(found.values())


def find_patients(
    *, practice_id: uuid.UUID, text: str = "", born_on: date | None = None, most: int = 50
) -> list[Patient]:
    """Up to `most` patients: the family name begins with `text`, or it is the record number; by a merged row's too."""
    if not text and born_on is None:
        raise Invalid(
            "Say whom to look for.",
            errors=(Reason("nothing_asked", "Give text, born_on or both.", field="text"),),
        )
    rows = Patient.objects.filter(practice_id=practice_id, erased_at=None)
    if born_on is not None:
        rows = rows.filter(born_on=born_on)
    if text:
        by_number = rows.filter(record_number_hash=keyed_hash(practice_id, text))
        rows = by_number if by_number.exists() else rows.filter(family_name__istartswith=text)
    found = survivors(rows.order_by("family_name", "given_name", "born_on")[:most])
    looked_at(*(patient.pk for patient in found))
    return found


def escort_contact(*, case: Case, item: str, value: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Move an escort's name and phone out of the evidence into an encrypted contact; the value keeps its id."""
    if item != "ride":
        return value
    if "contact" in value:
        _check_contact(case, value["contact"])
    if not ({"escort_name", "escort_phone", "escort_email"} & set(value)):
        return value
    name, phone, email = (value.pop(f"escort_{field}", "") for field in ("name", "phone", "email"))
    for field, text in (("escort_name", name), ("escort_phone", phone), ("escort_email", email)):
        if not isinstance(text, str) or len(text) > 120 or len(text.splitlines()) > 1:
            raise Invalid(
                "The escort is not readable.",
                errors=(
                    Reason("bad_value", "Give one line of at most 120 characters.", field=f"value.{field}", item=item),
                ),
            )
    contact = add_contact(patient=case.patient, contact=NewContact("escort", name, email, phone), by="system", now=now)
    return {**value, "contact": str(contact.pk)}


def _check_contact(case: Case, contact_id: object) -> None:
    """Raises Invalid unless the id is of a contact of the case's own patient."""
    mine = [str(pk) for pk in Contact.objects.filter(patient_id=case.patient_id).values_list("pk", flat=True)]
    if contact_id not in mine:
        remedy = "Give the id of a contact of this patient, or escort_name and escort_phone."
        raise Invalid(
            "There is no such contact of this patient.",
            errors=(Reason("contact_unknown", remedy, field="value.contact", item="ride"),),
        )


def writer_names(by: Iterable[str]) -> dict[str, str]:
    """The names of staff; whoever wrote at a link of their own is not named by its id."""
    everybody = set(by)
    links = {text: "their own link" for text in everybody if text.startswith("link:")}
    return {**links, **staff_names(everybody)}


def staff_names(by: Iterable[str]) -> dict[str, str]:
    """The names of those who wrote, by `staff:<id>`; whoever is no member of staff is not in it."""
    ids = {text.removeprefix("staff:") for text in by if text.startswith("staff:")}
    return {user.by: user.name for user in User.objects.filter(pk__in=ids)}
