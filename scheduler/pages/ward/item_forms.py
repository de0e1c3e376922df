"""The small form of each kind of item, and those of what is decided, documented and owed before discharge."""

from collections.abc import Mapping
from typing import Any

from django import forms

from checklists.rules.codes import code_as_label
from checklists.rules.kinds.allergies import ALLERGENS
from checklists.rules.kinds.recovery import AFTER_CARE_TOPICS, FOLLOW_UP_TOPICS
from checklists.rules.kinds.restart import RESTART
from checklists.rules.levels import parse_levels
from checklists.rules.protocol import Statement
from checklists.rules.values import Authority
from scheduler.pages.fields import TextField
from scheduler.pages.ward.clearance_form import ClearanceForm
from scheduler.pages.ward.forms import (
    DATE,
    AdultForm,
    Bedside,
    FastingForm,
    ItemForm,
    LabForm,
    RestartForm,
    RideForm,
)
from scheduler.pages.ward.hold_form import HoldForm
from scheduler.services.bedside import Asked

LONGEST = 200


def asked_as(label: str, *choices: tuple[str, str]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect)


def line(label: str) -> TextField:
    return TextField(label=label, max_length=LONGEST, required=False)


def day(label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs=DATE))


def said(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Those of the fields that were filled in."""
    return {key: data[key] for key in keys if data.get(key) not in (None, "", [])}


class LevelsForm(ItemForm):
    """A form with a field of levels, typed out by whoever reads them from the paper."""

    def clean_levels(self) -> list[str]:
        text = self.cleaned_data["levels"]
        try:
            return list(parse_levels([text])) if text else []
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def demand(self, *names: str) -> None:
        """What this answer needs besides."""
        for name in names:
            if name not in self.errors and not self.cleaned_data.get(name):
                self.add_error(name, "This is needed with this answer.")


class AllergyForm(ItemForm):
    substances = line("What exactly, separated by commas")

    def offer(self) -> None:
        last = self.asked.last_value or {}
        for name in ALLERGENS:
            self.fields[name] = asked_as(
                f"Allergic to {name}?", ("none", "No"), ("known", "Yes"), ("unknown", "Not known")
            )
        self.initial["substances"] = ", ".join(last.get("substances", ()))
        self.order_fields([*ALLERGENS, "substances"])

    def value(self) -> dict[str, Any]:
        named = [text.strip() for text in self.cleaned_data["substances"].split(",") if text.strip()]
        return {name: self.cleaned_data[name] for name in ALLERGENS} | ({"substances": named} if named else {})


class PregnancyForm(ItemForm):
    result = asked_as(
        "Pregnancy test",
        ("negative", "Negative"),
        ("positive", "Positive"),
        ("indeterminate", "Not clear"),
        ("declined", "Declined"),
        ("not_possible", "Not needed: pregnancy is not possible"),
    )
    reason = line("Why it is not possible, or declined")

    def value(self) -> dict[str, Any]:
        return said(self.cleaned_data, "result", "reason")


class EvaluationForm(ItemForm):
    outcome = asked_as("Fit for the anesthesia?", ("fit", "Fit"), ("not_fit", "Not fit"))
    anesthesia = asked_as(
        "Evaluated for", ("local", "Local anesthesia"), ("sedation", "Sedation"), ("general", "General anesthesia")
    )
    asa_class = forms.IntegerField(label="ASA class, if given", min_value=1, max_value=6, required=False)
    note = line("Note")

    def value(self) -> dict[str, Any]:
        return said(self.cleaned_data, "outcome", "anesthesia", "asa_class", "note")


class AntibioticForm(ItemForm):
    before_iv = line("Before, by vein")
    after_prescription = line("After, by prescription")
    none = forms.BooleanField(label="No antibiotic is given", required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("none")) == bool(said(data, "before_iv", "after_prescription")):
            self.add_error("none", "Name an antibiotic, or tick that none is given; not both.")
        return data

    def value(self) -> dict[str, Any]:
        if self.cleaned_data["none"]:
            return {"plan": "none"}
        return {"plan": "antibiotic", **said(self.cleaned_data, "before_iv", "after_prescription")}


class ConsentForm(LevelsForm):
    answer = asked_as("Consent", ("signed", "Signed"), ("refused", "The patient does not consent"))
    procedure = forms.ChoiceField(
        label="Procedure that the consent names",
        choices=[("", "-"), ("kyphoplasty", "Kyphoplasty"), ("vertebroplasty", "Vertebroplasty")],
        required=False,
    )
    levels = line("Levels that the consent names")
    reason = line("Why not, if refused")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("answer") == "signed":
            self.demand("procedure", "levels")
        return data

    def value(self) -> dict[str, Any]:
        if self.cleaned_data["answer"] == "refused":
            return {"refused": True, **said(self.cleaned_data, "reason")}
        return {"signed": True, **said(self.cleaned_data, "procedure", "levels")}


class AuthorisationForm(LevelsForm):
    answer = asked_as(
        "What does the payer say?",
        ("given", "Authorised"),
        ("not_needed", "No authorisation is needed"),
        ("refused", "Refused"),
        ("asked", "Asked, no answer yet"),
    )
    payer = TextField(max_length=LONGEST)
    number = line("Number")
    levels = line("Levels")
    valid_from = day("Valid from")
    valid_until = day("Valid until, that day included")
    reason = line("Why not, if refused")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("answer") == "given":
            self.demand("number", "levels", "valid_from", "valid_until")
            if not self.errors and data["valid_until"] < data["valid_from"]:
                self.add_error("valid_until", "This is before the first day. Exchange the two.")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["answer"] == "given":
            days = {key: data[key].isoformat() for key in ("valid_from", "valid_until")}
            return {**said(data, "payer", "number", "levels"), **days}
        if data["answer"] == "asked":
            return {"answer": "asked", "payer": data["payer"]}
        return {data["answer"]: True, **said(data, "payer", *(["reason"] if data["answer"] == "refused" else []))}


class RecoveryForm(ItemForm):
    observed_minutes = forms.IntegerField(label="Minutes observed", min_value=0, max_value=2880)
    flat_minutes = forms.IntegerField(label="Of these lying flat", min_value=0, max_value=2880, required=False)
    vital_signs = asked_as("Vital signs", ("stable", "Stable"), ("unstable", "Not stable"))
    reactions = asked_as("Allergic or other reaction", ("none", "None seen"), ("seen", "Seen"))
    pain = forms.IntegerField(label="Pain, 0 to 10", min_value=0, max_value=10)

    def value(self) -> dict[str, Any]:
        return said(self.cleaned_data, "observed_minutes", "flat_minutes", "vital_signs", "reactions", "pain")


class TopicsForm(ItemForm):
    """Every topic that the protocol wants, and those that it does not, each to be ticked."""

    topics = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def offer_topics(self, label: str, rows: tuple[Statement, ...], names: tuple[str, ...]) -> None:
        wanted = {row.topic: f"{code_as_label(row.topic)}: {row.says}" for row in rows}
        others = {name: f"{code_as_label(name)}, if told" for name in names if name not in wanted}
        field = self.fields["topics"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.label, field.choices = label, [*wanted.items(), *others.items()]


class AfterCareForm(TopicsForm):
    def offer(self) -> None:
        self.offer_topics("Explained to the patient", self.bedside.protocol.after_care, AFTER_CARE_TOPICS)
        self.initial["topics"] = (self.asked.last_value or {}).get("explained", ())

    def value(self) -> dict[str, Any]:
        return {"explained": self.cleaned_data["topics"]}


class FollowUpForm(TopicsForm):
    visit_on = day("Day of the visit, if it is set")

    def offer(self) -> None:
        self.offer_topics("Arranged", self.bedside.protocol.follow_up, FOLLOW_UP_TOPICS)
        self.initial["topics"] = (self.asked.last_value or {}).get("arranged", ())

    def value(self) -> dict[str, Any]:
        visit = self.cleaned_data["visit_on"]
        return {"arranged": self.cleaned_data["topics"], **({"visit_on": visit.isoformat()} if visit else {})}


# None: not found out at the bedside, or on a page of its own.
FORMS: Mapping[str, type[ItemForm] | None] = {
    "consult": None,
    "candidacy": None,
    "conservative_care": None,
    "diagnostic_injection": None,
    "imaging": None,
    "labs": LabForm,
    "prescriber_clearance": ClearanceForm,
    "hold": HoldForm,
    "fasting": FastingForm,
    "ride": RideForm,
    "infection_prescreen": None,
    "infection_check": None,
    "allergies": AllergyForm,
    "pregnancy": PregnancyForm,
    "anesthesia_evaluation": EvaluationForm,
    "antibiotic_plan": AntibioticForm,
    "consent": ConsentForm,
    "authorisation": AuthorisationForm,
    "restart_decision": RestartForm,
    "recovery_observation": RecoveryForm,
    "after_care": AfterCareForm,
    "follow_up": FollowUpForm,
    "responsible_adult": AdultForm,
}


def form_of(
    asked: Asked,
    bedside: Bedside,
    number: int,
    posted: Any = None,
    forms_of: Mapping[str, type[ItemForm] | None] = FORMS,
) -> ItemForm | None:
    """The small form of an item; `number` keeps the ids of a page's many forms apart."""
    made = forms_of.get(asked.finding.kind)
    if made is None or (asked.finding.kind == RESTART.name and bedside.authority < Authority.CLINICIAN):
        return None
    return made(posted, asked=asked, bedside=bedside, auto_id=f"item{number}-%s")
