"""The prescriber's page, in English: what the practice asks about each drug, and their answer."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from checklists.rules.doses import AGREED
from checklists.rules.known import TOLD
from scheduler.pages.fields import TextField
from scheduler.pages.my.door import Visit, my_page, show
from scheduler.pages.ward.clearance_form import DETAILS, check_bridging, details
from scheduler.pages.ward.forms import DATE
from scheduler.pages.words import value_in_words
from scheduler.rules.problems import Problem, Stale
from scheduler.services import boards
from scheduler.services.clearances import Line, clearance_lines
from scheduler.services.links import PRESCRIBER
from scheduler.services.prescribers import CALL_ME, answer_clearance
from scheduler.spoken import when_in_words

CHOICES = [
    (AGREED, "It may be stopped"),
    ("continue", "It must go on: take it through the procedure"),
    ("refused", "I do not agree to a stop for this procedure"),
    (CALL_ME, "Please call me"),
]
OF_AGREEMENT = ("last_dose_on", "bridging", "bridging_how")


class WhoForm(forms.Form):
    prescriber = TextField(label="Your name", max_length=120)


class DrugForm(forms.Form):
    """One drug; left without an answer it is not answered."""

    answer = forms.ChoiceField(label="Your answer", choices=CHOICES, required=False, widget=forms.RadioSelect)
    last_dose_on = forms.DateField(
        label="If it may be stopped: last day to take it", required=False, widget=forms.DateInput(attrs=DATE)
    )
    bridging = forms.ChoiceField(
        label="Bridging?", choices=[("", "Not said"), ("no", "No"), ("yes", "Yes")], required=False
    )
    bridging_how = TextField(label="Bridging with what, until when", max_length=300, required=False)
    reason = TextField(label="Your reason, or what we should know", max_length=300, required=False)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    told = TextField(required=False, widget=forms.HiddenInput)  # the conditions that were shown

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = [name for name in (*OF_AGREEMENT, "reason") if data.get(name)]
        if given and not data.get("answer") and "answer" not in self.errors:
            self.add_error("answer", "Choose an answer for what you wrote.")
        if data.get("answer") in ("continue", "refused") and not data.get("reason"):
            self.add_error("reason", "Say why in a few words: the clinician decides by it.")
        for name in OF_AGREEMENT:
            if data.get(name) and data.get("answer") not in (AGREED, "", None):
                self.add_error(name, "This belongs to a stop. Leave it empty, or choose that answer.")
        if data.get("answer") == AGREED:
            check_bridging(self, data)
        return data


@dataclass(frozen=True, slots=True)
class Asked:
    """One drug with its form and what was answered before."""

    line: Line
    form: DrugForm
    answered: str
    last_moment: str


def lines_of(visit: Visit) -> list[Line]:
    """What this link asks about, as far as the case still asks it."""
    found = clearance_lines(boards.rows([visit.case], visit.now)[0], visit.now)
    return [line for line in found if line.item in visit.link.items and line.may_ask]


def asked_of(visit: Visit, lines: list[Line], data: Any = None, *, fresh: bool = False) -> list[Asked]:
    """`fresh`: what was typed stays, the versions are those of now."""
    return [
        Asked(line, _form(line, number, data, fresh), _answered(visit, line), _last_moment(visit, line))
        for number, line in enumerate(lines)
    ]


def _form(line: Line, number: int, data: Any, fresh: bool) -> DrugForm:
    prefix = f"drug{number}"
    if fresh and data is not None:
        data = data.copy()
        data[f"{prefix}-version"], data[f"{prefix}-told"] = line.version, " ".join(line.tell)
    return DrugForm(data, prefix=prefix, initial={"version": line.version, "told": " ".join(line.tell)})


def _answered(visit: Visit, line: Line) -> str:
    if line.answered is None:
        return ""
    said = line.answered.value
    more = {key: said[key] for key in DETAILS if key in said}
    words = dict(CHOICES).get(said["answer"], said["answer"])
    return f"{words}, {value_in_words(more, visit.practice.site.tz)}" if more else words


def _last_moment(visit: Visit, line: Line) -> str:
    return when_in_words(line.stop_at, visit.practice) if line.stop_at else ""


def clearance_page(
    request: HttpRequest,
    visit: Visit,
    asked: list[Asked] | None = None,
    who: WhoForm | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    booking = visit.case.booking
    context = {
        "asked": asked if asked is not None else asked_of(visit, lines_of(visit)),
        "who": who or WhoForm(initial={"prescriber": visit.link.contact.name}),
        "when": when_in_words(booking.starts_at, visit.practice) if booking else "",
        "patient": visit.case.patient,
        "told": told,
        "saved": "saved" in request.GET and status == 200,
    }
    return show(request, visit, "my/clearance.html", status, **context)


@require_http_methods(["GET", "HEAD", "POST"])
@my_page("my-clearance", of=(PRESCRIBER,))
def answer(request: HttpRequest, visit: Visit) -> HttpResponse:
    if request.method != "POST":
        return redirect("/my/")
    lines, who = lines_of(visit), WhoForm(request.POST)
    asked = asked_of(visit, lines, request.POST)
    wrong = [form for form in (who, *(each.form for each in asked)) if not form.is_valid()]
    if wrong:
        return clearance_page(request, visit, asked, who, "Please look at what is marked. Nothing was saved.", 400)
    said = [each for each in asked if each.form.cleaned_data["answer"]]
    if not said:
        return clearance_page(request, visit, asked, who, "Choose an answer for at least one medicine.", 400)
    try:
        _refuse_unshown(said)
        answer_clearance(
            link=visit.link,
            values={each.line.item: _value(each, who) for each in said},
            seen_versions={each.line.item: each.form.cleaned_data["version"] for each in said},
            now=visit.now,
        )
    except Stale:
        now = asked_of(visit, lines_of(visit), request.POST, fresh=True)
        changed = "Something was noted about this meanwhile. Nothing was saved: look again, then answer."
        return clearance_page(request, visit, now, who, changed, 409)
    except Problem as problem:
        return clearance_page(request, visit, asked, who, str(problem), problem.status)
    return redirect("/my/?saved=1")


def _refuse_unshown(said: list[Asked]) -> None:
    """Raises Stale where the page did not show what the prescriber has to know."""
    for each in said:
        if each.form.cleaned_data["told"].split() != list(each.line.tell):
            raise Stale("Something else is known of the patient.", version=each.line.version, item=each.line.item)


def _value(asked: Asked, who: WhoForm) -> dict[str, Any]:
    data, tell = asked.form.cleaned_data, list(asked.line.tell)
    told = {TOLD: tell} if tell and data["answer"] == AGREED else {}
    return {"answer": data["answer"], "prescriber": who.cleaned_data["prescriber"], **told, **details(data)}
