"""The desk's pages about two patient rows that are one person: who might be, the merge, and the way back."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Patient, PatientMerge, ToldApart
from scheduler.pages.fields import TextField
from scheduler.pages.session import note, page, status_of
from scheduler.pages.ward.verify import reasons_of
from scheduler.reads import looked_at
from scheduler.rules.problems import Invalid, Problem
from scheduler.rules.roles import REGISTRARS
from scheduler.services.duplicates import Preview, candidates, preview_merge
from scheduler.services.merging import IDENTIFIERS, Choice, merge_patients
from scheduler.services.parting import Parted, undo_merge
from scheduler.services.people import find_patients, staff_names
from scheduler.services.telling_apart import take_back, tell_apart

Made = TypeVar("Made")
NEWEST = 20
MOST_APART = 100
LABELS = {
    "family_name": "Family name",
    "given_name": "Given name",
    "born_on": "Date of birth",
    "sex": "Sex",
    "language": "Language",
    "record_number": "Record number",
}
SIDES = (
    ("survivor", "Those of the row that is kept"),
    ("duplicate", "Those of the other row"),
    ("both", "Both: write to both addresses"),
)


class SearchForm(forms.Form):
    text = TextField(label="Family name or record number", max_length=100, required=False)
    born_on = forms.DateField(
        label="Date of birth", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class MergeForm(forms.Form):
    """One choice for each column that differs; `version` and `duplicate_version` as they were shown."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    duplicate_version = forms.IntegerField(widget=forms.HiddenInput)
    contacts = forms.ChoiceField(
        label="Whose own addresses are used from now on", choices=SIDES, widget=forms.RadioSelect, initial="survivor"
    )
    identifiers = forms.MultipleChoiceField(
        label="What did you compare, with a paper or with the person? At least two.",
        choices=list(IDENTIFIERS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Compare at least two, and say which."},
    )
    reason = TextField(label="How do you know that this is one person?", max_length=500)

    def __init__(self, data: Any = None, *, seen: Preview) -> None:
        first = {"version": seen.survivor.version, "duplicate_version": seen.duplicate.version}
        super().__init__(data, initial=first)
        self.columns = seen.differs
        for column in seen.differs:
            mine, theirs = (_in_words(getattr(patient, column)) for patient in (seen.survivor, seen.duplicate))
            self.fields[column] = forms.ChoiceField(
                label=LABELS[column],
                choices=[("keep", f"{mine}"), ("take", f"{theirs} (of the other row)")],
                widget=forms.RadioSelect,
                error_messages={"required": "Say which one is right."},
            )
        self.order_fields(seen.differs)

    def choice(self) -> Choice:
        given = self.cleaned_data
        take = [column for column in self.columns if given[column] == "take"]
        return Choice(take, given["contacts"], given["identifiers"], given["reason"])


def _in_words(value: Any) -> str:
    return f"{value:%-d %B %Y}" if isinstance(value, date) else str(value or "nothing")


class UndoForm(forms.Form):
    version = forms.IntegerField(min_value=0)
    reason = TextField(max_length=500, error_messages={"required": "Say in at most 500 characters why."})


class ApartForm(forms.Form):
    """`version` and `duplicate_version` as they were shown."""

    version = forms.IntegerField(min_value=0)
    duplicate_version = forms.IntegerField(min_value=0)
    reason = TextField(max_length=500, error_messages={"required": "Say in at most 500 characters how you know."})


@dataclass(frozen=True, slots=True)
class ApartLine:
    row: ToldApart
    by: str


@dataclass(frozen=True, slots=True)
class MergeLine:
    merge: PatientMerge
    by: str


@require_http_methods(["GET", "POST"])
@page("desk-duplicates")
def duplicates(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Pairs that look like one person, a search for two others, the merges that were made. POST only searches."""
    form = SearchForm(request.POST if request.method == "POST" else None)
    found: list[Patient] = []
    problem: Problem | None = None
    if form.is_valid():
        try:
            found = find_patients(practice_id=actor.practice.pk, **form.cleaned_data)
        except Invalid as invalid:
            problem = invalid
    return _show(request, actor, form=form, found=found, problem=problem)


def _show(
    request: HttpRequest,
    actor: Actor,
    *,
    form: SearchForm | None = None,
    found: list[Patient] | None = None,
    problem: Problem | None = None,
    parted: Parted | None = None,
) -> HttpResponse:
    merges = list(
        PatientMerge.objects.filter(practice=actor.practice)
        .select_related("survivor", "duplicate")
        .order_by("-merged_at", "-pk")[:NEWEST]
    )
    looked_at(*(pk for merge in merges for pk in (merge.survivor_id, merge.duplicate_id)))
    told = ToldApart.objects.filter(practice=actor.practice, undone_at=None).select_related("one", "other")
    apart = list(told.order_by("-told_at", "-pk")[:MOST_APART])
    looked_at(*(pk for row in apart for pk in (row.one_id, row.other_id)))
    names = staff_names([*(merge.merged_by for merge in merges), *(row.told_by for row in apart)])
    context = {
        "actor": actor,
        "candidates": candidates(actor.practice.pk),
        "form": form or SearchForm(),
        "found": found,
        "merges": [MergeLine(merge, names.get(merge.merged_by, merge.merged_by)) for merge in merges],
        "apart": [ApartLine(row, names.get(row.told_by, row.told_by)) for row in apart],
        "may_merge": bool(actor.roles & REGISTRARS),
        "problem": problem,
        "parted": parted,
        "saved": request.GET.get("saved", ""),
    }
    status = status_of(problem, wrong=form is not None and bool(form.errors))
    return render(request, "desk/duplicates.html", context, status=status)


@require_http_methods(["GET", "POST"])
@page("desk-merge")
def merge(request: HttpRequest, actor: Actor, survivor_id: uuid.UUID, duplicate_id: uuid.UUID) -> HttpResponse:
    """Both rows side by side; a person says for each difference which is right, and how they know."""
    common = {"practice_id": actor.practice.pk, "survivor_id": survivor_id, "duplicate_id": duplicate_id}
    seen = preview_merge(**common)
    form = MergeForm(request.POST if request.method == "POST" else None, seen=seen)
    problem: Problem | None = None
    if form.is_valid():
        versions = (form.cleaned_data["version"], form.cleaned_data["duplicate_version"])
        try:
            merge_patients(seen_versions=versions, choice=form.choice(), by=actor.by, now=clock.now(), **common)
            return redirect("/desk/duplicates/?saved=merged")
        except Problem as refused:
            note(actor, refused, survivor_id)
            problem = refused
    context = {"actor": actor, "seen": seen, "form": form, "problem": problem}
    status = status_of(problem, wrong=request.method == "POST")
    return render(request, "desk/merge.html", context, status=status)


@require_POST
@page("desk-tell-apart")
def apart(request: HttpRequest, actor: Actor, survivor_id: uuid.UUID, duplicate_id: uuid.UUID) -> HttpResponse:
    """These two are two people, and are not listed again."""
    form = ApartForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid("Nothing was saved. Correct what is named.", errors=reasons_of(form))
        tell_apart(
            practice_id=actor.practice.pk,
            patient_ids=(survivor_id, duplicate_id),
            reason=form.cleaned_data["reason"],
            seen_versions=(form.cleaned_data["version"], form.cleaned_data["duplicate_version"]),
            by=actor.by,
            now=clock.now(),
        )
    except Problem as problem:
        note(actor, problem, survivor_id)
        return _show(request, actor, problem=problem)
    return redirect("/desk/duplicates/?saved=apart")


def _undone(
    request: HttpRequest, actor: Actor, service: Callable[..., Made], **which: uuid.UUID
) -> tuple[Made | None, Problem | None]:
    """What the service made of it, else the problem."""
    form = UndoForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid("Nothing was undone. Correct what is named.", errors=reasons_of(form))
        made = service(
            practice_id=actor.practice.pk,
            reason=form.cleaned_data["reason"],
            seen_version=form.cleaned_data["version"],
            by=actor.by,
            now=clock.now(),
            **which,
        )
    except Problem as problem:
        note(actor, problem, *which.values())
        return None, problem
    return made, None


@require_POST
@page("desk-tell-apart-undo")
def apart_undo(request: HttpRequest, actor: Actor, apart_id: uuid.UUID) -> HttpResponse:
    """They may be one person after all."""
    _, problem = _undone(request, actor, take_back, apart_id=apart_id)
    return _show(request, actor, problem=problem) if problem else redirect("/desk/duplicates/?saved=alike")


@require_POST
@page("desk-merge-undo")
def undo(request: HttpRequest, actor: Actor, merge_id: uuid.UUID) -> HttpResponse:
    """Two patients again; what came since the merge is named on the answer."""
    parted, problem = _undone(request, actor, undo_merge, merge_id=merge_id)
    return _show(request, actor, parted=parted, problem=problem)
