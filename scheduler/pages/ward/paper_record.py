"""What a sheet says of a patient's items, recorded later with the moment at which it was seen."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from checklists.rules.sitetime import wall_instant
from scheduler import clock
from scheduler.access import Actor
from scheduler.pages.record_forms import RECORD_FORMS
from scheduler.pages.recording import entries_of
from scheduler.pages.session import note, page
from scheduler.pages.ward.case import meanwhile
from scheduler.pages.ward.forms import DATE, TIME, ItemForm
from scheduler.pages.ward.item_forms import FORMS
from scheduler.pages.ward.screen_forms import CLEAR, INFECTION, questions_asked_of
from scheduler.pages.ward.verify import differ
from scheduler.rules.problems import Invalid, Problem
from scheduler.services.cases import case_of


class CheckOnPaper(ItemForm):
    """The nurse's infection check as its line on the sheet."""

    temperature = forms.FloatField(widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal"}))
    unit = forms.ChoiceField(choices=[("F", "°F"), ("C", "°C")], widget=forms.RadioSelect)
    skin = forms.ChoiceField(
        label="Skin where the needle enters",
        choices=[("clear", "Clear"), ("not_clear", "Not clear")],
        widget=forms.RadioSelect,
    )
    signs = forms.MultipleChoiceField(
        label="Signs that the sheet names", required=False, widget=forms.CheckboxSelectMultiple
    )
    outcome = forms.ChoiceField(
        label="What the sheet says", choices=[(CLEAR, "Clear"), (INFECTION, "An infection")], widget=forms.RadioSelect
    )

    def offer(self) -> None:
        self.questions = questions_asked_of(self.bedside.protocol.infection, "nurse")
        field = self.fields["signs"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(question.key, question.text) for question in self.questions]

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        answers = {q.key: "yes" if q.key in data["signs"] else "no" for q in self.questions}
        return {**{name: data[name] for name in ("temperature", "unit", "skin", "outcome")}, "answers": answers}


PAPER_FORMS: Mapping[str, type[ItemForm] | None] = {
    **{kind: form or RECORD_FORMS.get(kind) for kind, form in FORMS.items()},
    "infection_check": CheckOnPaper,
}


class SeenForm(forms.Form):
    """When it was seen, by the site's clock: not ahead."""

    day = forms.DateField(widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"))
    at = forms.TimeField(label="Time on the sheet", widget=forms.TimeInput(attrs=TIME, format="%H:%M"))

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.zone, self.now = zone, now

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "day" in data and "at" in data:
            try:
                data["moment"] = wall_instant(data["day"], data["at"], self.zone)
            except ValueError as error:
                self.add_error("at", str(error))
            if data.get("moment", self.now) > self.now:
                self.add_error("at", "This lies ahead. Give the time on the sheet.")
        return data


@require_http_methods(["GET", "HEAD", "POST"])
@page("ward-paper-record")
def paper_record(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    case, now, problem = case_of(actor.practice.pk, case_id), clock.now(), None
    begun = (case.started_at or now).astimezone(case.practice.site.tz)
    asks = {"day": begun.date(), "at": begun.time()}
    seen = SeenForm(request.GET if "at" in request.GET else None, initial=asks, zone=case.practice.site.tz, now=now)
    moment = seen.cleaned_data["moment"] if seen.is_valid() else None
    if request.method == "POST":
        try:
            if moment is None:
                raise Invalid("Give the day and the time on the sheet first. Nothing was saved.")
            differ(request, actor, case, now, PAPER_FORMS, moment)
            return redirect(f"{request.path}?day={request.GET['day']}&at={request.GET['at']}&saved=1")
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
    context = {
        "actor": actor,
        "case": case,
        "now": now,
        "seen": seen,
        "moment": moment,
        "entries": entries_of(request, actor, case, now, PAPER_FORMS, moment) if moment else [],
        "problem": problem,
        "meanwhile": meanwhile(request, case, problem),
        "saved": "Saved." if request.GET.get("saved") == "1" and problem is None else "",
    }
    return render(request, "ward/paper_record.html", context, status=problem.status if problem else 200)
