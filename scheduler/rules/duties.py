"""What people owe because of a verdict: one table from finding to task, derived anew at each look."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from checklists.rules.values import Finding, Gate, Status, Verdict
from scheduler.rules.roles import CARE, CLINICIANS, OFFICE

# Clinicians decide these; a derived one is settled by recording the decision, never by ticking it off.
DECIDED_BY_CLINICIANS = ("review", "restart_decision", "override")
RECORD_BROKEN = "record_broken"
FINISHED_BY = {**dict.fromkeys(DECIDED_BY_CLINICIANS, CLINICIANS), RECORD_BROKEN: OFFICE}
# How the key of a review of what was done on paper begins.
DOWNTIME_REVIEW = "downtime:"
# How the key of a task begins that is about the patient to whom its case was filed by mistake.
REFILED = "refiled:"
# How the key of a task begins that is about a patient who died, as another case says.
DIED = "died:"
# A yes to a sign of illness is asked about by somebody who may say what it is.
CALLED_BY = {"infection_prescreen": "nurse"}
PEOPLE_WITHOUT_QUEUE = {"patient": "scheduler", "caregiver": "scheduler", "escort": "scheduler"}


class Phase(Enum):
    """Where a case stands towards its procedure, as far as tasks are concerned."""

    AHEAD = "ahead"
    PUT_OFF = "put off"  # its booking was released and no other is made
    UNDER_WAY = "under way"
    ENDED = "ended"


def may_finish(kind: str, roles: Collection[str]) -> bool:
    """Whether somebody with these roles may say what came of a task of this kind."""
    return not FINISHED_BY.get(kind, CARE).isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Duty:
    kind: str
    key: str
    queue: str  # role
    sentence: str
    due_at: datetime | None
    not_by: tuple[str, ...] = ()  # who answers for what it is about, and so does not settle it


def queue_of(owner: str) -> str:
    """Whoever has no queue of their own is rung by the desk."""
    return PEOPLE_WITHOUT_QUEUE.get(owner, owner)


def duty(finding: Finding) -> Duty | None:
    """The task that this finding makes somebody's, or None."""
    if finding.passes:
        return None
    due = finding.deadline_at or finding.due_at
    if finding.kind == "restart_decision":
        return Duty("restart_decision", finding.item, "clinician", finding.sentence, due)
    if finding.status == Status.REVIEW:
        return Duty("review", finding.item, "clinician", finding.sentence, due)
    if finding.status == Status.TOO_EARLY and finding.needed_by != Gate.DISCHARGE:
        return Duty("mend", finding.item, "scheduler", finding.sentence, finding.clear_at)
    if finding.status in (Status.FAILED, Status.OVERDUE) and finding.needed_by != Gate.DISCHARGE:
        kind = "mend" if queue_of(finding.owner) == finding.owner else "call"
        queue = CALLED_BY.get(finding.kind) if finding.status == Status.FAILED else None
        return Duty(kind, finding.item, queue or queue_of(finding.owner), finding.sentence, due)
    if finding.code == "not_sure":
        return Duty("call", finding.item, "scheduler", finding.sentence, due)
    if finding.kind == "prescriber_clearance":
        return Duty("clearance", finding.item, queue_of(finding.owner), finding.sentence, finding.due_at)
    return None


def duties(verdict: Verdict, phase: Phase, *, today_until: datetime) -> tuple[Duty, ...]:
    """All that is owed in this phase; a restart decision that is owed because nothing happens is due today."""
    owed = tuple(d for d in map(duty, verdict.findings) if d is not None)
    restarts = tuple(d for d in owed if d.kind == "restart_decision")
    others = tuple(d for d in owed if d.kind != "restart_decision")
    due_today = tuple(replace(d, due_at=d.due_at or today_until) for d in restarts)
    return {
        Phase.AHEAD: others,
        Phase.PUT_OFF: others + due_today,
        Phase.UNDER_WAY: others + restarts,
        Phase.ENDED: due_today,
    }[phase]
