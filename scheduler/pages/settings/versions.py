"""Two versions of a protocol side by side, in words; and the numbers that one names and does not give."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from checklists.protocols import filling
from checklists.protocols.differences import differences
from checklists.services.protocols import is_intact
from scheduler.access import Actor
from scheduler.pages.session import page
from scheduler.pages.settings.protocol_forms import AgainstForm, FillForm
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.services import signing


@require_GET
@page("settings-protocol-diff")
def diff(request: HttpRequest, actor: Actor, version_id: uuid.UUID) -> HttpResponse:
    version = signing.version_of(actor.practice.pk, version_id)
    others = signing.others_of(version)
    form = AgainstForm(request.GET if "against" in request.GET else None, versions=others)
    older = None
    if others and not (form.is_bound and not form.is_valid()):
        older = signing.against(version, form.cleaned_data["against"] if form.is_bound else None)
        form.initial["against"] = older.pk
    changes = differences(older.document, version.document) if older else ()
    context = {"section": "protocols", "version": version, "older": older, "changes": changes, "form": form}
    return show(request, actor, "diff", context, sent=form)


@require_http_methods(["GET", "POST"])
@page("settings-protocol-fill")
def fill(request: HttpRequest, actor: Actor, version_id: uuid.UUID) -> HttpResponse:
    version = signing.version_of(actor.practice.pk, version_id)
    intact = is_intact(version.document, version.document_hash)
    form = FillForm(posted(request), gaps=filling.gaps(version.document) if intact else ())
    made: list[uuid.UUID] = []

    def act(data: dict[str, Any], now: datetime) -> None:
        made.append(signing.fill(version=version, numbers=form.numbers(), by=actor.by, now=now).pk)

    saved, problem = attempt(request, actor, form, act)
    if saved:
        return redirect(f"/settings/protocols/{made[0]}/?done=filled")
    context = {"section": "protocols", "version": version, "form": form}
    return show(request, actor, "fill", context, sent=form, problem=problem)
