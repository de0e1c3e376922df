"""Change plan: what reopens is shown before it is saved."""

import uuid
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from checklists.rules.codes import code_in_words
from checklists.services.checklists import current_facts
from checklists.services.protocols import typed_protocol
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.plan_forms import DATED, PlanForm
from scheduler.pages.saved import to_case
from scheduler.pages.session import note, page
from scheduler.rules.problems import Problem, Stale
from scheduler.services.cases import case_of
from scheduler.services.plan_changes import PlanPreview, preview_plan, save_shown_plan

# What changed, as the form calls it where its own word says more than the name of the fact.
NAMED = {name: label[0].lower() + label[1:] for name, label in DATED.items()} | {"weight_kg": "weight"}


@require_http_methods(["GET", "POST"])
@page("desk-plan")
def change_plan(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    case, now = case_of(actor.practice.pk, case_id), clock.now()
    posted = request.POST if request.method == "POST" else None
    form = PlanForm(
        posted,
        facts=current_facts(case.checklist),
        protocol=typed_protocol(case.checklist.protocol_version),
        version=case.version,
    )
    preview, problem = None, None
    if posted is not None and form.is_valid():
        try:
            if posted.get("do") == "save":
                _save(actor, case, form, now)
                return to_case(case.pk, "plan")
            preview = _preview(case, form, now)
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
            preview = _shown_anew(case, form, now) if isinstance(refused, Stale) else None
    differs = [NAMED.get(name, code_in_words(name)) for name in preview.differs] if preview else []
    context = {"actor": actor, "case": case, "form": form, "preview": preview, "differs": differs, "problem": problem}
    wrong = problem.status if problem else 400 if form.errors else 200
    return render(request, "desk/plan.html", context, status=wrong)


def _preview(case: Case, form: PlanForm, now: datetime) -> PlanPreview:
    return preview_plan(case=case, plan=form.plan(), seen_version=form.cleaned_data["version"], now=now)


def _shown_anew(case: Case, form: PlanForm, now: datetime) -> PlanPreview | None:
    """After a save that was not what had been shown; nothing where the form itself is about an older case."""
    return _preview(case, form, now) if form.cleaned_data["version"] == case.version else None


def _save(actor: Actor, case: Case, form: PlanForm, now: datetime) -> None:
    save_shown_plan(
        practice_id=actor.practice.pk,
        case_id=case.pk,
        plan=form.plan(),
        seen_version=form.cleaned_data["version"],
        shown=form.cleaned_data["shown"],
        by=actor.by,
        now=now,
    )
