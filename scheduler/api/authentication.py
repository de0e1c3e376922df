"""API tokens: shown once, kept as SHA-256, expiring, revocable; a disabled user is out at the next request."""

import hashlib
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from scheduler import clock, doors
from scheduler.access import Actor
from scheduler.isolation import within
from scheduler.models import ApiToken, Membership, User

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema

WRONG = "The token is wrong, expired or revoked. Ask for a new one: manage.py create_api_token."


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        digest = digest_in(request)
        if digest is None:
            return None
        place = place_of(request)
        actor = _actor(place, digest) if place else None
        if actor is None:
            raise AuthenticationFailed(WRONG)
        return actor.user, actor

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def digest_in(request: Request | HttpRequest) -> str | None:
    """The SHA-256 of the token that the request carries."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return hashlib.sha256(secret.encode()).hexdigest() if scheme.lower() == "bearer" and secret else None


def place_of(request: Request | HttpRequest) -> uuid.UUID | None:
    """The practice of the request's token, asked for once."""
    if not hasattr(request, "place"):
        digest = digest_in(request)
        place = doors.practice_of_token(digest, clock.now()) if digest else None
        setattr(request, "place", place)  # noqa: B010 - an attribute of ours on Django's request
    found: uuid.UUID | None = request.place  # type: ignore[union-attr]
    return found


def _actor(practice_id: uuid.UUID, digest: str) -> Actor | None:
    """Whose token it is, with the roles of this moment; None for disabled people, and for a demonstration elsewhere."""
    with within(practice_id):
        token = ApiToken.objects.select_related("user", "practice").get(digest=digest)
        if not token.user.is_active or (token.practice.is_demo and not settings.DEMO):
            return None
        mine = Membership.objects.filter(practice=token.practice, user=token.user)
        return Actor(token.user, token.practice, frozenset(mine.values_list("role", flat=True)))


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: "AutoSchema") -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "manage.py create_api_token USER"}
