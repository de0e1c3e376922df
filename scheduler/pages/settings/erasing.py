"""One patient's data erased: an administrator sees what goes and what stays, says why and types their own password."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from scheduler import clock
from scheduler.access import Actor
from scheduler.pages.fields import TextField
from scheduler.pages.session import page
from scheduler.pages.settings.patients import patient_of
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.rules.erased import WHY
from scheduler.services.erasure import erase_patient, preview_erasure
from scheduler.services.signatures import authenticate_afresh

TYPED = "ERASE"


class EraseForm(forms.Form):
    why = forms.ChoiceField(label="Why", choices=[(code, words.capitalize()) for code, words in WHY.items()])
    reason = TextField(
        label="What stands behind it",
        max_length=500,
        help_text="Such as the date of the letter. It is kept for good: name nobody.",
    )
    typed = TextField(label=f"Type {TYPED}", max_length=20)
    password = forms.CharField(label="Your own password", widget=forms.PasswordInput, strip=False, max_length=200)

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip() != TYPED:
            raise forms.ValidationError(f"Type {TYPED} in capital letters. It cannot be undone.")
        return typed


@require_http_methods(["GET", "POST"])
@page("settings-patient-erase")
def erase(request: HttpRequest, actor: Actor, patient_id: uuid.UUID) -> HttpResponse:
    row = patient_of(actor, patient_id)
    if row.erased_at is not None:
        return redirect(f"/settings/patients/{row.pk}/")
    form = EraseForm(posted(request))

    def act(data: dict[str, Any], now: datetime) -> None:
        authenticate_afresh(actor, data["password"], subject=row.pk, now=now)
        said = {"why": data["why"], "reason": data["reason"]}
        erase_patient(practice_id=actor.practice.pk, patient_id=row.pk, **said, by=actor.by, now=now)

    saved, problem = attempt(request, actor, form, act, subject=row.pk)
    if saved:
        return redirect(f"/settings/patients/{row.pk}/?done=erased")
    preview = preview_erasure(practice_id=actor.practice.pk, patient_id=row.pk, now=clock.now())
    context = {"section": "patients", "form": form, "patient": row, "preview": preview}
    return show(request, actor, "erase", context, sent=form, problem=problem)
