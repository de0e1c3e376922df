"""The desk and whom a case reaches: send a link, add a person, change or end a contact, choose the language."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case, Contact
from scheduler.pages.fields import TextField
from scheduler.pages.saved import to_case
from scheduler.pages.session import note, page
from scheduler.pages.words import item_in_words
from scheduler.rules.problems import NotFound, Problem
from scheduler.rules.texts import LANGUAGES, is_one_line
from scheduler.services import cases
from scheduler.services.contacts import WHY_ENDED, add_person, change_language, end_contact, replace_contact
from scheduler.services.link_mails import send_link
from scheduler.services.people import NewContact


@require_POST
@page("desk-link-send")
def send(request: HttpRequest, actor: Actor, case_id: uuid.UUID, contact_id: uuid.UUID) -> HttpResponse:
    """One click on the case page: a new link is mailed, the one before is dead."""
    send_link(practice_id=actor.practice.pk, case_id=case_id, contact_id=contact_id, by=actor.by, now=clock.now())
    return redirect(f"/desk/cases/{case_id}/#links")


class AddressForm(forms.Form):
    name = TextField(max_length=120, required=False)
    email = forms.EmailField(label="E-mail", required=False, help_text="Without it the desk calls.")
    phone = TextField(max_length=40, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for field in ("name", "phone"):
            if not is_one_line(data.get(field, "")):
                self.add_error(field, "It has line breaks or invisible characters. Type it as one line.")
        if not self.errors and not data["email"] and not data["phone"]:
            self.add_error("phone", "Give an e-mail address or a phone number: somebody must be reached.")
        return data


class PersonForm(AddressForm):
    """Who takes the patient home is named where the ride is recorded."""

    field_order = ("kind", "name", "email", "phone", "permission")
    kind = forms.ChoiceField(label="Who", choices=[("patient", "the patient"), ("caregiver", "a caregiver")])
    permission = TextField(
        label="What the patient allowed, when and how",
        max_length=200,
        required=False,
        help_text="For a caregiver: without it nothing is sent to them.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("kind") == "caregiver" and not data.get("permission") and "permission" not in self.errors:
            self.add_error("permission", "Say what the patient allowed: a caregiver reads what the patient reads.")
        return data


class EndContactForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    why = forms.ChoiceField(choices=[("", "choose"), *WHY_ENDED.items()])


class LanguageForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    language = forms.ChoiceField(choices=list(LANGUAGES.items()))


def _answer(
    request: HttpRequest,
    actor: Actor,
    case: Case,
    form: forms.Form,
    save: Callable[[], object],
    *,
    saved: str,
    **words: str,
) -> HttpResponse:
    """The form, or what became of it: saved and back to the case, or refused with the reasons above it."""
    problem = None
    if form.is_valid():
        try:
            save()
            return to_case(case.pk, saved)
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
    context = {"actor": actor, "case": case, "form": form, "problem": problem, **words}
    wrong = (problem.status if problem else 400) if request.method == "POST" else 200
    return render(request, "desk/contact.html", context, status=wrong)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _contact(case: Case, contact_id: uuid.UUID) -> Contact:
    mine = Contact.objects.filter(practice_id=case.practice_id, patient_id=case.patient_id, ended_at=None)
    contact = mine.filter(pk=contact_id).first()
    if contact is None:
        raise NotFound("There is no such contact of this patient.")
    return contact


@require_http_methods(["GET", "POST"])
@page("desk-contact-add")
def add(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """Another address of the patient, or a caregiver."""
    case = cases.case_of(actor.practice.pk, case_id)
    form = PersonForm(_posted(request))

    def save() -> object:
        new = NewContact(**form.cleaned_data)
        return add_person(
            practice_id=actor.practice.pk, patient_id=case.patient_id, contact=new, by=actor.by, now=clock.now()
        )

    lead = "What is booked is told there at once. Who takes the patient home is named in the ride: Record…"
    return _answer(
        request, actor, case, form, save, saved="person", title="Add a person", lead=lead, button="Add the person"
    )


@require_http_methods(["GET", "POST"])
@page("desk-contact-change")
def change(request: HttpRequest, actor: Actor, case_id: uuid.UUID, contact_id: uuid.UUID) -> HttpResponse:
    """Another address for the same person: the link to the old one dies, the calendar entries there are taken back."""
    case = cases.case_of(actor.practice.pk, case_id)
    old = _contact(case, contact_id)
    form = AddressForm(_posted(request), initial={"name": old.name, "email": old.email, "phone": old.phone})

    def save() -> object:
        new = NewContact(old.kind, address=old.address, permission=old.permission, **form.cleaned_data)
        return replace_contact(
            practice_id=actor.practice.pk, contact_id=old.pk, contact=new, by=actor.by, now=clock.now()
        )

    lead = "The link sent to the old address stops working at once."
    title = f"Address of the {item_in_words(old.kind)}"
    return _answer(request, actor, case, form, save, saved="address", title=title, lead=lead, button="Save the address")


@require_http_methods(["GET", "POST"])
@page("desk-contact-end")
def end(request: HttpRequest, actor: Actor, case_id: uuid.UUID, contact_id: uuid.UUID) -> HttpResponse:
    """Nobody is reached there any more."""
    case = cases.case_of(actor.practice.pk, case_id)
    contact = _contact(case, contact_id)
    form = EndContactForm(_posted(request), initial={"version": case.patient.version})

    def save() -> object:
        given = form.cleaned_data
        return end_contact(
            practice_id=actor.practice.pk,
            contact_id=contact.pk,
            why=given["why"],
            seen_version=given["version"],
            by=actor.by,
            now=clock.now(),
        )

    who = ", ".join(filter(None, (contact.name, contact.email, contact.phone)))
    lead = (
        f"{who}: nobody is written to or rung there any more. The link stops working at once, messages that wait are "
        "not sent, and an appointment in a calendar there is taken out of it. Is only one of these wrong, or is there "
        "another for the same person? Use Change address instead."
    )
    title = f"End the contact of the {item_in_words(contact.kind)}"
    return _answer(request, actor, case, form, save, saved="contact", title=title, lead=lead, button="End the contact")


@require_http_methods(["GET", "POST"])
@page("desk-language")
def language(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """In which language the patient, and whoever helps them, is written to and asked."""
    case = cases.case_of(actor.practice.pk, case_id)
    patient = case.patient
    form = LanguageForm(_posted(request), initial={"version": patient.version, "language": patient.language})

    def save() -> object:
        given = form.cleaned_data
        return change_language(
            practice_id=actor.practice.pk,
            patient_id=patient.pk,
            language=given["language"],
            seen_version=given["version"],
            by=actor.by,
            now=clock.now(),
        )

    lead = "Mails, questions and the phone check come in it from now on, for all cases of this patient."
    title = "Language of the patient"
    return _answer(
        request, actor, case, form, save, saved="language", title=title, lead=lead, button="Save the language"
    )
