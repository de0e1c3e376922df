"""Every entry from paper is reviewed by a clinician who had no part in it: what they are told, and what they read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from checklists.models import GatePass
from checklists.rules.codes import code_as_label
from checklists.rules.values import Finding, Gate
from checklists.services.downtime import (
    AsAt,
    answers_behind,
    assess_as_at,
    missing_then,
    pass_of_downtime,
    worst_answer,
)
from checklists.services.gate import Answer, Paper
from scheduler.models import Case
from scheduler.rules.downtime import STEPS, PaperTimes
from scheduler.rules.duties import DOWNTIME_REVIEW, Duty
from scheduler.rules.papers import is_printed_by_us
from scheduler.rules.problems import Reason
from scheduler.services.readiness import end_of_day
from scheduler.services.tasks import owe_task

SAID = {
    "refused": "would have refused",
    "open": "would have been open",
    "open_overridden": "would have been open by an override",
}


def ask_for_review(case: Case, key: str, paper: Paper, told: Sequence[str], by: str, now: datetime) -> None:
    """Owed once for each entry; whoever decided, signed for it or entered it does not settle it."""
    if not is_printed_by_us(paper.reference):
        told = (*told, f"The reference {paper.reference} is not of a printed sheet.")
    answerable = tuple(filter(None, (paper.decided_by, paper.signed_by, paper.second_by, by)))
    sentence, due_at = " ".join(told), end_of_day(case, now)
    duty = Duty("review", f"{DOWNTIME_REVIEW}{key}", "clinician", sentence, due_at, not_by=answerable)
    owe_task(case=case, duty=duty, by=by, now=now)


def told_of_start(
    paper: Paper, answer: Answer, taken: Sequence[Reason], stays: bool, went_home: Answer | None
) -> list[str]:
    """`stays`: what is taken stays claimed as it was booked; else it is not claimed at all."""
    told = [f"Started on paper ({paper.reference}). At that time the start gate {SAID[answer.decision.answer]}."]
    told += [_of_item(finding) for finding in answer.decision.refusals]
    told += told_of_places(taken, stays)
    if went_home is not None and not went_home.decision.is_open:
        told += [f"Not entered before discharge: {_of_item(finding)}" for finding in went_home.decision.refusals]
    return told


def _of_item(finding: Finding) -> str:
    """Sentences of several items stand in a row: each says whose it is."""
    return f"{code_as_label(finding.item).replace(':', ': ')}: {finding.sentence}"


def told_of_rest(case: Case, paper: Paper, times: PaperTimes, taken: Sequence[Reason]) -> list[str]:
    tz = case.practice.site.tz
    steps = ((step, times.of(step)) for step in STEPS)
    when = ", ".join(f"{step.removesuffix('_at')} {at.astimezone(tz):%d %B %H:%M}" for step, at in steps if at)
    told = [f"Entered from paper ({paper.reference}) for a procedure that the system let begin: {when}."]
    return [*told, f"Why on paper: {paper.reason}", *told_of_places(taken, stays=True)]


def told_of_places(taken: Iterable[Reason], stays: bool) -> list[str]:
    said = "Claimed as it was booked, because somebody else has the true time" if stays else "Taken at that time"
    return [f"{said}: {reason.detail}" for reason in taken]


@dataclass(frozen=True, slots=True)
class PaperReview:
    """What a reviewer reads: the pass, what was missing as known when it was entered, and what is by all known now."""

    gate_pass: GatePass
    answer: str
    then: tuple[str, ...]
    now: tuple[Finding, ...]


def review_of(case: Case) -> PaperReview | None:
    """Of a case that was started on paper; both verdicts are as at its true start."""
    found = pass_of_downtime(case.pk) if case.paper else None
    if found is None:
        return None
    behind = answers_behind(found)
    beside = tuple({decision.facts_number for decision in behind[1:]} - {case.checklist.facts_number})
    past = AsAt(found.start, found.start, beside)
    today = assess_as_at(checklist=case.checklist, past=past, with_struck=False)
    still = {
        (f.item, f.sentence): f
        for assessment in today
        for f in assessment.verdict.findings
        if not f.passes and f.needed_by is not Gate.DISCHARGE
    }
    return PaperReview(found, worst_answer(behind), missing_then(behind), tuple(still.values()))
