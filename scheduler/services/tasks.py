"""What people owe: opened once, settled with an outcome."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from scheduler.models import Case, Task
from scheduler.rules.duties import DECIDED_BY_CLINICIANS, FINISHED_BY, Duty, may_finish
from scheduler.rules.problems import Invalid, NotFound, NotPermitted, Reason, Stale
from scheduler.rules.roles import CARE
from scheduler.services.record import SYSTEM, Entry, append_record, append_records
from scheduler.services.reviewers import told_who

MENDED = "mended: the checklist no longer asks for it"


@transaction.atomic(savepoint=False)
def owe_task(*, case: Case, duty: Duty, by: str, now: datetime) -> Task:
    """The open task for this duty, made if there is none; its sentence and due follow whoever asked last."""
    standing = Task.objects.filter(case=case, kind=duty.kind, key=duty.key, done_at=None).first()
    if standing is not None:
        if _follow(standing, duty):
            append_records(practice_id=case.practice_id, entries=_told("task_changed", [standing]), by=by, now=now)
        return standing
    return open_tasks(case=case, owed=[duty], by=by, now=now, is_derived=False)[0]


@transaction.atomic(savepoint=False)
def open_tasks(*, case: Case, owed: Sequence[Duty], by: str, now: datetime, is_derived: bool) -> list[Task]:
    """A new task for each duty, under the caller's lock of the case: nobody else opens the same."""
    tasks = _open(case, owed, by, now, is_derived)
    append_records(practice_id=case.practice_id, entries=_told("task_opened", tasks), by=by, now=now)
    return tasks


def _open(case: Case, owed: Iterable[Duty], by: str, now: datetime, is_derived: bool) -> list[Task]:
    common = {"practice_id": case.practice_id, "case": case, "is_derived": is_derived}
    return Task.objects.bulk_create(_task(duty, by, now, **common) for duty in owed)


def _told(action: str, tasks: Iterable[Task]) -> list[Entry]:
    return [Entry(action, task.case_id or task.pk, {"kind": task.kind, "key": task.key}) for task in tasks]


@transaction.atomic(savepoint=False)
def open_practice_task(*, practice_id: uuid.UUID, duty: Duty, by: str, now: datetime) -> Task:
    """A task that is about no case."""
    task = _task(duty, by, now, practice_id=practice_id)
    task.save(force_insert=True)
    append_records(practice_id=practice_id, entries=_told("task_opened", [task]), by=by, now=now)
    return task


def _task(duty: Duty, by: str, now: datetime, **common: Any) -> Task:
    return Task(
        kind=duty.kind,
        key=duty.key,
        sentence=duty.sentence,
        queue=duty.queue,
        due_at=duty.due_at,
        not_by=list(duty.not_by),
        created_at=now,
        created_by=by,
        **common,
    )


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

    Nobody decides any more about an override of an item that is `passing`; None: about none at all. Each change is in
    the record, all of them in one go.
    """
    wanted = {(duty.kind, duty.key): duty for duty in owed}
    standing = {(task.kind, task.key): task for task in Task.objects.filter(case=case, done_at=None)}
    mended = [
        task
        for name, task in standing.items()
        if (task.is_derived and name not in wanted)
        or (task.kind == "override" and (passing is None or task.key in passing))
    ]
    _settle(mended, outcome=MENDED, by=by, now=now)
    kept = [(standing[name], duty) for name, duty in wanted.items() if name in standing]
    news = [task for task, duty in kept if _is_announced(task, duty, by)]
    for task, duty in kept:
        _follow(task, duty)
    new = _open(case, [duty for name, duty in wanted.items() if name not in standing], by, now, is_derived=True)
    entries = _told("task_settled", mended) + _told("task_changed", news) + _told("task_opened", new)
    append_records(practice_id=case.practice_id, entries=entries, by=by, now=now)


def _is_announced(task: Task, duty: Duty, by: str) -> bool:
    """Whose it is and by when: what people were told. That the clock pushes a due date on is nobody's change."""
    if (task.queue, task.due_at) == (duty.queue, duty.due_at):
        return False
    is_later = task.due_at is not None and duty.due_at is not None and task.due_at < duty.due_at
    return by != SYSTEM or task.queue != duty.queue or not is_later


def _settle(tasks: Collection[Task], *, outcome: str, by: str, now: datetime) -> None:
    if tasks:
        rows = Task.objects.filter(pk__in=[task.pk for task in tasks])
        rows.update(done_at=now, done_by=by, outcome=outcome, version=F("version") + 1)


@transaction.atomic(savepoint=False)
def drop_tasks(
    *,
    case: Case,
    kinds: Collection[str],
    outcome: str,
    by: str,
    now: datetime,
    keys: Collection[str] | None = None,
    which: Q = Q(),  # noqa: B008 - never changed
) -> None:
    """Settle the tasks of these kinds (and keys) that no finding made: what they were about is over."""
    standing = Task.objects.filter(which, case=case, kind__in=kinds, is_derived=False, done_at=None)
    dropped = list(standing if keys is None else standing.filter(key__in=keys))
    _settle(dropped, outcome=outcome, by=by, now=now)
    append_records(practice_id=case.practice_id, entries=_told("task_settled", dropped), by=by, now=now)


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
        who = " or ".join(sorted(FINISHED_BY.get(task.kind, CARE)))
        raise NotPermitted(f"This is decided by a {who}. Ask one to record the decision.")
    if by in task.not_by:
        raise NotPermitted(f"You decided, signed or entered this yourself. {told_who([task])[task.pk]}")
    if task.version != seen_version:
        raise Stale(f"The task is at version {task.version}; you saw {seen_version}.", version=task.version)
    if task.done_at is not None:
        return task
    if task.is_derived and task.kind in DECIDED_BY_CLINICIANS:
        raise Invalid(
            "This task is settled by recording what it asks for, not by closing it.",
            errors=(Reason("record_instead", f"Record the evidence or signature for '{task.key}'.", item=task.key),),
        )
    _settle([task], outcome=outcome, by=by, now=now)
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
