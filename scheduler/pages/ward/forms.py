"""What a nurse found where it differs from what was said: one small form for each kind of item."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from checklists.rules.lab_values import UNITS
from checklists.rules.protocol import Protocol
from checklists.rules.shapes import LONGEST_LIST
from checklists.rules.sitetime import wall_instant
from checklists.rules.values import Authority
from checklists.services.protocols import typed_protocol
from scheduler.access import Actor
from scheduler.models import Case
from scheduler.services.bedside import Asked

DATE, TIME = {"type": "date"}, {"type": "time"}
NOT_SURE = {"answer": "not_sure"}
LONGEST_RESTART = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Bedside:
    """What the small forms need to know besides their item."""

    protocol: Protocol
    tz: ZoneInfo
    now: datetime
    authority: Authority


def bedside_of(actor: Actor, case: Case, moment: datetime) -> Bedside:
    protocol = typed_protocol(case.checklist.protocol_version)
    return Bedside(protocol, case.practice.site.tz, moment, actor.authority or Authority.PATIENT)


class ItemForm(forms.Form):
    """`replaces` names the recorded noes that this answers; left empty they stand."""

    replaces = forms.MultipleChoiceField(
        label="This answers, and lifts", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, asked: Asked, bedside: Bedside, **more: Any) -> None:
        super().__init__(*args, **more)
        self.asked, self.bedside = asked, bedside
        self.order_fields([*(name for name in self.fields if name != "replaces"), "replaces"])
        answerable = [no for no in asked.noes if no.answered_by(bedside.authority)]
        offer_noes(self, [(str(no.word.entry.public_id), no.sentence) for no in answerable])
        self.offer()

    def offer(self) -> None:
        """Fill in what depends on the case."""

    def value(self) -> dict[str, Any]:
        raise NotImplementedError

    def observed_at(self) -> datetime:
        return self.bedside.now

    def moment(self, day: str, at: str) -> datetime | None:
        """The instant of two fields in the site's zone, which must not lie ahead; None where either is missing."""
        on, hour = self.cleaned_data.get(day), self.cleaned_data.get(at)
        if on is None or hour is None:
            return None
        try:
            instant = wall_instant(on, hour, self.bedside.tz)
        except ValueError as error:
            self.add_error(at, str(error))
            return None
        if instant > self.bedside.now:
            self.add_error(at, f"{hour:%H:%M} on {on} lies ahead. Give when it was.")
            return None
        return instant

    def here(self, moment: datetime) -> tuple[date, str]:
        local = moment.astimezone(self.bedside.tz)
        return local.date(), f"{local:%H:%M}"


def offer_noes(form: forms.Form, noes: list[tuple[str, str]]) -> None:
    """The recorded noes that this form may answer, each to be ticked by hand."""
    field = form.fields["replaces"]
    assert isinstance(field, forms.MultipleChoiceField)
    field.choices = noes
    if not noes:
        del form.fields["replaces"]


RIDES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "none": ("Nobody can take the patient home", {"available": False}),
    "driver": ("Only a driver: no adult who stays", {"available": True, "adult": False}),
    "adult": ("An adult goes along; I saw or rang them", {"available": True, "adult": True, "seen": True}),
    "not_sure": ("Not sure yet", NOT_SURE),
}


class RideForm(ItemForm):
    answer = forms.ChoiceField(
        label="Who takes the patient home?",
        choices=[(code, label) for code, (label, _) in RIDES.items()],
        widget=forms.RadioSelect,
    )

    def value(self) -> dict[str, Any]:
        code = self.cleaned_data["answer"]
        said = self.asked.last_value or {}
        kept: dict[str, Any] = {key: said[key] for key in ("contact", "transport") if key in said and code == "adult"}
        return {**kept, **RIDES[code][1]}


class DoseForm(ItemForm):
    answer = forms.ChoiceField(
        label="What does the patient say now?",
        choices=[
            ("taken", "Last taken on"),
            ("not_taking", "Does not take it at all"),
            ("not_sure", "Not sure"),
        ],
        widget=forms.RadioSelect,
        initial="taken",
    )
    day = forms.DateField(label="Date of the last dose", required=False, widget=forms.DateInput(attrs=DATE))
    at = forms.TimeField(label="Time, if known", required=False, widget=forms.TimeInput(attrs=TIME))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day = data.get("day")
        if data.get("answer") == "taken" and day is None and "day" not in self.errors:
            self.add_error("day", "Give the date of the last dose, or choose another answer.")
        if data.get("answer") == "not_taking" and (day is not None or data.get("at") is not None):
            self.add_error("day", "This belongs to a dose that was taken. Leave it empty, or choose another answer.")
        if day is not None and day > self.bedside.now.astimezone(self.bedside.tz).date():
            self.add_error("day", f"{day} lies ahead. Give the date of the last dose.")
        data["instant"] = self.moment("day", "at")
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["answer"] != "taken":
            return {"not_taking": True} if data["answer"] == "not_taking" else NOT_SURE
        if data["instant"] is not None:
            return {"last_dose_at": data["instant"].isoformat()}
        return {"last_dose_on": data["day"].isoformat()}


class FastingForm(ItemForm):
    """The whole statement anew, begun with what was said last: a new statement replaces the old one."""

    not_sure = forms.BooleanField(label="Nobody can say what was taken", required=False)

    def offer(self) -> None:
        said = self._said()
        known = [intake.intake for intake in self.bedside.protocol.fasting.intakes]
        names = list(dict.fromkeys([*known, *(name for name, _ in said)]))
        choices = [("", "-"), *((name, name) for name in names)]
        today = self.bedside.now.astimezone(self.bedside.tz).date()
        rows: list[tuple[str, date, str]] = [("", today, ""), *((name, *self.here(moment)) for name, moment in said)]
        # What was typed stays, also where somebody else has changed the statement meanwhile.
        typed = sum(f"intake_{number}" in self.data for number in range(1, LONGEST_LIST + 1))
        rows += [("", today, "")] * (typed - len(rows))
        for number, (name, day, at) in enumerate(rows, start=1):
            self.fields[f"intake_{number}"] = forms.ChoiceField(
                label="Also taken" if number > 1 else "Taken last", choices=choices, required=False, initial=name
            )
            self.fields[f"day_{number}"] = forms.DateField(
                label="Day", required=False, initial=day, widget=forms.DateInput(attrs=DATE)
            )
            self.fields[f"at_{number}"] = forms.TimeField(
                label="Time", required=False, initial=at, widget=forms.TimeInput(attrs=TIME)
            )
        self.places = [str(number) for number in range(1, len(rows) + 1)]
        self.order_fields([f"{part}_{place}" for place in self.places for part in ("intake", "day", "at")])

    def _said(self) -> list[tuple[str, datetime]]:
        value = self.asked.last_value or {}
        intakes = [(intake["intake"], datetime.fromisoformat(intake["at"])) for intake in value.get("intakes", ())]
        # All of them: one that is not shown would be gone from the new statement.
        return sorted(intakes, key=lambda intake: intake[1], reverse=True)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        taken = []
        for place in self.places:
            if not data.get(f"intake_{place}"):
                if data.get(f"at_{place}") is not None and not self[f"intake_{place}"].initial:
                    self.add_error(f"intake_{place}", "Say what was taken at this time, or take the time away.")
                continue
            instant = self.moment(f"day_{place}", f"at_{place}")
            if instant is not None:
                taken.append({"intake": data[f"intake_{place}"], "at": instant.isoformat()})
            elif not self.errors:
                self.add_error(f"at_{place}", f"Give day and time of: {data[f'intake_{place}']}.")
        data["intakes"] = taken
        if not taken and not data.get("not_sure") and not self.errors:
            self.add_error("intake_1", "Say what was taken last and when, or tick that nobody can say.")
        return data

    def value(self) -> dict[str, Any]:
        return NOT_SURE if self.cleaned_data["not_sure"] else {"intakes": self.cleaned_data["intakes"]}


class LabForm(ItemForm):
    analyte = forms.ChoiceField()
    result = forms.FloatField(widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}))
    unit = forms.ChoiceField()
    drawn_on = forms.DateField(label="Drawn on", widget=forms.DateInput(attrs=DATE))
    drawn_at = forms.TimeField(label="Drawn at", widget=forms.TimeInput(attrs=TIME))

    def offer(self) -> None:
        units = dict.fromkeys(unit for names in UNITS.values() for unit in names)
        for name, options in (("analyte", list(UNITS)), ("unit", list(units))):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(option, option) for option in options]
        day, at = self.here(self.bedside.now)
        self.initial.update(drawn_on=day, drawn_at=at)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["drawn"] = self.moment("drawn_on", "drawn_at")
        return data

    def observed_at(self) -> datetime:
        drawn: datetime = self.cleaned_data["drawn"]
        return drawn

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"analyte": data["analyte"], "value": data["result"], "unit": data["unit"]}


class AdultForm(ItemForm):
    answer = forms.ChoiceField(
        label="Is a responsible adult here to take the patient home?",
        choices=[("yes", "Yes, here now"), ("no", "No")],
        widget=forms.RadioSelect,
    )

    def value(self) -> dict[str, Any]:
        return {"present": self.cleaned_data["answer"] == "yes"}


class RestartForm(ItemForm):
    decision = forms.ChoiceField(
        choices=[
            ("restart", "Take it again"),
            ("do_not_restart", "Do not take it again"),
            ("prescriber_decides", "The prescriber decides"),
        ],
        widget=forms.RadioSelect,
    )
    restart_on = forms.DateField(
        label="From this day on (only to take it again)", required=False, widget=forms.DateInput(attrs=DATE)
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day, today = data.get("restart_on"), self.bedside.now.astimezone(self.bedside.tz).date()
        if data.get("decision") != "restart" or "restart_on" in self.errors:
            return data
        if day is None:
            self.add_error("restart_on", "Give the day on which the patient takes it again.")
        elif not today <= day <= today + LONGEST_RESTART:
            self.add_error("restart_on", f"{day} is over, or more than a year ahead. Check day and year.")
        return data

    def value(self) -> dict[str, Any]:
        day = self.cleaned_data["restart_on"] if self.cleaned_data["decision"] == "restart" else None
        return {"decision": self.cleaned_data["decision"], **({"restart_on": day.isoformat()} if day else {})}
