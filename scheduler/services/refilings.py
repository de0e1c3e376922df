"""Which cases were a patient's by mistake: the record says it, by ids and digests alone."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scheduler.models import Case, Record
from scheduler.services.patient_data import Whose
from scheduler.services.record import salted_digest

REFILED = "case_refiled"


@dataclass(frozen=True, slots=True)
class Refiling:
    """When a case went from one patient to another."""

    case_id: uuid.UUID
    at: datetime


def refilings_from(whose: Whose) -> Iterator[Refiling]:
    """Those by which a case stopped being this patient's."""
    return _refilings(whose, "from")


def refilings_to(whose: Whose) -> Iterator[Refiling]:
    """Those by which a case became this patient's."""
    return _refilings(whose, "to")


def _refilings(whose: Whose, side: str) -> Iterator[Refiling]:
    """The record has a row of the case and one of each patient, which differ in their subject only."""
    rows = Record.objects.filter(practice_id=whose.practice_id, action=REFILED)
    for patient in whose.patients:
        digest = salted_digest(whose.practice_id, side, patient)
        for row in rows.filter(subject=str(patient)):
            if row.fields.get(side) == digest:
                yield from _of_cases(whose.practice_id, row)


def _of_cases(practice_id: uuid.UUID, row: Record) -> Iterator[Refiling]:
    same = Record.objects.filter(practice_id=practice_id, action=REFILED, at=row.at).exclude(pk=row.pk)
    subjects = [uuid.UUID(each.subject) for each in same if each.fields == row.fields]
    for case_id in Case.objects.filter(practice_id=practice_id, pk__in=subjects).values_list("pk", flat=True):
        yield Refiling(case_id, row.at)
