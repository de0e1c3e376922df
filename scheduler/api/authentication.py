"""API tokens: shown once, kept as SHA-256, expiring, revocable; a disabled user is out at the next request."""

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from scheduler import clock
from scheduler.access import Actor
from scheduler.models import ApiToken, Membership, User

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema

WRONG = "The token is wrong, expired or revoked. Ask for a new one: manage.py create_api_token."


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            return None
        digest = hashlib.sha256(secret.encode()).hexdigest()
        token = (
            ApiToken.objects.select_related("user", "practice")
            .filter(digest=digest, revoked_at=None, expires_at__gt=clock.now(), user__is_active=True)
            .first()
        )
        if token is None or (token.practice.is_demo and not settings.DEMO):
            raise AuthenticationFailed(WRONG)
        roles = frozenset(
            Membership.objects.filter(practice=token.practice, user=token.user).values_list("role", flat=True)
        )
        return token.user, Actor(token.user, token.practice, roles)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: "AutoSchema") -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "manage.py create_api_token USER"}
