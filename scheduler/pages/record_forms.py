"""What the desk and the clinician record of a case before its day: one small form for each kind of item."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from checklists.rules.codes import code_as_label
from checklists.rules.kinds.before_booking import MEASURES
from checklists.rules.kinds.candidacy import ABSOLUTE, RELATIVE
from checklists.rules.kinds.imaging import NAMES, SHOWS_UPTAKE, STUDIES
from checklists.rules.kinds.pain import SIGNS
from checklists.rules.levels import LevelError, parse_levels
from scheduler.pages.fields import TextField
from scheduler.pages.ward.clearance_form import ClearanceForm
from scheduler.pages.ward.forms import DATE, TIME, ItemForm, LabForm
from scheduler.pages.ward.item_forms import (
    AllergyForm,
    AntibioticForm,
    AuthorisationForm,
    ConsentForm,
    EvaluationForm,
    FollowUpForm,
)

BIOPSIES = [
    ("", "no biopsy, or not known"),
    ("benign", "Benign"),
    ("malignancy", "Malignancy"),
    ("infection", "An infection"),
    ("not_conclusive", "Not conclusive"),
]
LEVELS_LIKE = "T12/L1, L2, or a range T11-L1"
OF_PAIN = ("pain_score", "pain_in_hospital", "pain_despite_care", "pain_worsening", "pain_signs")


class SeenForm(ItemForm):
    """Something that was seen at a moment in the past: a visit, a study. Its date is never filled in beforehand."""

    seen_on = forms.DateField(label="On", widget=forms.DateInput(attrs=DATE))
    seen_at = forms.TimeField(label="At", widget=forms.TimeInput(attrs=TIME))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["seen"] = self.moment("seen_on", "seen_at")
        return data

    def observed_at(self) -> datetime:
        seen: datetime = self.cleaned_data["seen"]
        return seen

    def levels(self, name: str) -> tuple[str, ...]:
        """Coded levels of a text field, or its error; an empty optional field is no level."""
        try:
            return parse_levels([self.cleaned_data[name]]) if self.cleaned_data.get(name) else ()
        except LevelError as error:
            self.add_error(name, str(error))
            return ()


class ConsultForm(SeenForm):
    outcome = forms.ChoiceField(
        label="What did the consult decide?",
        choices=[("procedure", "The procedure"), ("not_candidate", "Not a candidate")],
        widget=forms.RadioSelect,
    )
    at_levels = TextField(label="Levels", max_length=60, required=False, help_text=LEVELS_LIKE)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["levels"] = self.levels("at_levels")
        if data.get("outcome") == "procedure" and not data["levels"] and "at_levels" not in self.errors:
            self.add_error("at_levels", f"Name the levels that the consult decided for: {LEVELS_LIKE}.")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"outcome": data["outcome"], **({"levels": list(data["levels"])} if data["levels"] else {})}


class CandidacyForm(SeenForm):
    indication = TextField(max_length=200)
    exclusions = forms.MultipleChoiceField(
        label="Exclusions that were found",
        choices=[*ABSOLUTE.items(), *RELATIVE.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    no_exclusion = forms.BooleanField(label="None of these exclusions", required=False)
    pain_matches_imaging = forms.ChoiceField(
        label="Does the pain match the imaging?", choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect
    )
    can_lie_prone = forms.ChoiceField(
        label="Can the patient lie face down?", choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect
    )
    pain_score = forms.IntegerField(label="Pain from 0 (none) to 10 (worst)", min_value=0, max_value=10)
    pain_in_hospital = forms.ChoiceField(
        label="Where is the patient?",
        choices=[("no", "At home"), ("yes", "In hospital, for this pain")],
        widget=forms.RadioSelect,
    )
    pain_despite_care = forms.BooleanField(label="In spite of the best other care", required=False)
    pain_worsening = forms.BooleanField(label="The pain gets worse", required=False)
    pain_signs = forms.MultipleChoiceField(
        label="Signs that go with it", choices=list(SIGNS.items()), required=False, widget=forms.CheckboxSelectMultiple
    )

    def offer(self) -> None:
        """Pain is asked about where this pathway wants to know of it, or did."""
        codes = [reason.code for reason in self.asked.finding.reasons]
        if "pain" not in (self.asked.last_value or {}) and "pain_unknown" not in codes:
            for name in OF_PAIN:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if bool(data.get("exclusions")) == bool(data.get("no_exclusion")):
            self.add_error("no_exclusion", "Tick the exclusions that were found, or that there is none: one of both.")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "indication": data["indication"],
            "exclusions": data["exclusions"],
            "pain_matches_imaging": data["pain_matches_imaging"] == "yes",
            "can_lie_prone": data["can_lie_prone"] == "yes",
            **({"pain": self.pain()} if "pain_score" in data else {}),
        }

    def pain(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "score": data["pain_score"],
            "in_hospital": data["pain_in_hospital"] == "yes",
            "despite_care": data["pain_despite_care"],
            "worsening": data["pain_worsening"],
            "signs": data["pain_signs"],
        }


class ImagingForm(SeenForm):
    # Its age counts from this day: a look of today makes no old study fresh.
    seen_on = forms.DateField(label="Day of the study, not of looking at it", widget=forms.DateInput(attrs=DATE))
    modality = forms.ChoiceField(choices=list(STUDIES.items()))
    stage = forms.ChoiceField(
        label="How far is it?",
        choices=[("ordered", "Ordered"), ("done", "Done"), ("result", "Result is in"), ("reviewed", "Looked at")],
    )
    at_levels = TextField(label="Levels shown", max_length=60, help_text=LEVELS_LIKE)
    fluid_sensitive = forms.ChoiceField(
        label="Fluid-sensitive sequence (MRI)?",
        choices=[("", "not known"), ("yes", "Yes"), ("no", "No")],
        required=False,
    )
    contrast = forms.ChoiceField(
        label="With contrast (MRI)?", choices=[("", "not known"), ("yes", "Yes"), ("no", "No")], required=False
    )
    shows = forms.ChoiceField(label="What the biopsy shows", choices=BIOPSIES, required=False)
    oedema_at = TextField(
        label="Levels with marrow oedema", max_length=60, required=False, help_text="Empty where none is reported."
    )
    uptake_at = TextField(
        label="Levels with uptake (bone scan, SPECT/CT)",
        max_length=60,
        required=False,
        help_text="Empty where none is reported.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["levels"], data["oedema"] = self.levels("at_levels"), self.levels("oedema_at")
        data["uptake"] = self.levels("uptake_at")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        value = {"modality": data["modality"], "stage": data["stage"], "levels": list(data["levels"])}
        if data["fluid_sensitive"]:
            value["fluid_sensitive"] = data["fluid_sensitive"] == "yes"
        if data["contrast"] and data["modality"] == "mri":
            value["contrast"] = data["contrast"] == "yes"
        if data["shows"] and data["modality"] == "biopsy":
            value["shows"] = data["shows"]
        if data["stage"] in ("result", "reviewed") and data["modality"] in NAMES:
            value["oedema_levels"] = list(data["oedema"])
        if data["stage"] in ("result", "reviewed") and data["modality"] in SHOWS_UPTAKE:
            value["uptake_levels"] = list(data["uptake"])
        return value


class CareForm(SeenForm):
    """Each measure of conservative care with its dates, and whether they helped together."""

    outcome = forms.ChoiceField(
        label="Did it help?",
        choices=[("not_enough", "Not enough"), ("helped", "It helped"), ("ongoing", "It goes on")],
        widget=forms.RadioSelect,
    )

    def offer(self) -> None:
        super().offer()
        self.fields["seen_on"].label, self.fields["seen_at"].label = "Told on", "Told at"
        for measure in MEASURES:
            for part in ("from", "until"):
                self.fields[f"{measure}_{part}"] = forms.DateField(
                    label=f"{code_as_label(measure)} {part}",
                    required=False,
                    widget=forms.DateInput(attrs=DATE),
                )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for measure in MEASURES:
            began, ended = data.get(f"{measure}_from"), data.get(f"{measure}_until")
            if ended and not began:
                self.add_error(f"{measure}_from", "Give the day on which it began.")
            elif began and ended and ended < began:
                self.add_error(f"{measure}_until", "This is before it began. Exchange the dates.")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        measures = []
        for measure in MEASURES:
            days = {part: data[f"{measure}_{part}"] for part in ("from", "until") if data[f"{measure}_{part}"]}
            if days:
                measures.append({"measure": measure, **{part: day.isoformat() for part, day in days.items()}})
        return {"measures": measures, "outcome": data["outcome"]}


class InjectionForm(SeenForm):
    result = forms.ChoiceField(
        label="What did the injection show?",
        choices=[
            ("confirmed", "It confirmed the levels as the source of the pain"),
            ("not_confirmed", "It did not confirm them"),
            ("ordered", "Ordered, no result yet"),
        ],
        widget=forms.RadioSelect,
    )
    at_levels = TextField(label="Levels tested", max_length=60, required=False, help_text=LEVELS_LIKE)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["levels"] = self.levels("at_levels")
        wanted = data.get("result") in ("confirmed", "not_confirmed")
        if wanted and not data["levels"] and "at_levels" not in self.errors:
            self.add_error("at_levels", f"Name the levels that were tested: {LEVELS_LIKE}.")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["result"] == "ordered":
            return {"stage": "ordered"}
        return {"result": data["result"], "levels": list(data["levels"])}


class DrawnForm(LabForm):
    """A value from before the day: its date is typed, so that nothing old passes for drawn now."""

    def offer(self) -> None:
        super().offer()
        del self.initial["drawn_on"], self.initial["drawn_at"]


# The patient's own items are asked by telephone or on the patient's pages; the day's items belong to the ward.
RECORD_FORMS: Mapping[str, type[ItemForm] | None] = {
    "consult": ConsultForm,
    "candidacy": CandidacyForm,
    "conservative_care": CareForm,
    "diagnostic_injection": InjectionForm,
    "imaging": ImagingForm,
    "allergies": AllergyForm,
    "anesthesia_evaluation": EvaluationForm,
    "antibiotic_plan": AntibioticForm,
    "consent": ConsentForm,
    "authorisation": AuthorisationForm,
    "follow_up": FollowUpForm,
    "labs": DrawnForm,
    "prescriber_clearance": ClearanceForm,
}
