"""The case: one patient, one procedure. Whether it is ready is never kept here; it is derived."""

from django.db import models
from django.db.models import Q

from checklists.models import Checklist
from scheduler.models.people import Patient
from scheduler.models.practice import Scoped
from scheduler.rules.transitions import ENDINGS, STATES


class Case(Scoped):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="cases")
    checklist = models.OneToOneField(Checklist, models.PROTECT, related_name="+")
    procedure = models.CharField(max_length=20, choices=[(p, p) for p in ("kyphoplasty", "vertebroplasty")])
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="next")  # staged treatment
    state = models.CharField(max_length=20, choices=[(s, s) for s in STATES], default="referred")
    ending = models.CharField(max_length=20, blank=True)
    ending_reason = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)
    booking = models.OneToOneField("scheduler.Booking", models.PROTECT, null=True, related_name="+")
    import_key = models.CharField(max_length=64, blank=True)  # keyed hash of the referral it came from
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=80)
    arrived_at = models.DateTimeField(null=True)
    checked_in_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    discharged_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    paper = models.CharField(max_length=40, blank=True)  # the sheet that its start was entered from, after a downtime

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="case_in_practice"),
            models.UniqueConstraint(
                fields=["practice", "import_key"], condition=~Q(import_key=""), name="case_import_once"
            ),
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="case_state_known"),
            models.CheckConstraint(condition=Q(ending__in=["", *ENDINGS]), name="case_ending_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["booked", "checked_in", "in_procedure"]) | Q(booking__isnull=False),
                name="case_booked_has_booking",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["in_procedure", "recovering", "discharged"]) | Q(started_at__isnull=False),
                name="case_started_has_time",
            ),
        ]
        indexes = [models.Index(fields=["practice", "state", "opened_at"], name="case_by_state")]
