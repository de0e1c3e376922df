"""The patient's way through the day: arrive, check in, start, finish, discharge, or home without the procedure."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.session import page
from scheduler.pages.ward.case import SENT_HOME_FOR, show_asking, show_case, version_seen
from scheduler.pages.ward.identity import Act, at_bedside
from scheduler.rules.problems import Invalid, Reason
from scheduler.services import transitions
from scheduler.services.override_requests import ask_for_override
from scheduler.services.ward import send_home as go_home

LONGEST_REASON = 300


def _arrived(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> str:
    transitions.arrive(practice_id=actor.practice.pk, case_id=case.pk, by=actor.by, now=now)
    return "arrived"


def _moving(act: Callable[..., Any], saved: str) -> Act:
    def move(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> str:
        seen = version_seen(request, "version")
        act(practice_id=actor.practice.pk, case_id=case.pk, seen_version=seen, by=actor.by, now=now)
        return saved

    return move


def _sent_home(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> str:
    reason = SENT_HOME_FOR.get(request.POST.get("reason", ""))
    if reason is None:
        told = Reason("no_reason", "Choose one of the reasons.", field="Why")
        raise Invalid("Say why the patient goes home.", errors=(told,))
    go_home(
        practice_id=actor.practice.pk,
        case_id=case.pk,
        reason=reason,
        seen_version=version_seen(request, "version"),
        by=actor.by,
        now=now,
    )
    return "sent_home"


def _override_asked(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> str:
    ask_for_override(
        practice_id=actor.practice.pk,
        case_id=case.pk,
        item=request.POST.get("item", ""),
        reason=request.POST.get("reason", "")[:LONGEST_REASON],
        by=actor.by,
        now=now,
    )
    return "override_asked"


@require_POST
@page("ward-arrive")
def arrive(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, _arrived, show_case)


@require_POST
@page("ward-check-in")
def check_in(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, _moving(transitions.check_in, "check_in"), show_case)


@require_POST
@page("ward-start")
def start(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, _moving(transitions.start, "start"), show_case)


@require_POST
@page("ward-finish")
def finish(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, _moving(transitions.finish, "finish"), show_case)


@require_POST
@page("ward-discharge")
def discharge(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, _moving(transitions.discharge, "discharge"), show_case)


@require_POST
@page("ward-send-home")
def send_home(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, _sent_home, show_case)


@require_POST
@page("ward-ask-override")
def ask_override(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, _override_asked, show_asking)
