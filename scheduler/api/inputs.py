"""What requests may say. Unknown fields are refused, times carry an offset, text is bounded."""

from dataclasses import replace
from typing import Any

from rest_framework import serializers

from checklists.rules.kinds.clearance import WAYS
from checklists.rules.values import DateAbout, Medication
from scheduler.api.fields import (
    BIRTH_YEARS,
    CodeField,
    DayField,
    DigitsField,
    IdField,
    MomentField,
    NumberField,
    PasswordField,
    Strict,
    TruthField,
    WholeField,
    WordField,
    optional_text,
    text,
)
from scheduler.models import Contact
from scheduler.rules.downtime import STEPS, PaperTimes
from scheduler.rules.transitions import ENDINGS
from scheduler.services.bookings import Slot
from scheduler.services.cases import Plan
from scheduler.services.people import NewContact, NewPatient


class ContactIn(Strict):
    kind = WordField(list(Contact.KINDS), default="patient")
    name = optional_text(name=True)
    email = serializers.EmailField(required=False, allow_blank=True, default="")
    phone = optional_text(40)
    address = optional_text(300, lines=True)
    permission = optional_text(200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs["email"] or attrs["phone"]):
            raise serializers.ValidationError({"phone": ["Give an e-mail address or a phone number."]})
        return attrs

    @staticmethod
    def value(data: dict[str, Any]) -> NewContact:
        return NewContact(**data)


class PatientIn(Strict):
    family_name = text(100, name=True)
    given_name = text(100, name=True)
    born_on = DayField(years=BIRTH_YEARS)
    sex = WordField(["female", "male", "other"], required=False, default="")
    language = WordField(["en", "es"], default="en")
    record_number = optional_text(40)
    contacts = ContactIn(many=True, max_length=20, required=False, default=list)  # type: ignore[call-arg]

    @staticmethod
    def value(data: dict[str, Any]) -> NewPatient:
        return NewPatient(**{name: value for name, value in data.items() if name != "contacts"})


class PatientSearchIn(Strict):
    text = optional_text(100)
    born_on = DayField(years=BIRTH_YEARS, required=False, default=None)


class DateAboutIn(Strict):
    """`on` for a known date; `earliest` and `latest` for one that is known about."""

    on = DayField(required=False, default=None)
    earliest = DayField(required=False, default=None)
    latest = DayField(required=False, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        on, earliest, latest = attrs["on"], attrs["earliest"], attrs["latest"]
        if (on is None) == (earliest is None or latest is None):
            raise serializers.ValidationError("Give either 'on', or both 'earliest' and 'latest'.")
        if earliest and latest and earliest > latest:
            raise serializers.ValidationError({"latest": [f"{latest} is before {earliest}. Swap them."]})
        return attrs


class MedicationIn(Strict):
    name = text()
    dose_tier = text(80, required=False, allow_null=True, default=None)
    route = text(40, required=False, allow_null=True, default=None)
    indication = text(120, required=False, allow_null=True, default=None)
    interval_days = WholeField(min_value=1, max_value=400, required=False, allow_null=True, default=None)
    rxcui = DigitsField(max_length=10, required=False, allow_null=True, default=None)
    daily_mg = NumberField(min_value=0.001, max_value=100_000, required=False, allow_null=True, default=None)


class PlanIn(Strict):
    procedure = WordField(["kyphoplasty", "vertebroplasty"])
    levels = serializers.ListField(child=text(12), min_length=1, max_length=10)
    cause = WordField(
        ["osteoporosis", "malignancy", "trauma", "haemangioma", "steroid"], required=False, allow_null=True
    )
    anesthesia = WordField(["local", "sedation", "general"], required=False, allow_null=True)
    fractured = DateAboutIn(required=False, allow_null=True)
    onset = DateAboutIn(required=False, allow_null=True)
    diagnosed = DateAboutIn(required=False, allow_null=True)
    # The last new fall, new pain or new deficit: images and assessments from before do not count.
    worsened = DateAboutIn(required=False, allow_null=True)
    weight_kg = NumberField(min_value=20, max_value=350, required=False, allow_null=True)
    allergies = serializers.ListField(child=text(80), max_length=50, required=False)
    conditions = serializers.ListField(child=CodeField(max_length=60), max_length=50, required=False)
    conditions_denied = serializers.ListField(child=CodeField(max_length=60), max_length=50, required=False)
    # null: nobody has asked yet, and booking waits for the answer. [] says that nothing is taken.
    # With many=True an entry of the list might be null as well.
    medications: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=MedicationIn(), max_length=50, required=False, allow_null=True
    )

    @staticmethod
    def value(data: dict[str, Any]) -> Plan:
        taken = data.get("medications")
        return Plan(
            procedure=data["procedure"],
            levels=tuple(data["levels"]),
            cause=data.get("cause"),
            anesthesia=data.get("anesthesia"),
            fractured=_about(data.get("fractured")),
            onset=_about(data.get("onset")),
            diagnosed=_about(data.get("diagnosed")),
            worsened=_about(data.get("worsened")),
            weight_kg=data.get("weight_kg"),
            allergies=tuple(data.get("allergies", ())),
            conditions=frozenset(data.get("conditions", ())),
            conditions_denied=frozenset(data.get("conditions_denied", ())),
            medications=tuple(Medication(**medication) for medication in taken or ()),
            medications_known=taken is not None,
        )


def _about(data: dict[str, Any] | None) -> DateAbout | None:
    if data is None:
        return None
    return DateAbout(data["on"] or data["earliest"], data["on"] or data["latest"])


class CaseIn(PlanIn):
    patient = IdField()
    protocol = text(100)
    previous = IdField(required=False, allow_null=True, default=None)


class Versioned(Strict):
    """`version`: the case's version that the writer saw."""

    version = WholeField(min_value=0)


class PlanChangeIn(PlanIn, Versioned):
    """What is left out stays as it is recorded; null, or an empty list, takes it back."""

    preview = TruthField(default=False)

    @staticmethod
    def value(data: dict[str, Any]) -> Plan:
        left_out = {name for name, field in PlanIn().fields.items() if not field.required} - data.keys()
        return replace(PlanIn.value(data), keeps=frozenset(left_out))


class EvidenceIn(Strict):
    """`version`: the item's version that the writer saw (0 when nothing was recorded yet)."""

    item = text()
    value = serializers.DictField()
    observed_at = MomentField()
    said_by = WordField(["patient", "caregiver", "escort", "prescriber", "staff"])
    version = WholeField(min_value=0)
    supersedes = serializers.ListField(child=IdField(), max_length=50, required=False, default=list)


class ClearanceItemIn(Strict):
    """`version`: the item's version that the writer saw."""

    item = text()
    version = WholeField(min_value=0)


class ClearanceIn(Strict):
    """`contact`: a contact of kind prescriber; `items`: what they are asked about."""

    contact = IdField()
    how = WordField(list(WAYS))
    items = ClearanceItemIn(many=True, min_length=1, max_length=20)  # type: ignore[call-arg]


class ErrorIn(Strict):
    """`version`: the item's version that the writer saw."""

    version = WholeField(min_value=0)
    reason = text(500, lines=True)


class SlotIn(Versioned):
    starts_at = MomentField()
    room = IdField()
    proceduralist = IdField()
    bay = IdField()

    @staticmethod
    def value(data: dict[str, Any]) -> Slot:
        return Slot(data["starts_at"], data["room"], data["proceduralist"], data["bay"])


class ReleaseIn(Versioned):
    reason = text(500, lines=True)


class EmptyIn(Strict):
    pass


class SignIn(Strict):
    """`password`: the clinician's own, typed for this signature; without it the answer is 401."""

    password = PasswordField(required=False, allow_blank=True, default="")


class EndIn(Versioned):
    ending = WordField(list(ENDINGS), default="cancelled")
    reason = text(500, lines=True)


class ReviewIn(Versioned):
    """`inputs` as shown with the finding; the signature holds for starts in [start_from, start_until]."""

    item = text()
    inputs = text(64)
    start_from = MomentField()
    start_until = MomentField()
    note = optional_text(1000, lines=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["start_from"] > attrs["start_until"]:
            raise serializers.ValidationError({"start_until": ["It is before start_from. Swap them."]})
        return attrs


class SecondPersonIn(Strict):
    email = serializers.EmailField()
    password = PasswordField()


class OverrideIn(Versioned):
    """`password`: the clinician's own, typed for this override; `second`: another clinician or nurse signs in too."""

    item = text()
    inputs = text(64)
    reason = text(1000, lines=True)
    password = PasswordField(required=False, allow_blank=True, default="")
    second = SecondPersonIn(required=False, allow_null=True, default=None)


class PlaceIn(Strict):
    room = IdField()
    proceduralist = IdField()
    bay = IdField()


class DowntimeIn(Versioned):
    """What was done on paper. A time that the system already has is left out, as is what did not happen yet.

    `decided_by`: the e-mail of the clinician who let it begin. `password`: the caller's own, if they are a clinician;
    else `clinician` signs in. `second`: needed where the gate would have refused. `place`: where it was done, needed
    for a case that was not booked for that day. `although_taken`: enter it though somebody else claims the place.
    """

    paper = text(40)
    reason = text(500)
    decided_by = serializers.EmailField()
    password = PasswordField(required=False, allow_blank=True, default="")
    clinician = SecondPersonIn(required=False, allow_null=True, default=None)
    second = SecondPersonIn(required=False, allow_null=True, default=None)
    started_at = MomentField(required=False, allow_null=True, default=None)
    arrived_at = MomentField(required=False, allow_null=True, default=None)
    checked_in_at = MomentField(required=False, allow_null=True, default=None)
    finished_at = MomentField(required=False, allow_null=True, default=None)
    discharged_at = MomentField(required=False, allow_null=True, default=None)
    place = PlaceIn(required=False, allow_null=True, default=None)
    although_taken = TruthField(default=False)

    @staticmethod
    def times(data: dict[str, Any]) -> PaperTimes:
        return PaperTimes(**{step: data[step] for step in STEPS})


class TaskDoneIn(Strict):
    outcome = text(1000, lines=True)
    version = WholeField(min_value=1)


class AdoptIn(Strict):
    name = text(100)


class SeenCaseIn(Strict):
    """`seen`: as the preview of the move showed it with the case."""

    case = IdField()
    seen = text(64)


class MoveCasesIn(Strict):
    """`password`: the clinician's own, typed for this move."""

    to = IdField()
    cases = SeenCaseIn(many=True, min_length=1, max_length=200)  # type: ignore[call-arg]
    password = PasswordField(required=False, allow_blank=True, default="")


class WithdrawIn(SignIn):
    """`password`: as for signing."""

    reason = text(500, lines=True)
