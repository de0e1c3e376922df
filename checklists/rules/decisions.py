"""What people decided about a drug, and what that and the anesthesia make of its rows."""

from dataclasses import replace
from datetime import timedelta

from checklists.rules.context import Context, once_for_case
from checklists.rules.protocol import HoldRule
from checklists.rules.values import Authority, Evidence

CONTINUE, STOP, INSTRUCTION = "continue", "stop", "instruction"
LOCAL = "local"
# Whose record of a decision is one: an instruction is a paper on file, the others are a clinician's own.
WHOSE = {CONTINUE: Authority.CLINICIAN, STOP: Authority.CLINICIAN, INSTRUCTION: Authority.NURSE}


def _decision_on(context: Context, drug: str) -> Evidence | None:
    """The last decision recorded with the hold, or the prescriber's verified answer that the drug goes on.

    Of one instant the longest stop counts.
    """
    own = [e for e in context.standing(f"hold:{drug}") if "decision" in e.value and e.authority >= WHOSE[kind_of(e)]]
    answers = [e for e in context.standing(f"prescriber_clearance:{drug}") if e.value.get("answer") == CONTINUE]
    theirs = [e for e in answers if e.authority >= Authority.NURSE]
    return max(
        (*own, *theirs), key=lambda entry: (entry.observed_at, entry.value.get("hours", -1), entry.id), default=None
    )


decision_on = once_for_case(_decision_on)


def kind_of(entry: Evidence) -> str:
    return str(entry.value["decision"] if "decision" in entry.value else entry.value["answer"])


def in_effect(context: Context, drug: str, row: HoldRule) -> HoldRule:
    """The row as it holds for this case: decided by a person, or looser under local anesthesia without a fast.

    A drug that is looked at under stated conditions only goes on; the conditions are judged by themselves.
    """
    decided = decision_on(context, drug) if row.settled_by else None
    if decided is not None and kind_of(decided) in row.settled_by:
        return as_decided(row, decided)
    if row.action == "class_review" and row.review_if is not None:
        row = replace(row, action="continue")
    if row.under_local is None or not local_without_fast(context):
        return row
    if row.under_local == "not_applicable":
        return replace(row, action="continue", review_if=None, slow_stomach=None)
    return replace(row, block_below=timedelta(0))


def as_decided(row: HoldRule, decided: Evidence) -> HoldRule:
    if kind_of(decided) != STOP:
        return replace(row, action="continue", block_below=None, clear_at=None)
    stopped = timedelta(hours=decided.value["hours"])
    return replace(row, action="timed_hold", block_below=stopped, clear_at=stopped)


def local_without_fast(context: Context) -> bool:
    return context.facts.anesthesia == LOCAL and LOCAL not in context.protocol.fasting.applies_to
