"""What an administrator types into the settings."""

from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django import forms

from scheduler.models import Membership, Practice
from scheduler.pages.fields import TextField
from scheduler.rules import texts
from scheduler.services.practices import NewPractice

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HHMM = "%H:%M"


def zones() -> list[str]:
    """Places only: America/New_York, not the Etc/ and legacy names."""
    areas = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return sorted(name for name in available_timezones() if name.partition("/")[0] in areas)


PRACTICE_FIELDS = ("name", "zone", "phone", "email", "address", "fax")


class PracticeForm(forms.Form):
    """Two boxes for each weekday, both left empty where the practice is closed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = TextField(max_length=120)
    zone = forms.ChoiceField(label="Time zone", choices=[])
    phone = TextField(max_length=40, help_text="The number that patients call; every message says it.")
    email = forms.EmailField(label="E-mail", help_text="A real mailbox that takes replies: invites come from it.")
    address = TextField(max_length=300, help_text="Where patients go, as invites show it.")
    fax = TextField(max_length=40, required=False, help_text="Letters to prescribers name it.")

    def __init__(self, data: Any = None, *, practice: Practice) -> None:
        initial = {name: getattr(practice, name) for name in ("version", *PRACTICE_FIELDS)}
        for number, day in enumerate(practice.hours):
            initial |= {f"opens_{number}": day[0], f"closes_{number}": day[1]} if day else {}
        super().__init__(data, initial=initial)
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = [(name, name) for name in sorted({*zones(), practice.zone})]
        for number, day in enumerate(WEEK):
            for which in ("opens", "closes"):
                self.fields[f"{which}_{number}"] = forms.TimeField(
                    label=f"{day} {which}",
                    required=False,
                    widget=forms.TimeInput(attrs={"type": "time"}, format=HHMM),
                )

    @property
    def days(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        return [(day, self[f"opens_{number}"], self[f"closes_{number}"]) for number, day in enumerate(WEEK)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for number, day in enumerate(WEEK):
            opens, closes = data.get(f"opens_{number}"), data.get(f"closes_{number}")
            if (opens is None) != (closes is None) and not {f"opens_{number}", f"closes_{number}"} & set(self.errors):
                missing = "opens" if opens is None else "closes"
                self.add_error(f"{missing}_{number}", f"Give both times of {day}, or neither where it is closed.")
            elif opens is not None and closes is not None and closes <= opens:
                self.add_error(f"closes_{number}", f"{closes:%H:%M} is not after {opens:%H:%M}. Give a later time.")
        return data

    def details(self) -> NewPractice:
        data = self.cleaned_data
        return NewPractice(**{name: data[name] for name in PRACTICE_FIELDS}, hours=self.hours())

    def hours(self) -> list[list[str] | None]:
        def day(opens: time | None, closes: time | None) -> list[str] | None:
            return [f"{opens:%H:%M}", f"{closes:%H:%M}"] if opens and closes else None

        data = self.cleaned_data
        return [day(data.get(f"opens_{number}"), data.get(f"closes_{number}")) for number in range(len(WEEK))]


class PlaceForm(forms.Form):
    kind = forms.ChoiceField(
        label="What", choices=[("room", "room"), ("bay", "recovery bay"), ("equipment", "equipment")]
    )
    name = TextField(max_length=120)


class PlaceStateForm(forms.Form):
    is_active = forms.TypedChoiceField(choices=[("1", "open"), ("0", "closed")], coerce=lambda value: value == "1")


def _roles() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=[(role, role) for role in Membership.ROLES], widget=forms.CheckboxSelectMultiple
    )


class PersonForm(forms.Form):
    name = TextField(max_length=120)
    email = forms.EmailField(label="E-mail", help_text="They sign in with it.")
    roles = _roles()
    password = forms.CharField(
        label="First password",
        strip=False,
        help_text="At least 12 characters. Somebody who has an account already keeps their own.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class RolesForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    roles = _roles()
    is_charge = forms.BooleanField(label="Charge nurse", required=False)


class VersionForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


class TextsForm(forms.Form):
    """One line for each kind of message and language."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, practice: Practice) -> None:
        initial: dict[str, Any] = {"version": practice.version}
        for kind in texts.KINDS:
            for language in texts.LANGUAGES:
                initial[f"{kind}_{language}"] = texts.line_of(practice.texts, kind, language)
        super().__init__(data, initial=initial)
        for kind, words in texts.KINDS.items():
            for language, name in texts.LANGUAGES.items():
                self.fields[f"{kind}_{language}"] = TextField(
                    label=f"{words}, {name}",
                    required=False,
                    widget=forms.Textarea(attrs={"rows": 2, "lang": language, "maxlength": texts.LONGEST}),
                )

    def lines(self) -> dict[str, dict[str, str]]:
        data = self.cleaned_data
        return {
            kind: {language: data.get(f"{kind}_{language}", "") for language in texts.LANGUAGES} for kind in texts.KINDS
        }
