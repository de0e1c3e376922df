"""What was decided, observed and answered, per practice and checklist. `subject` is whose checklist it is.

`by` is text such as `staff:<id>`. Triggers in checklists/database.py keep the append-only tables append-only.
"""

import uuid

from django.db import models
from django.db.models import F, Q

from checklists.rules.values import Authority, Gate


class Scoped(models.Model):
    """A row of one practice. No foreign key upwards: the practice is somebody else's word."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice_id = models.UUIDField(db_index=False)

    class Meta:
        abstract = True


class Protocol(Scoped):
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "name"], name="protocol_name_once"),
            models.UniqueConstraint(fields=["practice_id", "id"], name="protocol_in_practice"),
        ]


class ProtocolVersion(Scoped):
    """A resolved document. Signed = immutable; withdrawn = its gates stay shut."""

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    missing = models.JSONField(default=list)
    adopted_at = models.DateTimeField()
    adopted_by = models.CharField(max_length=80)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=80, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, blank=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "protocol", "number"], name="protocol_version_once"),
            models.UniqueConstraint(fields=["practice_id", "id"], name="protocol_version_in_practice"),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True) | (~Q(signed_by="") & Q(missing=[])),
                name="protocol_version_signed_complete",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(signed_at__isnull=False),
                name="protocol_version_withdrawn_was_signed",
            ),
        ]

    @property
    def in_force(self) -> bool:
        return self.signed_at is not None and self.withdrawn_at is None


class Checklist(Scoped):
    """One subject's checklist. `state` and `next_change_at` only notice a change; no gate ever reads them.

    `judged_*`: what the stored state was derived from; it is believed only where all of that is still so.
    """

    subject = models.UUIDField()
    protocol_version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="checklists")
    opened_at = models.DateTimeField()
    facts_number = models.PositiveIntegerField(default=0)
    last_evidence_id = models.BigIntegerField(default=0)
    state = models.CharField(max_length=20, blank=True)
    verdict_digest = models.CharField(max_length=64, blank=True)
    next_change_at = models.DateTimeField(null=True)
    judged_facts = models.PositiveIntegerField(default=0)
    judged_evidence = models.BigIntegerField(default=0)
    judged_version = models.UUIDField(null=True)
    judged_start = models.DateTimeField(null=True)
    judged_by = models.CharField(max_length=40, blank=True)  # engine and zone database

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "subject"], name="checklist_once"),
            models.UniqueConstraint(fields=["practice_id", "id"], name="checklist_in_practice"),
        ]
        indexes = [
            models.Index(
                fields=["next_change_at"],
                condition=Q(next_change_at__isnull=False),
                name="checklist_due",
            )
        ]


class OfChecklist(Scoped):
    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        abstract = True


class Facts(OfChecklist):
    """Append-only numbered document, written at each change of the case."""

    number = models.PositiveIntegerField()
    document = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "checklist", "number"], name="facts_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="facts_number_positive"),
        ]


class Item(Scoped):
    """The version that a writer of evidence must have seen; what is true of an item is derived, never stored."""

    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="items")
    key = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "checklist", "key"], name="item_key_once"),
        ]


class Evidence(models.Model):
    """Append-only. `id` rises with the order of recording; the outside sees `public_id`."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    practice_id = models.UUIDField()
    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="evidence")
    item = models.CharField(max_length=120)
    item_version = models.PositiveIntegerField()
    value = models.JSONField()
    observed_at = models.DateTimeField()
    said_by = models.CharField(max_length=20)
    authority = models.PositiveSmallIntegerField(choices=[(a.value, a.name.lower()) for a in Authority])
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=80)
    supersedes = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice_id", "checklist", "item", "item_version"], name="evidence_item_version_once"
            ),
            models.UniqueConstraint(fields=["practice_id", "id"], name="evidence_in_practice"),
            models.CheckConstraint(
                condition=Q(said_by__in=["patient", "caregiver", "escort", "prescriber", "staff"]),
                name="evidence_said_by_known",
            ),
            models.CheckConstraint(condition=Q(observed_at__lte=F("recorded_at")), name="evidence_not_from_the_future"),
            models.CheckConstraint(
                condition=Q(said_by="staff", authority__gte=1) | (~Q(said_by="staff") & Q(authority=0)),
                name="evidence_authority_fits_who_said_it",
            ),
        ]


class EvidenceError(models.Model):
    """Entered in error: the evidence stays, struck through. Append-only."""

    evidence = models.OneToOneField(Evidence, models.PROTECT, primary_key=True, related_name="error")
    # The same word where it belongs: in another patient's checklist.
    refiled_as = models.OneToOneField(Evidence, models.PROTECT, null=True, related_name="refiled_from")
    practice_id = models.UUIDField()
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)


class Review(OfChecklist):
    """A clinician's signature on a finding, bound to its inputs and a window of starts. Append-only."""

    item = models.CharField(max_length=120)
    inputs = models.CharField(max_length=64)
    start_from = models.DateTimeField()
    start_until = models.DateTimeField()
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(start_from__lte=F("start_until")), name="review_window_in_order"),
        ]


class Override(OfChecklist):
    """A typed reason to go on although a finding does not pass; void when its inputs change. Append-only.

    It carries starts in [start_from, start_until); both empty where it was given to a case without a booking.
    """

    item = models.CharField(max_length=120)
    inputs = models.CharField(max_length=64)
    start_from = models.DateTimeField(null=True)
    start_until = models.DateTimeField(null=True)
    second_by = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="override_reasoned"),
            models.CheckConstraint(condition=~Q(second_by=F("by")), name="override_second_is_another"),
        ]


class Block(OfChecklist):
    """A blocked procedure, one row for each item that fails; lifted when the item is mended."""

    item = models.CharField(max_length=120)
    code = models.CharField(max_length=80)
    sentence = models.CharField(max_length=1000)
    owner = models.CharField(max_length=20)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice_id", "checklist", "item"], condition=Q(lifted_at__isnull=True), name="block_once"
            ),
        ]


class Decision(OfChecklist):
    """Every change of verdict and every answer of the gate, with all that replays it. Append-only."""

    kind = models.CharField(max_length=10, choices=[("verdict", "verdict"), ("gate", "gate")])
    gate = models.CharField(max_length=10, blank=True, choices=[(g.value, g.value) for g in Gate])
    answer = models.CharField(max_length=20)
    facts_number = models.PositiveIntegerField()
    last_evidence_id = models.BigIntegerField()
    errors_counted = models.PositiveIntegerField(default=0)
    version_hash = models.CharField(max_length=64)
    start = models.DateTimeField(null=True)
    now = models.DateTimeField()
    engine_version = models.CharField(max_length=20)
    tzdata_version = models.CharField(max_length=20)
    verdict = models.JSONField()
    overrides = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice_id", "id"], name="decision_in_practice")]
        indexes = [models.Index(fields=["checklist", "at"], name="decision_history")]


class GatePass(Scoped):
    """One shot: lets exactly this subject, booking, start and version enter, with nothing recorded since.

    Of kind `downtime` for a start that happened while nobody could ask: a clinician decided it on paper.
    """

    subject = models.UUIDField()
    booking = models.UUIDField()
    start = models.DateTimeField()
    subject_version = models.PositiveIntegerField()
    last_evidence_id = models.BigIntegerField()
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="gate_pass")
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=80)
    used_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=10, choices=[("asked", "asked"), ("downtime", "downtime")], default="asked")
    decided_by = models.CharField(max_length=80, blank=True)  # the clinician who let it begin
    signed_by = models.CharField(max_length=80, blank=True)  # the clinician who confirmed the entry, signing in anew
    second_by = models.CharField(max_length=80, blank=True)
    paper = models.CharField(max_length=40, blank=True)  # what is printed or written on the sheet
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "subject", "subject_version"], name="gate_pass_once"),
            models.CheckConstraint(
                condition=Q(kind="asked", decided_by="", signed_by="", second_by="", paper="", reason="")
                | Q(Q(kind="downtime") & ~Q(decided_by="") & ~Q(signed_by="") & ~Q(paper="") & ~Q(reason="")),
                name="gate_pass_downtime_names_clinician_and_paper",
            ),
            # A start of this moment is asked for; only what is past was decided on paper.
            models.CheckConstraint(
                condition=Q(kind="downtime", start__lt=F("issued_at")) | Q(kind="asked", start__gte=F("issued_at")),
                name="gate_pass_asked_before_the_start",
            ),
            models.CheckConstraint(
                condition=Q(second_by="") | ~Q(second_by=F("signed_by")), name="gate_pass_second_is_another"
            ),
        ]
