"""Rooms, people and bays, and who has claimed them. Overlap is refused by the database (scheduler/database)."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from scheduler.models.people import Patient
from scheduler.models.practice import Scoped, User

RESOURCE_KINDS = ("room", "proceduralist", "bay", "equipment")


class Resource(Scoped):
    """A room, proceduralist, recovery bay or piece of equipment. A proceduralist has a login and gets invites."""

    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in RESOURCE_KINDS])
    name = models.CharField(max_length=120)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="resource_in_practice"),
            models.UniqueConstraint(fields=["practice", "kind", "name"], name="resource_name_once"),
            models.CheckConstraint(condition=Q(kind__in=list(RESOURCE_KINDS)), name="resource_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind="proceduralist") | Q(user__isnull=False), name="resource_proceduralist_has_login"
            ),
        ]


class Booking(Scoped):
    """A time for the procedure, [starts_at, ends_at). `uid` and `sequence` are those of its invites."""

    case = models.ForeignKey("scheduler.Case", models.PROTECT, related_name="bookings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    uid = models.CharField(max_length=120)
    sequence = models.PositiveIntegerField(default=0)
    stamped_at = models.DateTimeField()  # DTSTAMP of the last invite: strictly rising
    booked_at = models.DateTimeField()
    booked_by = models.CharField(max_length=80)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=80, blank=True)
    release_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="booking_in_practice"),
            models.UniqueConstraint(fields=["uid"], name="booking_uid_once"),
            models.UniqueConstraint(
                fields=["practice", "case"], condition=Q(released_at__isnull=True), name="booking_one_per_case"
            ),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="booking_in_order"),
        ]
        indexes = [models.Index(fields=["practice", "starts_at"], name="booking_by_start")]


class Claim(Scoped):
    """One booking's hold on one room, person, bay or the patient, for [starts_at, ends_at)."""

    booking = models.ForeignKey(Booking, models.PROTECT, related_name="claims")
    resource = models.ForeignKey(Resource, models.PROTECT, null=True, related_name="claims")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="claims")
    claimed = models.UUIDField()  # the resource's or the patient's id: what the overlap is judged on
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="claim_in_order"),
            models.CheckConstraint(
                condition=Q(resource__isnull=True, patient__isnull=False)
                | Q(resource__isnull=False, patient__isnull=True),
                name="claim_of_one",
            ),
            models.CheckConstraint(
                condition=Q(claimed=Coalesce("resource_id", "patient_id")), name="claim_names_what_it_claims"
            ),
        ]
        indexes = [
            models.Index(fields=["practice", "claimed", "starts_at"], condition=Q(is_active=True), name="claim_active")
        ]
