"""What a clinician types on the signing list. The hidden values come from the entry as it stands, never from here."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from checklists.rules.sitetime import day_begins, day_ends
from scheduler.models import Practice
from scheduler.pages.fields import TextField

DATE = {"type": "date"}
A_YEAR = timedelta(days=366)
DECISIONS = (
    ("restart", "Restart it"),
    ("do_not_restart", "Do not restart it"),
    ("prescriber_decides", "Ask the prescriber, who decides"),
)


class Decided(forms.Form):
    """`entry` names the place on the page that the form stands at."""

    entry = TextField(max_length=200)
    version = forms.IntegerField()

    def typed(self) -> list[tuple[str, str]]:
        """What a person wrote, for the case that its place is gone; passwords are never shown again."""
        shown = ((self[name], self.data.get(name, "")) for name in self.visible_names)
        return [(str(bound.label), str(value)) for bound, value in shown if value]

    visible_names: tuple[str, ...] = ()


class ReviewForm(Decided):
    visible_names = ("note",)
    item = TextField(max_length=120)
    inputs = TextField(max_length=64)
    note = TextField(
        label="Note", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}), strip=True
    )
    day_from = forms.DateField(label="For starts from", widget=forms.DateInput(attrs=DATE))
    day_until = forms.DateField(label="to the end of", widget=forms.DateInput(attrs=DATE))

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("day_from", "day_until"):
            if data.get(name) and abs(data[name] - self.today) > A_YEAR:
                self.add_error(name, f"{data[name].isoformat()} is more than a year away. Check the year.")
        first, last = data.get("day_from"), data.get("day_until")
        if first and last and last < first:
            self.add_error("day_until", f"{last.isoformat()} is before {first.isoformat()}. Give that day or a later.")
        return data

    def window(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From the first instant of the first day to the last of the last day."""
        data = self.cleaned_data
        until = day_ends(data["day_until"], zone) - timedelta(microseconds=1)
        return day_begins(data["day_from"], zone), until


class RestartForm(Decided):
    item_version = forms.IntegerField(min_value=0)
    decision = forms.ChoiceField(label="Decision", choices=DECISIONS, widget=forms.RadioSelect)
    restart_on = forms.DateField(
        label="Restart on (only where it is restarted)", required=False, widget=forms.DateInput(attrs=DATE)
    )

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        on = data.get("restart_on")
        if data.get("decision") != "restart":
            return data
        if on is None and "restart_on" not in self.errors:
            self.add_error("restart_on", "Give the day on which the patient takes it again.")
        elif on is not None and on < self.today:
            self.add_error("restart_on", f"{on.isoformat()} is over. Give today or a later day.")
        elif on is not None and on - self.today > A_YEAR:
            self.add_error("restart_on", f"{on.isoformat()} is more than a year away. Check the year.")
        return data

    def value(self) -> dict[str, str]:
        """As the evidence keeps it; a day is only meant with a restart."""
        data = self.cleaned_data
        restarts = data["decision"] == "restart"
        return {"decision": data["decision"], **({"restart_on": data["restart_on"].isoformat()} if restarts else {})}

    def in_words(self) -> str:
        value = self.value()
        on = f" on {value['restart_on']}" if "restart_on" in value else ""
        return f"{dict(DECISIONS)[value['decision']]}{on}"


class OverrideForm(Decided):
    visible_names = ("reason", "second_email")
    inputs = TextField(max_length=64)
    reason = TextField(
        label="Why the case goes on although this is not met",
        max_length=900,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    password = forms.CharField(
        label="Your password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    second_email = forms.EmailField(
        label="Second person's e-mail", required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    second_password = forms.CharField(
        label="Second person's password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class DeclineForm(Decided):
    visible_names = ("outcome",)
    outcome = TextField(label="Why not", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class PaperReviewForm(Decided):
    visible_names = ("outcome",)
    outcome = TextField(
        label="What you found, and what is to be done", max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


def local_today(practice: Practice, now: datetime) -> date:
    return now.astimezone(practice.site.tz).date()
