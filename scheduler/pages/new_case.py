"""The desk opens a case: for a patient who is found while the name is typed, or for a new one."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from checklists.models import ProtocolVersion
from checklists.rules.conditions_named import conditions_named
from checklists.services.protocols import typed_protocol
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case, Patient
from scheduler.pages.duplicates import SearchForm
from scheduler.pages.forms import CaseForm, NewCaseForm
from scheduler.pages.saved import to_case
from scheduler.pages.session import note, page
from scheduler.reads import looked_at, looked_at_cases
from scheduler.rules.problems import NotFound, Problem
from scheduler.services.boards import open_cases
from scheduler.services.cases import open_case, open_referral
from scheduler.services.people import find_patients, refuse_gone

SAME_PATIENT = "Is it that same patient? Find the patient by the record number and open the case there."
FEWEST_LETTERS, MOST_FOUND = 2, 8
FIND = "find"  # names the fields apart from those of a new patient


def _choices(actor: Actor) -> dict[str, list[str]]:
    """The protocols that a case can be opened on, and the conditions that they ask about."""
    signed = ProtocolVersion.objects.filter(
        practice_id=actor.practice.pk, signed_at__isnull=False, withdrawn_at=None
    ).order_by("number")
    newest = dict(signed.values_list("protocol__name", "pk"))
    asked = [conditions_named(typed_protocol(version)) for version in signed.filter(pk__in=newest.values())]
    return {"protocols": sorted(newest), "asked": sorted(set().union(*asked))}


def _opened(
    actor: Actor, form: CaseForm, opens: Callable[..., Case], subject: object
) -> tuple[HttpResponse | None, Problem | None]:
    """On to the case that was opened, or why it was not; neither where the form is wrong."""
    if not form.is_valid():
        return None, None
    try:
        planned = {"protocol": form.cleaned_data["protocol"], "plan": form.plan()}
        case = opens(practice=actor.practice, by=actor.by, now=clock.now(), **planned)
    except Problem as refused:
        note(actor, refused, subject)
        return None, refused
    return to_case(case.pk, "opened"), None


@require_http_methods(["GET", "POST"])
@page("desk-new")
def new_case(request: HttpRequest, actor: Actor) -> HttpResponse:
    sent = request.method == "POST"
    form = NewCaseForm(request.POST if sent else None, **_choices(actor))

    def opens(**planned: Any) -> Case:
        return open_referral(patient=form.patient(), contact=form.contact(), **planned)

    opened, problem = _opened(actor, form, opens, request.path)
    return opened or _show(request, actor, form=form, problem=problem, status=400 if sent else 200)


@require_http_methods(["GET", "POST"])
@page("desk-known")
def known(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Patients whose name begins so, asked while it is typed. By POST, so that no name stands in an address."""
    find = SearchForm(request.POST if request.method == "POST" else None, prefix=FIND)
    found: list[Patient] | None = None
    if find.is_valid() and (find.cleaned_data["born_on"] or len(find.cleaned_data["text"]) >= FEWEST_LETTERS):
        found = find_patients(practice_id=actor.practice.pk, most=MOST_FOUND, **find.cleaned_data)
    form = NewCaseForm(**_choices(actor))
    return _show(request, actor, form=form, find=find, found=found, status=400 if find.errors else 200)


def _show(
    request: HttpRequest,
    actor: Actor,
    *,
    form: NewCaseForm,
    find: SearchForm | None = None,
    found: list[Patient] | None = None,
    problem: Problem | None = None,
    status: int,
) -> HttpResponse:
    context: dict[str, Any] = {
        "actor": actor,
        "form": form,
        "find": find or SearchForm(prefix=FIND),
        "found": found,
        "may_be_more": found is not None and len(found) == MOST_FOUND,
        "problem": problem,
        "title": "New case",
        "lead": SAME_PATIENT if problem and problem.code == "record_number_taken" else "",
        "button": "Open the case",
    }
    return render(request, "desk/new.html", context, status=status)


@require_http_methods(["GET", "POST"])
@page("desk-new-known")
def new_case_of(request: HttpRequest, actor: Actor, patient_id: uuid.UUID) -> HttpResponse:
    """Another case of a patient whom the practice knows."""
    patient = Patient.objects.filter(practice=actor.practice, pk=patient_id).first()
    if patient is None:
        raise NotFound("This patient does not exist.")
    refuse_gone(patient)
    looked_at(patient.pk)
    sent = request.method == "POST"
    form = CaseForm(request.POST if sent else None, **_choices(actor))
    opened, problem = _opened(actor, form, partial(open_case, patient_id=patient.pk), patient.pk)
    if opened:
        return opened
    cases = list(open_cases(actor.practice).filter(patient=patient).select_related("booking").order_by("opened_at"))
    looked_at_cases(cases)
    context = {"actor": actor, "patient": patient, "cases": cases, "form": form, "problem": problem}
    words = {"title": "New case", "button": "Open the case"}
    return render(request, "desk/new_known.html", {**context, **words}, status=400 if sent else 200)
