"""The desk and the prescribers of a case: ask, chase, print the letter, write the answer down, verify it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists.rules.kinds.clearance import KIND
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case, Contact
from scheduler.pages.fields import TextField
from scheduler.pages.session import note, page
from scheduler.pages.ward.clearance_form import ClearanceForm
from scheduler.pages.ward.forms import ItemForm, bedside_of
from scheduler.pages.ward.item_forms import form_of
from scheduler.pages.ward.verify import agree, differ
from scheduler.rules.problems import Invalid, NotFound, NotPermitted, Problem, Reason
from scheduler.rules.roles import WARD
from scheduler.rules.texts import is_one_line
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services import boards
from scheduler.services.bedside import asked_items
from scheduler.services.boards import Row
from scheduler.services.cases import case_of
from scheduler.services.clearances import Line, clearance_lines, links_of, prescribers_of, reference_of
from scheduler.services.people import NewContact
from scheduler.services.prescribers import ask_prescriber

SOMEBODY_ELSE = "new"
FORMS: dict[str, type[ItemForm] | None] = {KIND: ClearanceForm}
WAYS_SHOWN = {
    "letter": "Letter: print it next",
    "link": "Link by e-mail",
    "phone": "Called",
    "fax": "Fax",
    "message": "Message",
}


class AskForm(forms.Form):
    """Whom to ask about which drugs, and how. Each drug carries the version that was shown."""

    prescriber = forms.ChoiceField(widget=forms.RadioSelect)
    name = TextField(label="Name", max_length=120, required=False)
    email = forms.EmailField(label="E-mail", required=False)
    phone = TextField(label="Phone or fax", max_length=40, required=False)
    address = TextField(label="Address", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    drugs = forms.MultipleChoiceField(label="About", widget=forms.CheckboxSelectMultiple)
    how = forms.ChoiceField(choices=[(way, WAYS_SHOWN[way]) for way in WAYS_SHOWN], widget=forms.RadioSelect)

    def __init__(self, *args: Any, lines: list[Line], contacts: list[Contact], **more: Any) -> None:
        super().__init__(*args, **more)
        known = [(str(contact.pk), contact.name or "without a name") for contact in contacts]
        asked = [line for line in lines if line.may_ask]
        self._offer("prescriber", [*known, (SOMEBODY_ELSE, "Somebody else:" if known else "Who prescribes it:")])
        self._offer("drugs", [(f"{line.item}={line.version}", line.drug) for line in asked])
        self.initial["prescriber"] = known[0][0] if known else SOMEBODY_ELSE
        self.initial["drugs"] = [f"{line.item}={line.version}" for line in asked if not line.is_answered]

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def of_somebody_else(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "email", "phone", "address")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("name", "phone"):
            if not is_one_line(data.get(name, "")):
                self.add_error(name, "It has line breaks or invisible characters. Type it as one line.")
        if data.get("prescriber") == SOMEBODY_ELSE and not data.get("name") and "name" not in self.errors:
            self.add_error("name", "Give the prescriber's name.")
        if data.get("prescriber") == SOMEBODY_ELSE and data.get("how") == "link" and not data.get("email"):
            self.add_error("email", "A link goes to an e-mail address. Give it, or ask in another way.")
        return data

    def versions(self) -> dict[str, int]:
        named = (each.rpartition("=") for each in self.cleaned_data["drugs"])
        return {item: int(version) for item, _, version in named}

    def contact(self) -> NewContact | None:
        """Somebody who is not noted yet."""
        data = self.cleaned_data
        if data["prescriber"] != SOMEBODY_ELSE:
            return None
        return NewContact("prescriber", data["name"], data["email"], data["phone"], data["address"])


@dataclass(frozen=True, slots=True)
class Entry:
    """One drug on the page, with the form for its answer."""

    line: Line
    form: ItemForm | None

    @property
    def is_open(self) -> bool:
        return self.form is not None and self.form.is_bound


@require_http_methods(["GET", "POST"])
@page("desk-clearance")
def clearance(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """What was asked and answered; a POST asks."""
    case, now = case_of(actor.practice.pk, case_id), clock.now()
    if request.method != "POST":
        return show(request, actor, case, now)
    form = _ask_form(request, case, now)
    if not form.is_valid():
        return show(request, actor, case, now, ask=form, problem=Invalid("Nothing was saved. Correct what is marked."))
    try:
        contact_id = _ask(actor, case, form, now)
    except Problem as problem:
        note(actor, problem, case.pk)
        return show(request, actor, case, now, ask=form, problem=problem)
    where = f"{contact_id}/letter/" if form.cleaned_data["how"] == "letter" else "?saved=1"
    return redirect(f"/desk/cases/{case.pk}/clearance/{where}")


def _ask_form(request: HttpRequest, case: Case, now: datetime) -> AskForm:
    lines = clearance_lines(boards.rows([case], now)[0], now)
    return AskForm(request.POST if request.method == "POST" else None, lines=lines, contacts=prescribers_of(case))


def _ask(actor: Actor, case: Case, form: AskForm, now: datetime) -> uuid.UUID:
    if actor.authority is None:
        raise NotPermitted("Your roles carry no word about patients.")
    asked = ask_prescriber(
        practice_id=actor.practice.pk,
        case_id=case.pk,
        whom=form.contact() or uuid.UUID(form.cleaned_data["prescriber"]),
        seen_versions=form.versions(),
        how=form.cleaned_data["how"],
        authority=actor.authority,
        by=actor.by,
        now=now,
    )
    return asked.contact.pk


def show(
    request: HttpRequest,
    actor: Actor,
    case: Case,
    now: datetime,
    *,
    ask: AskForm | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    row = boards.rows([case], now)[0]
    lines, contacts = clearance_lines(row, now), prescribers_of(case)
    context = {
        "actor": actor,
        "case": case,
        "now": now,
        "row": row,
        "entries": _entries(request, actor, row, lines, now),
        "ask": ask or AskForm(lines=lines, contacts=contacts),
        "contacts": links_of(case, contacts, lines, now),
        "can_ask": case.state in BEFORE_PROCEDURE and any(line.may_ask for line in lines),
        "may_verify": bool(actor.roles & WARD),
        "problem": problem,
        "saved": "Saved." if request.GET.get("saved") == "1" and problem is None else "",
    }
    return render(request, "desk/clearance.html", context, status=problem.status if problem else 200)


def _entries(request: HttpRequest, actor: Actor, row: Row, lines: list[Line], now: datetime) -> list[Entry]:
    bedside = bedside_of(actor, row.case, now)
    asked = {each.item: each for each in asked_items(row, now)}
    sent = request.POST.get("item") if request.method == "POST" else None
    return [
        Entry(line, form_of(asked[line.item], bedside, n, request.POST if sent == line.item else None, FORMS))
        for n, line in enumerate(lines, start=1)
    ]


@require_POST
@page("desk-clearance-answer")
def answer(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """What the prescriber said, as whoever heard or read it writes it down."""
    return _act(request, actor, case_id, lambda case, now: differ(request, actor, case, now, FORMS))


@require_POST
@page("desk-clearance-verify")
def verify(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """A nurse stands behind what was answered, after looking at the paper or ringing back."""

    def looked_at(case: Case, now: datetime) -> None:
        if not request.POST.get("item", "").startswith(f"{KIND}:"):
            reason = Reason("bad_item", "Verify a prescriber's answer here.", field="item")
            raise Invalid("There is nothing to verify.", errors=(reason,))
        agree(request, actor, case, now)

    return _act(request, actor, case_id, looked_at)


def _act(request: HttpRequest, actor: Actor, case_id: uuid.UUID, act: Any) -> HttpResponse:
    case, now = case_of(actor.practice.pk, case_id), clock.now()
    try:
        act(case, now)
    except Problem as problem:
        note(actor, problem, case.pk)
        return show(request, actor, case, now, problem=problem)
    return redirect(f"/desk/cases/{case.pk}/clearance/?saved=1")


@require_GET
@page("desk-clearance-letter")
def letter(request: HttpRequest, actor: Actor, case_id: uuid.UUID, contact_id: uuid.UUID) -> HttpResponse:
    """For the printer: every drug that this prescriber was asked about and that is not answered."""
    case, now = case_of(actor.practice.pk, case_id), clock.now()
    contact = Contact.objects.filter(
        practice_id=case.practice_id, patient_id=case.patient_id, pk=contact_id, kind="prescriber"
    ).first()
    row = boards.rows([case], now)[0]
    lines = [line for line in clearance_lines(row, now) if line.contact_id == str(contact_id)]
    if contact is None or not lines:
        raise NotFound("This prescriber was not asked about anything. Ask first, then print the letter.")
    sources = {name for line in lines for held in line.held for name in held.row.sourced.source.split(",")}
    document = case.checklist.protocol_version.document
    context = {
        "actor": actor,
        "case": case,
        "contact": contact,
        "lines": lines,
        "row": row,
        "facts": row.assessment.facts,
        "protocol": row.assessment.protocol,
        "sources": {name: words for name, words in document.get("sources", {}).items() if name in sources},
        "reference": reference_of(case.pk, contact.pk),
        "now": now,
    }
    return render(request, "desk/letter.html", context)
