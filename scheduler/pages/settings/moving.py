"""Whose verdict changes when open cases move to another version; then the move, with the clinician's password."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from checklists.models import ProtocolVersion
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.session import page
from scheduler.pages.settings.protocol_forms import MoveForm, TargetForm
from scheduler.pages.settings.saving import attempt, posted, show
from scheduler.rules.problems import Invalid
from scheduler.rules.roles import CLINICIAN
from scheduler.services import case_moves, signatures, signing
from scheduler.services.case_moves import Left, Moved


@require_http_methods(["GET", "POST"])
@page("settings-protocol-move")
def move(request: HttpRequest, actor: Actor, version_id: uuid.UUID) -> HttpResponse:
    version = signing.version_of(actor.practice.pk, version_id)
    form = MoveForm(posted(request))
    done: list[Moved] = []

    def act(data: dict[str, Any], now: datetime) -> None:
        signatures.authenticate_afresh(actor, data["password"], subject=version.pk, now=now)
        target = case_moves.target_of(version, data["to"])
        done.append(
            case_moves.move_cases_to_version(version=version, target=target, chosen=data["cases"], by=actor.by, now=now)
        )

    saved, problem = attempt(request, actor, form, act)
    targets = case_moves.targets_of(version)
    choice = TargetForm(request.GET if "to" in request.GET else None, versions=targets)
    target = _target(version, form, choice) if targets else None
    context = {
        "section": "protocols",
        "version": version,
        "target": target,
        "choice": choice,
        "preview": case_moves.preview_move(version=version, target=target, now=clock.now()) if target else None,
        "form": MoveForm() if saved else form,
        "kept": form.kept if form.is_bound and not saved else None,
        "moved": done[0].moved if done else (),
        "left": _named(version, done[0].left) if done else [],
        "may_move": CLINICIAN in actor.roles,
    }
    wrong = choice if choice.errors else None if saved else form
    return show(request, actor, "move", context, sent=wrong, problem=problem)


def _target(version: ProtocolVersion, form: MoveForm, choice: TargetForm) -> ProtocolVersion | None:
    """The one that was posted, else the one chosen, else the one that new cases open on."""
    if choice.is_bound and not choice.is_valid():
        return None
    chosen = choice.cleaned_data["to"] if choice.is_bound else None
    try:
        return case_moves.target_of(version, form.target or chosen)
    except Invalid:
        return case_moves.target_of(version, None)


def _named(version: ProtocolVersion, left: Iterable[Left]) -> list[tuple[Case | None, Left]]:
    """Those that were not moved, with the case where it is one of this practice."""
    cases = Case.objects.filter(practice_id=version.practice_id).select_related("patient")
    found = cases.in_bulk([one.case_id for one in left])
    return [(found.get(one.case_id), one) for one in left]
