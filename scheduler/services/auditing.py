"""What an auditor asks: who did what, and who looked at whom."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from scheduler.models import Case, Practice, Reading, Record
from scheduler.services.record import append_record

MOST_EXPORTED = 10_000
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would compute
RECORD_HEADING = ("number", "at", "by", "action", "subject", "codes", "fields", "address")
ACCESS_HEADING = ("at", "by", "roles", "route", "subjects", "address", "sealed by row")


@dataclass(frozen=True, slots=True)
class Asked:
    """`subject`: the id of a patient or a case; empty asks for all. The period is [since, until)."""

    since: datetime
    until: datetime
    by: str = ""
    action: str = ""
    subject: uuid.UUID | None = None


def found_in_record(practice: Practice, asked: Asked) -> QuerySet[Record]:
    """The newest first."""
    rows = Record.objects.filter(practice=practice, at__gte=asked.since, at__lt=asked.until)
    if asked.by:
        rows = rows.filter(by=asked.by)
    if asked.action:
        rows = rows.filter(action=asked.action)
    if asked.subject:
        rows = rows.filter(subject__in=[str(each) for each in _with_cases(practice, asked.subject)])
    return rows.order_by("-number")


def found_in_access_log(practice: Practice, asked: Asked) -> QuerySet[Reading]:
    """Who looked, the newest first; a row names the patient beside the case, so one id is enough."""
    rows = Reading.objects.filter(practice=practice, at__gte=asked.since, at__lt=asked.until)
    if asked.by:
        rows = rows.filter(by=asked.by)
    if asked.action:
        rows = rows.filter(route=asked.action)
    if asked.subject:
        rows = rows.filter(subjects__contains=asked.subject.hex)
    return rows.order_by("-at", "-pk")


def _with_cases(practice: Practice, subject: uuid.UUID) -> Iterable[uuid.UUID]:
    """A patient's record is also that of the patient's cases."""
    return [subject, *Case.objects.filter(practice=practice, patient_id=subject).values_list("pk", flat=True)]


@transaction.atomic
def export(*, practice: Practice, what: str, asked: Asked, by: str, now: datetime) -> list[Sequence[str]]:
    """The lines of a spreadsheet, at most 10,000 and safe to open; that they were taken is in the record."""
    if what == "access":
        readings = found_in_access_log(practice, asked)[:MOST_EXPORTED]
        lines = [(r.at, r.by, r.roles, r.route, r.subjects, r.peer, r.seal) for r in readings]
    else:
        records = found_in_record(practice, asked)[:MOST_EXPORTED]
        lines = [
            (r.number, r.at, r.by, r.action, r.subject, " ".join(r.codes), " ".join(r.fields), r.peer)  # type: ignore[misc]
            for r in records
        ]
    append_record(
        practice_id=practice.pk,
        by=by,
        action="record_exported",
        subject=asked.subject or practice.pk,
        codes=[what, str(len(lines))],
        now=now,
    )
    heading = ACCESS_HEADING if what == "access" else RECORD_HEADING
    return [heading, *([_cell(value) for value in line] for line in lines)]


def _cell(value: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
