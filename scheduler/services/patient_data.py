"""Where a patient's data stand: each table with how its rows are found. A table that is in neither list fails a test.

A new table with a patient's data is exported as soon as it has its line here.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F, Q

from checklists.models import Evidence, EvidenceError
from checklists.services.recording import ANOTHERS_WORD
from notifications.models import Message
from scheduler.messages import PATIENT_KINDS
from scheduler.models import Booking, Case, Contact, Link, Patient, Task


@dataclass(frozen=True, slots=True)
class Said:
    """A word that counted for an item until it was struck through."""

    item: str
    said_at: datetime
    struck_at: datetime


@dataclass(frozen=True)
class Whose:
    """One patient, with the rows that were merged into theirs."""

    practice_id: uuid.UUID
    patient_id: uuid.UUID

    @cached_property
    def patients(self) -> set[uuid.UUID]:
        found, merged = set[uuid.UUID](), {self.patient_id}
        while merged - found:
            found |= merged
            rows = Patient.objects.filter(practice_id=self.practice_id, merged_into_id__in=found)
            merged = set(rows.values_list("pk", flat=True))
        return found

    @cached_property
    def cases(self) -> set[uuid.UUID]:
        return self._ids(Case, patient_id__in=self.patients)

    @cached_property
    def subjects(self) -> set[uuid.UUID]:
        """Every id under which the record or the access log may speak of this patient."""
        found = self.patients | self.cases | self._ids(Contact, patient_id__in=self.patients)
        for model in (Booking, Link, Task):
            found |= self._ids(model, case_id__in=self.cases)
        return found

    @cached_property
    def hashes(self) -> set[str]:
        rows = Contact.objects.filter(practice_id=self.practice_id, patient_id__in=self.patients)
        return {each for pair in rows.values_list("email_hash", "phone_hash") for each in pair if each}

    @cached_property
    def words_of_others(self) -> set[int]:
        """What was filed to these cases, and is about another patient: struck through here, and not to hand over."""
        errors = EvidenceError.objects.filter(practice_id=self.practice_id, evidence__checklist__subject__in=self.cases)
        said = set(errors.filter(reason__startswith=ANOTHERS_WORD).values_list("pk", flat=True))
        filed = errors.filter(pk__in=self.refiled).values_list("pk", flat=True)
        return said | set(filed) - self.words_refiled_here

    @cached_property
    def words_refiled_here(self) -> set[int]:
        """What was filed to these cases in the end, wherever it stands struck through."""
        ends = set(self.refiled.values())
        mine = Evidence.objects.filter(practice_id=self.practice_id, pk__in=ends, checklist__subject__in=self.cases)
        here = set(mine.values_list("pk", flat=True))
        return {pk for pk, end in self.refiled.items() if end in here}

    @cached_property
    def refiled(self) -> Mapping[int, int]:
        """Each struck word of the practice that was filed elsewhere, with what it is now; the later one is newer."""
        errors = EvidenceError.objects.filter(practice_id=self.practice_id, refiled_as_id__gt=F("evidence_id"))
        ends: dict[int, int] = {}
        for pk, became in errors.order_by("-pk").values_list("pk", "refiled_as_id"):
            ends[pk] = ends.get(became, became)
        return ends

    @cached_property
    def said_by_others(self) -> tuple["Said", ...]:
        rows = EvidenceError.objects.filter(practice_id=self.practice_id, pk__in=self.words_of_others)
        return tuple(Said(*row) for row in rows.values_list("evidence__item", "evidence__recorded_at", "at"))

    @cached_property
    def mail_of_others(self) -> set[uuid.UUID]:
        """What went to nobody of this patient's, while a case was filed to another one."""
        sent = Message.objects.filter(practice_id=self.practice_id, subject__in=self.cases)
        return set(sent.exclude(recipient_hash__in=self.hashes).values_list("pk", flat=True))

    @cached_property
    def mail_astray(self) -> set[uuid.UUID]:
        """What went to this patient's people about a case that is somebody else's now, whose own it did not go to."""
        sent = Message.objects.filter(
            practice_id=self.practice_id, recipient_hash__in=self.hashes, kind__in=PATIENT_KINDS
        ).exclude(subject__in=self.cases)
        rows = list(sent.values_list("pk", "subject", "recipient_hash"))
        theirs = self._hashes_by_case({subject for _, subject, _ in rows})
        return {pk for pk, subject, recipient in rows if recipient not in theirs[subject]}

    def _hashes_by_case(self, cases: Collection[uuid.UUID]) -> Mapping[uuid.UUID, set[str]]:
        found: dict[uuid.UUID, set[str]] = {case_id: set() for case_id in cases}
        people = Contact.objects.filter(practice_id=self.practice_id, patient__cases__in=found)
        for case_id, *hashes in people.values_list("patient__cases", "email_hash", "phone_hash"):
            if case_id in found:
                found[case_id].update(filter(None, hashes))
        return found

    def _ids(self, model: type[models.Model], **where: Any) -> set[uuid.UUID]:
        rows = model._default_manager.filter(practice_id=self.practice_id, **where)
        return set(rows.values_list("pk", flat=True))


Where = Callable[[Whose], Q]
# Keys to look up by, digests and what only machines use: nothing about the patient, or what opens their pages.
HIDDEN = frozenset(
    {
        *("record_number_hash", "email_hash", "phone_hash", "recipient_hash", "import_key", "digest", "payload_digest"),
        *("verdict_digest", "previous_hash", "hash", "lease_owner", "lease_until", "practice", "practice_id", "merged"),
        "digest_salt",
    }
)


@dataclass(frozen=True, slots=True)
class Holding:
    """A table that holds something about patients. `hidden`: columns that are exported as little as `HIDDEN`."""

    label: str
    heading: str
    where: Where
    hidden: frozenset[str] = field(default_factory=frozenset)

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.label)

    def rows(self, whose: Whose) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = self.model._default_manager.filter(practice_id=whose.practice_id)
        return rows.filter(self.where(whose)).order_by("pk")


def _of_checklist(whose: Whose) -> Q:
    return Q(checklist__subject__in=whose.cases)


def _of_case(whose: Whose) -> Q:
    return Q(case_id__in=whose.cases)


def _of_subject(whose: Whose) -> Q:
    return Q(subject__in=whose.cases)


def _in_access_log(whose: Whose) -> Q:
    """`subjects` names ids as hexadecimal words, those of other patients among them: these are left out again."""
    found = Q(pk__in=[])
    for each in whose.patients | whose.cases:
        found |= Q(subjects__contains=each.hex)
    return found


HOLDINGS: tuple[Holding, ...] = (
    Holding("scheduler.Patient", "Identity", lambda whose: Q(pk__in=whose.patients)),
    Holding("scheduler.Contact", "Contacts", lambda whose: Q(patient_id__in=whose.patients)),
    Holding("scheduler.Case", "Cases", lambda whose: Q(pk__in=whose.cases)),
    Holding("scheduler.Booking", "Bookings", _of_case),
    Holding("scheduler.Claim", "Rooms and people", lambda whose: Q(booking__case_id__in=whose.cases)),
    Holding("scheduler.Link", "Links", _of_case),
    Holding("scheduler.Task", "Tasks", _of_case),
    Holding(
        "scheduler.PatientMerge",
        "Merged rows",
        # A merge that was undone is about two people.
        lambda w: Q(undone_at=None) & (Q(survivor_id__in=w.patients) | Q(duplicate_id__in=w.patients)),
    ),
    Holding(
        "scheduler.ToldApart",
        "Told apart from somebody alike",
        lambda w: Q(undone_at=None) & (Q(one_id__in=w.patients) | Q(other_id__in=w.patients)),
        frozenset({"reason"}),  # it is about another patient too
    ),
    Holding("scheduler.Erasure", "Erased", lambda whose: Q(patient_id__in=whose.patients)),
    Holding("checklists.Checklist", "Checklists", _of_subject),
    Holding("checklists.Facts", "Facts", _of_checklist),
    Holding("checklists.Item", "Items", _of_checklist),
    Holding("checklists.Evidence", "What was recorded", _of_checklist),
    Holding("checklists.EvidenceError", "Entered in error", lambda w: Q(evidence__checklist__subject__in=w.cases)),
    Holding("checklists.Review", "Reviews", _of_checklist),
    Holding("checklists.Override", "Overrides", _of_checklist),
    Holding("checklists.Block", "Blocks", _of_checklist),
    Holding("checklists.Decision", "Verdicts and answers of gates", _of_checklist),
    Holding("checklists.GatePass", "Gate passes", _of_subject),
    Holding("notifications.Message", "Messages", lambda w: Q(subject__in=w.cases) | Q(pk__in=w.mail_astray)),
    Holding(
        "notifications.Attempt",
        "Deliveries",
        lambda w: Q(message__subject__in=w.cases) | Q(message__in=w.mail_astray),
    ),
    Holding("notifications.Suppression", "Wants no messages", lambda whose: Q(recipient_hash__in=whose.hashes)),
    Holding(
        "scheduler.Record",
        "The record",
        lambda whose: Q(subject__in=[str(each) for each in whose.subjects]),
        frozenset({"peer"}),
    ),
    Holding("scheduler.Reading", "Who read it", _in_access_log, frozenset({"peer"})),
)
NOT_OF_PATIENTS: Mapping[str, str] = {
    "scheduler.Practice": "the practice itself",
    "scheduler.User": "people who work there",
    "scheduler.Membership": "their roles",
    "scheduler.ApiToken": "their tokens",
    "scheduler.Resource": "rooms, bays and proceduralists",
    "scheduler.RecordHead": "the end of the record's chain",
    "scheduler.IdempotencyKey": "answers repeated within 24 hours: nothing that does not stand in the other tables",
    "checklists.Protocol": "names of protocols",
    "checklists.ProtocolVersion": "rules, the same for every patient",
}


def holdings() -> tuple[Holding, ...]:
    known = {model._meta.label for model in apps.get_models()}
    return tuple(holding for holding in HOLDINGS if holding.label in known)
