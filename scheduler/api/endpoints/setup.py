"""The practice, its rooms and people, its protocols; and health."""

import uuid
from typing import Any

from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from checklists.models import ProtocolVersion
from checklists.protocols import loader
from scheduler import clock
from scheduler.access import Actor
from scheduler.api import inputs, outputs
from scheduler.api.described import described
from scheduler.api.show import show_resource, show_version
from scheduler.api.views import Endpoint, Read, Write
from scheduler.doors import due_messages
from scheduler.models import Resource
from scheduler.services import signatures, signing
from scheduler.services.record_watch import watched


@described(name="show_practice", answers=outputs.PracticeOut, method="get")
class ThisPractice(Read):
    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        practice = actor.practice
        return {
            "id": str(practice.pk),
            "name": practice.name,
            "zone": practice.zone,
            "phone": practice.phone,
            "address": practice.address,
            "email": practice.email,
            "hours": practice.hours,
            "you": {"name": actor.user.name, "email": actor.user.email, "roles": sorted(actor.roles)},
        }


@described(name="list_resources", answers=outputs.ResourcesOut, method="get")
class Resources(Read):
    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        found = Resource.objects.filter(practice=actor.practice).order_by("kind", "name")
        return {"results": [show_resource(resource) for resource in found]}


@described(name="list_protocols", answers=outputs.ProtocolsOut, method="get")
@described(name="adopt_protocol", takes=inputs.AdoptIn, answers=outputs.ProtocolOut, status=201)
class Protocols(Read, Write):
    # `shipped` can be adopted (POST); `results` are the practice's own versions.

    accepts, status = inputs.AdoptIn, 201

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        tz = actor.practice.site.tz
        found = ProtocolVersion.objects.select_related("protocol").filter(practice_id=actor.practice.pk)
        versions = [show_version(version, tz) for version in found.order_by("protocol__name", "number")]
        return {"shipped": list(loader.shipped()), "results": versions}

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        version = signing.adopt_shipped(practice=actor.practice, name=data["name"], by=actor.by, now=clock.now())
        return show_version(version, actor.practice.site.tz)


@described(name="show_protocol", answers=outputs.ProtocolDocumentOut, method="get")
class OneProtocol(Read):
    """With the whole resolved document that a signature covers."""

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        version = signing.version_of(actor.practice.pk, ids["version_id"])
        return {**show_version(version, actor.practice.site.tz), "document": version.document}


@described(name="sign_protocol", takes=inputs.SignIn, answers=outputs.ProtocolOut)
class SignProtocol(Write):
    """Needs the clinician's own password in the request."""

    accepts = inputs.SignIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now = clock.now()
        signatures.authenticate_afresh(actor, data["password"], subject=ids["version_id"], now=now)
        version = signing.version_of(actor.practice.pk, ids["version_id"])
        signing.sign(version=version, by=actor.by, now=now)
        return show_version(signing.version_of(actor.practice.pk, version.pk), actor.practice.site.tz)


@described(name="withdraw_protocol", takes=inputs.WithdrawIn, answers=outputs.WithdrawnOut)
class WithdrawProtocol(Write):
    """Its gates are shut from now on; `cases` are those pinned to it. Needs the clinician's own password."""

    accepts = inputs.WithdrawIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now = clock.now()
        signatures.authenticate_afresh(actor, data["password"], subject=ids["version_id"], now=now)
        version = signing.version_of(actor.practice.pk, ids["version_id"])
        pinned = signing.withdraw(version=version, reason=data["reason"], by=actor.by, now=now)
        shown = show_version(signing.version_of(actor.practice.pk, version.pk), actor.practice.site.tz)
        return {"protocol": shown, "cases": [str(case) for case in pinned]}


@described(name="health", answers=outputs.HealthOut, method="get")
class Health(Endpoint):
    """For a load balancer: no data about anybody."""

    authentication_classes = ()

    def get(self, request: Request) -> Response:
        now = clock.now()
        waiting = due_messages(now)
        age = max((int((now - due.oldest_due_at).total_seconds()) for due in waiting), default=0)
        records = watched(now)
        return Response(
            {
                "status": "ok",
                "database": connection.vendor,
                "queued_messages": sum(due.count for due in waiting),
                "oldest_due_seconds": max(age, 0),
                "broken_records": records.broken,
                "oldest_verification_seconds": records.oldest_seconds,
            }
        )
