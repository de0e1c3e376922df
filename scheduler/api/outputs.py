"""What answers look like, for the OpenAPI document; scheduler/api/show.py makes them."""

from typing import Any

from rest_framework import serializers as s

from checklists.rules.latest import Limit


class Out(s.Serializer[Any]):
    pass


class ReasonOut(Out):
    code = s.CharField()
    detail = s.CharField()
    field = s.CharField(required=False)
    item = s.CharField(required=False)
    owner = s.CharField(required=False)
    due = s.CharField(required=False)


class ProblemOut(Out):
    """RFC 9457."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    code = s.CharField()
    detail = s.CharField()
    errors = ReasonOut(many=True)  # type: ignore[assignment]


class FindingReasonOut(Out):
    code = s.CharField()
    sentence = s.CharField()
    status = s.CharField()


class FindingOut(Out):
    item = s.CharField()
    kind = s.CharField()
    step = s.CharField()
    status = s.CharField()
    code = s.CharField()
    sentence = s.CharField()
    owner = s.CharField()
    needed_by = s.CharField()
    override = s.CharField()
    overridden = s.BooleanField()
    due_at = s.DateTimeField(allow_null=True)
    deadline_at = s.DateTimeField(allow_null=True)
    clear_at = s.DateTimeField(allow_null=True)
    inputs = s.CharField()
    version = s.IntegerField()
    reasons = FindingReasonOut(many=True)


class VerdictOut(Out):
    state = s.CharField()
    signed = s.BooleanField()
    earliest_safe_start = s.DateTimeField(allow_null=True)
    next_change_at = s.DateTimeField(allow_null=True)
    steps = s.DictField(child=s.CharField())
    findings = FindingOut(many=True)


class PatientOut(Out):
    id = s.UUIDField()
    family_name = s.CharField()
    given_name = s.CharField()
    born_on = s.DateField()
    sex = s.CharField(allow_blank=True)
    record_number = s.CharField(allow_blank=True)


class ContactOut(Out):
    id = s.UUIDField()
    kind = s.CharField()
    channel = s.CharField()


class PatientsOut(Out):
    results = PatientOut(many=True)


class ClaimOut(Out):
    kind = s.CharField()
    resource = s.UUIDField()
    name = s.CharField()
    starts_at = s.DateTimeField()
    ends_at = s.DateTimeField()


class BookingOut(Out):
    id = s.UUIDField()
    starts_at = s.DateTimeField()
    ends_at = s.DateTimeField()
    uid = s.CharField()
    sequence = s.IntegerField()
    released_at = s.DateTimeField(allow_null=True)
    release_reason = s.CharField(allow_blank=True)
    claims = ClaimOut(many=True)


class TaskOut(Out):
    id = s.UUIDField()
    case = s.UUIDField(allow_null=True)
    kind = s.CharField()
    item = s.CharField(allow_blank=True)
    sentence = s.CharField()
    queue = s.CharField()
    due_at = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()
    done_at = s.DateTimeField(allow_null=True)
    outcome = s.CharField(allow_blank=True)
    version = s.IntegerField()


class EnteredInErrorOut(Out):
    reason = s.CharField()
    by = s.CharField()


class EvidenceOut(Out):
    id = s.UUIDField()
    item = s.CharField()
    version = s.IntegerField()
    value = s.DictField()
    observed_at = s.DateTimeField()
    said_by = s.CharField()
    recorded_at = s.DateTimeField()
    recorded_by = s.CharField()
    entered_in_error = EnteredInErrorOut(allow_null=True)


class MessageOut(Out):
    kind = s.CharField()
    summary = s.CharField()
    state = s.CharField()
    not_before = s.DateTimeField(allow_null=True)
    sent_at = s.DateTimeField(allow_null=True)
    reason = s.CharField(allow_blank=True)


class BlockOut(Out):
    item = s.CharField()
    code = s.CharField()
    placed_at = s.DateTimeField()


class CaseRowOut(Out):
    id = s.UUIDField()
    version = s.IntegerField()
    procedure = s.CharField()
    state = s.CharField()
    ending = s.CharField(allow_blank=True)
    patient = PatientOut()
    opened_at = s.DateTimeField()
    starts_at = s.DateTimeField(allow_null=True)
    arrived_at = s.DateTimeField(allow_null=True)
    downtime = s.BooleanField()


class CaseListRowOut(CaseRowOut):
    verdict = s.CharField()
    steps = s.DictField(child=s.CharField())


class CasesOut(Out):
    next = s.CharField(allow_null=True)
    previous = s.CharField(allow_null=True)
    results = CaseListRowOut(many=True)


class CaseOut(CaseRowOut):
    protocol = s.CharField()
    verdict = VerdictOut()
    blocks = BlockOut(many=True)
    evidence = EvidenceOut(many=True)
    bookings = BookingOut(many=True)
    tasks = TaskOut(many=True)
    messages = MessageOut(many=True)


class LatestTimeOut(Out):
    item = s.CharField()
    what = s.CharField()
    limit = s.ChoiceField(choices=[limit.value for limit in Limit])
    at = s.DateTimeField(allow_null=True)
    on = s.DateField(allow_null=True)
    missed = s.BooleanField()
    sentence = s.CharField()


class LatestTimesOut(Out):
    start = s.DateTimeField()
    is_booked = s.BooleanField()
    limits = LatestTimeOut(many=True)


class PlanChangedOut(Out):
    preview = s.BooleanField()
    case = CaseOut()


class RecordedOut(Out):
    evidence = EvidenceOut()
    case_version = s.IntegerField()
    case_state = s.CharField()
    booking_released = s.BooleanField()
    verdict = VerdictOut()


class ClearanceAskedOut(Out):
    contact = s.UUIDField()
    reference = s.CharField()
    link_sent = s.BooleanField()
    evidence = EvidenceOut(many=True)
    case_version = s.IntegerField()
    verdict = VerdictOut()


class BookedOut(Out):
    booking = BookingOut()
    case_version = s.IntegerField()
    verdict = VerdictOut()


class MovedOut(Out):
    case_version = s.IntegerField()
    case_state = s.CharField()
    overridden = s.ListField(child=s.CharField())
    verdict = VerdictOut()


class EnteredOut(MovedOut):
    paper = s.CharField()
    gate_would_have = s.ChoiceField(["refused", "open", "open_overridden"], allow_null=True)
    taken = ReasonOut(many=True)


class BoardRowOut(CaseListRowOut):
    claims = ClaimOut(many=True)
    blocking = s.ListField(child=s.CharField())


class BoardOut(Out):
    date = s.DateField()
    as_of = s.DateTimeField()
    v = s.CharField()
    cases = BoardRowOut(many=True)


class TasksOut(Out):
    results = TaskOut(many=True)


class ResourceOut(Out):
    id = s.UUIDField()
    kind = s.CharField()
    name = s.CharField()
    is_active = s.BooleanField()


class ResourcesOut(Out):
    results = ResourceOut(many=True)


class PracticeOut(Out):
    id = s.UUIDField()
    name = s.CharField()
    zone = s.CharField()
    phone = s.CharField()
    address = s.CharField()
    email = s.CharField()
    hours = s.ListField()
    you = s.DictField()


class ProtocolOut(Out):
    id = s.UUIDField()
    name = s.CharField()
    number = s.IntegerField()
    document_hash = s.CharField()
    missing = s.ListField(child=s.CharField())
    adopted_at = s.DateTimeField()
    signed_at = s.DateTimeField(allow_null=True)
    signed_by = s.CharField(allow_blank=True)
    withdrawn_at = s.DateTimeField(allow_null=True)
    in_force = s.BooleanField()


class ProtocolDocumentOut(ProtocolOut):
    document = s.DictField()


class ProtocolsOut(Out):
    shipped = s.ListField(child=s.CharField())
    results = ProtocolOut(many=True)


class DifferenceOut(Out):
    path = s.CharField()
    rule = s.CharField()
    part = s.CharField(allow_blank=True)
    old = s.CharField(allow_null=True)
    new = s.CharField(allow_null=True)
    old_source = s.CharField(allow_blank=True)
    old_confidence = s.CharField(allow_blank=True)
    new_source = s.CharField(allow_blank=True)
    new_confidence = s.CharField(allow_blank=True)
    sentence = s.CharField()


class ProtocolDiffOut(Out):
    version = ProtocolOut()
    against = ProtocolOut()
    differences = DifferenceOut(many=True)


class WordOut(Out):
    status = s.CharField()
    code = s.CharField()
    sentence = s.CharField()


class ItemChangeOut(Out):
    item = s.CharField()
    before = WordOut(allow_null=True)
    after = WordOut(allow_null=True)


class CaseMoveOut(Out):
    case = CaseRowOut()
    seen = s.CharField()
    changes = s.BooleanField()
    blocks_a_booking = s.BooleanField()
    state_before = s.CharField()
    state_after = s.CharField()
    earliest_before = s.DateTimeField(allow_null=True)
    earliest_after = s.DateTimeField(allow_null=True)
    items = ItemChangeOut(many=True)


class MovePreviewOut(Out):
    version = ProtocolOut()
    to = ProtocolOut()
    total = s.IntegerField()
    cases = CaseMoveOut(many=True)
    unreadable = s.ListField(child=s.UUIDField())


class CaseLeftOut(Out):
    case = s.UUIDField()
    code = s.CharField()
    detail = s.CharField()


class CasesMovedOut(Out):
    moved = s.ListField(child=s.UUIDField())
    left = CaseLeftOut(many=True)


class WithdrawnOut(Out):
    protocol = ProtocolOut()
    cases = s.ListField(child=s.UUIDField())


class HealthOut(Out):
    status = s.CharField()
    database = s.CharField()
    queued_messages = s.IntegerField()
    oldest_due_seconds = s.IntegerField()
    broken_records = s.IntegerField()
    oldest_verification_seconds = s.IntegerField(allow_null=True)
