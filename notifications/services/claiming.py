"""Taking due messages for sending: a short transaction, a lease, one at a time per invite and person."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from notifications.models import PENDING, Message, State, Suppression
from notifications.rules.ical import Method
from notifications.services.queueing import cancel_owed

# How the caller puts the rows of a practice in sight.
Within = Callable[[UUID], AbstractContextManager[None]]
LEASE = timedelta(seconds=120)
TOO_LATE = "its moment has passed"
NOT_WANTED = "the recipient takes no messages on this channel"
NEVER_INVITED = "nothing to cancel: the invite never left"
ENCRYPTED = ("payload", "recipient")


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that did not reach its recipient: a person's turn."""

    message_id: UUID
    practice_id: UUID
    subject: UUID
    kind: str
    summary: str
    reason: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """One leased row. `lease` proves the claim; `perhaps_sent` and `attempts` are as before this try."""

    id: UUID
    practice_id: UUID
    subject: UUID
    kind: str
    summary: str
    lease: str
    attempts: int
    perhaps_sent: bool
    not_after: datetime | None

    def undelivered(self, reason: str) -> Undelivered:
        return Undelivered(self.id, self.practice_id, self.subject, self.kind, self.summary, reason)


@dataclass(frozen=True, slots=True)
class Batch:
    """One look at the outbox: what to send, what came too late, how many rows were settled unsent."""

    claimed: tuple[Claimed, ...]
    expired: tuple[Undelivered, ...]
    skipped: int
    seen: int


def unguarded(_practice_id: UUID) -> AbstractContextManager[None]:
    """For where no row is guarded by its practice."""
    return nullcontext()


def claim_batch(practice_id: UUID, now: datetime, owner: str, limit: int, within: Within = unguarded) -> Batch:
    """Lease up to `limit` due messages of a practice for 120 s; too late and unwanted ones are settled on the way.

    A transaction of its own: raises RuntimeError inside another one.
    """
    lease = f"{owner[:80]}/{uuid4().hex}"
    with transaction.atomic(durable=True), within(practice_id):
        # skip_locked: another sender's rows are its own; SQLite has one writer at a time instead.
        rows = list(_due(practice_id, now).select_for_update(skip_locked=True).defer(*ENCRYPTED)[:limit])
        late = [row for row in rows if row.not_after is not None and row.not_after <= now]
        unwanted = _suppressed(practice_id, [row for row in rows if row not in late])
        unowed = [row for row in rows if row not in late + unwanted and _cancels_nothing(row)]
        _settle(late, State.SKIPPED, TOO_LATE, now)
        _settle(unwanted, State.SKIPPED, NOT_WANTED, now)
        _settle(unowed, State.SUPERSEDED, NEVER_INVITED, now)
        settled = late + unwanted + unowed
        taken = [row for row in rows if row not in settled]
        Message.objects.filter(id__in=[row.id for row in taken]).update(
            state=State.SENDING, lease_owner=lease, lease_until=now + LEASE
        )
    return Batch(
        tuple(_claimed(row, lease) for row in taken),
        tuple(_claimed(row, lease).undelivered(TOO_LATE) for row in late),
        len(settled),
        len(rows),
    )


def renew(claimed: Claimed, now: datetime) -> bool:
    """Count the try and extend the lease just before sending; False when the row is no longer ours."""
    return _mine(claimed).update(lease_until=now + LEASE, attempts=claimed.attempts + 1, perhaps_sent=True) == 1


def release(claimed: Claimed, **changes: object) -> bool:
    """End the lease with these column values; False when it was no longer ours."""
    return _mine(claimed).update(lease_owner="", lease_until=None, **changes) == 1


def _mine(claimed: Claimed) -> QuerySet[Message]:
    return Message.objects.filter(id=claimed.id, state=State.SENDING, lease_owner=claimed.lease)


def _due(practice_id: UUID, now: datetime) -> QuerySet[Message]:
    due = Q(state=State.QUEUED, next_attempt_at__lte=now) | Q(state=State.SENDING, lease_until__lte=now)
    older = Q(sequence__lt=OuterRef("sequence")) | Q(sequence=OuterRef("sequence")) & (
        Q(created_at__lt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), id__lt=OuterRef("id"))
    )
    unsent_before = Message.objects.filter(
        older,
        practice_id=practice_id,
        uid=OuterRef("uid"),
        recipient_hash=OuterRef("recipient_hash"),
        state__in=PENDING,
    )
    return (
        Message.objects.filter(due, practice_id=practice_id, state__in=PENDING)
        # A REQUEST that arrives after its CANCEL shows as a fresh invitation.
        .filter(Q(uid="") | ~Exists(unsent_before))
        .order_by("next_attempt_at", "created_at", "id")
    )


def _suppressed(practice_id: UUID, rows: list[Message]) -> list[Message]:
    hashes = [row.recipient_hash for row in rows]
    found = Suppression.objects.filter(practice_id=practice_id, recipient_hash__in=hashes, lifted_at__isnull=True)
    closed = set(found.values_list("channel", "recipient_hash"))
    return [row for row in rows if (row.channel, row.recipient_hash) in closed]


def _cancels_nothing(row: Message) -> bool:
    """A CANCEL whose REQUEST was refused after the CANCEL had been queued."""
    if row.method != Method.CANCEL or row.perhaps_sent:
        return False
    known = Message.objects.filter(practice_id=row.practice_id, uid=row.uid, recipient_hash=row.recipient_hash)
    return not cancel_owed(known.defer(*ENCRYPTED))


def _settle(rows: list[Message], state: State, reason: str, now: datetime) -> None:
    Message.objects.filter(id__in=[row.id for row in rows]).update(
        state=state, reason=reason, finished_at=now, lease_owner="", lease_until=None
    )


def _claimed(row: Message, lease: str) -> Claimed:
    return Claimed(
        id=row.id,
        practice_id=row.practice_id,
        subject=row.subject,
        kind=row.kind,
        summary=row.summary,
        lease=lease,
        attempts=row.attempts,
        perhaps_sent=row.perhaps_sent,
        not_after=row.not_after,
    )
