"""The doors of the outbox."""

from notifications.services.claiming import Claimed, Undelivered
from notifications.services.history import (
    TimelineEntry,
    lift_suppression,
    suppress,
    timeline,
    wipe_payloads,
)
from notifications.services.queueing import (
    OccasionTakenError,
    OutOfOrderError,
    Queued,
    enqueue,
    enqueue_invite,
    withdraw,
)
from notifications.services.sending import Report, send_due

__all__ = [
    "Claimed",
    "OccasionTakenError",
    "OutOfOrderError",
    "Queued",
    "Report",
    "TimelineEntry",
    "Undelivered",
    "enqueue",
    "enqueue_invite",
    "lift_suppression",
    "send_due",
    "suppress",
    "timeline",
    "wipe_payloads",
    "withdraw",
]
