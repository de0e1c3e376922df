"""Bring in one referral of a list: recognise its patient, open its case once, alter nobody."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q

from checklists.models import Facts
from checklists.rules.drugs import match_medication
from checklists.rules.facts_json import facts_from_json
from checklists.rules.protocol import Protocol
from checklists.services.protocols import typed_protocol, version_in_force
from notifications.encryption import keyed_hash
from scheduler.isolation import within
from scheduler.models import Case, Contact, Patient, Practice
from scheduler.rules.problems import Problem
from scheduler.rules.referrals.complaints import Complaint
from scheduler.rules.referrals.earlier import EarlierCase, already, double, listed, not_in_case, other_case
from scheduler.rules.referrals.rows import Referral
from scheduler.rules.referrals.sameness import Person, differences, look_alikes, recognise
from scheduler.rules.transitions import ENDINGS
from scheduler.services.cases import Plan, open_case
from scheduler.services.people import NewContact, NewPatient, add_contact, add_patient, survivors

OVER = ("discharged", "closed", *ENDINGS)  # a case that no longer waits for its procedure
COMMAND = "command:import_referrals"


@dataclass(frozen=True, slots=True)
class Outcome:
    """imported, unchanged or rejected; `problems` say why it was rejected, `done` what was or would be done."""

    kind: str
    problems: tuple[Complaint, ...] = ()
    notices: tuple[Complaint, ...] = ()
    done: str = ""


@dataclass(slots=True)
class Batch:
    """One run over one file, and what its rows so far brought in (in a dry run: would have)."""

    practice: Practice
    protocol: Protocol
    by: str
    dry_run: bool
    people: dict[date | str, list[Person]] = field(default_factory=dict)  # by birth date, and by record number
    cases: dict[uuid.UUID, list[EarlierCase]] = field(default_factory=dict)
    first: dict[uuid.UUID, Referral] = field(default_factory=dict)  # what made each of these patients


def open_batch(*, practice: Practice, protocol: str, by: str, dry_run: bool) -> Batch:
    """A batch on the protocol's version in force. Raises NotInForce."""
    version = version_in_force(practice_id=practice.pk, name=protocol)
    return Batch(practice, typed_protocol(version), by, dry_run)


def bring_in(*, batch: Batch, referral: Referral, now: datetime) -> Outcome:
    """Import one referral in a transaction of its own, or say why not; a dry run only reads."""
    if batch.dry_run:
        with within(batch.practice.pk):
            return _judge_and_write(batch, referral, now)
    try:
        with within(batch.practice.pk), transaction.atomic():
            # One import at a time in a practice: two lists may hold the same new patient.
            Practice.objects.select_for_update(no_key=True).get(pk=batch.practice.pk)
            return _judge_and_write(batch, referral, now)
    except Problem as problem:
        _forget(batch, referral.line)  # nothing of this row was kept
        return Outcome("rejected", _refused(batch, referral, problem))


def _refused(batch: Batch, referral: Referral, problem: Problem) -> tuple[Complaint, ...]:
    values = {"protocol": batch.protocol.name, "record_number": referral.record_number}
    reasons = tuple(Complaint(r.field or "row", values.get(r.field, ""), r.detail) for r in problem.errors)
    return reasons or (Complaint("row", "", problem.detail),)


def _judge_and_write(batch: Batch, referral: Referral, now: datetime) -> Outcome:
    number = _hashed(batch, referral.record_number)
    found = recognise(referral, number, _known_people(batch, referral, number))
    if found.conflict:
        return Outcome("rejected", (found.conflict,))
    if referral.procedure not in batch.protocol.procedures:
        remedy = f"Protocol '{batch.protocol.name}' does not cover it. Name another with --protocol."
        return Outcome("rejected", (Complaint("procedure", referral.procedure, remedy),))
    if found.same:
        return _for_known(batch, referral, found.same, now)
    patient_id = _add_person(batch, referral, number, now)
    notices = (*look_alikes(referral, found.alike), *_unknown_drugs(batch, referral))
    _open(batch, referral, patient_id, now)
    return Outcome("imported", notices=notices, done=f"new patient, {_case_in_words(referral)}")


def _for_known(batch: Batch, referral: Referral, person: Person, now: datetime) -> Outcome:
    keys = {import_key(batch.practice.pk, row, referral) for row in (person.id, *_merged_rows(batch, person.id))}
    elsewhere = Case.objects.filter(practice_id=batch.practice.pk, import_key__in=keys).exclude(patient_id=person.id)
    if refiled := elsewhere.first():
        return Outcome("unchanged", done=f"the same as case {refiled.pk}, which was filed to another patient since")
    earlier = _earlier_cases(batch, person.id)
    if same := next((case for case in earlier if case.import_key in keys), None):
        notices = (*already(referral, same), *not_in_case(referral, same))
        return Outcome("unchanged", notices=notices, done=f"the same as {same.where}")
    waiting = [case for case in earlier if not case.is_over]
    planned = (referral.procedure, referral.levels)
    if clash := next((case for case in waiting if (case.procedure, case.levels) == planned), None):
        return Outcome("rejected", (double(referral, clash),))
    notices = (
        *differences(referral, person),
        *_kept_as_they_are(batch, referral, person),
        *(other_case(referral, case) for case in waiting),
        *_unknown_drugs(batch, referral),
    )
    _open(batch, referral, person.id, now)
    return Outcome("imported", notices=notices, done=f"{person.where}, {_case_in_words(referral)}")


def import_key(practice_id: uuid.UUID, patient_id: uuid.UUID, referral: Referral) -> str:
    """Keyed hash of patient, procedure, levels, fracture and onset: the same referral again has the same key."""
    dates = [f"{about.earliest}..{about.latest}" if about else "" for about in (referral.fractured, referral.onset)]
    parts = ("referral", str(patient_id), referral.procedure, "+".join(referral.levels), *dates)
    return keyed_hash(practice_id, "\0".join(parts))


def _merged_rows(batch: Batch, patient_id: uuid.UUID) -> list[uuid.UUID]:
    """The person's other rows: a referral that opened a case for one of them is still the same referral."""
    found, asked = [], [patient_id]
    while asked:
        rows = Patient.objects.filter(practice_id=batch.practice.pk, merged_into__in=asked)
        asked = list(rows.values_list("pk", flat=True))
        found += asked
    return found


def _hashed(batch: Batch, text: str) -> str:
    return keyed_hash(batch.practice.pk, text) if text else ""


def _known_people(batch: Batch, referral: Referral, number: str) -> Iterable[Person]:
    """Everybody born that day or with that record number, of the database and of earlier rows.

    A merged row is another name of the person it was merged into.
    """
    asked = Q(born_on=referral.born_on) | (Q(record_number_hash=number) if number else Q())
    rows = (
        Patient.objects.filter(asked, practice_id=batch.practice.pk, erased_at=None)
        .defer("record_number")
        .order_by("created_at")
    )
    people = {
        row.pk: Person(survivors([row])[0].pk, row.family_name, row.given_name, row.born_on, row.record_number_hash)
        for row in rows
    }
    people |= {person.id: person for key in (referral.born_on, number) for person in batch.people.get(key, ())}
    return people.values()


def _earlier_cases(batch: Batch, patient_id: uuid.UUID) -> list[EarlierCase]:
    own = batch.cases.get(patient_id, [])
    rows = Case.objects.filter(practice_id=batch.practice.pk, patient_id=patient_id).order_by("opened_at")
    cases = list(rows.values_list("pk", "import_key", "procedure", "state", "checklist_id"))
    documents = Facts.objects.filter(
        checklist__in=[case[-1] for case in cases], number=F("checklist__facts_number")
    ).values_list("checklist_id", "document")
    facts = {checklist: facts_from_json(document) for checklist, document in documents}
    from_file = {case.import_key for case in own}
    stored = [
        EarlierCase(key, procedure, facts[checklist].levels, state in OVER, listed(facts[checklist]), f"case {pk}")
        for pk, key, procedure, state, checklist in cases
        if key not in from_file
    ]
    return [*own, *stored]


def _add_person(batch: Batch, referral: Referral, number: str, now: datetime) -> uuid.UUID:
    patient_id = uuid.uuid4() if batch.dry_run else _add_patient(batch, referral, now)
    person = Person(patient_id, referral.family_name, referral.given_name, referral.born_on, number, referral.line)
    keys: tuple[date | str, ...] = (referral.born_on, number) if number else (referral.born_on,)
    for key in keys:
        batch.people.setdefault(key, []).append(person)
    batch.first[patient_id] = referral
    return patient_id


def _forget(batch: Batch, line: int) -> None:
    for people in batch.people.values():
        people[:] = [person for person in people if person.line != line]


def _add_patient(batch: Batch, referral: Referral, now: datetime) -> uuid.UUID:
    new = NewPatient(
        family_name=referral.family_name,
        given_name=referral.given_name,
        born_on=referral.born_on,
        sex=referral.sex,
        record_number=referral.record_number,
    )
    patient = add_patient(practice_id=batch.practice.pk, patient=new, by=batch.by, now=now)
    if referral.email or referral.phone:
        contact = NewContact(email=referral.email, phone=referral.phone)
        add_contact(patient=patient, contact=contact, by=batch.by, now=now)
    return patient.pk


def _open(batch: Batch, referral: Referral, patient_id: uuid.UUID, now: datetime) -> None:
    key = import_key(batch.practice.pk, patient_id, referral)
    if not batch.dry_run:
        open_case(
            practice=batch.practice,
            patient_id=patient_id,
            protocol=batch.protocol.name,
            plan=_plan(referral),
            by=batch.by,
            now=now,
            import_key=key,
        )
    case = EarlierCase(
        key, referral.procedure, referral.levels, False, listed(referral), f"line {referral.line}", is_in_file=True
    )
    batch.cases.setdefault(patient_id, []).append(case)


def _plan(referral: Referral) -> Plan:
    return Plan(
        procedure=referral.procedure,
        levels=referral.levels,
        cause=referral.cause,
        anesthesia=referral.anesthesia,
        fractured=referral.fractured,
        onset=referral.onset,
        diagnosed=referral.diagnosed,
        weight_kg=referral.weight_kg,
        allergies=referral.allergies,
        conditions=referral.conditions,
        medications=referral.medications,
        medications_known=referral.medications_known,
    )


def _case_in_words(referral: Referral) -> str:
    return f"{referral.procedure} {'+'.join(referral.levels)}"


def _kept_as_they_are(batch: Batch, referral: Referral, person: Person) -> Iterable[Complaint]:
    """What the row says of a known patient and is not taken over."""
    told = {"email": referral.email, "phone": referral.phone, "record_number": referral.record_number}
    if person.number:
        told["record_number"] = ""
    for column in ("email", "phone"):
        if told[column] and _is_contact(batch, person, column, told[column]):
            told[column] = ""
    for column, value in told.items():
        if value:
            remedy = f"{person.where.capitalize()} is known without it and is not altered. Add it there."
            yield Complaint(column, value, remedy)


def _is_contact(batch: Batch, person: Person, column: str, value: str) -> bool:
    hashed = _hashed(batch, value)
    if first := batch.first.get(person.id):
        return _hashed(batch, getattr(first, column)) == hashed
    known = Q(email_hash=hashed) if column == "email" else Q(phone_hash=hashed)
    return Contact.objects.filter(known, patient_id=person.id, ended_at=None).exists()


def _unknown_drugs(batch: Batch, referral: Referral) -> Iterable[Complaint]:
    for medication in referral.medications:
        match = match_medication(batch.protocol, medication)
        if match is not None and not match.known:
            remedy = "The protocol does not know it. It is kept as written, for a clinician's review."
            yield Complaint("medications", medication.name, remedy)


def with_notices(outcome: Outcome, notices: Iterable[Complaint]) -> Outcome:
    """The outcome, with what reading the row had to say first; nothing of a row that changed nothing."""
    if outcome.kind != "imported":
        return outcome
    return replace(outcome, notices=(*notices, *outcome.notices))
