"""The outbox sent to nobody: what would have gone out, and how its bytes read."""

import email
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

from icalendar import Calendar

from notifications.models import Message
from notifications.services.outbox import Report, send_due
from notifications.transport import Answer, Delivered
from scheduler import messages
from scheduler.doors import due_messages
from scheduler.isolation import within
from scheduler.models import Case


@dataclass
class Mailbox:
    """A mail server at the edge that takes everything."""

    received: list[tuple[str, bytes]] = field(default_factory=list)

    def send(self, *, recipient: str, payload: bytes, **_: Any) -> Answer:
        self.received.append((recipient, payload))
        return Delivered()

    @property
    def to(self) -> list[str]:
        return [recipient for recipient, _ in self.received]


def send_all(now: datetime, mailbox: Mailbox | None = None) -> tuple[Mailbox, Report]:
    """Send what is due at `now`, asking the case as the send task does; answers the last practice's report."""
    box, report = mailbox or Mailbox(), Report()
    for due in due_messages(now):
        report = send_due(
            practice_id=due.practice_id,
            within=within,
            clock=lambda: now,
            until=now + timedelta(seconds=30),
            still_true=lambda message: messages.still_true(message, now),
            transport=box,
            owner="test",
            random=lambda: 0.0,
            limit=200,
        )
    return box, report


@dataclass(frozen=True)
class Invite:
    to: str
    method: str
    uid: str
    sequence: int
    stamp: datetime
    start: datetime


def parsed(payload: bytes) -> EmailMessage:
    message = email.message_from_bytes(payload, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def decoded(payload: bytes) -> str:
    """Every header and every part of a message, as a reader sees it."""
    message = parsed(payload)
    texts = [f"{name}: {value}" for name, value in message.items()]
    for part in message.walk():
        texts += [f"{name}: {value}" for name, value in part.items()]
        if not part.is_multipart():
            texts.append(part.get_payload(decode=True).decode("utf-8"))
    return "\n".join(texts)


def invites_of(case: Case) -> list[Invite]:
    """Every invite that was queued for a case, in the order of sequence, read back from its bytes."""
    return sorted(read_invites(case), key=lambda invite: (invite.uid, invite.sequence, invite.to))


def read_invites(case: Case) -> Iterator[Invite]:
    for row in Message.objects.filter(subject=case.pk).exclude(method=""):
        part = next(p for p in parsed(row.payload).walk() if p.get_content_type() == "text/calendar")
        calendar = Calendar.from_ical(part.get_payload(decode=True))
        event = calendar.walk("VEVENT")[0]
        assert (str(calendar["METHOD"]), int(event["SEQUENCE"])) == (row.method, row.sequence)
        yield Invite(
            to=str(event["ATTENDEE"]).removeprefix("mailto:"),
            method=str(calendar["METHOD"]),
            uid=str(event["UID"]),
            sequence=int(event["SEQUENCE"]),
            stamp=event["DTSTAMP"].dt,
            start=event["DTSTART"].dt,
        )
