"""A merge is undone: what it moved goes back as it was, and what came since is named."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from checklists.models import Evidence
from scheduler.models import Booking, Case, Contact, PatientMerge
from scheduler.rules.links import Ended
from scheduler.rules.problems import NotFound, Reason, Refused, Stale
from scheduler.services.duplicates import under_way
from scheduler.services.merging import twice_key
from scheduler.services.patient_rows import claims_follow, exchange, hand_over, lock_patients, reload
from scheduler.services.record import Entry, append_records
from scheduler.services.tasks import drop_tasks


@dataclass(frozen=True, slots=True)
class Since:
    """Something that came after the merge: where it is now, for a person to check."""

    kind: str  # case | contact | booking | evidence
    id: str
    stays: bool  # with the patient that survived; otherwise it went along with its case
    at: datetime


@dataclass(frozen=True, slots=True)
class Parted:
    merge: PatientMerge
    since: tuple[Since, ...]


@transaction.atomic
def undo_merge(
    *, practice_id: uuid.UUID, merge_id: uuid.UUID, reason: str, seen_version: int, by: str, now: datetime
) -> Parted:
    """The two rows are two patients again. Raises NotFound, Refused (undone, a later merge stands on it), Stale."""
    found = PatientMerge.objects.filter(practice_id=practice_id, pk=merge_id).first()
    if found is None:
        raise NotFound("There is no such merge in this practice.")
    cases, patients = lock_patients(practice_id, {found.survivor_id, found.duplicate_id})
    merge = PatientMerge.objects.select_for_update(of=("self",)).get(pk=found.pk)
    merge.survivor, merge.duplicate = patients[merge.survivor_id], patients[merge.duplicate_id]
    theirs = [case for case in cases if str(case.pk) in merge.moved["cases"]]
    if wrong := tuple(_refusals(merge, theirs)):
        raise Refused("This merge cannot be undone now.", code=wrong[0].code, errors=wrong)
    if merge.version != seen_version:
        raise Stale(f"The merge is at version {merge.version}; you saw {seen_version}.", version=merge.version)
    since = _came_since(merge, cases, theirs)
    merge.duplicate.merged_into = None
    exchange(merge.survivor, merge.duplicate, merge.exchanged)
    _move_back(merge, theirs, since, by, now)
    merge.undone_at, merge.undone_by, merge.undo_reason, merge.version = now, by, reason, merge.version + 1
    merge.save(update_fields=["undone_at", "undone_by", "undo_reason", "version"])
    _enter(merge, since, by, now)
    strangers = {case.pk for case in cases if "born_on" in merge.exchanged} | {case.pk for case in theirs}
    hand_over(reload(cases), strangers=strangers, reason=Ended.MERGED, by=by, now=now)
    return Parted(merge, tuple(since))


def _refusals(merge: PatientMerge, theirs: Iterable[Case]) -> Iterable[Reason]:
    if merge.undone_at is not None:
        yield Reason("merge_undone", "It was undone before. Look again.")
        return
    if merge.survivor.merged_into_id is not None:
        yield Reason("merged_since", "The patient was merged into another one since. Undo that merge first.")
    later = PatientMerge.objects.filter(survivor_id=merge.survivor_id, undone_at=None, merged_at__gt=merge.merged_at)
    for other in later.order_by("-merged_at"):
        yield Reason("merged_since", f"Undo the later merge {other.pk} first, the newest before the older ones.")
    yield from under_way(theirs)


def _came_since(merge: PatientMerge, cases: Iterable[Case], theirs: Collection[Case]) -> list[Since]:
    """What was opened, booked, said and noted since: by it a person sees what may have reached the wrong one."""
    moved = {case.pk for case in theirs}
    found = [Since("case", str(c.pk), True, c.opened_at) for c in cases if c.opened_at > merge.merged_at]
    named = _contacts_named_by(theirs)
    contacts = Contact.objects.filter(patient_id=merge.survivor_id, created_at__gte=merge.merged_at)
    for contact in contacts.exclude(pk__in=merge.moved["contacts"]).order_by("created_at", "pk"):
        found.append(Since("contact", str(contact.pk), str(contact.pk) not in named, contact.created_at))
    for booking in Booking.objects.filter(case__in=moved, booked_at__gt=merge.merged_at).order_by("booked_at"):
        found.append(Since("booking", str(booking.pk), False, booking.booked_at))
    said = Evidence.objects.filter(checklist__in=[case.checklist_id for case in theirs])
    for entry in said.filter(recorded_at__gt=merge.merged_at).order_by("pk"):
        found.append(Since("evidence", str(entry.public_id), False, entry.recorded_at))
    return found


def _contacts_named_by(cases: Iterable[Case]) -> set[str]:
    """Escorts and prescribers that the evidence of these cases names go where the cases go."""
    values = Evidence.objects.filter(checklist__in=[case.checklist_id for case in cases]).values_list(
        "value", flat=True
    )
    return {str(value["contact"]) for value in values if "contact" in value}


def _move_back(merge: PatientMerge, theirs: Collection[Case], since: Iterable[Since], by: str, now: datetime) -> None:
    along = [one.id for one in since if one.kind == "contact" and not one.stays]
    contacts = Q(pk__in=[*merge.moved["contacts"], *along])
    Contact.objects.filter(contacts, patient_id=merge.survivor_id).update(patient=merge.duplicate)
    Contact.objects.filter(pk__in=merge.ended, ended_at=merge.merged_at).update(ended_at=None)
    claims_follow(theirs, merge.duplicate)
    Case.objects.filter(pk__in=[case.pk for case in theirs]).update(patient=merge.duplicate)
    keys = [twice_key(case) for case in Case.objects.filter(patient_id=merge.survivor_id)]
    for case in theirs:
        drop_tasks(case=case, kinds=("mend",), keys=keys, outcome="the merge was undone", by=by, now=now)


def _enter(merge: PatientMerge, since: Iterable[Since], by: str, now: datetime) -> None:
    ids = {"survivor": merge.survivor_id, "duplicate": merge.duplicate_id}
    came = [(one.kind, one.id) for one in since]
    whole = {**ids, "merge": merge.pk, "moved": merge.moved, "since": came, "reason": merge.undo_reason}
    entries = [Entry("merge_undone", subject, whole) for subject in ids.values()]
    entries += [Entry("case_moved_back", case, ids) for case in merge.moved["cases"]]
    append_records(practice_id=merge.practice_id, entries=entries, by=by, now=now)
