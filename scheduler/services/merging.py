"""Two patient rows become one person: everything moves to the row that survives, the other stays as its other name."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from scheduler import messages
from scheduler.models import Case, Contact, Patient, PatientMerge
from scheduler.rules.duties import Duty
from scheduler.rules.links import Ended
from scheduler.rules.problems import Invalid, Reason, Refused, Stale
from scheduler.services.contacts import mark_ended
from scheduler.services.duplicates import open_twice, overlaps, refusals
from scheduler.services.links import revoke_links
from scheduler.services.patient_rows import (
    COLUMNS,
    check_other,
    claims_follow,
    exchange,
    hand_over,
    lock_patients,
    reload,
)
from scheduler.services.record import Entry, append_records
from scheduler.services.tasks import owe_task
from scheduler.services.transitions import ask_to_end_other_cases

# What two rows may be compared by with a paper or a person; a name alone merges namesakes.
IDENTIFIERS: Mapping[str, str] = {
    "name": "full name",
    "birth_date": "date of birth",
    "record_number": "record number",
    "phone": "phone number",
    "address": "address",
    "photo_id": "photo identification",
}
SIDES = ("survivor", "duplicate", "both")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided: the columns that the duplicate is right about, and whose address is used from now on."""

    take: Collection[str]
    contacts: str  # survivor | duplicate | both
    identifiers: Collection[str]
    reason: str


@transaction.atomic
def merge_patients(
    *,
    practice_id: uuid.UUID,
    survivor_id: uuid.UUID,
    duplicate_id: uuid.UUID,
    seen_versions: tuple[int, int],
    choice: Choice,
    by: str,
    now: datetime,
) -> PatientMerge:
    """All or nothing. Raises Invalid, NotFound, Refused (merged already, under way, overlapping bookings), Stale."""
    _check(choice)
    check_other(practice_id, survivor_id, duplicate_id, field="duplicate")
    cases, patients = lock_patients(practice_id, {survivor_id, duplicate_id})
    survivor, duplicate = patients[survivor_id], patients[duplicate_id]
    if wrong := tuple(refusals(survivor, duplicate, cases)):
        raise Refused("These two cannot be merged now.", code=wrong[0].code, errors=wrong)
    _seen(survivor, duplicate, seen_versions)
    twice = tuple(open_twice(cases, duplicate))
    taken = [column for column in COLUMNS if column in choice.take]
    merge = PatientMerge(
        practice_id=practice_id,
        survivor=survivor,
        duplicate=duplicate,
        identifiers=sorted(choice.identifiers),
        reason=choice.reason,
        exchanged=taken,
        merged_at=now,
        merged_by=by,
    )
    merge.ended = _end_contacts(survivor, duplicate, choice.contacts, by, now)
    merge.moved = _move(survivor, duplicate, cases)
    duplicate.merged_into = survivor
    exchange(survivor, duplicate, taken)
    merge.save(force_insert=True)
    _enter(merge, by, now)
    strangers = {case.pk for case in cases if "born_on" in taken or case.patient_id == duplicate_id}
    hand_over(reload(cases), strangers=strangers, reason=Ended.MERGED, by=by, now=now)
    _name_conflicts(twice, by, now)
    _keep_silent(reload(cases), by, now)
    return merge


def _check(choice: Choice) -> None:
    wrong = [
        Reason("bad_column", f"'{column}' is none of {', '.join(COLUMNS)}.", field="take")
        for column in choice.take
        if column not in COLUMNS
    ]
    wrong += [
        Reason("bad_identifier", f"'{name}' is none of {', '.join(IDENTIFIERS)}.", field="identifiers")
        for name in choice.identifiers
        if name not in IDENTIFIERS
    ]
    if len(set(choice.identifiers)) < 2:
        remedy = "Compare at least two of: " + ", ".join(IDENTIFIERS.values()) + "."
        wrong.append(Reason("identity_incomplete", remedy, field="identifiers"))
    if choice.contacts not in SIDES:
        wrong.append(Reason("bad_side", f"Use one of {', '.join(SIDES)}.", field="contacts"))
    if not choice.reason.strip():
        wrong.append(Reason("no_reason", "Say in a few words how you know.", field="reason"))
    if wrong:
        raise Invalid("What was decided is incomplete.", errors=tuple(wrong))


def _seen(survivor: Patient, duplicate: Patient, versions: tuple[int, int]) -> None:
    if (survivor.version, duplicate.version) != versions:
        raise Stale(
            "One of these patients was changed since you looked. Look again, then decide.", version=survivor.version
        )


def _end_contacts(survivor: Patient, duplicate: Patient, side: str, by: str, now: datetime) -> list[str]:
    """The patient's own addresses of the side that lost, and what both rows say alike; never the last that stands."""
    standing = Contact.objects.filter(patient__in=(survivor, duplicate), kind="patient", ended_at=None)
    own = list(standing.order_by("created_at", "pk"))
    mine, theirs = ([c for c in own if c.patient_id == patient.pk] for patient in (survivor, duplicate))
    loses, wins = (mine, theirs) if side == "duplicate" else (theirs, mine)
    same = {(c.email_hash, c.phone_hash) for c in wins}
    ended = [c for c in loses if wins and (side != "both" or (c.email_hash, c.phone_hash) in same)]
    for contact in ended:
        mark_ended(contact, by, now, reason=Ended.MERGED)
    return [str(contact.pk) for contact in ended]


def _move(survivor: Patient, duplicate: Patient, cases: Iterable[Case]) -> dict[str, list[str]]:
    """Every case, contact and claim, also of long ago. Raises Refused where the database finds two bookings at once."""
    theirs = [case for case in cases if case.patient_id == duplicate.pk]
    contacts = list(Contact.objects.filter(patient=duplicate).order_by("pk").values_list("pk", flat=True))
    try:
        with transaction.atomic():
            claims = claims_follow(theirs, survivor)
    except IntegrityError as error:
        if "claim_overlap" not in str(error):
            raise
        raise _overlapping(survivor, duplicate) from error
    Case.objects.filter(pk__in=[case.pk for case in theirs]).update(patient=survivor)
    Contact.objects.filter(pk__in=contacts).update(patient=survivor)
    moved = {"cases": [case.pk for case in theirs], "contacts": contacts, "claims": claims}
    return {name: [str(pk) for pk in ids] for name, ids in moved.items()}


def _overlapping(survivor: Patient, duplicate: Patient) -> Refused:
    found = tuple(
        Reason(
            "bookings_overlap",
            f"Booking {each.one.pk} of case {each.one.case_id} ({each.one.starts_at.isoformat()}) and booking "
            f"{each.other.pk} of case {each.other.case_id} ({each.other.starts_at.isoformat()}) claim the patient at "
            "the same time. Move or release one of them, then merge.",
            field="duplicate",
            owner="scheduler",
        )
        for each in overlaps(survivor, duplicate)
    )
    return Refused("One person cannot be at two bookings at once.", code="bookings_overlap", errors=found)


def _enter(merge: PatientMerge, by: str, now: datetime) -> None:
    """In the record of both rows and of each case that has another patient now."""
    ids = {"survivor": merge.survivor_id, "duplicate": merge.duplicate_id}
    whole = {**ids, "merge": merge.pk, "exchanged": merge.exchanged, "moved": merge.moved, "reason": merge.reason}
    entries = [Entry("patients_merged", subject, whole) for subject in ids.values()]
    entries += [Entry("case_moved_by_merge", case, ids) for case in merge.moved["cases"]]
    append_records(practice_id=merge.practice_id, entries=entries, by=by, now=now)


def twice_key(other: Case) -> str:
    return f"twice:{other.pk}"


def _name_conflicts(twice: Iterable[tuple[Case, Case]], by: str, now: datetime) -> None:
    for stays, came in twice:
        sentence = (
            f"Two rows of this patient were merged and both have an open {came.procedure} at the same level. "
            "Decide which case goes on and end the other."
        )
        owe_task(case=came, duty=Duty("mend", twice_key(stays), "scheduler", sentence, None), by=by, now=now)


def _keep_silent(cases: Iterable[Case], by: str, now: datetime) -> None:
    """Who died under one of the two rows is written to under neither."""
    died = next((case for case in cases if case.ending == "died"), None)
    if died is not None:
        revoke_links(patient_id=died.patient_id, reason=Ended.DIED, by=by, now=now)
        messages.silence(case=died, now=now)
        ask_to_end_other_cases(died, by, now)
