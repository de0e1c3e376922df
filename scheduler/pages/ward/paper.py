"""After a downtime: enter what was done on paper. Before one: the sheets for it, one a patient."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from checklists.rules.values import Step
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.polling import asked_day
from scheduler.pages.session import note, page
from scheduler.pages.ward.paper_form import PaperForm
from scheduler.pages.ward.verify import reasons_of
from scheduler.rules.papers import paper_reference
from scheduler.rules.problems import Invalid, Problem
from scheduler.services import boards
from scheduler.services.boards import Row
from scheduler.services.cases import case_of
from scheduler.services.downtime import enter_from_paper
from scheduler.services.papers import signed_paper


@require_http_methods(["GET", "HEAD", "POST"])
@page("ward-paper")
def paper(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    case, now, problem = case_of(actor.practice.pk, case_id), clock.now(), None
    form = PaperForm(request.POST if request.method == "POST" else None, case=case, actor=actor, now=now)
    if request.method == "POST":
        try:
            _enter(actor, case, form, now)
            return redirect(f"/ward/cases/{case.pk}/?saved=paper")
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
    context = {"actor": actor, "case": case, "now": now, "form": form, "problem": problem}
    return render(request, "ward/paper.html", context, status=problem.status if problem else 200)


def _enter(actor: Actor, case: Case, form: PaperForm, now: datetime) -> None:
    if not form.is_valid():
        raise Invalid("Nothing was saved. Correct what is marked.", errors=reasons_of(form))
    enter_from_paper(
        practice_id=actor.practice.pk,
        case_id=case.pk,
        paper=signed_paper(actor, reference=form.cleaned_data["paper"], subject=case.pk, now=now, **form.signers()),
        times=form.times(),
        place=form.place(),
        although_taken=form.cleaned_data.get("although_taken", False),
        seen_version=form.cleaned_data["version"],
        by=actor.by,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """One patient's page of the print pack."""

    row: Row
    reference: str

    @property
    def places(self) -> list[str]:
        claims = self.row.booking.claims.all() if self.row.booking else ()
        return [claim.resource.name for claim in claims if claim.is_active and claim.resource]


@require_GET
@page("ward-print")
def print_pack(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every case of the day that is not over, in the order of its starts."""
    now = clock.now()
    on = asked_day(request, now.astimezone(actor.practice.site.tz).date())
    rows = [row for row in boards.day(actor.practice, on, now) if row.case.discharged_at is None]
    rows.sort(key=lambda row: row.booking.starts_at if row.booking else now)
    context = {
        "actor": actor,
        "on": on,
        "now": now,
        "sheets": [Sheet(row, paper_reference(row.case.pk, on)) for row in rows],
        "discharge": Step.DISCHARGE,
    }
    return render(request, "ward/print.html", context)
