"""Invented appointments and messages of an invented practice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from notifications.rules.ical import Event
from notifications.rules.mime import Draft

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PRACTICE = UUID("11111111-1111-4111-8111-111111111111")
OTHER_PRACTICE = UUID("22222222-2222-4222-8222-222222222222")
SUBJECT = UUID("33333333-3333-4333-8333-333333333333")
DESK, PATIENT = "desk@practice.example", "ana@home.example"


def an_event(**changes: Any) -> Event:
    values: dict[str, Any] = {
        "uid": "0b7f2f0e-uid@practice.example",
        "sequence": 0,
        "starts_at": datetime(2026, 7, 1, 13, tzinfo=UTC),
        "ends_at": datetime(2026, 7, 1, 14, 30, tzinfo=UTC),
        "zone": "America/New_York",
        "summary": "Appointment - North Practice",
        "location": "1 Main Street, Springfield",
        "description": "North Practice, +1 555 0100",
        "organizer_name": "North Practice",
        "organizer_email": DESK,
        "attendee_email": PATIENT,
        "attendee_name": None,
        "stamped_at": NOW,
        "cancelled": False,
    }
    return Event(**(values | changes))


def a_draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "practice_id": PRACTICE,
        "subject": SUBJECT,
        "kind": "reminder:patient",
        "occasion": "reminder-1",
        "sender_name": "North Practice",
        "sender": DESK,
        "recipient": PATIENT,
        "recipient_name": None,
        "title": "Before your appointment - North Practice",
        "text": "One step is still open. Please call +1 555 0100.\n",
        "summary": "reminder of an open step",
        "dated_at": NOW,
    }
    return Draft(**(values | changes))


def an_invite(*, sequence: int = 0, cancelled: bool = False, **changes: Any) -> Draft:
    recipient = changes.get("recipient", PATIENT)
    uid = changes.pop("uid", "0b7f2f0e-uid@practice.example")
    event = an_event(
        uid=uid,
        sequence=sequence,
        cancelled=cancelled,
        attendee_email=recipient,
        stamped_at=NOW + timedelta(seconds=sequence),
    )
    kind = "cancel:patient" if cancelled else "invite:patient"
    values = {"kind": kind, "occasion": f"{uid}:{sequence}:{kind}:{recipient}", "event": event}
    return a_draft(**(values | changes))
