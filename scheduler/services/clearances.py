"""What the prescribers of a case were asked, and what came of it: asked, chased, answered by, verified by."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checklists.models import Evidence, Item
from checklists.rules.asked import condition_named
from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.context import Context
from checklists.rules.doses import ASKED, stop_time, to_be_told
from checklists.rules.fold import UNVERIFIED
from checklists.rules.kinds.clearance import ANSWERS, KIND, Held, held_rows
from checklists.rules.values import Authority, Finding
from checklists.services.checklists import assess_checklist
from scheduler.models import Case, Contact, Link
from scheduler.rules.links import Standing
from scheduler.services.boards import Row
from scheduler.services.links import standing_of
from scheduler.services.people import staff_names
from scheduler.services.readiness import judged_start


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done about an answer, and the name of whoever wrote it down."""

    entry: Evidence
    by: str

    @property
    def value(self) -> dict[str, Any]:
        said: dict[str, Any] = self.entry.value
        return said


@dataclass(frozen=True, slots=True)
class Line:
    """One drug. `verified` may be the answer itself, where a nurse heard it."""

    finding: Finding
    version: int
    asked: Step | None
    chased: tuple[Step, ...]
    answered: Step | None
    verified: Step | None
    held: tuple[Held, ...]
    stop_at: datetime | None  # the last moment for a dose by the protocol, at this start
    tell: tuple[str, ...]  # conditions of the patient that the prescriber has to know of, by code

    @property
    def item(self) -> str:
        return self.finding.item

    @property
    def drug(self) -> str:
        return self.item.partition(":")[2]

    @property
    def known(self) -> list[str]:
        """What the prescriber decides by, in words."""
        return [condition_named(code) for code in self.tell]

    @property
    def is_answered(self) -> bool:
        """False also where what was answered is asked anew."""
        return self.answered is not None and bool(self.finding.evidence)

    @property
    def last_asked(self) -> Step | None:
        return self.chased[-1] if self.chased else self.asked

    @property
    def contact_id(self) -> str | None:
        return self.last_asked.value.get("contact") if self.last_asked else None

    @property
    def may_ask(self) -> bool:
        return self.finding.status != "not_applicable"

    @property
    def may_verify(self) -> bool:
        """Where a nurse has only to stand behind what was answered."""
        return self.answered is not None and any(reason.code == UNVERIFIED for reason in self.finding.reasons)


def clearance_lines(row: Row, now: datetime) -> list[Line]:
    """One line for each drug whose prescriber has to answer, in the order of the checklist."""
    findings = [finding for finding in row.verdict.findings if finding.kind == KIND]
    if not findings:
        return []
    context, checklist = _context(row, now), row.case.checklist
    versions = dict(Item.objects.filter(checklist=checklist, key__startswith=KIND).values_list("key", "version"))
    entries = list(Evidence.objects.filter(checklist=checklist, item__startswith=KIND, error=None).order_by("pk"))
    names = staff_names(entry.recorded_by for entry in entries)
    steps = [Step(entry, names.get(entry.recorded_by, "the prescriber")) for entry in entries]
    return [
        _line(context, finding, versions.get(finding.item, 0), [s for s in steps if s.entry.item == finding.item])
        for finding in findings
    ]


def _context(row: Row, now: datetime) -> Context:
    made = row.assessment
    start = Start(made.start or row.verdict.earliest_safe_start or now, Clock(now))
    return context_of(made.protocol, made.facts, made.evidence, start)


def _line(context: Context, finding: Finding, version: int, steps: Sequence[Step]) -> Line:
    drug = finding.item.partition(":")[2]
    asked = [step for step in steps if step.value.get("answer") == ASKED]
    answered, verified = _answered(step for step in steps if step.value.get("answer") in ANSWERS)
    return Line(
        finding=finding,
        version=version,
        asked=asked[0] if asked else None,
        chased=tuple(asked[1:]),
        answered=answered,
        verified=verified,
        held=tuple(held_rows(context, drug)),
        stop_at=stop_time(context, drug) if context.start.booked else None,
        tell=to_be_told(context, drug),
    )


def _answered(answers: Iterable[Step]) -> tuple[Step | None, Step | None]:
    """The answer that stands and who stood behind it; a nurse who agrees writes the same words again."""
    told = sorted(answers, key=lambda step: (step.entry.observed_at, step.entry.pk))
    if not told:
        return None, None
    newest = told[-1]
    if newest.entry.authority < Authority.NURSE:
        return newest, None
    first = next((s for s in told if s.value == newest.value and s.entry.authority < Authority.NURSE), newest)
    return first, newest


def to_tell(case: Case, items: Iterable[str], now: datetime) -> dict[str, tuple[str, ...]]:
    """By item: the conditions that its prescriber has to be told of as far as they are known now."""
    made = assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now)
    start = Start(made.start or made.verdict.earliest_safe_start or now, Clock(now))
    context = context_of(made.protocol, made.facts, made.evidence, start)
    return {item: to_be_told(context, item.partition(":")[2]) for item in items}


def prescribers_of(case: Case) -> list[Contact]:
    """Those who were noted for this patient and stand."""
    found = Contact.objects.filter(patient_id=case.patient_id, kind="prescriber", ended_at=None)
    return list(found.order_by("created_at"))


@dataclass(frozen=True, slots=True)
class Prescriber:
    """Somebody who can be asked, with the newest link of theirs."""

    contact: Contact
    reference: str
    link: Link | None
    standing: Standing | None
    has_letter: bool  # was asked about something


def links_of(case: Case, contacts: Iterable[Contact], lines: Iterable[Line], now: datetime) -> list[Prescriber]:
    newest = {
        link.contact_id: link
        for link in Link.objects.filter(case=case, contact__kind="prescriber").order_by("generation")
    }
    asked = {line.contact_id for line in lines}
    return [_with_link(case, each, newest.get(each.pk), str(each.pk) in asked, now) for each in contacts]


def _with_link(case: Case, contact: Contact, link: Link | None, was_asked: bool, now: datetime) -> Prescriber:
    if link is not None:
        link.case, link.contact = case, contact
    standing = standing_of(link, now) if link is not None else None
    return Prescriber(contact, reference_of(case.pk, contact.pk), link, standing, was_asked)


def reference_of(case_id: uuid.UUID, contact_id: uuid.UUID) -> str:
    """What a mail and a letter have in common: it names nobody, and tells the prescriber which letter is meant."""
    return hashlib.sha256(f"{case_id}/{contact_id}".encode()).hexdigest()[:6].upper()
