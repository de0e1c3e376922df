"""Each minute's sealing of the record. Doing it twice, or by two beats at once, is as doing it once."""

import logging
import uuid
from datetime import datetime

from scheduler.doors import practices_by_name
from scheduler.isolation import within
from scheduler.models import RecordHead
from scheduler.services.access_log import seal_readings
from scheduler.services.checkpoints import append_checkpoint

log = logging.getLogger(__name__)


def seal_every_record(*, now: datetime) -> None:
    """Each practice on its own: one that cannot be sealed never stops the others."""
    for practice_id in practices_by_name().values():
        try:
            seal_record(practice_id=practice_id, now=now)
        except Exception:
            log.exception("the record of practice %s could not be sealed", practice_id)


def seal_record(*, practice_id: uuid.UUID, now: datetime) -> bool:
    """Seal the access log into the chain, then note its committed end outside of the database; whether it was new."""
    with within(practice_id):
        while seal_readings(practice_id=practice_id, now=now):
            pass
    with within(practice_id):
        head = RecordHead.objects.filter(practice_id=practice_id).first()
    if head is None or head.number == 0:
        return False
    return append_checkpoint(practice_id=practice_id, number=head.number, chain_end=head.hash, now=now)
