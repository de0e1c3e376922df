"""The record: ids, field names and salted digests, never values, chained per practice. And answers given once."""

from django.db import models

from notifications.encryption import EncryptedTextField
from scheduler.models.practice import Practice, Scoped


class RecordHead(models.Model):
    """The chain's end, locked by every writer of the practice."""

    practice = models.OneToOneField(Practice, models.PROTECT, primary_key=True, related_name="+")
    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)


class Record(Scoped):
    number = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    fields = models.JSONField(default=dict)  # field name -> salted digest
    codes = models.JSONField(default=list)  # of a refusal
    peer = models.CharField(max_length=45, blank=True)  # the address that a request came from
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "number"], name="record_number_once")]
        indexes = [
            models.Index(fields=["practice", "subject"], name="record_by_subject"),
            models.Index(fields=["practice", "by", "at"], condition=models.Q(action="refused"), name="record_refusals"),
            models.Index(
                fields=["practice", "at"], condition=models.Q(action="link_wrong_answer"), name="record_wrong_answers"
            ),
        ]


class Reading(models.Model):
    """A line of the access log: who was shown which patients and cases. Ids only; kept as written once it is there.

    `subjects`: hexadecimal ids with a space between. `merged`: the key under which looks at one board are one row.
    `seal`: the number of the record's row that sealed it.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    roles = models.CharField(max_length=80)
    route = models.CharField(max_length=40)
    subjects = models.TextField(blank=True)
    peer = models.CharField(max_length=45, blank=True)
    merged = models.CharField(max_length=64, null=True)
    seal = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="reading_in_practice"),
            models.UniqueConstraint(fields=["practice", "merged"], name="reading_merged_once"),
        ]
        indexes = [
            models.Index(fields=["practice", "at"], name="reading_by_time"),
            models.Index(fields=["practice", "seal"], name="reading_by_seal"),
        ]


class IdempotencyKey(Scoped):
    """The 2xx answer to a POST, for 24 h; the same key with another body is refused.

    `subjects`: hexadecimal ids of the patients and cases that it shows, also whenever it is given again.
    """

    actor = models.CharField(max_length=80)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = EncryptedTextField()
    subjects = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "actor", "route", "key"], name="idempotency_key_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]
