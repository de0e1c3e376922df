"""The people of the practice: added with a first password, their roles changed, their account closed."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from scheduler.access import Actor
from scheduler.models import Membership, Practice, User
from scheduler.pages.session import page
from scheduler.pages.settings.forms import PersonForm, RolesForm, VersionForm
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.rules.problems import Problem
from scheduler.services.practices import add_staff
from scheduler.services.staffing import change_roles, close_account, member_of


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    roles: list[str]
    is_charge: bool


def _people(practice: Practice) -> list[Person]:
    rows = Membership.objects.filter(practice=practice).select_related("user").order_by("user__name", "user_id", "role")
    found: dict[uuid.UUID, list[Membership]] = {}
    for row in rows:
        found.setdefault(row.user_id, []).append(row)
    return [_person(mine) for mine in found.values()]


def _person(memberships: Iterable[Membership]) -> Person:
    mine = list(memberships)
    return Person(mine[0].user, [row.role for row in mine], any(row.is_charge for row in mine))


@require_http_methods(["GET", "POST"])
@page("settings-people")
def people(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = PersonForm(posted(request))
    saved, problem = attempt(
        request, actor, form, lambda data, now: add_staff(practice=actor.practice, **data, by=actor.by, now=now)
    )
    if saved:
        return redirect("/settings/people/?done=added")
    context = {"form": form, "section": "people", "people": _people(actor.practice)}
    return show(request, actor, "people", context, sent=form, problem=problem)


@require_http_methods(["GET", "POST"])
@page("settings-person")
def person(request: HttpRequest, actor: Actor, user_id: uuid.UUID) -> HttpResponse:
    shown = _one(actor, user_id)
    initial = {"roles": shown.roles, "is_charge": shown.is_charge}
    form = RolesForm(posted(request), initial=initial)
    saved, problem = attempt(
        request,
        actor,
        form,
        lambda data, now: change_roles(
            practice_id=actor.practice.pk,
            user_id=user_id,
            roles=data["roles"],
            is_charge=data["is_charge"],
            seen_version=data["version"],
            by=actor.by,
            now=now,
        ),
    )
    if saved:
        return redirect("/settings/people/?done=saved")
    return _show(request, actor, shown, form, problem, sent=form)


def _one(actor: Actor, user_id: uuid.UUID) -> Person:
    user = member_of(actor.practice, user_id)
    return _person(
        Membership.objects.filter(practice=actor.practice, user=user).select_related("user").order_by("role")
    )


def _show(
    request: HttpRequest,
    actor: Actor,
    shown: Person,
    form: RolesForm,
    problem: Problem | None,
    *,
    sent: RolesForm | VersionForm,
) -> HttpResponse:
    context = {"form": form, "section": "people", "person": shown}
    return show(request, actor, "person", context, sent=sent, problem=problem)


@require_POST
@page("settings-person-close")
def close(request: HttpRequest, actor: Actor, user_id: uuid.UUID) -> HttpResponse:
    shown = _one(actor, user_id)
    form = VersionForm(request.POST)
    saved, problem = attempt(
        request,
        actor,
        form,
        lambda data, now: close_account(
            practice_id=actor.practice.pk, user_id=user_id, seen_version=data["version"], by=actor.by, now=now
        ),
    )
    if saved:
        return redirect("/settings/people/?done=closed")
    roles = RolesForm(initial={"roles": shown.roles, "is_charge": shown.is_charge})
    return _show(request, actor, shown, roles, problem, sent=form)
