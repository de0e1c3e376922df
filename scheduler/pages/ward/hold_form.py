"""What a nurse or clinician records of a drug: its last dose, or what its finding asks for instead."""

from typing import Any

from django import forms

from checklists.rules.asked import ASKED_CODES, codes_wanted
from checklists.rules.decisions import CONTINUE, INSTRUCTION, STOP, WHOSE
from scheduler.pages.fields import TextField
from scheduler.pages.ward.forms import DoseForm

DECISIONS = {
    CONTINUE: "It goes on, also for the procedure",
    STOP: "It is stopped, for so many hours before the start",
    INSTRUCTION: "A written instruction is on file",
}
ANSWERS = [("no", "No"), ("yes", "Yes"), ("not_sure", "Not sure")]
MOST_HOURS = 24 * 60


class HoldForm(DoseForm):
    """The last dose; where the finding asks for them, conditions of the drug or a decision about it."""

    conditions: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()

    def offer(self) -> None:
        codes = tuple(reason.code for reason in self.asked.finding.reasons)
        self.conditions = codes_wanted(codes)
        if self.conditions:
            self._ask_conditions()
        elif "clinician_decision" in codes:
            self.decisions = self._possible_decisions()
            if self.decisions:
                self._ask_decision()

    def _possible_decisions(self) -> tuple[str, ...]:
        """Those that settle a row of this drug and that this person may record."""
        drug = self.asked.item.partition(":")[2]
        settling = {one for row in self.bedside.protocol.holds if row.drug == drug for one in row.settled_by}
        return tuple(one for one in DECISIONS if one in settling and self.bedside.authority >= WHOSE[one])

    def _ask_conditions(self) -> None:
        for name in ("answer", "day", "at"):
            del self.fields[name]
        for code in self.conditions:
            label = f"{ASKED_CODES[code][:1].upper()}{ASKED_CODES[code][1:]}?"
            self.fields[code] = forms.ChoiceField(label=label, choices=ANSWERS, widget=forms.RadioSelect)

    def _ask_decision(self) -> None:
        for name in ("day", "at"):
            del self.fields[name]
        choices = [(one, DECISIONS[one]) for one in self.decisions]
        self.fields["answer"] = forms.ChoiceField(label="What is decided?", choices=choices, widget=forms.RadioSelect)
        self.fields["decided_by"] = TextField(label="Who decided", max_length=120)
        if STOP in self.decisions:
            self.fields["hours"] = forms.IntegerField(
                label="Hours since the last dose, if it is stopped", min_value=1, max_value=MOST_HOURS, required=False
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() if not self.decisions else forms.Form.clean(self) or {}
        if self.decisions and data.get("answer") == STOP and not data.get("hours") and "hours" not in self.errors:
            self.add_error("hours", "Give the hours that were decided, or choose another answer.")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.conditions:
            return {"answers": {code: data[code] for code in self.conditions}}
        if not self.decisions:
            return super().value()
        decided = {"decision": data["answer"], "decided_by": data["decided_by"]}
        return {**decided, "hours": data["hours"]} if data["answer"] == STOP else decided
