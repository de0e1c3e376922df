"""What was begun while nobody could ask the gate: judged afterwards as at that moment, and let in by a signed paper."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from checklists.models import Checklist, GatePass, Override, Review
from checklists.rules.gate import TESTED, decide
from checklists.rules.values import PASSING, Gate
from checklists.services.checklists import Assessment, assess_as, load_dossier, load_overrides, store_decision
from checklists.services.gate import Answer
from checklists.services.protocols import look_afresh, typed_protocol

DOWNTIME = "downtime"


@dataclass(frozen=True, slots=True)
class Paper:
    """Who answers for what was done: the clinician who decided, the one who signed the entry, a second person."""

    reference: str
    reason: str
    decided_by: str
    signed_by: str
    second_by: str = ""


def assess_as_at(*, checklist: Checklist, start: datetime | None, moment: datetime) -> Assessment:
    """The verdict as it would have been at a past moment, by all that is recorded now of what was seen until then."""
    dossier = load_dossier(checklist)
    signed_later = Review.objects.filter(checklist=checklist, at__gt=moment).count()
    seen = replace(
        dossier,
        evidence=tuple(entry for entry in dossier.evidence if entry.observed_at <= moment),
        reviews=dossier.reviews[: len(dossier.reviews) - signed_later],
    )
    return assess_as(typed_protocol(checklist.protocol_version), seen, start, moment)


@transaction.atomic
def ask_gate_as_at(
    *, checklist: Checklist, gate: Gate, start: datetime, moment: datetime, by: str, now: datetime
) -> Answer:
    """What the gate would have answered at that moment, stored as an answer of it. Under the subject's row lock."""
    look_afresh(checklist.protocol_version)
    assessment = assess_as_at(checklist=checklist, start=start, moment=moment)
    signed_later = Override.objects.filter(checklist=checklist, at__gt=moment).count()
    overrides = load_overrides([checklist])[checklist.pk]
    overrides = overrides[: len(overrides) - signed_later]
    decision = decide(assessment.verdict, gate, overrides, True, start)
    stored = store_decision(
        checklist=checklist,
        assessment=assessment,
        kind="gate",
        gate=gate,
        answer=decision.answer,
        by=by,
        overrides=decision.overridden,
        at=now,
    )
    return Answer(decision, assessment, stored)


def issue_downtime_pass(
    *,
    answer: Answer,
    paper: Paper,
    subject: uuid.UUID,
    booking: uuid.UUID,
    subject_version: int,
    by: str,
    now: datetime,
) -> GatePass:
    """The pass of a start that is past; the database wants a second person where the gate would have refused it."""
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
        kind=DOWNTIME,
        decided_by=paper.decided_by,
        signed_by=paper.signed_by,
        second_by=paper.second_by,
        paper=paper.reference,
        reason=paper.reason,
    )


def pass_of_downtime(subject: uuid.UUID) -> GatePass | None:
    """The pass that this subject entered with, where it was one of paper."""
    return GatePass.objects.select_related("decision").filter(subject=subject, kind=DOWNTIME).first()


def missing_then(verdict: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a stored verdict: the items that the start gate tests and that did not pass."""
    return tuple(
        finding["item"]
        for finding in verdict["findings"]
        if finding["needed_by"] in TESTED[Gate.START] and finding["status"] not in PASSING
    )
