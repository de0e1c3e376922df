"""Rooms, recovery bays, equipment and proceduralists: added, closed, opened again."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from scheduler.access import Actor
from scheduler.models import Resource
from scheduler.pages.session import page
from scheduler.pages.settings.forms import PlaceForm, PlaceStateForm
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.rules.problems import Invalid, Problem, Reason
from scheduler.services.practices import add_resource
from scheduler.services.staffing import close_resource, open_resource


@require_http_methods(["GET", "POST"])
@page("settings-places")
def places(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = PlaceForm(posted(request))
    saved, problem = attempt(
        request,
        actor,
        form,
        lambda data, now: add_resource(
            practice=actor.practice, kind=data["kind"], name=data["name"], by=actor.by, now=now
        ),
    )
    return redirect("/settings/places/?done=added") if saved else _show(request, actor, form, problem)


def _show(request: HttpRequest, actor: Actor, form: PlaceForm, problem: Problem | None) -> HttpResponse:
    found = Resource.objects.filter(practice=actor.practice).order_by("-is_active", "kind", "name")
    context = {"form": form, "section": "places", "resources": found}
    return show(request, actor, "places", context, sent=form, problem=problem)


@require_POST
@page("settings-place")
def place(request: HttpRequest, actor: Actor, resource_id: uuid.UUID) -> HttpResponse:
    form = PlaceStateForm(request.POST)
    saved, problem = attempt(
        request,
        actor,
        form,
        lambda data, now: (open_resource if data["is_active"] else close_resource)(
            practice_id=actor.practice.pk, resource_id=resource_id, by=actor.by, now=now
        ),
        resource_id,
    )
    if saved:
        return redirect(f"/settings/places/?done={'opened' if form.cleaned_data['is_active'] else 'closed'}")
    unsaid = Reason("bad_value", "Send 1 for open, 0 for closed.", "is_active")
    return _show(request, actor, PlaceForm(), problem or Invalid("Say open or closed.", errors=(unsaid,)))
