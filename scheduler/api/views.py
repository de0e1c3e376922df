"""What the endpoints share: the actor, validated input, one transaction for a write, one answer for one key."""

import logging
import uuid
from contextlib import ExitStack, suppress
from typing import Any, ClassVar

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, transaction
from django.http import HttpResponse, UnreadablePostError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from scheduler import clock
from scheduler.access import Actor
from scheduler.api.authentication import place_of
from scheduler.api.problems import as_response
from scheduler.deadlocks import again_after_deadlock, is_deadlock
from scheduler.isolation import within
from scheduler.reads import looking
from scheduler.rules.problems import Invalid, Problem, Reason, Unavailable
from scheduler.services.access_log import log_reading
from scheduler.services.idempotency import Answer, answer_once

log = logging.getLogger(__name__)
MAX_KEY = 200


class Endpoint(APIView):
    """Patient data is never stored by anybody on the way."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Nothing but the practice of the request's token is in sight; what is not logged is not shown."""
        with suppress(RequestDataTooBig, UnreadablePostError):
            len(request.body)  # kept, so that a second try can read it
        try:
            return again_after_deadlock(lambda: self._dispatch(request, *args, **kwargs))
        except OperationalError as error:  # DRF answers those of the view itself
            log.error("database: %s", type(error).__name__)
            return as_response(Unavailable())

    def _dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as self.sight:
            if self.authentication_classes and (place := place_of(request)):
                self.sight.enter_context(within(place))
            with looking() as seen:
                response = super().dispatch(request, *args, **kwargs)
            self.log(request, seen, response.status_code)
            return response

    def log(self, request: Any, seen: set[uuid.UUID], status: int) -> None:
        """Whom the answer shows; also one that is given once more."""
        actor = getattr(self.request, "auth", None)
        if not isinstance(actor, Actor) or status >= 300:
            return
        seen |= {self.kwargs[name] for name in ("case_id", "patient_id") if name in self.kwargs}
        log_reading(
            practice_id=actor.practice.pk,
            by=actor.by,
            roles=actor.roles,
            route=request.resolver_match.url_name,
            seen=seen,
            status=status,
            now=clock.now(),
        )

    def handle_exception(self, exc: Exception) -> Any:
        """What was begun is rolled back before the refusal is recorded, unless that was done already."""
        is_kept = isinstance(exc, Problem) and exc.is_noted
        self.sight.__exit__(*(None, None, None) if is_kept else (type(exc), exc, exc.__traceback__))
        if isinstance(exc, OperationalError) and is_deadlock(exc):
            raise exc
        return super().handle_exception(exc)

    def actor(self, request: Request) -> Actor:
        assert isinstance(request.auth, Actor)
        return request.auth

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class Write(Endpoint):
    """POST: `accepts` validates, `act` calls one service and says what came of it."""

    accepts: ClassVar[type[serializers.Serializer[Any]]]
    status = 200

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        raise NotImplementedError

    def post(self, request: Request, **ids: uuid.UUID) -> HttpResponse:
        actor = self.actor(request)
        key = _key(request)

        def act() -> Answer:
            given = self.accepts(data=request.data)
            given.is_valid(raise_exception=True)
            try:
                body = self.act(actor, given.validated_data, **ids)
            except Problem as problem:
                if not problem.is_noted:
                    raise
                return Answer(problem.status, "", refusal=problem)
            return Answer(self.status, orjson.dumps(body, default=str).decode())

        if key:
            body = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
            answer = answer_once(actor=actor, route=request.path, key=key, body=body, now=clock.now(), act=act)
        else:
            with transaction.atomic():
                answer = act()
        if answer.refusal is not None:
            raise answer.refusal
        response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
        if answer.replayed:
            response["Idempotent-Replay"] = "true"
        return response


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY or not (key.isascii() and key.isprintable()):
        remedy = f"Use at most {MAX_KEY} printable ASCII characters, e.g. a random UUID."
        raise Invalid(
            "The Idempotency-Key cannot be used.", errors=(Reason("bad_key", remedy, field="Idempotency-Key"),)
        )
    return key


class Read(Endpoint):
    def get(self, request: Request, **ids: uuid.UUID) -> Response:
        return Response(self.show(self.actor(request), request, **ids))

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        raise NotImplementedError
