"""Two versions of a protocol side by side, in words."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from checklists.protocols.differences import differences
from scheduler.access import Actor
from scheduler.pages.session import page
from scheduler.pages.settings.forms import AgainstForm
from scheduler.pages.settings.saving import show
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
