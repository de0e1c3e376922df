"""What was entered in error, or filed to the wrong patient: a word of a case, or the whole case."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from checklists.models import Evidence, Item
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case, Patient
from scheduler.pages.fields import TextField
from scheduler.pages.saved import to_case
from scheduler.pages.session import note, page, status_of
from scheduler.pages.words import item_in_words, value_in_words
from scheduler.reads import looked_at_cases
from scheduler.rules.problems import NotFound, Problem
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.cases import case_of
from scheduler.services.evidence import mark_entered_in_error
from scheduler.services.people import find_patients, writer_names
from scheduler.services.refiling import refile_case, refile_evidence

MOST_PLACES = 50
BACK = {"desk": "/desk/cases/{}/", "ward": "/ward/cases/{}/"}


class StrikeForm(forms.Form):
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)  # of the word's item
    reason = TextField(label="What is wrong with it?", max_length=400)


class ElsewhereForm(forms.Form):
    """First whom to look for; then, among those found, where it belongs. A choice names an id and its version."""

    who = TextField(label="Family name or record number of the right patient", max_length=100)
    reason = TextField(label="How did it come to the wrong patient?", max_length=400)
    chosen = TextField(required=False, max_length=60)
    version = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)  # of the word's item

    def target(self) -> tuple[uuid.UUID, int] | None:
        name, _, version = self.cleaned_data["chosen"].partition(" ")
        try:
            return uuid.UUID(name), int(version[:9] or "0")
        except ValueError:
            return None


def _found(actor: Actor, form: forms.Form, without: uuid.UUID) -> list[Patient]:
    if not form.is_bound or not form.is_valid():
        return []
    found = find_patients(practice_id=actor.practice.pk, text=form.cleaned_data["who"])
    return [patient for patient in found if patient.pk != without]


@require_http_methods(["GET", "POST"])
@page("desk-evidence-error")
def evidence_error(request: HttpRequest, actor: Actor, case_id: uuid.UUID, evidence_id: uuid.UUID) -> HttpResponse:
    """Strike one word through, or move it to the case that it belongs to."""
    case, now = case_of(actor.practice.pk, case_id), clock.now()
    word = (
        Evidence.objects.select_related("error")
        .filter(practice_id=case.practice_id, checklist=case.checklist, public_id=evidence_id)
        .first()
    )
    if word is None:
        raise NotFound("There is no such evidence in this case.")
    elsewhere = request.POST.get("what") == "elsewhere"
    strike = StrikeForm(request.POST if request.method == "POST" and not elsewhere else None)
    other = ElsewhereForm(request.POST if request.method == "POST" and elsewhere else None)
    problem: Problem | None = None
    try:
        if _corrected(actor, word, strike, other, now):
            return redirect(BACK.get(request.POST.get("from", ""), BACK["desk"]).format(case.pk))
    except Problem as refused:
        note(actor, refused, evidence_id)
        problem = refused
    names = writer_names([word.recorded_by])
    places = _places(actor, other, case, word.item)
    context = {
        "actor": actor,
        "case": case,
        "word": word,
        "item": item_in_words(word.item),
        "text": value_in_words(word.value, case.practice.site.tz),
        "recorded_by": names.get(word.recorded_by, word.recorded_by),
        "version": _version(case, word.item),
        "strike": strike,
        "other": other,
        "places": places,
        "searched": other.is_bound and other.is_valid(),
        "may": actor.authority is not None and actor.authority >= word.authority,
        "origin": request.POST.get("from") or request.GET.get("from", ""),
        "problem": problem,
    }
    status = status_of(problem, wrong=bool(strike.errors or other.errors))
    return render(request, "desk/evidence_error.html", context, status=status)


def _corrected(actor: Actor, word: Evidence, strike: StrikeForm, other: ElsewhereForm, now: datetime) -> bool:
    practice_id, public_id = actor.practice.pk, word.public_id
    if strike.is_valid():
        mark_entered_in_error(
            practice_id=practice_id,
            public_id=public_id,
            reason=strike.cleaned_data["reason"],
            authority=actor.authority,
            seen_version=strike.cleaned_data["version"],
            by=actor.by,
            now=now,
        )
        return True
    target = other.target() if other.is_valid() else None
    if target is None:
        return False
    refile_evidence(
        practice_id=practice_id,
        public_id=public_id,
        to_case_id=target[0],
        reason=other.cleaned_data["reason"],
        seen_versions=(other.cleaned_data["version"] or 0, target[1]),
        authority=actor.authority,
        by=actor.by,
        now=now,
    )
    return True


def _version(case: Case, item: str) -> int:
    return Item.objects.filter(checklist=case.checklist_id, key=item).values_list("version", flat=True).first() or 0


def _places(actor: Actor, form: ElsewhereForm, case: Case, item: str) -> list[dict[str, Any]]:
    """The cases of those found that take evidence, each with its item's version."""
    patients = _found(actor, form, case.patient_id)
    cases = Case.objects.filter(practice=actor.practice, patient__in=patients).exclude(state="closed")
    related = cases.select_related("patient", "booking").order_by("patient__family_name", "opened_at")
    shown = list(related[:MOST_PLACES])
    looked_at_cases(shown)
    return [{"case": other, "value": f"{other.pk} {_version(other, item)}"} for other in shown]


@require_http_methods(["GET", "POST"])
@page("desk-case-refile")
def case_refile(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """The case was opened for the wrong patient: whom does it belong to?"""
    case, now = case_of(actor.practice.pk, case_id), clock.now()
    form = ElsewhereForm(request.POST if request.method == "POST" else None)
    problem: Problem | None = None
    target = form.target() if form.is_valid() else None
    if target is not None:
        try:
            refile_case(
                practice_id=actor.practice.pk,
                case_id=case.pk,
                to_patient_id=target[0],
                reason=form.cleaned_data["reason"],
                seen_version=target[1],
                by=actor.by,
                now=now,
            )
            return to_case(case.pk, "refiled")
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
    found = _found(actor, form, case.patient_id)
    context = {
        "actor": actor,
        "case": case,
        "form": form,
        "found": [{"patient": patient, "value": f"{patient.pk} {case.version}"} for patient in found],
        "searched": form.is_bound and form.is_valid(),
        "is_before": case.state in BEFORE_PROCEDURE,
        "problem": problem,
    }
    return render(request, "desk/case_refile.html", context, status=status_of(problem, wrong=bool(form.errors)))
