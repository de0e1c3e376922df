"""What has to happen before a patient may be erased, and the erasure; and every row as the database holds it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from checklists.rules.values import Authority
from scheduler.models import Case, Task
from scheduler.services import erasure, transitions
from scheduler.services.erasure import Done
from scheduler.services.restarts import restarts_owed
from scheduler.services.tasks import finish_task
from tests.scheduler.services.mailing import send_all
from tests.scheduler.services.steps import BY, record

WHY = {"why": "asked", "reason": "Asked in writing, letter 12."}


def settle(case: Case, now: datetime) -> Case:
    """Every decision made, every task done, the case closed, all mail gone."""
    case.refresh_from_db()
    for finding in restarts_owed(case, now):
        record(case, finding.item, {"decision": "restart"}, now=now, role=Authority.CLINICIAN)
    do_tasks(case, now)
    transitions.close(practice_id=case.practice_id, case_id=case.pk, seen_version=case.version, by=BY, now=now)
    do_tasks(case, now)
    send_all(now)
    case.refresh_from_db()
    return case


def do_tasks(case: Case, now: datetime) -> None:
    for task in Task.objects.filter(case=case, done_at=None, is_derived=False):
        roles = ("clinician", "nurse", "scheduler")
        named = {"practice_id": case.practice_id, "task_id": task.pk, "seen_version": task.version}
        finish_task(**named, outcome="done", roles=roles, by=BY, now=now)


def erase(case: Case, now: datetime, **more: Any) -> Done:
    given = {**WHY, "by": BY, "now": now, **more}
    return erasure.erase_patient(practice_id=case.practice_id, patient_id=case.patient_id, **given)


def rows_of_table(table: str, keys: Collection[Any]) -> list[tuple[Any, ...]]:
    """The rows with these keys, column by column as they are stored."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
        place = [column[0] for column in cursor.description].index(key_of(table))
        wanted = {str(key).replace("-", "") for key in keys}
        return [row for row in cursor.fetchall() if str(row[place]).replace("-", "") in wanted]


def key_of(table: str) -> str:
    return "evidence_id" if table == "checklists_evidenceerror" else "id"
