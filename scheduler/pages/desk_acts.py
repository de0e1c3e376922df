"""What the desk does to a case with one press: the patient is here, the case is closed, it is opened again."""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from scheduler import clock
from scheduler.access import Actor
from scheduler.pages.desk import show_case
from scheduler.pages.saved import to_case
from scheduler.pages.session import note, page
from scheduler.pages.ward.case import version_seen
from scheduler.rules.problems import Problem
from scheduler.services import transitions
from scheduler.services.cases import case_of


def _do(
    request: HttpRequest, actor: Actor, case_id: uuid.UUID, act: Callable[[datetime], object], done: str
) -> HttpResponse:
    case = case_of(actor.practice.pk, case_id)
    try:
        act(clock.now())
    except Problem as problem:
        note(actor, problem, case.pk)
        return show_case(request, actor, case.pk, problem)
    return to_case(case.pk, done)


def _move(
    request: HttpRequest, actor: Actor, case_id: uuid.UUID, move: Callable[..., object], done: str
) -> HttpResponse:
    def act(now: datetime) -> object:
        seen = version_seen(request, "version")
        return move(practice_id=actor.practice.pk, case_id=case_id, seen_version=seen, by=actor.by, now=now)

    return _do(request, actor, case_id, act, done)


@require_POST
@page("desk-arrive")
def arrive(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    def act(now: datetime) -> object:
        return transitions.arrive(practice_id=actor.practice.pk, case_id=case_id, by=actor.by, now=now)

    return _do(request, actor, case_id, act, "arrived")


@require_POST
@page("desk-close")
def close(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return _move(request, actor, case_id, transitions.close, "closed")


@require_POST
@page("desk-reopen")
def reopen(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return _move(request, actor, case_id, transitions.reopen, "reopened")
