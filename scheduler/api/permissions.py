from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from scheduler.access import Actor, allowed, answers

if TYPE_CHECKING:
    from rest_framework.views import APIView


class RoleTable(BasePermission):
    """Asks scheduler/access.py, and nothing else, whether the caller's roles may call this route."""

    message = "Your roles do not include this. Ask somebody whose role does (see your practice's administrator)."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        match, method = request.resolver_match, request.method or ""
        if match is not None and not answers(match.url_name or "", method):
            raise MethodNotAllowed(method)
        roles = request.auth.roles if isinstance(request.auth, Actor) else frozenset()
        return match is not None and allowed(match.url_name or "", method, roles, demo=settings.DEMO)
