"""Each night every practice's record is verified, and what is broken becomes the administrator's work."""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from checklists.rules.values import digest
from scheduler.doors import practices_by_name
from scheduler.isolation import within
from scheduler.models import Practice, Task
from scheduler.rules.breaks import Break
from scheduler.rules.duties import RECORD_BROKEN, Duty
from scheduler.services.checkpoints import keep_verification, last_verification
from scheduler.services.record import SYSTEM
from scheduler.services.tasks import open_practice_task
from scheduler.services.verification import Verification, verify_practice

log = logging.getLogger(__name__)
TOLD = 3  # breaks in the task itself; the auditor's page has all


def verify_every_record(*, now: datetime) -> None:
    """Each practice on its own: one that cannot be verified never stops the others."""
    for practice_id in practices_by_name().values():
        try:
            found = verify_and_tell(practice_id=practice_id, now=now)
            if not found.holds:
                log.error("the record of practice %s does not hold: %s breaks", practice_id, len(found.breaks))
        except Exception:
            log.exception("the record of practice %s could not be verified", practice_id)


def verify_and_tell(*, practice_id: uuid.UUID, now: datetime) -> Verification:
    """Verify, keep the result for the auditor's page, and owe the administrator what is broken."""
    found = verify_practice(practice_id)
    told = [f"{each.sentence}. {each.remedy}" for each in found.breaks]
    keep_verification(practice_id=practice_id, rows=found.rows, breaks=told, now=now)
    if not found.holds:
        with within(practice_id):
            _owe(practice_id, found.breaks, now)
    return found


@transaction.atomic
def _owe(practice_id: uuid.UUID, breaks: tuple[Break, ...], now: datetime) -> None:
    """Once for the same breaks: a row that was altered stays altered, also after somebody has dealt with it."""
    # Two beats at once find one task: no constraint compares rows without a case.
    if not Practice.objects.select_for_update(no_key=True).filter(pk=practice_id):
        return
    # What has no row is known by its sentence: another pass that nobody knows is another break.
    key = digest([(each.code, each.row or each.sentence) for each in breaks])
    if Task.objects.filter(practice_id=practice_id, kind=RECORD_BROKEN, key=key).exists():
        return
    first = " ".join(f"{each.sentence[:1].upper()}{each.sentence[1:]}. {each.remedy}" for each in breaks[:TOLD])
    sentence = f"The record does not hold: {len(breaks)} break(s). {first}"
    open_practice_task(
        practice_id=practice_id, duty=Duty(RECORD_BROKEN, key, "administrator", sentence, now), by=SYSTEM, now=now
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """Of all practices: how many records do not hold, and how long ago the oldest was verified; None: one never was."""

    broken: int
    oldest_seconds: int | None


def watched(now: datetime) -> Watched:
    """For whoever watches the service from outside."""
    found = [last_verification(practice_id) for practice_id in practices_by_name().values()]
    ages = [int((now - each.at).total_seconds()) for each in found if each is not None]
    broken = sum(1 for each in found if each is not None and each.breaks)
    return Watched(broken, max(ages, default=None) if len(ages) == len(found) else None)
