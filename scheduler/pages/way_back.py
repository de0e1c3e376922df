"""A form's address that is opened like a page leads to the page where the form stands."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from scheduler.access import ACCESS

READING = ("GET", "HEAD")


def to_its_page(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: after a refusal the browser shows the form's address, and a reload or a new sign-in opens that."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or request.method not in READING or request.path.startswith("/api/"):
            return response
        return response if is_read(request.path) else redirect(page_above(request.path))

    return answered


def page_above(path: str) -> str:
    """The nearest address above this one that can be read; the first page where there is none."""
    while path != "/" and not is_read(path):
        path = path.rstrip("/").rpartition("/")[0] + "/"
    return path


def is_read(path: str) -> bool:
    try:
        route = resolve(path).url_name or ""
    except Resolver404:
        return False
    return "GET" in ACCESS.get(route, {})
