"""Two people who look like one: somebody says so, with a reason, and the list of duplicates leaves them out."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from scheduler.models import Patient, ToldApart
from scheduler.rules.problems import Erased, Invalid, NotFound, Reason, Refused, Stale
from scheduler.services.patient_data import Whose
from scheduler.services.patient_rows import lock_patients
from scheduler.services.people import refuse_gone, staff_names
from scheduler.services.record import Entry, append_records


@transaction.atomic
def tell_apart(
    *,
    practice_id: uuid.UUID,
    patient_ids: tuple[uuid.UUID, uuid.UUID],
    reason: str,
    seen_versions: tuple[int, int],
    by: str,
    now: datetime,
) -> ToldApart:
    """These two are two people; both rows stay as they are. Raises Invalid, NotFound, Refused (said before), Stale."""
    _, patients = lock_patients(practice_id, set(patient_ids))
    if len(patients) != len(patient_ids):
        remedy = "Name two different patients."
        raise Invalid("This is one row.", errors=(Reason("same_patient", remedy, field="other"),))
    for patient_id, version in zip(patient_ids, seen_versions, strict=True):
        refuse_gone(patients[patient_id])
        if patients[patient_id].version != version:
            current = patients[patient_id].version
            raise Stale(f"The patient is at version {current}; you saw {version}. Look again.", version=current)
    if told_apart(*patient_ids):
        raise Refused("Somebody said before that these are two people.", code="told_apart")
    one, other = sorted(patient_ids)
    row = ToldApart.objects.create(
        practice_id=practice_id, one_id=one, other_id=other, reason=reason, told_at=now, told_by=by
    )
    _enter("patients_told_apart", row, reason, by, now)
    return row


@transaction.atomic
def take_back(
    *, practice_id: uuid.UUID, apart_id: uuid.UUID, reason: str, seen_version: int, by: str, now: datetime
) -> ToldApart:
    """They may be one person after all, and are listed again. Raises Erased, NotFound, Refused (before), Stale."""
    row = ToldApart.objects.select_for_update().filter(practice_id=practice_id, pk=apart_id).first()
    if row is None:
        raise NotFound("There is no such pair in this practice.")
    for patient in (row.one, row.other):
        if patient.erased_at is not None:
            raise Erased(patient.erased_at)
    if row.undone_at is not None:
        raise Refused("This was taken back before. Look again.", code="taken_back_before")
    if row.version != seen_version:
        raise Stale(f"The pair is at version {row.version}; you saw {seen_version}.", version=row.version)
    row.undone_at, row.undone_by, row.undo_reason, row.version = now, by, reason, row.version + 1
    row.save(update_fields=["undone_at", "undone_by", "undo_reason", "version"])
    _enter("patients_alike_again", row, reason, by, now)
    return row


def _enter(action: str, row: ToldApart, reason: str, by: str, now: datetime) -> None:
    """Once for each of the two."""
    fields = {"apart": row.pk, "reason": reason}
    entries = [Entry(action, pk, fields) for pk in (row.one_id, row.other_id)]
    append_records(practice_id=row.practice_id, entries=entries, by=by, now=now)


def told_apart(one: uuid.UUID, other: uuid.UUID) -> ToldApart | None:
    """What stands between these two."""
    first, second = sorted((one, other))
    return ToldApart.objects.filter(one_id=first, other_id=second, undone_at=None).first()


def why_apart(survivor: Patient, duplicate: Patient) -> Iterable[Reason]:
    """Nobody merges what somebody told apart without hearing of it, also where it was said of a row merged since."""
    mine, theirs = (Whose(patient.practice_id, patient.pk).patients for patient in (survivor, duplicate))
    between = Q(one_id__in=mine, other_id__in=theirs) | Q(one_id__in=theirs, other_id__in=mine)
    for row in ToldApart.objects.filter(between, practice_id=survivor.practice_id, undone_at=None).order_by("told_at"):
        who = staff_names([row.told_by]).get(row.told_by, "Somebody")
        remedy = f"{who} said that these are two people: {row.reason} Take that back first, on the list of duplicates."
        yield Reason("told_apart", remedy, field="duplicate")


def pairs_apart(practice_id: uuid.UUID) -> set[frozenset[uuid.UUID]]:
    """The pairs that stand apart, each by the rows that they are merged into now; in two queries."""
    merged = Patient.objects.filter(practice_id=practice_id, merged_into__isnull=False)
    into: dict[uuid.UUID, uuid.UUID | None] = dict(merged.values_list("pk", "merged_into_id"))
    rows = ToldApart.objects.filter(practice_id=practice_id, undone_at=None)
    return {frozenset(_stands_as(pk, into) for pk in pair) for pair in rows.values_list("one_id", "other_id")}


def _stands_as(patient: uuid.UUID, into: Mapping[uuid.UUID, uuid.UUID | None]) -> uuid.UUID:
    while (row := into.get(patient)) is not None:
        patient = row
    return patient
