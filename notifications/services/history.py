"""What was said about a subject, what must no longer be kept, and who wants no more of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from notifications.encryption import keyed_hash
from notifications.models import PENDING, Channel, Message, Suppression


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One message as the case page shows it: nothing that identifies, nothing to decrypt."""

    id: UUID
    kind: str
    channel: str
    method: str
    sequence: int
    summary: str
    state: str
    reason: str
    attempts: int
    by: str
    created_at: datetime
    not_before: datetime | None
    sent_at: datetime | None
    finished_at: datetime | None

    @property
    def at(self) -> datetime:
        """When it left, was given up or is to go out."""
        return self.sent_at or self.finished_at or self.not_before or self.created_at


def timeline(subject: UUID, *, practice_id: UUID) -> tuple[TimelineEntry, ...]:
    """Every message about a subject of this practice, oldest first."""
    rows = Message.objects.filter(practice_id=practice_id, subject=subject).order_by("created_at", "id")
    return tuple(TimelineEntry(**row) for row in rows.values(*TimelineEntry.__dataclass_fields__))


def wipe_payloads(*, practice_id: UUID, finished_before: datetime) -> int:
    """Empty the bytes of messages that left the outbox before then; their digests stay. Answers how many."""
    mine = Message.objects.filter(practice_id=practice_id)
    done = mine.exclude(state__in=PENDING).filter(finished_at__lt=finished_before)
    return done.exclude(payload=b"").update(payload=b"")


def suppress(*, practice_id: UUID, channel: Channel, recipient: str, reason: str, now: datetime, by: str) -> bool:
    """Send this address nothing more on this channel; False when it was so already."""
    try:
        with transaction.atomic():
            Suppression.objects.create(
                practice_id=practice_id,
                channel=channel,
                recipient_hash=keyed_hash(practice_id, recipient),
                reason=reason[:300],
                created_at=now,
                by=by,
            )
    except IntegrityError:
        if _active(practice_id, channel, recipient).exists():
            return False
        raise
    return True


def lift_suppression(*, practice_id: UUID, channel: Channel, recipient: str, now: datetime) -> bool:
    """Send to this address again; False when nothing stopped it."""
    return _active(practice_id, channel, recipient).update(lifted_at=now) == 1


def _active(practice_id: UUID, channel: Channel, recipient: str) -> QuerySet[Suppression]:
    return Suppression.objects.filter(
        practice_id=practice_id,
        channel=channel,
        recipient_hash=keyed_hash(practice_id, recipient),
        lifted_at__isnull=True,
    )
