"""A clock to turn by hand, and senders that go through a real sink or stop where a test wants it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from notifications.models import Message
from notifications.services.claiming import Claimed, claim_batch
from notifications.services.outbox import Report, send_due
from notifications.transport import Answer, Delivered, Transport
from tests.notifications.drafts import NOW, PRACTICE


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **units: float) -> datetime:
        self.now += timedelta(**units)
        return self.now


def true(message: Message) -> str | None:
    return None


def send(
    transport: Transport,
    clock: Clock,
    *,
    still_true: Callable[[Message], str | None] = true,
    owner: str = "worker",
    limit: int = 20,
) -> Report:
    """One run without jitter."""
    return send_due(
        practice_id=PRACTICE,
        clock=clock,
        until=clock() + timedelta(seconds=30),
        still_true=still_true,
        transport=transport,
        owner=owner,
        limit=limit,
        random=lambda: 0.0,
    )


def claim(now: datetime, owner: str, limit: int = 20) -> list[Claimed]:
    """What a worker leases of the practice's due messages."""
    return list(claim_batch(PRACTICE, now, owner, limit).claimed)


@dataclass
class Answering:
    """A mail server at the edge: these answers in turn, then it takes everything; `during` runs in each sending."""

    answers: list[Answer] = field(default_factory=list)
    during: Callable[[], object] = lambda: None
    payloads: list[bytes] = field(default_factory=list)

    def send(self, **message: Any) -> Answer:
        self.payloads.append(message["payload"])
        self.during()
        return self.answers.pop(0) if self.answers else Delivered()


class Killed(BaseException):
    """The process ends here."""


@dataclass
class DyingAfterDelivery:
    """Hands over to a real server and dies before the answer is recorded."""

    transport: Transport

    def send(self, **message: Any) -> Answer:
        self.transport.send(**message)
        raise Killed
