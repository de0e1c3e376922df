"""Patients and how they, and those around them, are reached."""

from django.db import models
from django.db.models import F, Q

from notifications.encryption import EncryptedTextField
from scheduler.models.practice import Scoped


class Patient(Scoped):
    """Names and birth date stay searchable; the record number is encrypted, with a keyed hash to look up by."""

    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100)
    born_on = models.DateField()
    sex = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=5, default="en")
    record_number = EncryptedTextField(blank=True)
    record_number_hash = models.CharField(max_length=64, blank=True)
    # Of the record's digests of what names this patient: without it they tell nothing.
    digest_salt = models.CharField(max_length=32, blank=True, default="")
    created_at = models.DateTimeField()
    # Set while this row is only another name for that patient: nothing may belong to it then (scheduler/database).
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="other_rows")
    erased_at = models.DateTimeField(null=True)  # nothing changes or is added any more then (scheduler/database)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="patient_in_practice"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="patient_merged_into_another"
            ),
            models.UniqueConstraint(
                fields=["practice", "record_number_hash"],
                condition=~Q(record_number_hash=""),
                name="patient_record_number_once",
            ),
            models.CheckConstraint(condition=Q(sex__in=["", "female", "male", "other"]), name="patient_sex_known"),
        ]
        indexes = [
            models.Index(fields=["practice", "family_name", "born_on"], name="patient_by_name"),
            models.Index(fields=["practice", "born_on"], name="patient_by_birth"),
        ]


class Contact(Scoped):
    KINDS = ("patient", "caregiver", "escort", "facility_nurse", "prescriber")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="contacts")
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in KINDS])
    name = models.CharField(max_length=120, blank=True)
    channel = models.CharField(max_length=10, choices=[(c, c) for c in ("email", "sms", "call")])
    email = EncryptedTextField(blank=True)
    email_hash = models.CharField(max_length=64, blank=True)
    phone = EncryptedTextField(blank=True)
    phone_hash = models.CharField(max_length=64, blank=True)
    address = EncryptedTextField(blank=True)
    permission = models.CharField(max_length=200, blank=True)  # who allowed a caregiver, and when
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="contact_in_practice"),
            models.CheckConstraint(
                condition=Q(kind__in=["patient", "caregiver", "escort", "facility_nurse", "prescriber"]),
                name="contact_kind_known",
            ),
            models.CheckConstraint(
                condition=~Q(channel="email") | ~Q(email_hash=""), name="contact_email_channel_has_address"
            ),
            models.CheckConstraint(
                condition=~Q(channel="sms") | ~Q(phone_hash=""), name="contact_sms_channel_has_number"
            ),
        ]


class Link(Scoped):
    """A link opens one case. The token is derived from the id and generation; only its SHA-256 is kept.

    `items`: what a prescriber is asked about; of everybody else's link empty.
    """

    case = models.ForeignKey("scheduler.Case", models.PROTECT, related_name="links")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="links")
    generation = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=64)
    items = models.JSONField(default=list)
    wrong_answers = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="link_in_practice"),
            models.UniqueConstraint(fields=["digest"], name="link_digest_once"),
            models.UniqueConstraint(fields=["practice", "case", "contact", "generation"], name="link_once"),
        ]
