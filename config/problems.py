"""Which answer an error gets: problem details under /api/, a page elsewhere."""

from django.http import HttpRequest, HttpResponse

from scheduler.api import problems as api
from scheduler.pages import problems as pages


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/healthz"))


def no_such_address(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    return api.no_such_address() if _is_api(request) else pages.no_such_address(request)


def unreadable_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    return api.unreadable_request() if _is_api(request) else pages.unreadable_request(request)


def broken(request: HttpRequest) -> HttpResponse:
    return api.broken() if _is_api(request) else pages.broken(request)
