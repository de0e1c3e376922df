"""From which address a request came: the other end of the connection, or what our own proxy says of it.

`X-Forwarded-For` is what anybody may write, so it counts only with BEHIND_PROXY, and then only its last entry: the one
that the proxy in front of us added.
"""

from collections.abc import Callable
from contextvars import ContextVar
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_peer: ContextVar[str] = ContextVar("address of the request", default="")


def peer() -> str:
    """The address of the request that is being answered; empty for the clock, the worker and commands."""
    return _peer.get()


def peer_of(request: HttpRequest) -> str:
    given = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        given = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or given
    try:
        return str(ip_address(given.partition("%")[0]))  # the zone behind it may be as long as anybody likes
    except ValueError:
        return ""


class RememberPeer:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = _peer.set(peer_of(request))
        try:
            return self.get_response(request)
        finally:
            _peer.reset(before)
