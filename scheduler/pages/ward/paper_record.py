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
from checklists.rules.values import Authority
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.record_forms import RECORD_FORMS
from scheduler.pages.recording import Entry
from scheduler.pages.session import note, page
from scheduler.pages.ward.case import asked_item, meanwhile, version_seen
from scheduler.pages.ward.forms import DATE, TIME, Bedside, ItemForm
from scheduler.pages.ward.item_forms import FORMS, form_of
from scheduler.pages.ward.screen_forms import CLEAR, INFECTION, questions_asked_of
from scheduler.pages.ward.verify import reasons_of, record, unchanged
from scheduler.rules.problems import Invalid, Problem, Refused
from scheduler.services import boards
from scheduler.services.bedside import asked_items
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
            _record(request, actor, case, moment, now)
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
        "entries": _entries(request, actor, case, moment, now) if moment else [],
        "problem": problem,
        "meanwhile": meanwhile(request, case, problem),
        "saved": "Saved." if request.GET.get("saved") == "1" and problem is None else "",
    }
    return render(request, "ward/paper_record.html", context, status=problem.status if problem else 200)


def _bedside(actor: Actor, row: boards.Row, moment: datetime) -> Bedside:
    """As if it were that moment: it is when the word was said, and nothing on the sheet lies behind it."""
    zone = row.case.practice.site.tz
    return Bedside(row.assessment.protocol, zone, moment, actor.authority or Authority.PATIENT)


def _entries(request: HttpRequest, actor: Actor, case: Case, moment: datetime, now: datetime) -> list[Entry]:
    row, sent = boards.rows([case], now)[0], request.POST.get("item")
    bedside = _bedside(actor, row, moment)
    made = (
        (asked, form_of(asked, bedside, number, request.POST if asked.item == sent else None, PAPER_FORMS))
        for number, asked in enumerate(asked_items(row, now), start=1)
    )
    return [Entry(asked, form) for asked, form in made if form is not None]


def _record(request: HttpRequest, actor: Actor, case: Case, moment: datetime | None, now: datetime) -> None:
    if moment is None:
        raise Invalid("Give the day and the time on the sheet first. Nothing was saved.")
    asked, seen_version = asked_item(request, case, now), version_seen(request)
    unchanged(asked, seen_version)
    form = form_of(asked, _bedside(actor, boards.rows([case], now)[0], moment), 0, request.POST, PAPER_FORMS)
    if form is None:
        raise Refused("This is not recorded here. Call the clinician.", code="not_recorded_here")
    if not form.is_valid():
        raise Invalid("Nothing was saved. Correct what is marked.", errors=reasons_of(form))
    replaces = form.cleaned_data.get("replaces", [])
    record(actor, case, asked.item, form.value(), seen_version, now, form.observed_at(), replaces)
