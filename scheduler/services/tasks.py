"""What people owe: opened once, settled with an outcome."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from scheduler.models import Case, Task
from scheduler.rules.duties import DECIDED_BY_CLINICIANS, Duty, may_finish
from scheduler.rules.problems import Invalid, NotFound, NotPermitted, Reason, Stale
from scheduler.services.record import Entry, append_record, append_records

MENDED = "mended: the checklist no longer asks for it"


@transaction.atomic(savepoint=False)
def owe_task(*, case: Case, duty: Duty, by: str, now: datetime) -> Task:
    """The open task for this duty, made if there is none; its sentence and due follow whoever asked last."""
    standing = Task.objects.filter(case=case, kind=duty.kind, key=duty.key, done_at=None).first()
    if standing is not None:
        if _follow(standing, duty):
            entry = Entry("task_changed", case.pk, {"kind": duty.kind, "key": duty.key})
            append_records(practice_id=case.practice_id, entries=[entry], by=by, now=now)
        return standing
    return open_tasks(case=case, owed=[duty], by=by, now=now, is_derived=False)[0]


@transaction.atomic(savepoint=False)
def open_tasks(*, case: Case, owed: Sequence[Duty], by: str, now: datetime, is_derived: bool) -> list[Task]:
    """A new task for each duty, under the caller's lock of the case: nobody else opens the same."""
    tasks = Task.objects.bulk_create(
        Task(
            practice_id=case.practice_id,
            case=case,
            kind=duty.kind,
            key=duty.key,
            sentence=duty.sentence,
            queue=duty.queue,
            is_derived=is_derived,
            due_at=duty.due_at,
            not_by=list(duty.not_by),
            created_at=now,
            created_by=by,
        )
        for duty in owed
    )
    entries = [Entry("task_opened", case.pk, {"kind": task.kind, "key": task.key}) for task in tasks]
    append_records(practice_id=case.practice_id, entries=entries, by=by, now=now)
    return tasks


def _follow(task: Task, duty: Duty) -> bool:
    """Whether anything of the task had to change."""
    if (task.sentence, task.due_at, task.queue) == (duty.sentence, duty.due_at, duty.queue):
        return False
    task.sentence, task.due_at, task.queue = duty.sentence, duty.due_at, duty.queue
    task.save(update_fields=["sentence", "due_at", "queue"])
    return True


@transaction.atomic(savepoint=False)
def settle_duties(*, case: Case, owed: Iterable[Duty], passing: Collection[str] | None, by: str, now: datetime) -> None:
    """Open what the verdict makes owed, settle what it no longer does.

    Nobody decides any more about an override of an item that is `passing`; None: about none at all.
    """
    wanted = {(duty.kind, duty.key): duty for duty in owed}
    standing = {(task.kind, task.key): task for task in Task.objects.filter(case=case, done_at=None)}
    mended = [
        task.pk
        for name, task in standing.items()
        if (task.is_derived and name not in wanted)
        or (task.kind == "override" and (passing is None or task.key in passing))
    ]
    _settle(Task.objects.filter(pk__in=mended), outcome=MENDED, by=by, now=now)
    for name, duty in wanted.items():
        if name in standing:
            _follow(standing[name], duty)
    new = [duty for name, duty in wanted.items() if name not in standing]
    open_tasks(case=case, owed=new, by=by, now=now, is_derived=True)


def _settle(tasks: QuerySet[Task], *, outcome: str, by: str, now: datetime) -> None:
    tasks.update(done_at=now, done_by=by, outcome=outcome, version=F("version") + 1)


@transaction.atomic(savepoint=False)
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
    dropped = Task.objects.filter(case=case, kind__in=kinds, is_derived=False, done_at=None)
    _settle(dropped if keys is None else dropped.filter(key__in=keys), outcome=outcome, by=by, now=now)


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
    if not may_finish(task.kind, roles):
        raise NotPermitted("This is decided by a clinician. Ask one to record the decision.")
    if by in task.not_by:
        raise NotPermitted("You decided, signed or entered this yourself. Another clinician reviews it.")
    if task.version != seen_version:
        raise Stale(f"The task is at version {task.version}; you saw {seen_version}.", version=task.version)
    if task.done_at is not None:
        return task
    if task.is_derived and task.kind in DECIDED_BY_CLINICIANS:
        raise Invalid(
            "This task is settled by recording what it asks for, not by closing it.",
            errors=(Reason("record_instead", f"Record the evidence or signature for '{task.key}'.", item=task.key),),
        )
    _settle(Task.objects.filter(pk=task.pk), outcome=outcome, by=by, now=now)
    task.refresh_from_db()
    append_record(
        practice_id=practice_id,
        by=by,
        action="task_done",
        subject=task.case_id or task.pk,
        now=now,
        fields={"task": task.pk, "outcome": outcome},
    )
    return task
