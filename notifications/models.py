"""The outbox: what is to be said, to whom, and every try. Times come from the caller; bytes are encrypted."""

import uuid

from django.db import models
from django.db.models import F, Q

from notifications.encryption import EncryptedBytesField, EncryptedTextField


class State(models.TextChoices):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # a person's turn
    SUPERSEDED = "superseded"  # a newer message, or a change of the case, took its place
    SKIPPED = "skipped"  # no longer true, too late, or not wanted by the recipient


PENDING = (State.QUEUED, State.SENDING)


class Channel(models.TextChoices):
    EMAIL = "email"
    SMS = "sms"


class Message(models.Model):
    """One message for one recipient. `occasion` is unique in its practice: nothing is said twice.

    `perhaps_sent` is set just before the bytes leave and taken back only by a clear refusal: until then the
    recipient may have them. `message_identity_fixed` (database.py) keeps what identifies a message unchanged.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice_id = models.UUIDField()
    subject = models.UUIDField()
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    occasion = models.CharField(max_length=200)
    recipient = EncryptedTextField()
    recipient_hash = models.CharField(max_length=64)
    uid = models.CharField(max_length=255, blank=True, default="")
    sequence = models.PositiveIntegerField(default=0)
    method = models.CharField(max_length=8, blank=True, default="")
    message_id = models.CharField(max_length=320)
    payload = EncryptedBytesField()
    payload_digest = models.CharField(max_length=64)
    summary = models.CharField(max_length=200)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    perhaps_sent = models.BooleanField(default=False)
    not_before = models.DateTimeField(null=True)
    not_after = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=120, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True, default="")
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "occasion"], name="message_once"),
            models.UniqueConstraint(fields=["practice_id", "id"], name="message_in_practice"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="message_state_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="message_channel_known"),
            models.CheckConstraint(
                condition=Q(method="", uid="") | (Q(method__in=["REQUEST", "CANCEL"]) & ~Q(uid="")),
                name="message_invite_has_uid",
            ),
            models.CheckConstraint(
                condition=Q(state=State.SENDING, lease_until__isnull=False) & ~Q(lease_owner="")
                | ~Q(state=State.SENDING) & Q(lease_until__isnull=True, lease_owner=""),
                name="message_lease_while_sending",
            ),
            models.CheckConstraint(
                condition=Q(state=State.SENT, sent_at__isnull=False) | ~Q(state=State.SENT) & Q(sent_at__isnull=True),
                name="message_sent_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PENDING, finished_at__isnull=True)
                | ~Q(state__in=PENDING) & Q(finished_at__isnull=False),
                name="message_finished_has_time",
            ),
            models.CheckConstraint(
                condition=Q(not_before__isnull=True) | Q(not_after__isnull=True) | Q(not_before__lt=F("not_after")),
                name="message_window_open",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state__in=PENDING), name="message_due"),
            models.Index(fields=["practice_id", "uid", "recipient_hash", "sequence"], name="message_of_invite"),
            models.Index(fields=["practice_id", "subject", "created_at"], name="message_of_subject"),
        ]


class Outcome(models.TextChoices):
    DELIVERED = "delivered"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    BROKEN = "broken"  # it could not be read or sent as stored


class Attempt(models.Model):
    """One try that came to an answer. Append-only; a try that a crash cut off leaves a gap in the numbers."""

    practice_id = models.UUIDField()
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="tries")
    number = models.PositiveIntegerField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    detail = models.CharField(max_length=300, blank=True, default="")
    by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "message", "number"], name="attempt_once"),
            models.UniqueConstraint(fields=["practice_id", "id"], name="attempt_in_practice"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="attempt_outcome_known"),
        ]


class Suppression(models.Model):
    """An address that takes no more messages on a channel; lifted rows stay as history."""

    practice_id = models.UUIDField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice_id", "channel", "recipient_hash"],
                condition=Q(lifted_at__isnull=True),
                name="suppression_once",
            ),
            models.UniqueConstraint(fields=["practice_id", "id"], name="suppression_in_practice"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="suppression_channel_known"),
        ]
