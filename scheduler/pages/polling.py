"""Live boards: the same rows give the same short digest, and what a browser shows already is not sent again."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def version_of(shown: object) -> str:
    """A short digest of all that a board shows."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def answer(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """The rows, or 204 where `?v=` says that the browser has them. `context["v"]` is their version."""
    if request.GET.get("v") == context["v"]:
        return HttpResponse(status=204)
    return render(request, template, context)
