"""The clock's work: cases whose instant has come are looked at again. One bad row never stops the others."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from checklists.models import Checklist
from scheduler.doors import due_cases
from scheduler.isolation import within
from scheduler.services.cases import follow_site
from scheduler.services.readiness import locked_case, look_again

log = logging.getLogger(__name__)
BATCH = 500
AGAIN_AFTER_ERROR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Swept:
    looked: int
    placed: int
    failed: int


def sweep_due_cases(*, clock: Callable[[], datetime], limit: int = BATCH) -> Swept:
    """Look at each checklist whose next change has come; each in its own transaction, under its own lock."""
    looked = placed = failed = 0
    for due in due_cases(clock(), limit):
        try:
            with within(due.practice_id), transaction.atomic():
                case = locked_case(due.practice_id, due.case_id)
                now = clock()
                # Another sweep may have been here while this one waited for the lock.
                if case.checklist.next_change_at is not None and case.checklist.next_change_at <= now:
                    follow_site(case, now=now)
                    placed += len(look_again(case=case, now=now).placed)
                    looked += 1
        except Exception:
            failed += 1
            log.exception("case %s could not be looked at", due.case_id)
            with within(due.practice_id):
                # Its state is not known to hold until then.
                Checklist.objects.filter(pk=due.checklist_id).update(
                    next_change_at=clock() + AGAIN_AFTER_ERROR, state=""
                )
    return Swept(looked, placed, failed)
