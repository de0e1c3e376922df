"""From the gate's answer to a refusal that lists every reason, and to the trace that the refusal leaves."""

import uuid
from datetime import datetime

from django.db import transaction

from checklists.services.checklists import store_decision
from checklists.services.gate import Answer
from scheduler.isolation import within
from scheduler.models import Case
from scheduler.rules.problems import Problem, Reason, Refused
from scheduler.rules.recorded import recorded_item
from scheduler.services.record import append_record


class GateRefused(Refused):
    """Carries the answer, so that it can be stored after the rollback."""

    code = "gate_refused"

    def __init__(self, answer: Answer, done: str) -> None:
        assessment = answer.assessment
        tz = assessment.facts.site.tz
        reasons = tuple(
            Reason(
                code=finding.code,
                detail=finding.sentence,
                item=finding.item,
                owner=finding.owner,
                due=(finding.clear_at or finding.deadline_at or finding.due_at or assessment.now)
                .astimezone(tz)
                .isoformat(),
            )
            for finding in answer.decision.refusals
        )
        super().__init__(
            f"The case cannot be {done}: {len(reasons)} item(s) do not allow it.",
            errors=reasons,
            verdict_state=assessment.verdict.state,
        )
        self.answer = answer


def refuse_unless_open(answer: Answer, done: str) -> None:
    if not answer.decision.is_open:
        raise GateRefused(answer, done)


def note_refusal(*, problem: Problem, practice_id: uuid.UUID, subject: object, by: str, now: datetime) -> None:
    """In a short transaction of its own, after the rollback: the gate's stored answer and the record's row."""
    with within(practice_id):
        _note_refusal(problem, practice_id, subject, by, now)


@transaction.atomic
def _note_refusal(problem: Problem, practice_id: uuid.UUID, subject: object, by: str, now: datetime) -> None:
    if isinstance(problem, GateRefused):
        stored = problem.answer.stored
        case = Case.objects.select_related("checklist").get(checklist_id=stored.checklist_id)
        store_decision(
            checklist=case.checklist,
            assessment=problem.answer.assessment,
            kind="gate",
            gate=stored.gate,
            answer=stored.answer,
            by=by,
        )
    append_record(
        practice_id=practice_id,
        by=by,
        action="refused",
        subject=subject,
        now=now,
        codes=list(dict.fromkeys([problem.code, *map(_code, problem.errors)])),
    )


def _code(reason: Reason) -> str:
    """Item and code; an item that no case has is somebody's text, and text stays out of the record."""
    if not reason.item or reason.code == "item_unknown":
        return reason.code
    return f"{recorded_item(reason.item)}:{reason.code}"
