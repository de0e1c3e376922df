"""How much is waiting, for health checks."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from notifications.models import PENDING, Message


@dataclass(frozen=True, slots=True)
class Backlog:
    """Due messages that have not left, and since when the oldest has been due."""

    queued: int
    oldest_due_at: datetime | None


def backlog(*, now: datetime) -> Backlog:
    due = Message.objects.filter(state__in=PENDING, next_attempt_at__lte=now)
    found = due.aggregate(queued=Count("pk"), oldest=Min("next_attempt_at"))
    return Backlog(found["queued"], found["oldest"])
