"""What a browser is told when no page answered: a sentence and a way on, never a trace."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scheduler.rules.problems import Invalid, NotFound, NotPermitted, Problem


def _told(request: HttpRequest, problem: Problem) -> HttpResponse:
    # A patient reads neither the desk's words nor its way on.
    template = "my/trouble.html" if request.path.startswith("/my/") else "problem.html"
    response = render(request, template, {"problem": problem}, status=problem.status)
    response["Cache-Control"] = "no-store"
    return response


def no_such_address(request: HttpRequest) -> HttpResponse:
    return _told(request, NotFound("There is nothing at this address. Check it, or begin at the front page."))


def unreadable_request(request: HttpRequest) -> HttpResponse:
    return _told(request, Invalid("The request cannot be read. Go back and send it again."))


def broken(request: HttpRequest) -> HttpResponse:
    """Says that it was us, and nothing else."""
    problem = Problem("Something broke here; the change was not made. Report it.", code="server_error")
    problem.status = 500
    return _told(request, problem)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the token of this browser's session: sent from elsewhere, or left open too long."""
    return _told(request, NotPermitted("This form is too old, or was not ours. Nothing was saved: open the page anew."))
