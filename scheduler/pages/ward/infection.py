"""The infection check on one page, the patient's own answers beside the nurse's."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from checklists.models import Evidence
from checklists.rules.protocol import InfectionQuestion
from checklists.rules.values import Authority
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.session import page
from scheduler.pages.ward.case import SAVED, asked_item, meanwhile, version_seen
from scheduler.pages.ward.identity import at_bedside, is_identified
from scheduler.pages.ward.screen_forms import ASSESSED, INFECTION, CheckForm, ScreenForm, questions_asked_of
from scheduler.pages.ward.verify import reasons_of, record, unchanged
from scheduler.rules.problems import Invalid, NotPermitted, Problem
from scheduler.rules.roles import CLINICIAN
from scheduler.services import boards, cases
from scheduler.services.bedside import Asked, asked_items
from scheduler.services.look_alikes import look_alikes
from scheduler.services.ward import IDENTIFIERS

CHECK, PRESCREEN = "infection_check", "infection_prescreen"


class NotConfirmed(Problem):
    """An infection releases the booking at once, so it is asked once more."""

    status = 409
    code = "confirm_infection"


@dataclass(frozen=True, slots=True)
class Sign:
    """One question with what the patient answered to it before."""

    question: InfectionQuestion
    said: str
    is_ticked: bool


def _form(kind: str, asked: Asked, actor: Actor, rule: Any, posted: Any, unit: str = "C") -> ScreenForm:
    weight = actor.authority or Authority.PATIENT
    noes = [(str(no.word.entry.public_id), no.sentence) for no in asked.noes if no.answered_by(weight)]
    if kind == CHECK:
        questions = questions_asked_of(rule, "nurse")
        return CheckForm(
            posted, questions=questions, asked=asked, noes=noes, auto_id="check-%s", initial={"unit": unit}
        )
    questions = questions_asked_of(rule, "patient")
    return ScreenForm(posted, questions=questions, asked=asked, noes=noes, auto_id="prescreen-%s")


def _signs(form: ScreenForm, prescreen: Asked | None) -> list[Sign]:
    said = (prescreen.last_value or {}).get("answers", {}) if prescreen else {}
    ticked = form.data.getlist("ticked") if form.is_bound else []  # type: ignore[attr-defined]
    return [Sign(q, str(said.get(q.key, "")).replace("_", " "), q.key in ticked) for q in form.questions]


def show_infection(
    request: HttpRequest, actor: Actor, case_id: uuid.UUID, problem: Problem | None = None
) -> HttpResponse:
    case, now = cases.case_of(actor.practice.pk, case_id), clock.now()
    row = boards.rows([case], now)[0]
    asked = {found.item: found for found in asked_items(row, now)}
    rule, sent = row.assessment.protocol.infection, request.POST.get("item", "") if problem else ""
    unit = _unit_last_used(actor)
    forms = {
        item: _form(item, asked[item], actor, rule, request.POST if item == sent else None, unit)
        for item in (CHECK, PRESCREEN)
        if item in asked
    }
    context = {
        "actor": actor,
        "case": case,
        "now": now,
        "problem": problem,
        "confirming": isinstance(problem, NotConfirmed),
        "meanwhile": meanwhile(request, case, problem),
        "saved": SAVED.get(request.GET.get("saved", ""), "") if problem is None else "",
        "identified": is_identified(request, actor, case.pk, now),
        "identifiers": IDENTIFIERS.items(),
        "look_alikes": look_alikes(case, now),
        "skin_question": next((q.text for q in rule.questions if q.kind == "inspection"), ""),
        "prescreen": asked.get(PRESCREEN),
        "check": asked.get(CHECK),
        "is_clinician": CLINICIAN in actor.roles,
        "screens": [
            {"item": item, "form": form, "signs": _signs(form, asked.get(PRESCREEN)), "asked": asked[item]}
            for item, form in forms.items()
        ],
    }
    return render(request, "ward/infection.html", context, status=problem.status if problem else 200)


def _unit_last_used(actor: Actor) -> str:
    """The unit of the practice's thermometers, as they were last read."""
    last = Evidence.objects.filter(practice_id=actor.practice.pk, item=CHECK).order_by("-pk").first()
    return str(last.value.get("unit", "F")) if last else "F"


def _screened(request: HttpRequest, actor: Actor, case: Case, now: datetime, item: str) -> str:
    asked, seen_version = asked_item(request, case, now), version_seen(request)
    if asked.item != item:
        raise Invalid("This form is about something else. Open the page anew.")
    unchanged(asked, seen_version)
    rule = boards.rows([case], now)[0].assessment.protocol.infection
    form = _form(item, asked, actor, rule, request.POST)
    if not form.is_valid():
        raise Invalid("Nothing was saved. Correct what is marked.", errors=reasons_of(form))
    outcome = form.cleaned_data.get("outcome", "")
    if outcome == INFECTION:
        raise NotConfirmed("Nothing is saved yet. This releases the booking now.")
    if outcome == ASSESSED and CLINICIAN not in actor.roles:
        raise NotPermitted("Only a clinician decides that these signs are no infection. Call the clinician.")
    replaces = form.cleaned_data.get("replaces", [])
    made = record(actor, case, item, form.value(), seen_version, now, replaces=replaces)
    return "infection" if made.released else "recorded"


def _checked(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> str:
    return _screened(request, actor, case, now, CHECK)


def _prescreened(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> str:
    return _screened(request, actor, case, now, PRESCREEN)


@require_http_methods(["GET", "HEAD", "POST"])
@page("ward-infection")
def infection(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    if request.method == "POST":
        return at_bedside(request, actor, case_id, _checked, show_infection)
    return show_infection(request, actor, case_id)


@require_POST
@page("ward-prescreen")
def prescreen(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, _prescreened, show_infection)
