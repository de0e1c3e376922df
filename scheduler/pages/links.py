"""The desk and the links of a case: send one again, add a person, give a contact another address."""

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Contact
from scheduler.pages.fields import TextField
from scheduler.pages.session import note, page
from scheduler.rules.problems import NotFound, Problem
from scheduler.rules.texts import is_one_line
from scheduler.services import cases
from scheduler.services.contacts import add_person, replace_contact
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


@require_http_methods(["GET", "POST"])
@page("desk-contact-add")
def add(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """Another address of the patient, or a caregiver."""
    case = cases.case_of(actor.practice.pk, case_id)
    form = PersonForm(request.POST if request.method == "POST" else None)
    problem = None
    if form.is_valid():
        new = NewContact(**form.cleaned_data)
        try:
            add_person(
                practice_id=actor.practice.pk, patient_id=case.patient_id, contact=new, by=actor.by, now=clock.now()
            )
            return redirect(f"/desk/cases/{case.pk}/#links")
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
    context = {"actor": actor, "case": case, "form": form, "problem": problem, "title": "Add a person"}
    more = {"lead": "What is booked is told there at once. Who takes the patient home is named in the ride: Record…"}
    wrong = (problem.status if problem else 400) if request.method == "POST" else 200
    return render(request, "desk/contact.html", {**context, **more, "button": "Add the person"}, status=wrong)


@require_http_methods(["GET", "POST"])
@page("desk-contact-change")
def change(request: HttpRequest, actor: Actor, case_id: uuid.UUID, contact_id: uuid.UUID) -> HttpResponse:
    """Another address for the same person: the link to the old one dies, the calendar entries there are taken back."""
    case = cases.case_of(actor.practice.pk, case_id)
    old = Contact.objects.filter(
        practice_id=case.practice_id, patient_id=case.patient_id, pk=contact_id, ended_at=None
    ).first()
    if old is None:
        raise NotFound("There is no such contact of this patient.")
    initial = {"name": old.name, "email": old.email, "phone": old.phone}
    form = AddressForm(request.POST if request.method == "POST" else None, initial=initial)
    problem = None
    if form.is_valid():
        new = NewContact(old.kind, address=old.address, permission=old.permission, **form.cleaned_data)
        try:
            replace_contact(practice_id=actor.practice.pk, contact_id=old.pk, contact=new, by=actor.by, now=clock.now())
            return redirect(f"/desk/cases/{case.pk}/#links")
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
    context = {"actor": actor, "case": case, "form": form, "problem": problem, "title": f"Address of the {old.kind}"}
    more = {"lead": "The link sent to the old address stops working at once.", "button": "Save the address"}
    wrong = (problem.status if problem else 400) if request.method == "POST" else 200
    return render(request, "desk/contact.html", {**context, **more}, status=wrong)
