"""Two patient rows that are one person, or look like one: who said so, and what changed hands."""

from django.db import models
from django.db.models import F, Q

from scheduler.models.people import Patient
from scheduler.models.practice import Scoped


class PatientMerge(Scoped):
    """Names columns and ids, never values: what lost stands in the duplicate's row.

    `exchanged`: columns whose values changed places between the two rows. `moved`: cases, contacts and claims that
    were the duplicate's. `ended`: contacts that the merge ended.
    """

    survivor = models.ForeignKey(Patient, models.PROTECT, related_name="merges")
    duplicate = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    identifiers = models.JSONField()
    reason = models.CharField(max_length=500)
    exchanged = models.JSONField(default=list)
    moved = models.JSONField(default=dict)
    ended = models.JSONField(default=list)
    merged_at = models.DateTimeField()
    merged_by = models.CharField(max_length=80)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, blank=True)
    undo_reason = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="patient_merge_in_practice"),
            models.UniqueConstraint(
                fields=["practice", "duplicate"], condition=Q(undone_at__isnull=True), name="patient_merged_once"
            ),
            models.CheckConstraint(condition=~Q(survivor=F("duplicate")), name="patient_merge_of_two"),
        ]
        indexes = [models.Index(fields=["practice", "survivor", "merged_at"], name="patient_merge_of_survivor")]


class ToldApart(Scoped):
    """Two patients who look like one person and are not. The smaller id is `one`; written under both locks."""

    one = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    other = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    told_at = models.DateTimeField()
    told_by = models.CharField(max_length=80)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, blank=True)
    undo_reason = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="told_apart_in_practice"),
            models.UniqueConstraint(
                fields=["practice", "one", "other"], condition=Q(undone_at__isnull=True), name="told_apart_once"
            ),
            models.CheckConstraint(condition=~Q(one=F("other")), name="told_apart_of_two"),
        ]
