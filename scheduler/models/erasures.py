"""Whose data were erased. Without its row the database lets nobody change what is kept as it was written."""

from django.db import models
from django.db.models import Q

from scheduler.models.people import Patient
from scheduler.models.practice import Scoped
from scheduler.rules.erased import WHY


class Erasure(Scoped):
    """One for each patient row, also for one that was merged into another. Append-only. `reason` names nobody."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    why = models.CharField(max_length=10, choices=[(code, code) for code in WHY])
    reason = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "patient"], name="erasure_once"),
            models.CheckConstraint(condition=Q(why__in=list(WHY)), name="erasure_why_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="erasure_reasoned"),
        ]
