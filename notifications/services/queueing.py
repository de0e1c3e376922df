"""Putting messages into the outbox, and taking back what has not left it. All in the caller's transaction."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from notifications.encryption import keyed_hash
from notifications.models import Message, State
from notifications.rules.ical import Method
from notifications.rules.mime import Draft, message_id, render

# A row that may be on its way stays: what was meant to take its place waits for the outcome.
NOT_ON_ITS_WAY = Q(state=State.QUEUED) | Q(state=State.SENDING, perhaps_sent=False)


class OccasionTakenError(ValueError):
    """The occasion belongs to another recipient: unrefused, this one would silently hear nothing."""


class OutOfOrderError(ValueError):
    """An invite older than one queued before: delivered late, it would bring back what was moved."""


@dataclass(frozen=True, slots=True)
class Queued:
    """What `enqueue_invite` did. `id` is None when the occasion was queued before, or when nothing is owed
    (`dropped`: a CANCEL for somebody who never received the REQUEST). `superseded` will not be sent."""

    id: UUID | None
    superseded: tuple[UUID, ...] = ()
    dropped: bool = False


def enqueue(draft: Draft, *, now: datetime, by: str) -> UUID | None:
    """Queue a message without an event once; None when its occasion was queued before.

    Raises ValueError when the draft has an event or its occasion belongs to another recipient.
    """
    if draft.event:
        raise ValueError("An invite has an order to keep: queue it with enqueue_invite.")
    return _insert(draft, now=now, by=by)


@transaction.atomic
def enqueue_invite(draft: Draft, *, now: datetime, by: str) -> Queued:
    """Queue an invite once, in place of the older unsent ones of the same UID and recipient.

    Raises OutOfOrderError when a newer SEQUENCE, or this one's CANCEL, was queued before, and ValueError
    without an event.
    """
    if draft.event is None or draft.method is None:
        raise ValueError("This draft has no event: queue it with enqueue.")
    rows = Message.objects.filter(
        practice_id=draft.practice_id,
        uid=draft.event.uid,
        recipient_hash=keyed_hash(draft.practice_id, draft.recipient),
    )
    # Locked and without the encrypted columns: an unreadable row must not stop a cancellation.
    known = list(rows.select_for_update().order_by("id").defer("payload", "recipient"))
    if any(row.occasion == draft.occasion for row in known):
        return Queued(None)
    _refuse_out_of_order(known, draft.event.sequence, draft.method)
    superseded = _supersede(rows, reason=f"replaced by {draft.method} {draft.event.sequence}", now=now)
    if draft.method is Method.CANCEL and not cancel_owed(known):
        return Queued(None, superseded, dropped=True)
    return Queued(_insert(draft, now=now, by=by), superseded)


def withdraw(
    *,
    reason: str,
    now: datetime,
    subject: UUID | None = None,
    kinds: Collection[str] = (),
    messages: QuerySet[Message] | None = None,
) -> tuple[UUID, ...]:
    """Take back what has not left: of a subject or the given rows, of all kinds or of these. Answers ids."""
    if (subject is None) == (messages is None):
        raise ValueError("Say what to withdraw: a subject or messages, not both.")
    rows = messages if messages is not None else Message.objects.filter(subject=str(subject))
    with transaction.atomic():
        return _supersede(rows.filter(kind__in=kinds) if kinds else rows, reason=reason, now=now)


def cancel_owed(known: Iterable[Message]) -> bool:
    """Whether the recipient may hold a REQUEST of this invite that no delivered CANCEL has taken away."""
    rows = list(known)
    cancelled = max((r.sequence for r in rows if r.method == Method.CANCEL and r.state == State.SENT), default=-1)
    return any(
        row.method == Method.REQUEST and row.sequence > cancelled and (row.state == State.SENT or row.perhaps_sent)
        for row in rows
    )


def _refuse_out_of_order(known: list[Message], sequence: int, method: Method) -> None:
    for row in known:
        uncancels = (row.sequence, row.method, method) == (sequence, Method.CANCEL, Method.REQUEST)
        if row.sequence > sequence or uncancels:
            raise OutOfOrderError(
                f"{row.method} {row.sequence} of this invite was queued before {method} {sequence}: "
                "allocate a higher SEQUENCE under the booking's lock."
            )


def _supersede(rows: QuerySet[Message], *, reason: str, now: datetime) -> tuple[UUID, ...]:
    ids = list(rows.filter(NOT_ON_ITS_WAY).select_for_update().order_by("id").values_list("id", flat=True))
    Message.objects.filter(id__in=ids).update(
        state=State.SUPERSEDED, reason=reason[:300], finished_at=now, lease_owner="", lease_until=None
    )
    return tuple(ids)


def _insert(draft: Draft, *, now: datetime, by: str) -> UUID | None:
    row = _row(draft, now=now, by=by)
    before = Message.objects.filter(practice_id=draft.practice_id, occasion=draft.occasion)
    try:
        # Insert first: two transactions at once both see no row, and only the constraint knows the second.
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        taken_by = before.values_list("recipient_hash", flat=True).first()
        if taken_by is None:
            raise
        if taken_by != row.recipient_hash:
            raise OccasionTakenError(
                f"Occasion {draft.occasion!r} belongs to another recipient: name the recipient in it."
            ) from None
        return None
    return row.id


def _row(draft: Draft, *, now: datetime, by: str) -> Message:
    payload = render(draft)
    return Message(
        id=uuid4(),
        practice_id=draft.practice_id,
        subject=draft.subject,
        kind=draft.kind,
        occasion=draft.occasion,
        recipient=draft.recipient,
        recipient_hash=keyed_hash(draft.practice_id, draft.recipient),
        uid=draft.event.uid if draft.event else "",
        sequence=draft.event.sequence if draft.event else 0,
        method=draft.method or "",
        message_id=message_id(draft),
        payload=payload,
        payload_digest=hashlib.sha256(payload).hexdigest(),
        summary=draft.summary[:200],
        not_before=draft.not_before,
        not_after=draft.not_after,
        next_attempt_at=max(now, draft.not_before or now),
        created_at=now,
        by=by,
    )
