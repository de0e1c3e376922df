"""The desk's and the clinician's page to record what is known of a case before its day."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from checklists.rules.values import Finding
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.record_forms import RECORD_FORMS
from scheduler.pages.session import note, page
from scheduler.pages.ward.case import meanwhile
from scheduler.pages.ward.forms import ItemForm, bedside_of
from scheduler.pages.ward.item_forms import form_of
from scheduler.pages.ward.verify import differ
from scheduler.pages.words import item_in_words
from scheduler.rules.problems import Problem
from scheduler.services import boards
from scheduler.services.bedside import Asked, asked_items
from scheduler.services.cases import case_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One item that is recorded here, with its form."""

    asked: Asked
    form: ItemForm

    @property
    def finding(self) -> Finding:
        return self.asked.finding

    @property
    def name(self) -> str:
        return item_in_words(self.asked.item)

    @property
    def is_open(self) -> bool:
        return self.form.is_bound


@require_http_methods(["GET", "POST"])
@page("desk-record")
def record_page(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    case, now, problem = case_of(actor.practice.pk, case_id), clock.now(), None
    if request.method == "POST":
        try:
            differ(request, actor, case, now, RECORD_FORMS)
            return redirect(f"/desk/cases/{case_id}/record/?saved=1")
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
    context = {
        "actor": actor,
        "case": case,
        "now": now,
        "entries": entries_of(request, actor, case, now, RECORD_FORMS),
        "problem": problem,
        "meanwhile": meanwhile(request, case, problem) if problem else [],
        "saved": "Saved." if request.GET.get("saved") == "1" and problem is None else "",
    }
    return render(request, "desk/record.html", context, status=problem.status if problem else 200)


def entries_of(
    request: HttpRequest,
    actor: Actor,
    case: Case,
    now: datetime,
    forms_of: Mapping[str, type[ItemForm] | None],
    moment: datetime | None = None,
) -> list[Entry]:
    """What is asked now, each with its form; where it is told later, the forms are as at that moment."""
    row, bedside = boards.rows([case], now)[0], bedside_of(actor, case, moment or now)
    sent = request.POST.get("item") if request.method == "POST" else None
    made = (
        (asked, form_of(asked, bedside, number, request.POST if asked.item == sent else None, forms_of))
        for number, asked in enumerate(asked_items(row, now), start=1)
    )
    return [Entry(asked, form) for asked, form in made if form is not None]
