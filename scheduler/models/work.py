"""What people owe."""

from django.db import models
from django.db.models import Q

from scheduler.models.practice import Scoped, User

TASK_KINDS = (
    "call",
    "reschedule",
    "review",
    "override",
    "restart_decision",
    "clearance",
    "undelivered",
    "declined",
    "mend",
    "stalled",
    "window_at_risk",
    "record_broken",
)


class Task(Scoped):
    """One piece of work for an owner or a queue (a role). `key` makes it owed once at a time."""

    case = models.ForeignKey("scheduler.Case", models.PROTECT, null=True, related_name="tasks")
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in TASK_KINDS])
    key = models.CharField(max_length=160)
    is_derived = models.BooleanField(default=False)  # follows from a finding: opened and settled by looking
    sentence = models.TextField()
    queue = models.CharField(max_length=20)
    not_by = models.JSONField(default=list)  # who answers for what it is about: another person settles it
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="tasks")
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "id"], name="task_in_practice"),
            models.UniqueConstraint(
                fields=["practice", "case", "kind", "key"], condition=Q(done_at__isnull=True), name="task_owed_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=list(TASK_KINDS)), name="task_kind_known"),
            models.CheckConstraint(condition=Q(done_at__isnull=True) | ~Q(outcome=""), name="task_done_has_outcome"),
        ]
        indexes = [
            models.Index(fields=["practice", "queue", "due_at"], condition=Q(done_at__isnull=True), name="task_open")
        ]
