"""Asking a clinician to let a case pass without an item: a task, never the override itself."""

import uuid
from datetime import datetime

from django.db import transaction

from checklists.rules.values import Finding, OverrideClass
from checklists.services.checklists import assess_checklist
from scheduler.models import Case, Task
from scheduler.rules.duties import Duty
from scheduler.rules.problems import Invalid, Reason, Refused
from scheduler.rules.texts import is_one_line
from scheduler.rules.transitions import Act
from scheduler.services.cases import allow
from scheduler.services.readiness import judged_start, locked_case
from scheduler.services.record import append_record
from scheduler.services.tasks import owe_task

KIND = "override"


@transaction.atomic
def ask_for_override(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, item: str, reason: str, by: str, now: datetime
) -> Task:
    """The clinician's task to decide about an override of this item, due at the start. Raises Invalid, Refused."""
    case = locked_case(practice_id, case_id)
    allow(case, Act.ASK_OVERRIDE)
    finding = _finding(case, item, now)
    if not reason.strip() or not is_one_line(reason):
        raise Invalid(
            "Say why an override is asked for.",
            errors=(Reason("no_reason", "Give the reason in a few words, on one line.", field="reason", item=item),),
        )
    sentence = f"An override of '{item}' is asked for: {reason.strip()} What stands against it: {finding.sentence}"
    # The clinician reads the reason under the name of whoever asked: nobody else changes it.
    if Task.objects.filter(case=case, kind=KIND, key=item, done_at=None).exclude(created_by=by).exists():
        raise Refused("An override of this is asked for already. Call the clinician.", code="asked_already")
    due = case.booking.starts_at if case.booking else None
    fields = {"item": item, "reason": reason.strip()}
    append_record(practice_id=practice_id, by=by, action="override_asked", subject=case.pk, now=now, fields=fields)
    return owe_task(case=case, duty=Duty(KIND, item, "clinician", sentence[:1000], due), by=by, now=now)


def _finding(case: Case, item: str, now: datetime) -> Finding:
    finding = assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now).verdict.finding(item)
    if finding is None:
        raise Invalid(
            "This case has no such item.", errors=(Reason("item_unknown", "Choose one of the list.", field="item"),)
        )
    if finding.override == OverrideClass.NEVER:
        raise Refused(f"'{item}' is never overridden. Mend it, or find a new date.", code="never_overridden")
    if finding.passes:
        raise Refused(f"'{item}' is {finding.status}; there is nothing to override.", code="nothing_to_override")
    return finding
