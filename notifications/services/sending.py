"""Sending what is due: claim, ask again whether it is true, renew, send outside any transaction, finish."""

import logging
import random as chance
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from notifications.models import PENDING, Attempt, Message, Outcome, State
from notifications.rules.mime import sender_of
from notifications.rules.retry import next_attempt_at
from notifications.services.claiming import (
    ENCRYPTED,
    TOO_LATE,
    Claimed,
    Undelivered,
    Within,
    claim_batch,
    release,
    renew,
    unguarded,
)
from notifications.transport import Answer, Delivered, Permanent, Transient, Transport

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What one run did: `failed` need a person now, `expired` were not sent before their moment passed."""

    sent: int = 0
    failed: tuple[Undelivered, ...] = ()
    skipped: int = 0
    retried: int = 0
    expired: tuple[Undelivered, ...] = ()


@dataclass(slots=True)
class _Run:
    clock: Callable[[], datetime]
    still_true: Callable[[Message], str | None]
    transport: Transport
    random: Callable[[], float]
    within: Within
    on_failed: Callable[[Undelivered], None] | None
    on_expired: Callable[[Undelivered], None] | None
    sent: int = 0
    skipped: int = 0
    retried: int = 0
    failed: list[Undelivered] = field(default_factory=list)
    expired: list[Undelivered] = field(default_factory=list)


def send_due(
    *,
    practice_id: UUID,
    clock: Callable[[], datetime],
    still_true: Callable[[Message], str | None],
    transport: Transport,
    owner: str,
    until: datetime,
    within: Within = unguarded,
    limit: int = 20,
    random: Callable[[], float] = chance.random,
    on_failed: Callable[[Undelivered], None] | None = None,
    on_expired: Callable[[Undelivered], None] | None = None,
) -> Report:
    """Send until nothing of this practice is due, or until that moment of `clock`; `limit` rows are claimed at a time.

    Every step is `within` the practice; no transaction is open while the server is spoken to.
    `still_true` answers None, or why the message must not go out any more. `on_failed` runs in the
    transaction that marks a message failed: its task cannot get lost in between. An exception about one
    message parks it as failed and the others flow; a lost database raises, and the leases bring rows back.
    """
    run = _Run(clock, still_true, transport, random, within, on_failed, on_expired)
    while clock() < until:
        batch = claim_batch(practice_id, clock(), owner, limit, within)
        run.skipped += batch.skipped
        for undelivered in batch.expired:
            _note_expired(run, undelivered)
        for claimed in batch.claimed:
            if clock() < until:
                _deliver_alone(run, claimed)
            else:
                _release(run, claimed, state=State.QUEUED)
        if not batch.seen:
            break
    return Report(run.sent, tuple(run.failed), run.skipped, run.retried, tuple(run.expired))


def _deliver_alone(run: _Run, claimed: Claimed) -> None:
    """An error outside the message itself leaves it leased, to be tried again, and the others flow."""
    try:
        _deliver(run, claimed)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("message %s was left for a later try", claimed.id)


def _deliver(run: _Run, claimed: Claimed) -> None:
    try:
        with run.within(claimed.practice_id):
            message = Message.objects.get(id=claimed.id)
            untrue = run.still_true(message)
        sender, recipient, payload = sender_of(message.payload), message.recipient, bytes(message.payload)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        _park(run, claimed, error, perhaps_sent=claimed.perhaps_sent)
        return
    now = run.clock()
    late = claimed.not_after is not None and claimed.not_after <= now
    if untrue is not None or late:
        _skip(run, claimed, now, TOO_LATE if untrue is None else untrue)
    elif _renew(run, claimed, now):
        # From here on the recipient may have it, whatever happens to this process.
        _send(run, claimed, sender, recipient, payload)


def _send(run: _Run, claimed: Claimed, sender: str, recipient: str, payload: bytes) -> None:
    try:
        answer = run.transport.send(sender=sender, recipient=recipient, payload=payload)
    except Exception as error:
        _park(run, claimed, error, perhaps_sent=True)
        return
    _finish(run, claimed, answer, recipient)


def _finish(run: _Run, claimed: Claimed, answer: Answer, recipient: str) -> None:
    now = run.clock()
    # Servers quote the address in their answers, and this column is readable.
    detail = re.sub(re.escape(recipient), "the recipient", answer.detail, flags=re.IGNORECASE)[:300]
    with run.within(claimed.practice_id):
        match answer:
            case Delivered():
                done = State.SENT
                run.sent += _close(claimed, now, Outcome.DELIVERED, detail, state=done, sent_at=now, reason="")
            case Permanent():
                _fail(run, claimed, now, Outcome.PERMANENT, detail, perhaps_sent=claimed.perhaps_sent)
            case Transient(ambiguous=ambiguous):
                _retry(run, claimed, now, detail, perhaps_sent=claimed.perhaps_sent or ambiguous)


def _retry(run: _Run, claimed: Claimed, now: datetime, detail: str, *, perhaps_sent: bool) -> None:
    again = next_attempt_at(claimed.attempts + 1, now=now, not_after=claimed.not_after, random=run.random)
    if _replaced(claimed):
        run.skipped += _close(
            claimed, now, Outcome.TRANSIENT, detail, state=State.SUPERSEDED, perhaps_sent=perhaps_sent
        )
    elif again is None:
        _fail(run, claimed, now, Outcome.TRANSIENT, detail, perhaps_sent=perhaps_sent)
    else:
        run.retried += _close(
            claimed,
            now,
            Outcome.TRANSIENT,
            detail,
            state=State.QUEUED,
            next_attempt_at=again,
            perhaps_sent=perhaps_sent,
        )


def _fail(run: _Run, claimed: Claimed, now: datetime, outcome: Outcome, detail: str, *, perhaps_sent: bool) -> None:
    undelivered = claimed.undelivered(detail)
    with transaction.atomic():
        # The caller's locks (the case) come before ours (the message), as in every change of a case.
        if run.on_failed:
            run.on_failed(undelivered)
        if not _close(claimed, now, outcome, detail, state=State.FAILED, perhaps_sent=perhaps_sent):
            transaction.set_rollback(True)
            return
    run.failed.append(undelivered)


def _park(run: _Run, claimed: Claimed, error: Exception, *, perhaps_sent: bool) -> None:
    """One message that cannot be handled must not stop the others."""
    log.error("message %s cannot be sent as stored: %s", claimed.id, type(error).__name__)
    detail = f"the message cannot be sent as stored ({type(error).__name__})"
    with run.within(claimed.practice_id):
        _fail(run, claimed, run.clock(), Outcome.BROKEN, detail, perhaps_sent=perhaps_sent)


def _skip(run: _Run, claimed: Claimed, now: datetime, reason: str) -> None:
    if _release(run, claimed, state=State.SKIPPED, reason=reason[:300], finished_at=now):
        run.skipped += 1
        if reason == TOO_LATE:
            _note_expired(run, claimed.undelivered(reason))


def _note_expired(run: _Run, undelivered: Undelivered) -> None:
    """At once, so that a later trouble of this run cannot lose it."""
    run.expired.append(undelivered)
    if run.on_expired:
        with run.within(undelivered.practice_id):
            run.on_expired(undelivered)


def _renew(run: _Run, claimed: Claimed, now: datetime) -> bool:
    with run.within(claimed.practice_id):
        return renew(claimed, now)


def _release(run: _Run, claimed: Claimed, **changes: object) -> bool:
    with run.within(claimed.practice_id):
        return release(claimed, **changes)


def _replaced(claimed: Claimed) -> bool:
    """A newer invite was queued while this one was on its way."""
    row = Message.objects.defer(*ENCRYPTED).get(id=claimed.id)
    newer = Message.objects.filter(
        practice_id=row.practice_id, uid=row.uid, recipient_hash=row.recipient_hash, state__in=PENDING
    )
    return row.uid != "" and newer.filter(sequence__gt=row.sequence).exists()


@transaction.atomic
def _close(claimed: Claimed, now: datetime, outcome: Outcome, detail: str, **changes: Any) -> bool:
    """Finish and record the try, only where the lease is still ours."""
    finished = None if changes["state"] == State.QUEUED else now
    if not release(claimed, **{"reason": detail, "finished_at": finished, **changes}):
        log.warning("message %s was finished by another sender", claimed.id)
        return False
    Attempt.objects.create(
        practice_id=claimed.practice_id,
        message_id=claimed.id,
        number=claimed.attempts + 1,
        finished_at=now,
        outcome=outcome,
        detail=detail,
        by=claimed.lease,
    )
    return True
