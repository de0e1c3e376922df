"""Two patient rows that may be one person: who they could be, and what merging two of them would mean."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise

from django.db.models import Count

from checklists.services.checklists import current_facts
from scheduler.models import Booking, Case, Claim, Contact, Patient
from scheduler.reads import looked_at
from scheduler.rules.likeness import likeness, similar_names, to_compare
from scheduler.rules.problems import NotFound, Reason
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.patient_rows import COLUMNS
from scheduler.services.telling_apart import pairs_apart, why_apart

MOST = 100  # candidates on one page
UNDER_WAY = ("in_procedure", "recovering")
SAME_PHONE = "same phone"
SAME_NUMBER = "record numbers differ in their signs only"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two rows and why they may be one person; the older one first."""

    one: Patient
    other: Patient
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two bookings that claim the person for the same time."""

    one: Booking
    other: Booking


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person looks at before saying that these two are one."""

    survivor: Patient
    duplicate: Patient
    differs: tuple[str, ...]  # columns
    contacts: tuple[Contact, ...]  # of both, those that stand
    cases: tuple[Case, ...]  # of both
    twice: tuple[tuple[Case, Case], ...]  # open for the same thing
    overlaps: tuple[Overlap, ...]
    died: bool
    refusals: tuple[Reason, ...]  # whatever else keeps them apart for now


def candidates(practice_id: uuid.UUID) -> list[Candidate]:
    """Same birth date with a similar name or record number, or the same phone; the most alike first.

    Without those whom somebody told apart.
    """
    found = {**_by_phone(practice_id), **_by_birth_date(practice_id)}
    apart = pairs_apart(practice_id)
    alike = {pair: why for pair, why in found.items() if frozenset(patient.pk for patient in pair) not in apart}
    pairs = [Candidate(min(pair, key=_age), max(pair, key=_age), why) for pair, why in alike.items()]
    shown = sorted(pairs, key=lambda pair: (-len(pair.why), pair.one.family_name, pair.one.given_name))[:MOST]
    looked_at(*(patient.pk for pair in shown for patient in (pair.one, pair.other)))
    return shown


def _age(patient: Patient) -> tuple[datetime, uuid.UUID]:
    return patient.created_at, patient.pk


Pairs = dict[tuple[Patient, Patient], tuple[str, ...]]


def _by_birth_date(practice_id: uuid.UUID) -> Pairs:
    standing = Patient.objects.filter(practice_id=practice_id, merged_into=None, erased_at=None)
    shared = standing.values("born_on").annotate(rows=Count("pk")).filter(rows__gt=1).values("born_on")
    born: dict[object, list[Patient]] = defaultdict(list)
    for patient in standing.filter(born_on__in=shared).order_by("created_at", "pk"):
        born[patient.born_on].append(patient)
    pairs = (pair for people in born.values() for pair in (*to_compare(people), *_of_one_number(people)))
    return {pair: _why(*pair) for pair in pairs if similar_names(*pair) or _same_number(*pair)}


def _of_one_number(people: Iterable[Patient]) -> Iterable[tuple[Patient, Patient]]:
    """Beside each other in the order of their record numbers, whatever their names."""
    numbered = sorted((patient for patient in people if _number(patient)), key=lambda each: (_number(each), _age(each)))
    return ((one, other) for one, other in pairwise(numbered) if _same_number(one, other))


def _by_phone(practice_id: uuid.UUID) -> Pairs:
    """Who shares a phone may be a couple: only with a similar name or the same birth date."""
    contacts = Contact.objects.filter(practice_id=practice_id, kind="patient", ended_at=None).exclude(phone_hash="")
    shared = contacts.values("phone_hash").annotate(people=Count("patient", distinct=True)).filter(people__gt=1)
    rung: dict[str, dict[uuid.UUID, Patient]] = defaultdict(dict)
    rows = contacts.filter(phone_hash__in=shared.values("phone_hash")).select_related("patient")
    for contact in rows.order_by("patient__created_at", "patient_id"):
        rung[contact.phone_hash][contact.patient_id] = contact.patient
    pairs = (pair for people in rung.values() for pair in to_compare(list(people.values())))
    return {pair: (*why, SAME_PHONE) for pair in pairs if (why := _why(*pair))}


def _why(one: Patient, other: Patient) -> tuple[str, ...]:
    return (*likeness(one, other), *([SAME_NUMBER] if _same_number(one, other) else []))


def _same_number(one: Patient, other: Patient) -> bool:
    return bool(_number(one)) and _number(one) == _number(other)


def _number(patient: Patient) -> str:
    """Without the signs between."""
    return "".join(filter(str.isalnum, patient.record_number)).casefold()


def preview_merge(*, practice_id: uuid.UUID, survivor_id: uuid.UUID, duplicate_id: uuid.UUID) -> Preview:
    """Reads only. Raises NotFound."""
    rows = Patient.objects.filter(practice_id=practice_id, pk__in=(survivor_id, duplicate_id))
    patients = {patient.pk: patient for patient in rows}
    if {survivor_id, duplicate_id} - set(patients):
        raise NotFound("There is no such patient in this practice.")
    survivor, duplicate = patients[survivor_id], patients[duplicate_id]
    related = ("patient", "practice", "booking", "checklist__protocol_version")
    cases = Case.objects.filter(practice_id=practice_id, patient_id__in=set(patients)).order_by("opened_at", "pk")
    found = tuple(cases.select_related(*related).defer("checklist__protocol_version__document"))
    contacts = Contact.objects.filter(practice_id=practice_id, patient_id__in=set(patients), ended_at=None)
    looked_at(*patients, *(case.pk for case in found))
    return Preview(
        survivor=survivor,
        duplicate=duplicate,
        differs=tuple(name for name in COLUMNS if getattr(survivor, name) != getattr(duplicate, name)),
        contacts=tuple(contacts.order_by("patient_id", "created_at", "pk")),
        cases=found,
        twice=tuple(open_twice(found, duplicate)),
        overlaps=tuple(overlaps(survivor, duplicate)),
        died=any(case.ending == "died" for case in found),
        refusals=tuple(refusals(survivor, duplicate, found)),
    )


def refusals(survivor: Patient, duplicate: Patient, cases: Iterable[Case]) -> Iterable[Reason]:
    """Why these two cannot be merged now; overlapping bookings are the database's to refuse."""
    if survivor.pk == duplicate.pk:
        yield Reason("same_patient", "Name two different patients.", field="duplicate")
    for name, patient in (("survivor", survivor), ("duplicate", duplicate)):
        if patient.merged_into_id is not None:
            remedy = f"This row is merged into patient {patient.merged_into_id} already. Use that one."
            yield Reason("patient_merged", remedy, field=name)
        if patient.erased_at is not None:
            yield Reason("patient_erased", "This patient's data were erased. Choose another one.", field=name)
    yield from why_apart(survivor, duplicate)
    yield from under_way(cases)


def under_way(cases: Iterable[Case]) -> Iterable[Reason]:
    """Nobody's name changes on a screen while they lie on the table."""
    for case in cases:
        if case.state in UNDER_WAY:
            words = case.state.replace("_", " ")
            yield Reason("case_under_way", f"Case {case.pk} is {words}. Wait until it is discharged.", owner="nurse")


def open_twice(cases: Sequence[Case], duplicate: Patient) -> Iterable[tuple[Case, Case]]:
    """Pairs, the survivor's first, that are open for the same procedure at a shared level."""
    waiting = [case for case in cases if case.state in BEFORE_PROCEDURE]
    levels = {case.pk: set(current_facts(case.checklist).levels) for case in waiting}
    for one, other in combinations(sorted(waiting, key=lambda case: case.patient_id == duplicate.pk), 2):
        apart = one.patient_id != other.patient_id
        if apart and one.procedure == other.procedure and levels[one.pk] & levels[other.pk]:
            yield one, other


def overlaps(survivor: Patient, duplicate: Patient) -> Iterable[Overlap]:
    """The bookings that cannot both be one person's."""
    mine, theirs = (_claims((patient.pk,)) for patient in (survivor, duplicate))
    for one in mine:
        for other in theirs:
            if one.starts_at < other.ends_at and other.starts_at < one.ends_at:
                yield Overlap(one.booking, other.booking)


def _claims(patients: Collection[uuid.UUID]) -> list[Claim]:
    active = Claim.objects.filter(patient_id__in=patients, is_active=True).select_related("booking")
    return list(active.order_by("starts_at", "pk"))
