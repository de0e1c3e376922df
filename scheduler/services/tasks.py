"""What people owe: opened once, settled with an outcome."""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from scheduler.models import Case, Task
from scheduler.rules.duties import DECIDED_BY_CLINICIANS, Duty
from scheduler.rules.problems import Invalid, NotFound, NotPermitted, Reason, Stale
from scheduler.services.record import append_record

MENDED = "mended: the checklist no longer asks for it"


@transaction.atomic
def owe_task(*, case: Case, duty: Duty, by: str, now: datetime, is_derived: bool = False) -> Task:
    """The open task for this duty, made if there is none; its sentence and due follow the latest look."""
    task, created = Task.objects.get_or_create(
        practice_id=case.practice_id,
        case=case,
        kind=duty.kind,
        key=duty.key,
        done_at=None,
        defaults={
            "sentence": duty.sentence,
            "queue": duty.queue,
            "is_derived": is_derived,
            "due_at": duty.due_at,
            "created_at": now,
            "created_by": by,
        },
    )
    if not created and (task.sentence, task.due_at, task.queue) != (duty.sentence, duty.due_at, duty.queue):
        task.sentence, task.due_at, task.queue = duty.sentence, duty.due_at, duty.queue
        task.save(update_fields=["sentence", "due_at", "queue"])
    if created:
        append_record(
            practice_id=case.practice_id,
            by=by,
            action="task_opened",
            subject=case.pk,
            now=now,
            fields={"kind": duty.kind, "key": duty.key},
        )
    return task


@transaction.atomic
def settle_duties(*, case: Case, owed: Iterable[Duty], by: str, now: datetime) -> None:
    """Open what the verdict makes owed, settle what it no longer does."""
    wanted = {(duty.kind, duty.key): duty for duty in owed}
    for task in Task.objects.filter(case=case, is_derived=True, done_at=None):
        if (task.kind, task.key) not in wanted:
            _settle(task, outcome=MENDED, by=by, now=now)
    for duty in wanted.values():
        owe_task(case=case, duty=duty, by=by, now=now, is_derived=True)


def _settle(task: Task, *, outcome: str, by: str, now: datetime) -> None:
    task.done_at, task.done_by, task.outcome = now, by, outcome
    task.version += 1
    task.save(update_fields=["done_at", "done_by", "outcome", "version"])


@transaction.atomic
def drop_tasks(
    *,
    case: Case,
    kinds: Collection[str],
    outcome: str,
    by: str,
    now: datetime,
    keys: Collection[str] | None = None,
) -> None:
    """Settle the tasks of these kinds (and keys) that no finding made: what they were about is over."""
    for task in Task.objects.filter(case=case, kind__in=kinds, is_derived=False, done_at=None):
        if keys is None or task.key in keys:
            _settle(task, outcome=outcome, by=by, now=now)


@transaction.atomic
def finish_task(
    *,
    practice_id: uuid.UUID,
    task_id: uuid.UUID,
    outcome: str,
    seen_version: int,
    roles: Collection[str],
    by: str,
    now: datetime,
) -> Task:
    """A person's outcome. A task that follows from a finding is settled by mending the finding instead."""
    task = Task.objects.select_for_update().filter(practice_id=practice_id, pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task in this practice.")
    if task.kind in DECIDED_BY_CLINICIANS and "clinician" not in roles:
        raise NotPermitted("This is decided by a clinician. Ask one to record the decision.")
    if task.version != seen_version:
        raise Stale(f"The task is at version {task.version}; you saw {seen_version}.", version=task.version)
    if task.done_at is not None:
        return task
    if task.is_derived and task.kind in DECIDED_BY_CLINICIANS:
        raise Invalid(
            "This task is settled by recording what it asks for, not by closing it.",
            errors=(Reason("record_instead", f"Record the evidence or signature for '{task.key}'.", item=task.key),),
        )
    _settle(task, outcome=outcome, by=by, now=now)
    append_record(
        practice_id=practice_id,
        by=by,
        action="task_done",
        subject=task.case_id or task.pk,
        now=now,
        fields={"task": task.pk, "outcome": outcome},
    )
    return task
