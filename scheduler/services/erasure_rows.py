"""Which rows an erasure empties: those that the export lists, and what of the patient stands among another's."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Case as Choice
from django.db.models import F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from checklists.models import Evidence, EvidenceError, Facts
from checklists.services.recording import ANOTHERS_WORD
from notifications.models import Attempt, Message, Suppression
from scheduler.messages import PATIENT_KINDS
from scheduler.models import Contact, IdempotencyKey, Patient, PatientMerge, Task, ToldApart
from scheduler.rules.duties import REFILED
from scheduler.rules.erased import ERASED, OF_PATIENT, WORD, Copied, Empty, Masked, Numbered, Stamped, What
from scheduler.services.patient_data import HOLDINGS, Whose
from scheduler.services.refilings import refilings_from

Rows = Mapping[str, set[Any]]  # by table, the keys of its rows


def rows_of(whose: Whose) -> Rows:
    """Everything that is to be emptied, found before anything is: later the patient is found by nothing any more."""
    plain = {holding.label: holding for holding in HOLDINGS}
    return {
        label: set(SPECIAL[label](whose) if label in SPECIAL else plain[label].rows(whose).values_list("pk", flat=True))
        for label, columns in ERASED.items()
        if columns.erased
    }


def _evidence(whose: Whose) -> Iterator[int]:
    """What is about another patient stays as it is here; what is about this one goes where it was filed first too."""
    mine = Evidence.objects.filter(practice_id=whose.practice_id, checklist__subject__in=whose.cases)
    yield from mine.exclude(pk__in=whose.words_of_others).values_list("pk", flat=True)
    yield from _refiled_to(whose).values_list("pk", flat=True)
    yield from _struck_elsewhere(whose).values_list("pk", flat=True)


def _errors(whose: Whose) -> Iterator[int]:
    mine = EvidenceError.objects.filter(practice_id=whose.practice_id, evidence__checklist__subject__in=whose.cases)
    yield from mine.values_list("pk", flat=True)
    yield from _refiled_to(whose).values_list("pk", flat=True)
    yield from _struck_elsewhere(whose).values_list("pk", flat=True)


def _refiled_to(whose: Whose) -> QuerySet[EvidenceError]:
    """The struck words elsewhere that were filed to this patient in the end; a row has the key of its evidence."""
    struck = EvidenceError.objects.filter(practice_id=whose.practice_id, pk__in=whose.words_refiled_here)
    return struck.exclude(evidence__checklist__subject__in=whose.cases)


def _struck_elsewhere(whose: Whose) -> QuerySet[EvidenceError]:
    """What the patient's people said in a case that was filed to them by mistake, struck through when it went on."""
    found = Q(pk__in=[])
    for filed in refilings_from(whose):
        found |= Q(evidence__checklist__subject=filed.case_id, at=filed.at, reason__startswith=ANOTHERS_WORD)
    return EvidenceError.objects.filter(found, practice_id=whose.practice_id)


def messages_of(whose: Whose) -> Iterator[uuid.UUID]:
    """Of the cases, but for what went to another patient's people; and what went to this patient's by mistake."""
    mine = Message.objects.filter(practice_id=whose.practice_id, subject__in=whose.cases)
    others = _hashes_of_others(whose) - whose.hashes
    yield from mine.exclude(recipient_hash__in=others, kind__in=PATIENT_KINDS).values_list("pk", flat=True)
    yield from whose.mail_astray


def _attempts(whose: Whose) -> Iterator[int]:
    tries = Attempt.objects.filter(practice_id=whose.practice_id, message__in=set(messages_of(whose)))
    yield from tries.values_list("pk", flat=True)


def _suppressions(whose: Whose) -> Iterator[int]:
    """An address that somebody else has too goes on wanting no messages."""
    alone = whose.hashes - _hashes_of_others(whose)
    rows = Suppression.objects.filter(practice_id=whose.practice_id, recipient_hash__in=alone)
    yield from rows.values_list("pk", flat=True)


def _tasks(whose: Whose) -> Iterator[uuid.UUID]:
    """A case that was filed to another patient since may owe a word to this one."""
    tasks = Task.objects.filter(practice_id=whose.practice_id)
    about = Q(pk__in=[])
    for patient in whose.patients:
        about |= Q(key__startswith=f"{REFILED}{patient}:")
    yield from tasks.filter(about).values_list("pk", flat=True)
    mine = tasks.filter(case_id__in=whose.cases).exclude(key__startswith=REFILED)
    yield from mine.values_list("pk", flat=True)


def _merges(whose: Whose) -> Iterator[uuid.UUID]:
    """Those that were undone too: their reasons are words about both."""
    either = Q(survivor_id__in=whose.patients) | Q(duplicate_id__in=whose.patients)
    yield from PatientMerge.objects.filter(either, practice_id=whose.practice_id).values_list("pk", flat=True)


def _told_apart(whose: Whose) -> Iterator[uuid.UUID]:
    either = Q(one_id__in=whose.patients) | Q(other_id__in=whose.patients)
    yield from ToldApart.objects.filter(either, practice_id=whose.practice_id).values_list("pk", flat=True)


def _answers(whose: Whose) -> Iterator[uuid.UUID]:
    """Kept answers about the patient, or about any row of theirs that has an address."""
    said = Evidence.objects.filter(practice_id=whose.practice_id, checklist__subject__in=whose.cases)
    ids = {str(each) for each in (*whose.subjects, *said.values_list("public_id", flat=True))}
    shown = {each.hex for each in (*whose.patients, *whose.cases)}
    for row in IdempotencyKey.objects.filter(practice_id=whose.practice_id).iterator():
        if shown & set(row.subjects.split()) or any(each in row.body or each in row.route for each in ids):
            yield row.pk


def _hashes_of_others(whose: Whose) -> set[str]:
    others = Contact.objects.filter(practice_id=whose.practice_id).exclude(patient_id__in=whose.patients)
    return {each for pair in others.values_list("email_hash", "phone_hash") for each in pair if each}


SPECIAL: Mapping[str, Callable[[Whose], Iterator[Any]]] = {
    "checklists.Evidence": _evidence,
    "checklists.EvidenceError": _errors,
    "notifications.Message": messages_of,
    "notifications.Attempt": _attempts,
    "notifications.Suppression": _suppressions,
    "scheduler.Task": _tasks,
    "scheduler.PatientMerge": _merges,
    "scheduler.ToldApart": _told_apart,
    "scheduler.IdempotencyKey": _answers,
}


def facts_elsewhere(whose: Whose) -> Mapping[uuid.UUID, dict[str, Any]]:
    """What is left of facts of cases that were filed to this patient by mistake, by key: all but who it was."""
    own = {str(born) for born in Patient.objects.filter(pk__in=whose.patients).values_list("born_on", flat=True)}
    found = {}
    for filed in refilings_from(whose):
        facts = Facts.objects.filter(practice_id=whose.practice_id, checklist__subject=filed.case_id, at__lte=filed.at)
        for row in facts.filter(number__lt=F("checklist__facts_number")).exclude(checklist__subject__in=whose.cases):
            if row.document.get("born_on") in own:
                found[row.pk] = {name: value for name, value in row.document.items() if name not in OF_PATIENT}
    return found


def empty(practice_id: uuid.UUID, rows: Rows, elsewhere: Mapping[uuid.UUID, dict[str, Any]], now: datetime) -> None:
    """Write what is left of each row; the triggers take nothing else, and look for the addresses that go last."""
    for pk, document in elsewhere.items():
        Facts.objects.filter(practice_id=practice_id, pk=pk).update(document=document)
    for label in reversed(tuple(ERASED)):
        if rows.get(label):
            model = apps.get_model(label)
            mine: QuerySet[models.Model] = model._default_manager.filter(practice_id=practice_id, pk__in=rows[label])
            mine.update(**{name: _left(name, what, now) for name, what in ERASED[label].erased.items()})


def _left(name: str, what: What, now: datetime) -> Any:
    match what:
        case Empty(value):
            return value
        case Masked():
            return Choice(When(**{name: ""}, then=Value("")), default=Value(WORD))
        case Numbered():
            return Concat(Value(f"{WORD}:"), Cast("pk", TextField()))
        case Copied(column):
            return F(column)
        case Stamped():
            return Coalesce(F(name), Value(now))
