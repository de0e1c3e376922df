"""The infection screen as forms: the signs with "None of these" first, and the nurse's check on arrival."""

from collections.abc import Sequence
from typing import Any

from django import forms

from checklists.rules.codes import code_as_label
from checklists.rules.kinds.infection import ANSWERED
from checklists.rules.protocol import InfectionQuestion, InfectionRule
from scheduler.pages.fields import TextField
from scheduler.pages.ward.forms import DATE, offer_noes
from scheduler.services.bedside import Asked

CLEAR, INFECTION, CONFIRMED, ASSESSED = "clear", "infection", "infection_confirmed", "assessed_not_infection"


def questions_asked_of(rule: InfectionRule, who: str) -> tuple[InfectionQuestion, ...]:
    """What is answered by word; temperature and skin have fields of their own."""
    return tuple(q for q in rule.questions if q.kind in ANSWERED and who in q.asked_of)


class ScreenForm(forms.Form):
    """The signs of infection, each answered yes by a tick and no by its absence."""

    signs = forms.ChoiceField(
        label="Signs",
        choices=[("none", "None of these"), ("some", "One or more, ticked below")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose None of these, or tick the signs that there are."},
    )
    ticked = forms.MultipleChoiceField(label="Which", required=False, widget=forms.CheckboxSelectMultiple)
    replaces = forms.MultipleChoiceField(
        label="This answers, and lifts", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        *args: Any,
        questions: Sequence[InfectionQuestion],
        asked: Asked,
        noes: Sequence[tuple[str, str]],
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.questions, self.asked = questions, asked
        field = self.fields["ticked"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(question.key, question.text) for question in questions]
        for key in self.dated:
            self.fields[f"day_{key}"] = forms.DateField(
                label=f"{code_as_label(key)}: on which day, if so",
                required=False,
                widget=forms.DateInput(attrs=DATE),
            )
        offer_noes(self, list(noes))

    @property
    def dated(self) -> tuple[str, ...]:
        """The dates by which the engine counts a sign to the start itself."""
        return tuple(dict.fromkeys(question.days.after for question in self.questions if question.days))

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[f"day_{key}"] for key in self.dated]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        ticked = data.get("ticked", [])
        if data.get("signs") == "none" and ticked:
            named = "; ".join(question.text for question in self.questions if question.key in ticked)
            self.add_error("signs", f"None of these is chosen, and this is ticked: {named} Correct one of the two.")
        if data.get("signs") == "some" and not ticked:
            self.add_error("ticked", "Tick which signs there are, or choose None of these.")
        return data

    def answers(self) -> dict[str, str]:
        ticked = self.cleaned_data["ticked"]
        return {question.key: "yes" if question.key in ticked else "no" for question in self.questions}

    def screened(self) -> dict[str, Any]:
        days = {key: self.cleaned_data[f"day_{key}"] for key in self.dated}
        dates = {key: day.isoformat() for key, day in days.items() if day}
        return {"answers": self.answers(), **({"dates": dates} if dates else {})}

    def value(self) -> dict[str, Any]:
        return self.screened()


class CheckForm(ScreenForm):
    """The nurse's check; the button that is pressed says the outcome."""

    temperature = forms.FloatField(
        widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal"}),
        error_messages={"required": "Measure the temperature and give the number."},
    )
    unit = forms.ChoiceField(choices=[("C", "°C"), ("F", "°F")], widget=forms.RadioSelect)
    skin = forms.ChoiceField(
        label="Skin where the needle enters",
        choices=[("clear", "Clear"), ("not_clear", "Not clear")],
        widget=forms.RadioSelect,
        error_messages={"required": "Look at the skin, and say whether it is clear."},
    )
    over_on = forms.DateField(
        label="If it is an infection: the day on which it, or its antibiotic, is over",
        required=False,
        widget=forms.DateInput(attrs=DATE),
        help_text="As the clinician expects it; the earliest new date follows. Empty where nobody knows yet.",
    )
    reason = TextField(label="Why it is no infection", required=False, max_length=500)
    outcome = forms.ChoiceField(choices=[(word, word) for word in (CLEAR, INFECTION, CONFIRMED, ASSESSED)])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("outcome") == ASSESSED and not data.get("reason", "").strip():
            self.add_error("reason", "Give the reason why these signs are no infection.")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        outcome = INFECTION if data["outcome"] == CONFIRMED else data["outcome"]
        return {
            "temperature": data["temperature"],
            "unit": data["unit"],
            **self.screened(),
            "skin": data["skin"],
            "outcome": outcome,
            **({"reason": data["reason"].strip()} if outcome == ASSESSED else {}),
            **({"over_on": data["over_on"].isoformat()} if data["over_on"] else {}),
        }
