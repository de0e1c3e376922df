"""The plan of an existing case as one form: what is recorded stands in it, and what is changed is read back."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from checklists.rules.codes import code_in_words
from checklists.rules.conditions_named import conditions_named
from checklists.rules.levels import LevelError, parse_levels
from checklists.rules.protocol import Protocol
from checklists.rules.values import DateAbout, Facts, Medication
from scheduler.pages.condition_fields import ConditionsForm, lines_of
from scheduler.pages.fields import TextField
from scheduler.pages.forms import DATE, UNKNOWN
from scheduler.rules.referrals.cells import read_medication
from scheduler.services.cases import Plan

NOTHING = "none"
DATED = {
    "fractured": "Fracture",
    "onset": "First symptoms",
    "diagnosed": "Diagnosis",
    "worsened": "New fall, new pain or new deficit",
}
LINES = {"rows": 4}
SHORT = {"rows": 2}


class PlanForm(ConditionsForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    shown = TextField(widget=forms.HiddenInput, required=False, max_length=64)
    procedure = forms.ChoiceField(choices=[("kyphoplasty", "kyphoplasty"), ("vertebroplasty", "vertebroplasty")])
    levels = TextField(max_length=60, help_text="T12/L1, L2, or a range T11-L1")
    anesthesia = forms.ChoiceField(
        choices=[("", "undecided: counts as the strictest"), *((c, c) for c in ("local", "sedation", "general"))],
        required=False,
    )
    cause = forms.ChoiceField(
        choices=[UNKNOWN, *((c, c) for c in ("osteoporosis", "malignancy", "trauma", "haemangioma", "steroid"))],
        required=False,
        help_text="Of the fracture. Left unknown, booking waits for it.",
    )
    weight_kg = forms.FloatField(label="Weight in kg", min_value=20, max_value=350, required=False)
    medications = TextField(
        widget=forms.Textarea(attrs=LINES),
        required=False,
        max_length=4000,
        help_text="One on each line; write none where the patient takes nothing. Left empty, booking waits for it. "
        "In parentheses what it depends on: (weekly), (every 8 weeks), (10 mg a day), (topical), (for: stent).",
    )
    allergies = TextField(
        widget=forms.Textarea(attrs=SHORT), required=False, max_length=4000, help_text="One on each line."
    )

    def __init__(self, *args: Any, facts: Facts, protocol: Protocol, version: int, **more: Any) -> None:
        self.facts = facts
        self.listed = {line_of(medication): medication for medication in facts.medications}
        codes = conditions_named(protocol)
        initial = {**initial_of(facts, codes), "version": version}
        super().__init__(*args, **{"initial": initial, **more})
        for name, label in DATED.items():
            self.fields[name] = day_field(f"{label} on", "")
            self.fields[f"{name}_latest"] = day_field(
                f"{label}: at the latest on", "Only where the day is not known exactly: the one above is the earliest."
            )
        self.ask_about(codes)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.read_levels(data)
        for name in DATED:
            self.read_days(data, name)
        return data

    def read_levels(self, data: dict[str, Any]) -> None:
        try:
            data["coded"] = parse_levels([data["levels"]]) if data.get("levels") else ()
        except LevelError as error:
            self.add_error("levels", str(error))

    def read_days(self, data: dict[str, Any], name: str) -> None:
        first, last = data.get(name), data.get(f"{name}_latest")
        if last and not first and name not in self.errors:
            self.add_error(name, "Give the earliest day it can have been.")
        elif first and last and last < first:
            self.add_error(f"{name}_latest", "This is before the earliest day. Exchange the two.")

    def plan(self) -> Plan:
        data, listed = self.cleaned_data, lines_of(self.cleaned_data["medications"])
        names = [line for line in listed if line.casefold() != NOTHING]
        unasked = self.facts.conditions_denied - set(self.codes)
        return Plan(
            procedure=data["procedure"],
            levels=data["coded"],
            cause=data["cause"] or None,
            anesthesia=data["anesthesia"] or None,
            fractured=about(data, "fractured"),
            onset=about(data, "onset"),
            diagnosed=about(data, "diagnosed"),
            worsened=about(data, "worsened"),
            weight_kg=data["weight_kg"],
            allergies=tuple(dict.fromkeys(lines_of(data["allergies"]))),
            conditions=self.conditions(),
            conditions_denied=self.denied() | (unasked - data["codes"]),
            # A line that was not touched is the entry that it was, also where the line cannot say all of it.
            medications=tuple(self.listed.get(line) or read_medication(line) for line in names),
            medications_known=bool(listed),
        )


def day_field(label: str, help_text: str) -> forms.DateField:
    return forms.DateField(label=label, help_text=help_text, required=False, widget=forms.DateInput(attrs=DATE))


def about(data: dict[str, Any], name: str) -> DateAbout | None:
    first: date | None = data[name]
    return DateAbout(first, data[f"{name}_latest"] or first) if first else None


def line_of(medication: Medication) -> str:
    """The entry as a line of the form, in the words that `read_medication` reads."""
    interval, daily = medication.interval_days, medication.daily_mg
    told = (
        f"dose: {medication.dose_tier}" if medication.dose_tier else "",
        medication.route or "",
        {None: "", 1: "daily", 7: "weekly"}.get(interval, f"every {interval} days"),
        f"{daily:g} mg a day" if daily is not None else "",
        f"for: {medication.indication}" if medication.indication else "",
        f"rxcui: {medication.rxcui}" if medication.rxcui else "",
    )
    return " ".join([" ".join(medication.name.split()), *(f"({one})" for one in told if one)])


def initial_of(facts: Facts, codes: Iterable[str]) -> dict[str, Any]:
    listed = [line_of(medication) for medication in facts.medications]
    initial: dict[str, Any] = {
        "procedure": facts.procedure,
        "levels": ", ".join(facts.levels),
        "anesthesia": facts.anesthesia or "",
        "cause": facts.cause or "",
        "weight_kg": facts.weight_kg,
        "medications": "\n".join(listed) or (NOTHING if facts.medications_known else ""),
        "allergies": "\n".join(facts.allergies),
        "more_conditions": "\n".join(code_in_words(code) for code in sorted(facts.conditions - set(codes))),
    }
    for name in DATED:
        if known := getattr(facts, name):
            initial |= {name: known.earliest, **({} if known.exact else {f"{name}_latest": known.latest})}
    for code in codes:
        word = "yes" if code in facts.conditions else "no" if code in facts.conditions_denied else ""
        initial[f"has_{code}"] = word
    return initial
