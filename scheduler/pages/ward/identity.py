"""The two-identifier step: remembered for this case and this nurse for half an hour, demanded by every act."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.session import note
from scheduler.rules.problems import Problem, Refused
from scheduler.services.cases import case_of
from scheduler.services.ward import confirm_identity

IDENTIFIED = "identified"  # the session's key: case -> [who, when]
LASTS = timedelta(minutes=30)

Act = Callable[[HttpRequest, Actor, Case, datetime], str]
Shows = Callable[..., HttpResponse]


def is_identified(request: HttpRequest, actor: Actor, case_id: uuid.UUID, now: datetime) -> bool:
    """Whether this nurse matched two identifiers of this case within the last half hour."""
    who, at = request.session.get(IDENTIFIED, {}).get(str(case_id), ("", ""))
    return bool(who == actor.by and at and timedelta(0) <= now - datetime.fromisoformat(at) < LASTS)


def identify(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> str:
    """Confirm who this is, from the boxes that were ticked. Raises Invalid where one is missing."""
    matched = request.POST.getlist("matched")
    confirm_identity(practice_id=actor.practice.pk, case_id=case.pk, matched=matched, by=actor.by, now=now)
    known = request.session.get(IDENTIFIED, {})
    fresh = {key: told for key, told in known.items() if now - datetime.fromisoformat(told[1]) < LASTS}
    request.session[IDENTIFIED] = {**fresh, str(case.pk): [actor.by, now.isoformat()]}
    return "identified"


def at_bedside(request: HttpRequest, actor: Actor, case_id: uuid.UUID, act: Act, shows: Shows) -> HttpResponse:
    """The right patient first, then the act; a refusal is shown on the page it came from, with what was typed.

    `act` answers with the code of what was saved; words about a person stay out of the address.
    """
    case, now = case_of(actor.practice.pk, case_id), clock.now()
    try:
        if act is not identify and not is_identified(request, actor, case.pk, now):
            _identify_or_refuse(request, actor, case, now)
        saved = act(request, actor, case, now)
    except Problem as problem:
        note(actor, problem, case.pk)
        return shows(request, actor, case_id, problem=problem)
    return redirect(f"/ward/cases/{case.pk}/?saved={saved}")


def _identify_or_refuse(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> None:
    """A form may carry the two boxes itself, so that nothing typed is lost over an expired confirmation."""
    if request.POST.getlist("matched"):
        identify(request, actor, case, now)
        return
    raise Refused(
        "First make sure who this is: match two identifiers. Nothing was saved.", code="identity_not_confirmed"
    )
