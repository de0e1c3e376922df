"""A patient's data are erased: what is about a person goes, and what counts, what was booked and the record stay."""

import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q

from notifications.models import PENDING, Message
from scheduler.mail_texts import staff_when
from scheduler.models import Booking, Case, Contact, Erasure, Patient, Task
from scheduler.rules.breaks import Break
from scheduler.rules.duties import REFILED
from scheduler.rules.erased import WHY
from scheduler.rules.links import Ended
from scheduler.rules.problems import Invalid, NotFound, Reason, Refused
from scheduler.rules.transitions import BEFORE_PROCEDURE, UNDER_WAY
from scheduler.services.erasure_rows import Rows, empty, facts_elsewhere, messages_of, rows_of
from scheduler.services.links import revoke_links
from scheduler.services.patient_data import HOLDINGS, Whose
from scheduler.services.patient_rows import lock_patients
from scheduler.services.people import refuse_gone
from scheduler.services.record import Entry, append_records
from scheduler.services.restarts import restarts_owed

ERASED = "patient_erased"
SHORTEST_NAME = 3  # a shorter one is found in too many other words
NUMBER = re.compile(r"[+(]*\d(?:[\s()./-]*\d){5,}")  # a date or a telephone number, with whatever stands between


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would empty and leave, in rows by heading, and what stands in its way."""

    goes: tuple[tuple[str, int], ...]
    stays: tuple[tuple[str, int], ...]
    obstacles: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """`before`: it had been erased already, and nothing was done now."""

    erasure: Erasure
    before: bool


@transaction.atomic
def erase_patient(
    *, practice_id: uuid.UUID, patient_id: uuid.UUID, why: str, reason: str, by: str, now: datetime
) -> Done:
    """Everything about the person, and the rows merged into theirs. Raises Invalid, NotFound, Refused."""
    row = _known(practice_id, patient_id)
    if row.erased_at is not None:
        return Done(Erasure.objects.get(practice_id=practice_id, patient=row), before=True)
    refuse_gone(row)
    whose = Whose(practice_id, patient_id)
    cases, patients = lock_patients(practice_id, whose.patients)
    wrong, obstacles = tuple(_wrong(why, reason, patients.values())), tuple(_obstacles(whose, cases, now))
    if wrong:
        raise Invalid("What was given is incomplete.", errors=(*wrong, *obstacles))
    if obstacles:
        raise Refused("This patient cannot be erased yet.", code=obstacles[0].code, errors=obstacles)
    for case in cases:
        revoke_links(case=case, reason=Ended.ERASED, by=by, now=now)
    rows, elsewhere = rows_of(whose), facts_elsewhere(whose)
    made = [
        Erasure(practice_id=practice_id, patient_id=pk, at=now, by=by, why=why, reason=reason.strip())
        for pk in sorted(patients)
    ]
    Erasure.objects.bulk_create(made)
    empty(practice_id, rows, elsewhere, now)
    _enter(made, cases, by, now)
    transaction.on_commit(_overwrite)
    return Done(next(each for each in made if each.patient_id == patient_id), before=False)


def preview_erasure(*, practice_id: uuid.UUID, patient_id: uuid.UUID, now: datetime) -> Preview:
    """Reads only. Raises NotFound, Refused for a row that is merged into another."""
    refuse_gone(_known(practice_id, patient_id))
    whose = Whose(practice_id, patient_id)
    cases = Case.objects.filter(practice_id=practice_id, pk__in=whose.cases).order_by("opened_at", "pk")
    whole = cases.select_related("practice", "patient", "booking", "checklist__protocol_version")
    rows = rows_of(whose)
    return Preview(
        goes=tuple(_counted(rows)),
        stays=tuple((each.heading, each.rows(whose).count()) for each in HOLDINGS if each.label in STAYING),
        obstacles=tuple(_obstacles(whose, list(whole), now)),
    )


STAYING = ("scheduler.Claim", "scheduler.Record", "scheduler.Reading")


def _counted(rows: Rows) -> Iterator[tuple[str, int]]:
    for holding in HOLDINGS:
        if rows.get(holding.label):
            yield holding.heading, len(rows[holding.label])


def _known(practice_id: uuid.UUID, patient_id: uuid.UUID) -> Patient:
    row = Patient.objects.filter(practice_id=practice_id, pk=patient_id).first()
    if row is None:
        raise NotFound("This patient does not exist.")
    return row


def _wrong(why: str, reason: str, patients: Iterable[Patient]) -> Iterator[Reason]:
    """The reason stays for good, so it names nobody."""
    if why not in WHY:
        yield Reason("bad_why", f"Use one of {', '.join(WHY)}.", field="why")
    if not reason.strip():
        yield Reason("no_reason", "Say in a few words why, without naming the patient.", field="reason")
    elif len(reason.strip()) > 500:
        yield Reason("too_long", "Use at most 500 characters.", field="reason")
    elif _says_who(reason, patients):
        remedy = "The reason is kept for good: leave out names, dates of birth, numbers and addresses of the patient."
        yield Reason("names_the_patient", remedy, field="reason")


def _says_who(reason: str, patients: Iterable[Patient]) -> bool:
    said, numbers = reason.casefold(), {_digits(found) for found in NUMBER.findall(reason)}
    words = list(_words_of(list(patients)))
    return any(word.casefold() in said for word in words) or bool(numbers & set(map(_digits, words)) - {""})


def _digits(text: str) -> str:
    """Of a number however it is written; nothing for what is more than a number."""
    return re.sub(r"\D", "", text) if NUMBER.fullmatch(text) else ""


def _dates_of(born_on: date) -> Iterator[str]:
    yield born_on.isoformat()
    yield from (f"{born_on:{form}}" for form in ("%d-%m-%Y", "%m-%d-%Y", "%-d-%-m-%Y", "%-m-%-d-%Y"))
    yield from (f"{born_on:{form}}" for form in ("%-d %B %Y", "%B %-d, %Y"))


def _words_of(patients: Sequence[Patient]) -> Iterator[str]:
    contacts = list(Contact.objects.filter(patient__in=patients))
    names = [name for row in patients for name in (row.family_name, row.given_name)]
    names += [contact.name for contact in contacts]
    yield from (word for name in names for word in re.split(r"[^\w]+", name) if len(word) >= SHORTEST_NAME)
    for row in patients:
        yield from (*_dates_of(row.born_on), *filter(None, [row.record_number]))
    for contact in contacts:
        yield from filter(None, (contact.email, contact.phone, contact.address))


def _obstacles(whose: Whose, cases: Sequence[Case], now: datetime) -> Iterator[Reason]:
    """Everything that is still owed to the person, each with what to do first."""
    for case in cases:
        yield from _of_case(case, now)
    ahead = Booking.objects.filter(practice_id=whose.practice_id, case_id__in=whose.cases)
    for booking in ahead.filter(released_at=None, ends_at__gt=now).order_by("starts_at"):
        remedy = f"The booking on {staff_when(booking.starts_at, booking.practice)} stands. Release it first."
        yield Reason("booking_stands", remedy, owner="scheduler")
    for task in _tasks(whose):
        words = task.kind.replace("_", " ")
        remedy = f"{_named(task.case) if task.case else 'The patient'} has an open task ({words}). Do it first."
        yield Reason("task_owed", remedy, owner=task.queue)
    about = Q(subject__in=whose.cases) | Q(pk__in=set(messages_of(whose)))
    if count := Message.objects.filter(about, practice_id=whose.practice_id, state__in=PENDING).count():
        remedy = (
            f"{count} message(s) wait to be sent. Wait until they are sent or given up; the case's page shows them."
        )
        yield Reason("message_pending", remedy, owner="scheduler")


def _named(case: Case) -> str:
    """As the desk knows it: nobody finds a case by its id."""
    opened = case.opened_at.astimezone(case.practice.site.tz)
    return f"The {case.procedure} referred on {opened.day} {opened:%B %Y}"


def _of_case(case: Case, now: datetime) -> Iterator[Reason]:
    words = case.state.replace("_", " ")
    if case.state in (*BEFORE_PROCEDURE, *UNDER_WAY):
        yield Reason("case_open", f"{_named(case)} is {words}. Let it end, then close it.", owner="scheduler")
    elif case.state != "closed":
        yield Reason("case_open", f"{_named(case)} is {words} and not closed. Close it first.", owner="nurse")
    for finding in restarts_owed(case, now):
        remedy = f"{_named(case)}: {finding.sentence}"
        yield Reason("restart_decision_owed", remedy, owner=finding.owner)


def _tasks(whose: Whose) -> Iterable[Task]:
    wanted = Q(case_id__in=whose.cases)
    for patient in whose.patients:
        wanted |= Q(key__startswith=f"{REFILED}{patient}:")
    return Task.objects.filter(wanted, practice_id=whose.practice_id, done_at=None).order_by("created_at", "pk")


def _enter(made: Iterable[Erasure], cases: Iterable[Case], by: str, now: datetime) -> None:
    """In the record of each row and of each case."""
    erasures = list(made)
    entries = [
        Entry(ERASED, each.patient_id, {"erasure": each.pk, "reason": each.reason}, (each.why,)) for each in erasures
    ]
    entries += [Entry("case_erased", case.pk, {"patient": case.patient_id}) for case in cases]
    append_records(practice_id=erasures[0].practice_id, entries=entries, by=by, now=now)


def erasures_of(practice_id: uuid.UUID) -> list[Erasure]:
    """Whoever was erased, the first one first; not the rows that were merged into theirs."""
    rows = Erasure.objects.filter(practice_id=practice_id, patient__merged_into=None)
    return list(rows.order_by("at", "pk"))


def breaks_of_erasures(practice_id: uuid.UUID, told: Collection[str]) -> Iterator[Break]:
    """Erasures that the record does not tell of: by them somebody could have emptied what is kept."""
    for erasure in Erasure.objects.filter(practice_id=practice_id).order_by("at", "pk"):
        if str(erasure.patient_id) not in told:
            yield Break("erasure_unknown", f"the erasure of patient {erasure.patient_id} is not the record's")


def _overwrite() -> None:
    """SQLite's write-ahead file holds what was there before until it is written back."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
