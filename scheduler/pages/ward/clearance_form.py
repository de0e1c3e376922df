"""What the prescriber of one drug answered, as whoever heard or read it writes it down."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from checklists.rules.asked import condition_named
from checklists.rules.doses import AGREED
from checklists.rules.kinds.clearance import MOST_HOURS
from checklists.rules.known import TOLD
from checklists.rules.sitetime import dose_on
from scheduler.pages.fields import TextField
from scheduler.pages.ward.forms import DATE, ItemForm

ANSWERED = {
    "agreed": "Agreed: it may be stopped",
    "continue": "It must go on; the procedure may be done while it is taken",
    "refused": "Does not agree: not to be stopped for this procedure",
    "asked": "Asked, no answer yet",
}
DETAILS = ("last_dose_on", "hold_hours", "bridging", "bridging_how", "reason")
BRIDGED = [("", "Not said"), ("no", "No"), ("yes", "Yes")]


class ClearanceForm(ItemForm):
    answer = forms.ChoiceField(
        label="What did the prescriber say?", choices=list(ANSWERED.items()), widget=forms.RadioSelect
    )
    prescriber = TextField(label="Who answered", max_length=120)
    how = forms.ChoiceField(choices=[(way, way) for way in ("phone", "letter", "fax", "message")])
    answered_on = forms.DateField(label="When, if not now", required=False, widget=forms.DateInput(attrs=DATE))
    last_dose_on = forms.DateField(
        label="Last dose they named, if any", required=False, widget=forms.DateInput(attrs=DATE)
    )
    hold_hours = forms.IntegerField(
        label="Or hours without it before the procedure", required=False, min_value=0, max_value=MOST_HOURS
    )
    bridging = forms.ChoiceField(label="Bridging?", choices=BRIDGED, required=False)
    bridging_how = TextField(label="Bridging with what, until when", max_length=300, required=False)
    reason = TextField(label="Their reason", max_length=300, required=False)
    told = forms.MultipleChoiceField(
        label="They answered knowing that the patient has", required=False, widget=forms.CheckboxSelectMultiple
    )

    def offer(self) -> None:
        said, told = self.asked.last_value or {}, self.fields["told"]
        assert isinstance(told, forms.MultipleChoiceField)
        told.choices = [(code, condition_named(code)) for code in self.asked.tell]
        if not self.asked.tell:
            del self.fields["told"]
        self.initial["told"] = said.get(TOLD, [])
        self.initial.update({key: said[key] for key in ("prescriber", "how") if key in said})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("last_dose_on", "hold_hours", "bridging"):
            if data.get(name) not in (None, "") and data.get("answer") != AGREED:
                self.add_error(name, "This belongs to an agreement. Leave it empty, or choose another answer.")
        if data.get("last_dose_on") and data.get("hold_hours") is not None:
            self.add_error("hold_hours", "Give the day or the hours, not both.")
        check_bridging(self, data)
        data["answered"] = self.answered_at()
        return data

    def answered_at(self) -> datetime:
        """Now, or the end of the day that was typed; never ahead."""
        day, now = self.cleaned_data.get("answered_on"), self.bedside.now
        if day is None or day == now.astimezone(self.bedside.tz).date():
            return now
        if day > now.astimezone(self.bedside.tz).date():
            self.add_error("answered_on", f"{day} lies ahead. Give the day of the answer.")
            return now
        return dose_on(day, self.bedside.tz)

    def observed_at(self) -> datetime:
        answered: datetime = self.cleaned_data["answered"]
        return answered

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        knew = {TOLD: data["told"]} if "told" in data and data["answer"] == AGREED else {}
        return {**knew, "answer": data["answer"], "prescriber": data["prescriber"], "how": data["how"], **details(data)}


def check_bridging(form: forms.Form, data: Mapping[str, Any]) -> None:
    """A bridge is described, and what is described is a bridge."""
    if data.get("bridging") == "yes" and not data.get("bridging_how"):
        form.add_error("bridging_how", "Say with what, and until when.")
    if data.get("bridging_how") and data.get("bridging") != "yes":
        form.add_error("bridging", "Say yes to bridging, or leave out how.")


def details(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was said besides the answer itself."""
    said = {name: data[name] for name in DETAILS if data.get(name) not in (None, "")}
    if "last_dose_on" in said:
        said["last_dose_on"] = said["last_dose_on"].isoformat()
    return said
