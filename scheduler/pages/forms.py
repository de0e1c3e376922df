"""The desk's forms: what a person types, as the values that services take."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms

from checklists.rules.sitetime import opening_of, wall_instant
from checklists.rules.values import DateAbout
from scheduler.models import Practice, Resource
from scheduler.pages.condition_fields import ConditionsForm, lines_of
from scheduler.pages.fields import TextField
from scheduler.rules.referrals.cells import read_medication
from scheduler.rules.texts import LANGUAGES
from scheduler.rules.transitions import ENDINGS
from scheduler.services.bookings import Slot
from scheduler.services.cases import Plan
from scheduler.services.people import NewContact, NewPatient

RELEASE = "release"  # of the booking: the case goes on
UNKNOWN = ("", "not known yet")
DATE = {"type": "date"}
OUTSIDE = "outside_hours"


class CaseForm(ConditionsForm):
    """What is planned and known of a case besides its patient."""

    procedure = forms.ChoiceField(choices=[("kyphoplasty", "kyphoplasty"), ("vertebroplasty", "vertebroplasty")])
    levels = TextField(max_length=60, help_text="T12/L1, L2, or a range T11-L1")
    cause = forms.ChoiceField(
        choices=[UNKNOWN, *((c, c) for c in ("osteoporosis", "malignancy", "trauma", "haemangioma", "steroid"))],
        required=False,
    )
    fractured_on = forms.DateField(label="Fracture on", widget=forms.DateInput(attrs=DATE), required=False)
    anesthesia = forms.ChoiceField(
        choices=[("", "undecided: counts as the strictest"), *((c, c) for c in ("local", "sedation", "general"))],
        required=False,
    )
    weight_kg = forms.FloatField(label="Weight in kg", min_value=20, max_value=350, required=False)
    medications = TextField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=2000,
        help_text="One on each line; write none where the patient takes nothing. Left empty, booking waits for it. "
        "In parentheses what it depends on: (weekly), (every 8 weeks), (10 mg a day), (topical), (for: stent).",
    )
    allergies = TextField(
        widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=4000, help_text="One on each line."
    )
    protocol = forms.ChoiceField(choices=[])

    def __init__(self, *args: Any, protocols: list[str], asked: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.ask_about(asked)
        field = self.fields["protocol"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in protocols]

    def plan(self) -> Plan:
        data = self.cleaned_data
        fractured = data["fractured_on"]
        lines = [line.strip() for line in data["medications"].splitlines() if line.strip()]
        names = [line for line in lines if line.casefold() != "none"]
        return Plan(
            procedure=data["procedure"],
            levels=(data["levels"],),
            cause=data["cause"] or None,
            anesthesia=data["anesthesia"] or None,
            fractured=DateAbout(fractured, fractured) if fractured else None,
            weight_kg=data["weight_kg"],
            allergies=tuple(dict.fromkeys(lines_of(data["allergies"]))),
            conditions=self.conditions(),
            conditions_denied=self.denied(),
            medications=tuple(read_medication(name) for name in names),
            medications_known=bool(lines),
        )


class NewCaseForm(CaseForm):
    """The same with a new patient, whose fields come first."""

    field_order = ("family_name", "given_name", "born_on", "sex", "language", "record_number", "email", "phone")
    family_name = TextField(max_length=100)
    given_name = TextField(max_length=100)
    born_on = forms.DateField(label="Born on", widget=forms.DateInput(attrs=DATE))
    sex = forms.ChoiceField(
        choices=[UNKNOWN, ("female", "female"), ("male", "male"), ("other", "other")], required=False
    )
    language = forms.ChoiceField(
        choices=list(LANGUAGES.items()), required=False, help_text="The patient's mails and questions come in it."
    )
    record_number = TextField(max_length=40, required=False)
    email = forms.EmailField(label="E-mail", required=False, help_text="Invites go here. Without it the desk calls.")
    phone = TextField(max_length=40, required=False)

    def patient(self) -> NewPatient:
        data = self.cleaned_data
        return NewPatient(
            data["family_name"],
            data["given_name"],
            data["born_on"],
            data["sex"],
            data["language"] or "en",
            data["record_number"],
        )

    def contact(self) -> NewContact | None:
        email, phone = self.cleaned_data["email"], self.cleaned_data["phone"]
        return NewContact(email=email, phone=phone) if email or phone else None


class StartForm(forms.Form):
    """Wall time in the practice's zone; a time that the clock change skips is refused."""

    day = forms.DateField(widget=forms.DateInput(attrs=DATE))
    at = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}))

    def __init__(self, *args: Any, practice: Practice, **more: Any) -> None:
        super().__init__(*args, **more)
        self.site = practice.site

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "day" in data and "at" in data:
            try:
                data["starts_at"] = wall_instant(data["day"], data["at"], self.site.tz)
            except ValueError as error:
                self.add_error("at", str(error))
        return data


class SlotForm(StartForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    room = forms.ChoiceField(choices=[])
    proceduralist = forms.ChoiceField(choices=[])
    bay = forms.ChoiceField(label="Recovery bay", choices=[])

    def __init__(self, *args: Any, practice: Practice, **more: Any) -> None:
        super().__init__(*args, practice=practice, **more)
        active = Resource.objects.filter(practice=practice, is_active=True).order_by("name")
        for kind in ("room", "proceduralist", "bay"):
            field = self.fields[kind]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(str(r.pk), r.name) for r in active if r.kind == kind]

    def clean(self) -> dict[str, Any]:
        """A start outside the opening hours is asked about once more: it may be meant, or the wrong day."""
        data = super().clean()
        if "starts_at" in data and not self._is_open(data["starts_at"]):
            self.fields[OUTSIDE] = forms.BooleanField(label="Outside the opening hours, and meant so", required=False)
            if OUTSIDE not in self.data:
                day = f"{data['day']:%A}, {data['day'].day} {data['day']:%B}"
                self.add_error(OUTSIDE, f"On {day} at {data['at']:%H:%M} it is closed. Correct it, or tick the box.")
        return data

    def _is_open(self, start: datetime) -> bool:
        opening = opening_of(start.astimezone(self.site.tz).date(), self.site)
        return not any(self.site.hours) or (opening is not None and opening[0] <= start < opening[1])

    def slot(self) -> Slot:
        data = self.cleaned_data
        starts_at: datetime = data["starts_at"]
        room, proceduralist, bay = (UUID(data[kind]) for kind in ("room", "proceduralist", "bay"))
        return Slot(starts_at, room, proceduralist, bay)


class EndForm(forms.Form):
    version = forms.IntegerField()
    ending = forms.ChoiceField(choices=[(code, code) for code in (RELEASE, *ENDINGS)])
    reason = TextField(max_length=500, error_messages={"required": "Say why in a few words."})


class TaskDoneForm(forms.Form):
    version = forms.IntegerField()
    outcome = TextField(max_length=1000)
