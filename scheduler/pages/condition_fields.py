"""Conditions of a patient as fields of a form: those that protocols ask about one by one, all others by name."""

from collections.abc import Iterable
from typing import Any

from django import forms

from checklists.rules.asked import ASKED_CODES
from checklists.rules.codes import code_as_label, code_in_words
from checklists.rules.shapes import KEY
from scheduler.pages.fields import TextField

ASKED = [("", "not known yet"), ("yes", "yes"), ("no", "no")]


class ConditionsForm(forms.Form):
    """`ask_about` adds the fields; `conditions` and `denied` are what was answered."""

    codes: tuple[str, ...] = ()

    def ask_about(self, codes: Iterable[str]) -> None:
        """One field for each code, asked and answered or not yet, after one for whatever else there is."""
        self.codes = tuple(codes)
        self.fields["more_conditions"] = TextField(
            label="Other conditions",
            widget=forms.Textarea(attrs={"rows": 2}),
            required=False,
            max_length=3000,
            help_text="One on each line, beside those that are asked below.",
        )
        for code in self.codes:
            meant = ASKED_CODES.get(code, "")
            self.fields[f"has_{code}"] = forms.ChoiceField(
                label=f"{code_as_label(code)}?",
                choices=ASKED,
                required=False,
                help_text=f"{meant[:1].upper()}{meant[1:]}." if meant else "",
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["codes"] = self._named(data)
        return data

    def _named(self, data: dict[str, Any]) -> frozenset[str]:
        codes = frozenset(line.casefold().replace(" ", "_") for line in lines_of(data.get("more_conditions")))
        if wrong := next((code for code in sorted(codes) if not KEY.fullmatch(code)), ""):
            self.add_error("more_conditions", f"'{wrong}' is no condition. Use letters, digits and spaces.")
        if asked := sorted(codes & set(self.codes)):
            self.add_error("more_conditions", f"{code_in_words(asked[0])} is asked below: answer it there.")
        return codes

    def conditions(self) -> frozenset[str]:
        named: frozenset[str] = self.cleaned_data["codes"]
        return self._answered("yes") | named

    def denied(self) -> frozenset[str]:
        return self._answered("no")

    def _answered(self, word: str) -> frozenset[str]:
        return frozenset(code for code in self.codes if self.cleaned_data[f"has_{code}"] == word)


def lines_of(text: str | None) -> list[str]:
    return [" ".join(line.split()) for line in (text or "").splitlines() if line.strip()]
