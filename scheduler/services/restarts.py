"""A drug that was stopped for a procedure that does not happen then: a clinician decides about taking it again."""

from collections.abc import Sequence
from datetime import datetime

from checklists.rules.values import Finding
from checklists.services import checklists
from scheduler.models import Case, Task
from scheduler.rules.duties import Duty
from scheduler.rules.problems import Reason, Refused
from scheduler.services.readiness import end_of_day, judged_start
from scheduler.services.tasks import owe_task

KIND = "restart_decision"


def restarts_owed(case: Case, now: datetime) -> list[Finding]:
    """The restart decisions that the verdict of this moment asks for."""
    verdict = checklists.assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now).verdict
    return [finding for finding in verdict.findings if finding.kind == KIND and not finding.passes]


def ask_after_move(*, case: Case, owed: Sequence[Finding], by: str, now: datetime) -> None:
    """A later date leaves a drug stopped for longer: is it taken meanwhile? `owed` is as before the move."""
    for finding in owed:
        drug = finding.item.removeprefix(f"{KIND}:")
        sentence = (
            f"The procedure moved to a later date and {drug} may be stopped already. Decide whether to restart it."
        )
        duty = Duty(KIND, f"moved:{case.version}:{drug}", "clinician", sentence, end_of_day(case, now))
        owe_task(case=case, duty=duty, by=by, now=now)


def refuse_while_restart_owed(case: Case, now: datetime) -> None:
    """Raises Refused naming every restart decision without which the case cannot close."""
    owed = [
        *(Reason("restart_decision_owed", f.sentence, item=f.item, owner=f.owner) for f in restarts_owed(case, now)),
        *(
            Reason("restart_decision_owed", task.sentence, item=task.key, owner=task.queue)
            for task in Task.objects.filter(case=case, kind=KIND, is_derived=False, done_at=None)
        ),
    ]
    if owed:
        raise Refused(
            f"{len(owed)} restart decision(s) are owed before this case can close.",
            code="restart_decision_owed",
            errors=tuple(owed),
        )
