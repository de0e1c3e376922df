"""The form of what was done on paper: one day, the times of its steps, and who answers for it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms

from scheduler.access import Actor
from scheduler.models import Case, Membership, Resource
from scheduler.pages.fields import TextField
from scheduler.rules.downtime import NEEDED, STEPS, PaperTimes, instants
from scheduler.rules.roles import CLINICIAN
from scheduler.services.downtime import Place

AT = {
    "arrived_at": "Arrived",
    "checked_in_at": "Checked in",
    "started_at": "Procedure started",
    "finished_at": "Procedure finished (empty: not yet)",
    "discharged_at": "Went home (empty: not yet)",
}
PLACES = (("room", "Room"), ("proceduralist", "Proceduralist"), ("bay", "Recovery bay"))
AS_BOOKED = ("", "as booked")
PASSWORD = {"autocomplete": "off"}


def password(label: str, *, required: bool) -> TextField:
    widget = forms.PasswordInput(attrs=PASSWORD)
    return TextField(label=label, required=required, max_length=200, strip=False, widget=widget)


class PaperForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    paper = TextField(
        label="Reference on the sheet",
        max_length=40,
        help_text="Copy it from the sheet in your hand: it shows that this is the right patient's. "
        "Written by hand, without a printed one? Write what stands on it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = TextField(label="Why on paper", max_length=500)
    day = forms.DateField(
        label="Day of the first time below",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Times after midnight count for the next day.",
    )

    def __init__(self, data: Any = None, *, case: Case, actor: Actor, now: datetime) -> None:
        tz = case.practice.site.tz
        on = (case.booking.starts_at if case.booking and case.booking.starts_at < now else now).astimezone(tz).date()
        super().__init__(data, initial={"version": case.version, "day": on})
        self.case, self.tz = case, tz
        self.signs_alone = CLINICIAN in actor.roles
        for step in STEPS:
            if getattr(case, step) is None:
                widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
                self.fields[step] = forms.TimeField(label=AT[step], required=step in NEEDED, widget=widget)
        if case.started_at is None:
            self._offer_places()
        clinicians = Membership.objects.filter(practice=actor.practice, role=CLINICIAN, user__is_active=True)
        named = clinicians.order_by("user__name").values_list("user__email", "user__name")
        self.fields["decided_by"] = forms.ChoiceField(
            label="The clinician who decided that it begins",
            choices=[("", "-"), *named],
            help_text="Whoever decided, signs or enters it cannot review it afterwards: where few clinicians work, "
            "let the one who decided sign.",
        )
        if self.signs_alone:
            self.fields["password"] = password("Your own password", required=True)
        else:
            self.fields["clinician_email"] = forms.EmailField(label="A clinician confirms: e-mail")
            self.fields["clinician_password"] = password("The clinician's password", required=True)
        self.fields["second_email"] = forms.EmailField(
            label="Second clinician or nurse: e-mail (empty: nobody)", required=False
        )
        self.fields["second_password"] = password("The second person's password", required=False)

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under the question that they answer together."""
        asked = (
            ("The sheet", ("paper", "reason")),
            ("When it was", ("day", *STEPS)),
            ("Where it was", (*(kind for kind, _ in PLACES), "although_taken")),
            ("Who answers for it", ("decided_by", "password", "clinician_email", "clinician_password")),
            ("A second person, where the gate would have refused at that time", ("second_email", "second_password")),
        )
        found = [(legend, [self[name] for name in names if name in self.fields]) for legend, names in asked]
        return [(legend, fields) for legend, fields in found if fields]

    def _offer_places(self) -> None:
        active = list(Resource.objects.filter(practice=self.case.practice, is_active=True).order_by("name"))
        for kind, label in PLACES:
            offered = [(str(each.pk), each.name) for each in active if each.kind == kind]
            self.fields[kind] = forms.ChoiceField(label=label, required=False, choices=[AS_BOOKED, *offered])
        self.fields["although_taken"] = forms.BooleanField(
            label="The paper is right although somebody else was booked there", required=False
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = [kind for kind, _ in PLACES if data.get(kind)]
        for kind, _ in PLACES if chosen else ():
            if not data.get(kind):
                self.add_error(kind, "Name all three, or leave all three as booked.")
        if bool(data.get("second_email")) != bool(data.get("second_password")):
            self.add_error("second_password", "Give both e-mail and password of the second person, or neither.")
        day = data.get("day")
        if day is not None:
            clocks = {step: data[step] for step in STEPS if data.get(step) is not None}
            known = {step: getattr(self.case, step) for step in STEPS}
            data["times"], wrong = instants(day, clocks, known, self.tz)
            for step, told in wrong.items():
                self.add_error(step, told)
        return data

    def times(self) -> PaperTimes:
        return PaperTimes(**self.cleaned_data["times"])

    def place(self) -> Place | None:
        data = self.cleaned_data
        return Place(*(UUID(data[kind]) for kind, _ in PLACES)) if data.get("room") else None

    def signers(self) -> dict[str, Any]:
        """As `signed_paper` takes them."""
        data = self.cleaned_data
        alone = self.signs_alone
        return {
            "reason": data["reason"],
            "decided_by": data["decided_by"],
            "password": data["password"] if alone else "",
            "clinician": None if alone else _signs(data, "clinician"),
            "second": _signs(data, "second") if data["second_email"] else None,
        }


def _signs(data: dict[str, Any], who: str) -> dict[str, str]:
    return {"email": data[f"{who}_email"], "password": data[f"{who}_password"]}
