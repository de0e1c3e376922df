"""The door of the pages that a link opens: a signed cookie in place of a login, the link read anew each time.

The cookie holds the hash of the token, never the token; a person who is signed in as staff is nobody here. Every
dead link, of whatever sort, gets the same page to the byte.
"""

import logging
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation

from scheduler import clock, doors
from scheduler.access import allowed
from scheduler.deadlocks import again_after_deadlock
from scheduler.isolation import within
from scheduler.models import Case, Link, Practice
from scheduler.reads import READS, Reads
from scheduler.rules.links import PLACE_WAITS
from scheduler.rules.problems import NotFound
from scheduler.services.access_log import log_reading
from scheduler.services.links import PRESCRIBER, open_link

log = logging.getLogger(__name__)
IDLE = timedelta(minutes=30)
COOKIE = "__Secure-my" if settings.HTTPS else "my"
LANGUAGE_COOKIE = "__Secure-my-language" if settings.HTTPS else "my-language"
NOWHERE = uuid.UUID(int=0)
LANGUAGES = ("en", "es")
SALT = "cleared.my"
READERS = ("patient", "caregiver")
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cookie says: which link this browser opened, and whether the date of birth was right."""

    digest: str
    proven: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody with a link that opens, at this instant."""

    link: Link
    proven: bool
    now: datetime

    @property
    def case(self) -> Case:
        return self.link.case

    @property
    def practice(self) -> Practice:
        return self.link.practice

    @property
    def who(self) -> str:
        return self.link.contact.kind

    @property
    def by(self) -> str:
        return f"link:{self.link.pk}"


def seen_by(request: HttpRequest, now: datetime) -> Seen | None:
    """The cookie, unless it is forged or was idle for too long."""
    try:
        held = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT)
        idle = now - datetime.fromisoformat(held["at"])
        seen = Seen(str(held["digest"]), held["proven"] is True)
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None
    return seen if timedelta() <= idle < IDLE else None


def remember(response: HttpResponse, seen: Seen, now: datetime) -> None:
    held = {"digest": seen.digest, "proven": seen.proven, "at": now.isoformat()}
    _set(response, COOKIE, signing.dumps(held, salt=SALT), IDLE)


def forget(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, path="/my/", samesite="Lax")


def _set(response: HttpResponse, name: str, value: str, lasts: timedelta) -> None:
    response.set_cookie(name, value, max_age=lasts, path="/my/", secure=settings.HTTPS, httponly=True, samesite="Lax")


def dead_page(request: HttpRequest) -> HttpResponse:
    """For a link that is wrong, locked, revoked or too old, and for no link at all: in both languages, always."""
    response = render(request, "my/dead.html", status=404)
    forget(response)
    return response


def trouble_page(request: HttpRequest, error: OperationalError) -> HttpResponse:
    """The database does not answer just now: nothing was written, and the same link opens again."""
    log.error("database: %s", type(error).__name__)
    response = render(request, "my/trouble.html", status=503)
    response["Retry-After"] = "2"
    return response


def wait_page(request: HttpRequest) -> HttpResponse:
    """For an address from which too many wrong dates came; the link itself stays what it is."""
    response = render(request, "my/wait.html", status=429)
    response["Retry-After"] = str(int(PLACE_WAITS.total_seconds()))
    return response


def my_page(route: str, *, of: Collection[str] = READERS, proven: bool = True) -> Callable[[View], View]:
    """The link as it is now, for these kinds of person; `proven`: not before the right date of birth."""

    def door(view: View) -> View:
        def opened(request: HttpRequest, **ids: Any) -> HttpResponse:
            now = clock.now()
            seen = seen_by(request, now)
            if seen is None:
                return dead_page(request)
            # Also where there is none: a link that never was takes as long as one that is dead.
            with within(doors.practice_of_link(seen.digest) or NOWHERE):
                return shown(request, seen, now, ids)

        def shown(request: HttpRequest, seen: Seen, now: datetime, ids: dict[str, Any]) -> HttpResponse:
            link = open_link(digest=seen.digest, now=now)
            known = allowed(route, request.method or "", frozenset(), demo=settings.DEMO)
            if link is None or not known:
                return dead_page(request)
            if link.contact.kind not in of or (proven and not seen.proven):
                return redirect("/my/")
            chosen = _language(request, link)
            with translation.override(chosen):
                try:
                    response = view(request, Visit(link, seen.proven, now), **ids)
                except NotFound:
                    response = show(request, Visit(link, seen.proven, now), "my/absent.html", status=404)
            _log(Visit(link, seen.proven, now), route, response.status_code)
            if COOKIE not in response.cookies:
                remember(response, seen, now)
            if request.GET.get("lang") in LANGUAGES:
                _set(response, LANGUAGE_COOKIE, chosen, timedelta(days=30))
            return response

        @wraps(view)
        def guarded(request: HttpRequest, **ids: Any) -> HttpResponse:
            try:
                return again_after_deadlock(lambda: opened(request, **ids))
            except OperationalError as error:
                return trouble_page(request, error)

        return guarded

    return door


def _log(visit: Visit, route: str, status: int) -> None:
    """Nothing is shown before the date of birth, except to the escort, who is asked for none."""
    if READS[route] is not Reads.NOTHING and (visit.proven or visit.who == "escort"):
        log_reading(
            practice_id=visit.practice.pk,
            by=visit.by,
            roles=[visit.who],
            route=route,
            seen={visit.case.pk, visit.case.patient_id},
            status=status,
            now=visit.now,
        )


def _language(request: HttpRequest, link: Link) -> str:
    if link.contact.kind == PRESCRIBER:  # neither speaks the patient's language nor needs to know it
        return "en"
    wishes = (request.GET.get("lang"), request.COOKIES.get(LANGUAGE_COOKIE), link.case.patient.language[:2])
    return next((wish for wish in wishes if wish in LANGUAGES), "en")


def show(request: HttpRequest, visit: Visit, template: str, status: int = 200, **more: object) -> HttpResponse:
    context = {"visit": visit, "practice": visit.practice, "languages": settings.LANGUAGES, **more}
    return render(request, template, context, status=status)
