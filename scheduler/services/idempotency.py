"""One answer for one Idempotency-Key: written in the transaction of the change, so that a retry cannot repeat it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from scheduler.access import Actor
from scheduler.models import IdempotencyKey
from scheduler.reads import looked_at, seen_so_far
from scheduler.rules.problems import KeyReused, Problem
from scheduler.services.record import salted_digest

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str  # JSON
    replayed: bool = False
    refusal: Problem | None = None  # one that is noted: the transaction stays, the key is free again


def answer_once(*, actor: Actor, route: str, key: str, body: bytes, now: datetime, act: Callable[[], Answer]) -> Answer:
    """Run `act` in one transaction and keep its answer under the key. An exception keeps nothing.

    A second request with the key waits for the first (unique row), then gets the first's answer.
    """
    # Keyed, because a body may hold a password that an unkeyed digest would let somebody guess at.
    digest = salted_digest(actor.practice.pk, "body", body.decode())
    mine = IdempotencyKey.objects.filter(practice=actor.practice, actor=actor.by, route=route, key=key)
    mine.filter(created_at__lte=now - KEPT).delete()
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(
                practice=actor.practice,
                actor=actor.by,
                route=route,
                key=key,
                body_digest=digest,
                status=0,
                body="",
                created_at=now,
            )
            answer = act()
            if answer.refusal is not None:
                row.delete()
                return answer
            row.status, row.body = answer.status, answer.body
            row.subjects = " ".join(sorted(each.hex for each in seen_so_far()))
            row.save(update_fields=["status", "body", "subjects"])
            return answer
    except IntegrityError as error:
        kept = mine.first()
        if kept is None or "idempotency" not in str(error):
            raise
    if kept.body_digest != digest:
        raise KeyReused("This Idempotency-Key was used for another request body. Use a new key for a new request.")
    looked_at(*map(uuid.UUID, kept.subjects.split()))
    return Answer(kept.status, kept.body, replayed=True)


def forget_answers(*, practice_id: uuid.UUID, now: datetime) -> int:
    """Delete the answers that are no longer given again; how many there were."""
    return IdempotencyKey.objects.filter(practice_id=practice_id, created_at__lte=now - KEPT).delete()[0]
