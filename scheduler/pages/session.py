"""Signing in to pages, and the one door that every page goes through."""

import logging
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from scheduler import clock, doors
from scheduler.access import Actor, allowed
from scheduler.deadlocks import again_after_deadlock
from scheduler.isolation import within
from scheduler.models import Membership, User
from scheduler.reads import READS, looking
from scheduler.rules.problems import NotFound, NotPermitted, Problem, Refused, Unauthenticated, Unavailable
from scheduler.rules.texts import unseen
from scheduler.services.access_log import log_reading
from scheduler.services.gates import note_refusal
from scheduler.services.record import append_record
from scheduler.services.sign_ins import note_failed_sign_in

log = logging.getLogger(__name__)
PRACTICE = "practice"  # the session's key for the practice that the person works in
View = Callable[..., HttpResponse]


def actor_of(request: HttpRequest, place: uuid.UUID) -> Actor | None:
    """Who is signed in there, with the roles of this moment; None for nobody, disabled or removed people."""
    if not isinstance(request.user, User) or not request.user.is_active:
        return None
    rows = list(Membership.objects.filter(user=request.user, practice_id=place).select_related("practice"))
    if not rows or (rows[0].practice.is_demo and not settings.DEMO):
        return None
    return Actor(request.user, rows[0].practice, frozenset(row.role for row in rows))


def place_of(request: HttpRequest) -> uuid.UUID | None:
    """The practice that the person signed in to, as the session says."""
    place = request.session.get(PRACTICE)
    return uuid.UUID(place) if place else None


def page(route: str) -> Callable[[View], View]:
    """Sign-in, the table of roles, and problems as pages; nothing on the way keeps what it shows."""

    assert route in READS, f"say in scheduler/reads.py what {route} shows of patients"

    def door(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **ids: Any) -> HttpResponse:
            place = place_of(request)
            if place is None:
                return _sign_in_first(request)
            actor: Actor | None = None

            def answered() -> HttpResponse:
                nonlocal actor
                with within(place):
                    actor = actor_of(request, place)
                    if actor is None:
                        return _sign_in_first(request)
                    if not allowed(route, request.method or "", actor.roles, demo=settings.DEMO):
                        raise NotPermitted("Your roles do not include this page.")
                    return _shown(request, actor, route, view, ids)

            try:
                response = again_after_deadlock(answered)
            except Problem as problem:
                assert actor is not None
                response = problem_page(request, actor, problem, ids)
            except OperationalError as error:
                if actor is None:
                    raise
                log.error("database: %s", type(error).__name__)
                response = problem_page(request, actor, Unavailable(), ids)
                response["Retry-After"] = "2"
            response["Cache-Control"] = "no-store"
            return response

        return guarded

    return door


def _shown(request: HttpRequest, actor: Actor, route: str, view: View, ids: dict[str, Any]) -> HttpResponse:
    """The page, and whom it shows in the access log."""
    with looking() as seen:
        response = view(request, actor, **ids)
    log_reading(
        practice_id=actor.practice.pk,
        by=actor.by,
        roles=actor.roles,
        route=route,
        seen=seen,
        status=response.status_code,
        now=clock.now(),
    )
    return response


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """A script that polls or saves is told so, and keeps the page as it is; a person is led to the form."""
    if "HX-Request" in request.headers:
        return HttpResponse("Sign in first.", status=401, content_type="text/plain")
    return redirect(f"/login/?next={request.path}")


def note(actor: Actor, problem: Problem, subject: object) -> None:
    """A refusal enters the record, after the rollback."""
    if not problem.is_noted and isinstance(problem, (Refused, NotFound, NotPermitted, Unauthenticated)):
        note_refusal(problem=problem, practice_id=actor.practice.pk, subject=subject, by=actor.by, now=clock.now())


def status_of(problem: Problem | None, *, wrong: bool) -> int:
    """Of a page whose form was not saved because of the problem, or because it is `wrong`."""
    if isinstance(problem, Unauthenticated):
        return 403  # 401 would say that nobody is signed in
    if problem is not None:
        return problem.status
    return 400 if wrong else 200


def problem_page(request: HttpRequest, actor: Actor, problem: Problem, ids: dict[str, Any]) -> HttpResponse:
    note(actor, problem, next(iter(ids.values()), request.path))
    return render(request, "problem.html", {"actor": actor, "problem": problem}, status=problem.status)


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail and password; the same answer for every way of being wrong."""
    onward = _onward(request.POST.get("next") or request.GET.get("next") or "/")
    wrong = ""
    if request.method == "POST":
        typed = request.POST.get("email", "").strip().lower()
        email = typed if unseen(typed) is None else ""  # no account has such an address, and PostgreSQL takes no NUL
        user = authenticate(request, username=email, password=request.POST.get("password", ""))
        place = _place_of(user) if isinstance(user, User) else None
        if user is not None and place is not None:
            login(request, user)
            request.session[PRACTICE] = str(place)
            _note_session(place, user, "signed_in")
            return redirect(onward)
        note_failed_sign_in(email=email, now=clock.now())
        wrong = "E-mail or password is wrong, or the account is closed. Try again, or ask your administrator."
    context = {"next": onward, "wrong": wrong, "email": request.POST.get("email", ""), "demo": settings.DEMO}
    return render(request, "login.html", context, status=400 if wrong else 200)


def _onward(given: str) -> str:
    """A path of ours as it was given, or the first page."""
    is_path = given.startswith("/") and unseen(given, kept="") is None
    return given if is_path and url_has_allowed_host_and_scheme(given, allowed_hosts=None) else "/"


def _place_of(user: User) -> uuid.UUID | None:
    """Where the person works; the demonstration's logins refuse to exist outside the demonstration."""
    return next(iter(doors.places_of(user.pk, demo=settings.DEMO)), None)


def _note_session(place: uuid.UUID, user: User, action: str) -> None:
    with within(place):
        append_record(practice_id=place, by=user.by, action=action, subject=user.pk, now=clock.now())


@require_http_methods(["POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    place = place_of(request)
    if place is not None:
        with within(place):
            actor = actor_of(request, place)
        if actor is not None:  # whoever was removed writes nothing there any more
            _note_session(place, actor.user, "signed_out")
    logout(request)
    response = redirect("/login/")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response
