"""Protocols of the practice: what is missing first, the rows of low confidence, then the signature."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists.models import ProtocolVersion
from checklists.protocols import loader
from checklists.protocols.summary import summary
from checklists.services.protocols import is_intact
from scheduler.access import Actor
from scheduler.models import User
from scheduler.pages.session import page
from scheduler.pages.settings.protocol_forms import AdoptForm, SignForm, WithdrawForm
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.reads import looked_at_cases
from scheduler.rules.problems import Problem
from scheduler.rules.roles import CLINICIAN
from scheduler.services import signatures, signing


@require_http_methods(["GET", "POST"])
@page("settings-protocols")
def protocols(request: HttpRequest, actor: Actor) -> HttpResponse:
    names = [name for name in loader.shipped() if actor.practice.is_demo or name != signing.DEMONSTRATION]
    form = AdoptForm(posted(request), names=names)
    saved, problem = attempt(
        request,
        actor,
        form,
        lambda data, now: signing.adopt_shipped(practice=actor.practice, name=data["name"], by=actor.by, now=now),
    )
    if saved:
        return redirect("/settings/protocols/?done=adopted")
    found = ProtocolVersion.objects.filter(practice_id=actor.practice.pk).select_related("protocol")
    versions = sorted(found.order_by("protocol__name", "-number"), key=_urgency)
    context = {"form": form, "section": "protocols", "versions": versions}
    return show(request, actor, "protocols", context, sent=form, problem=problem)


def _urgency(version: ProtocolVersion) -> int:
    """What misses a number before what waits for a signature, then what is in force, then what was withdrawn."""
    if version.withdrawn_at is not None:
        return 3
    return 2 if version.signed_at is not None else 0 if version.missing else 1


@require_GET
@page("settings-protocol")
def protocol(request: HttpRequest, actor: Actor, version_id: uuid.UUID) -> HttpResponse:
    return _show(request, actor, signing.version_of(actor.practice.pk, version_id))


def _show(
    request: HttpRequest,
    actor: Actor,
    version: ProtocolVersion,
    sent: SignForm | WithdrawForm | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    intact = is_intact(version.document, version.document_hash)
    lines = list(summary(version.document, signed=version.signed_at is not None)) if intact else []
    cases = list(signing.cases_of(version)[:200])
    looked_at_cases(cases)
    people = {user.by: user.name for user in User.objects.filter(memberships__practice=actor.practice)}
    context = {
        "section": "protocols",
        "version": version,
        "intact": intact,
        "others": signing.others_of(version)[:1],
        "low": [line.removeprefix("! ") for line in lines if line.startswith("!")],
        "lines": "\n".join(lines),
        "signed_by": people.get(version.signed_by, version.signed_by),
        "withdrawn_by": people.get(version.withdrawn_by, version.withdrawn_by),
        "cases": cases,
        "waiting": signing.cases_of(version).count(),
        "under_way": signing.under_way(version),
        "may_sign": CLINICIAN in actor.roles,
        "sign": sent if isinstance(sent, SignForm) else SignForm(),
        "withdraw": sent if isinstance(sent, WithdrawForm) else WithdrawForm(),
    }
    return show(request, actor, "protocol", context, sent=sent, problem=problem)


@require_POST
@page("settings-protocol-sign")
def sign(request: HttpRequest, actor: Actor, version_id: uuid.UUID) -> HttpResponse:
    version, form = signing.version_of(actor.practice.pk, version_id), SignForm(request.POST)

    def act(data: dict[str, Any], now: datetime) -> None:
        signatures.authenticate_afresh(actor, data["password"], subject=version.pk, now=now)
        signing.sign(version=version, by=actor.by, now=now)

    saved, problem = attempt(request, actor, form, act)
    if saved:
        return redirect(f"/settings/protocols/{version_id}/?done=signed")
    return _show(request, actor, version, form, problem)


@require_POST
@page("settings-protocol-withdraw")
def withdraw(request: HttpRequest, actor: Actor, version_id: uuid.UUID) -> HttpResponse:
    version, form = signing.version_of(actor.practice.pk, version_id), WithdrawForm(request.POST)

    def act(data: dict[str, Any], now: datetime) -> None:
        signatures.authenticate_afresh(actor, data["password"], subject=version.pk, now=now)
        signing.withdraw(version=version, reason=data["reason"], by=actor.by, now=now)

    saved, problem = attempt(request, actor, form, act)
    if saved:
        return redirect(f"/settings/protocols/{version_id}/?done=withdrawn")
    return _show(request, actor, version, form, problem)
