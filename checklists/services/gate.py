"""The gate: asked under the caller's row lock, answered from what is recorded at that instant."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from checklists.models import Checklist, Decision, GatePass, Override, Review
from checklists.rules import values
from checklists.rules.gate import decide
from checklists.rules.sitetime import day_begins, day_ends, local_date
from checklists.rules.values import Authority, Finding, Gate, GateDecision, OverrideClass, Status
from checklists.services.checklists import Assessment, assess_checklist, load_overrides, store_decision
from checklists.services.protocols import look_afresh

DOWNTIME = "downtime"  # the kind of a pass of what was done on paper


class NotAllowed(Exception):
    """Reviewing or overriding this finding is not possible; the sentence says why and what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """The gate's answer, the assessment behind it, and the stored row that replays it."""

    decision: GateDecision
    assessment: Assessment
    stored: Decision


@dataclass(frozen=True, slots=True)
class Paper:
    """Who answers for what was done on paper: who decided it, the clinician who signed the entry, a second person."""

    reference: str
    reason: str
    decided_by: str
    signed_by: str
    second_by: str = ""

    def on_pass(self) -> dict[str, str]:
        """The columns of a pass that only one of paper has."""
        said = asdict(self)
        return {"kind": DOWNTIME, "paper": said.pop("reference"), **said}


@transaction.atomic
def ask_gate(
    *, checklist: Checklist, gate: Gate, start: datetime | None, now: datetime, by: str, has_booking: bool
) -> Answer:
    """Evaluate the gate now and store the answer, refused or open. The caller holds the subject's row lock."""
    look_afresh(checklist.protocol_version)
    assessment = assess_checklist(checklist=checklist, start=start, now=now)
    overrides = load_overrides([checklist])[checklist.pk]
    return answer_gate(
        checklist=checklist, gate=gate, assessment=assessment, overrides=overrides, has_booking=has_booking, by=by
    )


def answer_gate(
    *,
    checklist: Checklist,
    gate: Gate,
    assessment: Assessment,
    overrides: Sequence[values.Override],
    has_booking: bool,
    by: str,
    at: datetime | None = None,
) -> Answer:
    """The answer on this assessment, stored. `at`: when it was asked, where that was later than the moment."""
    decision = decide(assessment.verdict, gate, overrides, has_booking, assessment.start)
    stored = store_decision(
        checklist=checklist,
        assessment=assessment,
        kind="gate",
        gate=gate,
        answer=decision.answer,
        by=by,
        overrides=decision.overridden,
        at=at,
    )
    return Answer(decision, assessment, stored)


def issue_pass(
    *,
    answer: Answer,
    subject: uuid.UUID,
    booking: uuid.UUID,
    subject_version: int,
    by: str,
    now: datetime,
    paper: Paper | None = None,
) -> GatePass:
    """The one-shot row that the database demands when the procedure starts; with `paper` for a start that is past.

    On paper the database wants a second person where any answer about that start refused it.
    """
    assert answer.stored.start is not None, "the start gate was asked without a start"
    return GatePass.objects.create(
        practice_id=answer.stored.practice_id,
        subject=subject,
        booking=booking,
        start=answer.stored.start,
        subject_version=subject_version,
        last_evidence_id=answer.stored.last_evidence_id,
        decision=answer.stored,
        issued_at=now,
        issued_by=by,
        **(paper.on_pass() if paper else {}),
    )


def _finding(assessment: Assessment, item: str) -> Finding:
    finding = assessment.verdict.finding(item)
    if finding is None:
        raise NotAllowed("item_unknown", f"This case has no item '{item}'. The case's findings list its items.")
    return finding


@transaction.atomic
def sign_review(
    *,
    checklist: Checklist,
    item: str,
    inputs: str,
    start: datetime | None,
    start_from: datetime,
    start_until: datetime,
    note: str,
    by: str,
    now: datetime,
) -> Review:
    """A clinician's signature on a finding that asks for one, bound to the inputs that the signer saw."""
    finding = _finding(assess_checklist(checklist=checklist, start=start, now=now), item)
    if finding.inputs != inputs:
        raise NotAllowed("inputs_changed", f"'{item}' has changed since you looked. Read it again, then sign.")
    if finding.status != Status.REVIEW:
        raise NotAllowed("no_review_asked", f"'{item}' is {finding.status}; only a finding in review is signed.")
    return Review.objects.create(
        practice_id=checklist.practice_id,
        checklist=checklist,
        item=item,
        inputs=inputs,
        start_from=start_from,
        start_until=start_until,
        note=note,
        at=now,
        by=by,
    )


@transaction.atomic
def override_finding(
    *,
    checklist: Checklist,
    item: str,
    inputs: str,
    reason: str,
    start: datetime | None,
    by: str,
    second_by: str,
    second_authority: Authority | None,
    now: datetime,
) -> Override:
    """Let a case go on although this finding does not pass; a second person where the item says two."""
    assessment = assess_checklist(checklist=checklist, start=start, now=now)
    finding = _finding(assessment, item)
    if finding.override == OverrideClass.NEVER:
        raise NotAllowed("never_overridden", f"'{item}' is never overridden. Reschedule, or mend it.")
    if finding.inputs != inputs:
        raise NotAllowed("inputs_changed", f"'{item}' has changed since you looked. Read it again, then decide.")
    if finding.passes:
        raise NotAllowed("nothing_to_override", f"'{item}' is {finding.status}; there is nothing to override.")
    if finding.override == OverrideClass.TWO and (second_authority is None or second_authority < Authority.NURSE):
        raise NotAllowed(
            "second_person_needed", f"'{item}' needs a second signed-in clinician or nurse. Ask one to confirm."
        )
    start_from, start_until = _starts_carried(assessment, finding)
    return Override.objects.create(
        practice_id=checklist.practice_id,
        checklist=checklist,
        item=item,
        inputs=inputs,
        reason=reason,
        start_from=start_from,
        start_until=start_until,
        second_by=second_by,
        at=now,
        by=by,
    )


def _starts_carried(assessment: Assessment, finding: Finding) -> tuple[datetime | None, datetime | None]:
    """An override is for the day of the start it was given for; what was too early then may not start still earlier."""
    if assessment.start is None:
        return None, None
    zone = assessment.facts.site.tz
    day = local_date(assessment.start, zone)
    too_early = any(reason.status is Status.TOO_EARLY for reason in finding.reasons)
    return (assessment.start if too_early else day_begins(day, zone)), day_ends(day, zone)
