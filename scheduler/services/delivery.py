"""What could not be delivered is work for a person."""

from datetime import datetime

from django.db import transaction

from notifications.services.outbox import Undelivered
from scheduler.models import Case
from scheduler.rules.duties import Duty
from scheduler.services.record import SYSTEM, append_record
from scheduler.services.tasks import owe_task


@transaction.atomic
def owe_undelivered(*, undelivered: Undelivered, now: datetime) -> None:
    """A call for the desk: what it was about and why it did not arrive; the address stays behind the case."""
    case = Case.objects.select_for_update(no_key=True).filter(pk=undelivered.subject).first()
    if case is None:
        return
    sentence = f"A message could not be delivered ({undelivered.summary}: {undelivered.reason}). Call instead."
    owe_task(
        case=case,
        duty=Duty("undelivered", str(undelivered.message_id), "scheduler", sentence[:1000], None),
        by=SYSTEM,
        now=now,
    )
    append_record(
        practice_id=case.practice_id,
        by=SYSTEM,
        action="undelivered",
        subject=case.pk,
        now=now,
        fields={"message": undelivered.message_id},
    )


def owe_expired(*, undelivered: Undelivered, now: datetime) -> None:
    """An appointment that nobody could be told of in time is a call; a reminder that came too late is nothing."""
    if not undelivered.kind.startswith("reminder"):
        owe_undelivered(undelivered=undelivered, now=now)
