"""The date of birth in three boxes, in the order that the language writes it."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduler.spoken import language_now

BOXES = {
    "month": (_("Month"), _("Write the month as a number from 1 to 12."), 12),
    "day": (_("Day"), _("Write the day as a number from 1 to 31."), 31),
    "year": (_("Year"), _("Write the year with four digits, like 1950."), 9999),
}
ORDER = {"en": ("month", "day", "year"), "es": ("day", "month", "year")}


class BirthDateForm(forms.Form):
    # Our own words in the language of the page, not the browser's in the language of the phone.
    use_required_attribute = False

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name in ORDER[language_now()]:
            label, said, most = BOXES[name]
            digits = 4 if name == "year" else 2
            self.fields[name] = forms.IntegerField(
                label=label,
                min_value=1000 if name == "year" else 1,
                max_value=most,
                error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), said),
                widget=forms.TextInput(
                    attrs={"inputmode": "numeric", "autocomplete": f"bday-{name}", "maxlength": digits, "size": digits}
                ),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if {"month", "day", "year"} <= set(data):
            try:
                data["born_on"] = date(data["year"], data["month"], data["day"])
            except ValueError:
                self.add_error("day", _("There is no such day. Check the day and the month."))
        return data
