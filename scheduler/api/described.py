"""One line a view for the OpenAPI document."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from scheduler.api.fields import Strict
from scheduler.api.outputs import ProblemOut

Out = type[serializers.Serializer[Any]]
PROBLEMS = {
    (status, "application/problem+json"): ProblemOut
    for status in (400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 503)
}
# How a query parameter is written, where it is not just text.
WRITTEN: Mapping[str, dict[str, Any]] = {
    "date": {"type": "string", "format": "date"},
    "start": {"type": "string", "format": "date-time"},
    "case": {"type": "string", "format": "uuid"},
    "duplicate": {"type": "string", "format": "uuid"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 200},
}
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key with the same body gets the first answer again, for 24 hours.",
)


def described(
    *,
    name: str,
    answers: Out,
    takes: Out | None = None,
    status: int = 200,
    method: str = "post",
    also: Mapping[int, None] = MappingProxyType({}),
    **query: str,
) -> Callable[[type], type]:
    """Describe a view's method: operation id, request, answers, and its query parameters (name=description).

    `also`: other statuses, those without a body.
    """
    parameters: list[Any] = [
        OpenApiParameter(name, WRITTEN.get(name, str), OpenApiParameter.QUERY, description=words)
        for name, words in query.items()
    ]
    if method == "post":
        parameters.append(KEY)

    def describe(view: type) -> type:
        # Only the view's own words: what it shares with others says nothing of this call.
        words = vars(view).get("__doc__") or f"{name.replace('_', ' ').capitalize()}."
        schema = extend_schema(
            operation_id=name,
            description=words,
            request=takes,
            responses={status: answers, **also, **PROBLEMS},
            parameters=parameters,
        )
        return extend_schema_view(**{method: schema})(view)

    return describe


class StrictBody(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A body that takes no field beside those described says so in the document."""

    target_class = Strict
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        described = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        return {**described, "additionalProperties": False} if described.get("properties") else described
