"""One patient's data handed over: an administrator finds the patient and types their own password."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from scheduler.access import Actor
from scheduler.models import Patient
from scheduler.pages.fields import TextField
from scheduler.pages.session import page
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.reads import looked_at
from scheduler.rules.problems import NotFound
from scheduler.services.patient_export import export_patient
from scheduler.services.people import find_patients
from scheduler.services.signatures import authenticate_afresh


class FindForm(forms.Form):
    text = TextField(label="Family name, or record number", max_length=100)


class ExportForm(forms.Form):
    password = forms.CharField(label="Your own password", widget=forms.PasswordInput, strip=False, max_length=200)


@require_http_methods(["GET", "POST"])
@page("settings-patients")
def patients(request: HttpRequest, actor: Actor) -> HttpResponse:
    """By POST, so that no name stands in an address."""
    form = FindForm(posted(request))
    found = form.is_bound and form.is_valid()
    rows = find_patients(practice_id=actor.practice.pk, text=form.cleaned_data["text"]) if found else None
    context = {"section": "patients", "form": form, "patients": rows}
    return show(request, actor, "patients", context, sent=None if found else form)


def patient_of(actor: Actor, patient_id: uuid.UUID) -> Patient:
    """Raises NotFound."""
    row = Patient.objects.filter(practice=actor.practice, pk=patient_id).first()
    if row is None:
        raise NotFound("This patient does not exist.")
    looked_at(row.pk, *row.cases.values_list("pk", flat=True))
    return row


@require_http_methods(["GET", "POST"])
@page("settings-patient")
def patient(request: HttpRequest, actor: Actor, patient_id: uuid.UUID) -> HttpResponse:
    row = patient_of(actor, patient_id)
    form, made = ExportForm(posted(request)), list[bytes]()

    def act(data: dict[str, Any], now: datetime) -> None:
        authenticate_afresh(actor, data["password"], subject=row.pk, now=now)
        made.append(export_patient(practice=actor.practice, patient_id=row.pk, by=actor.by, now=now))

    saved, problem = attempt(request, actor, form, act)
    if saved:
        name = f'attachment; filename="patient-{row.pk}.zip"'
        return HttpResponse(made[0], content_type="application/zip", headers={"Content-Disposition": name})
    context = {"section": "patients", "form": form, "patient": row}
    return show(request, actor, "patient", context, sent=form, problem=problem)
