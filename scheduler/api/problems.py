"""Errors as problem details (RFC 9457): `code`, `detail`, `errors[]`. Nobody ever sees a trace."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from scheduler import clock
from scheduler.access import Actor
from scheduler.rules.problems import Invalid, NotFound, NotPermitted, Problem, Reason, Unauthenticated, Unavailable
from scheduler.services.gates import note_refusal

log = logging.getLogger(__name__)
TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Refused",
    410: "Erased",
    413: "Too large",
    415: "Unsupported media type",
    422: "Unprocessable",
    429: "Too many requests",
    500: "Server error",
    503: "Try again soon",
}


def problem_response(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's exception handler: every expected error as a problem; an unexpected one stays a bare 500."""
    set_rollback()
    problem = _as_problem(error)
    if problem is None:
        return None
    _note(problem, context)
    return as_response(problem)


def as_response(problem: Problem) -> HttpResponse:
    """Rendered here, so that a problem stays JSON where the endpoint would answer YAML or a page."""
    body = orjson.dumps(as_json(problem), default=str)
    response = HttpResponse(body, status=problem.status, content_type="application/problem+json")
    response["Cache-Control"] = "no-store"
    if problem.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if problem.status == 503:
        response["Retry-After"] = "2"
    return response


def no_such_address() -> HttpResponse:
    return as_response(NotFound("There is nothing at this address. Addresses end with a slash; see /api/docs/."))


def unreadable_request() -> HttpResponse:
    return as_response(Invalid("The request cannot be read."))


def broken() -> HttpResponse:
    """Says that it was us, and nothing else."""
    problem = Problem("Something broke here; the change was not made. Report it.", code="server_error")
    problem.status = 500
    return as_response(problem)


def as_json(problem: Problem) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "errors": [reason.as_json() for reason in problem.errors],
        **problem.extra,
    }


def _as_problem(error: Exception) -> Problem | None:
    if isinstance(error, Problem):
        return error
    if isinstance(error, exceptions.ValidationError):
        return Invalid("The input has errors; nothing was written.", errors=tuple(_reasons(error.detail)))
    if isinstance(error, (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)):
        return Unauthenticated(str(error.detail))
    if isinstance(error, (exceptions.PermissionDenied, PermissionDenied)):
        return NotPermitted(str(getattr(error, "detail", "Your roles do not include this.")))
    if isinstance(error, (exceptions.NotFound, Http404)):
        return NotFound("There is nothing here in your practice.")
    if isinstance(error, exceptions.APIException):
        problem = Problem(str(error.detail), code=str(error.default_code))
        problem.status = error.status_code
        return problem
    if isinstance(error, BadRequest):
        return Invalid("The request cannot be read.")
    if isinstance(error, OperationalError):
        log.error("database: %s", type(error).__name__)
        return Unavailable()
    return None


def _reasons(detail: Any, path: str = "") -> Iterator[Reason]:
    """Every message of DRF's nested error structure, with the path of its field."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            place = f"{path}[{name}]" if isinstance(name, int) else f"{path}.{name}".lstrip(".")
            yield from _reasons(inner, path if name == "non_field_errors" else place)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, (Mapping, list))
            yield from _reasons(inner, f"{path}[{index}]" if nested else path)
    else:
        yield Reason(str(getattr(detail, "code", "invalid")), str(detail), field=path)


def _note(problem: Problem, context: Mapping[str, Any]) -> None:
    """Refusals and denials enter the record of the asker's own practice, after the rollback."""
    request = context["request"]
    actor = getattr(request, "auth", None)
    if problem.is_noted or not isinstance(actor, Actor) or problem.status not in (401, 403, 404, 409, 410):
        return
    kwargs = context.get("kwargs") or {}
    subject = next((str(value) for name, value in kwargs.items() if name.endswith("_id")), request.path)
    note_refusal(problem=problem, practice_id=actor.practice.pk, subject=subject, by=actor.by, now=clock.now())
