"""The OpenAPI document says what the API does: every route is in it, and real answers fit it."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from scheduler.access import ACCESS
from scheduler.api.urls import urlpatterns
from tests.scheduler.api.calls import CALLS, LATER, Call, send
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]

PAGES = {"schema", "docs"}  # described to nobody
OPERATIONS = [pair for pair in CALLS if pair[0] not in PAGES]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    return found


def paths() -> dict[str, str]:
    """The address of each route as OpenAPI writes it."""
    return {p.name: "/" + re.sub(r"<uuid:(\w+)>", r"{\1}", str(p.pattern)) for p in urlpatterns}


def test_document_is_valid_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))
    assert (tmp_path / "schema.yaml").read_text().startswith("openapi: 3.1.1\n")


def test_every_route_and_method_is_in_the_document(document: dict[str, Any]) -> None:
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    served = {(paths()[route], method) for route in paths() if route not in PAGES for method in ACCESS[route]}
    assert described == served


def operation(document: dict[str, Any], route: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][paths()[route]][method.lower()]
    return found


def test_every_operation_has_words_of_its_own(document: dict[str, Any]) -> None:
    words = [operation(document, *pair)["description"] for pair in OPERATIONS]
    assert all(words)
    assert len(set(words)) == len(words)


def test_every_write_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    keyed = [
        (route, method)
        for route, method in OPERATIONS
        if "Idempotency-Key" in {p["name"] for p in operation(document, route, method).get("parameters", ())}
    ]
    assert keyed == [pair for pair in OPERATIONS if pair[1] == "POST"]


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """The components, with answers that hold what they declare and nothing else."""
    closed = {
        name: {**schema, "additionalProperties": False} if name.endswith("Out") and name != "ProblemOut" else schema
        for name, schema in document["components"]["schemas"].items()
    }
    return {"schemas": closed}


def complaints(document: dict[str, Any], response: Any, described: dict[str, Any]) -> Iterator[str]:
    media = response["Content-Type"].partition(";")[0]
    declared = described["responses"][str(response.status_code)]
    schema = {**declared["content"][media]["schema"], "components": strict(document)}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in validator.iter_errors(response.json()):
        yield f"{error.json_path}: {error.message[:200]}"


@pytest.mark.parametrize(("route", "method"), OPERATIONS, ids=map("-".join, OPERATIONS))
def test_real_answer_fits_what_is_declared(
    route: str,
    method: str,
    document: dict[str, Any],
    world: World,
    api: Callable[..., Client],
    at: Callable[[datetime], None],
) -> None:
    world.tell(
        "prepared", start=LATER + timedelta(days=1), ride={"available": False}
    )  # something for the lists to show
    call = CALLS[route, method](world)
    at(call.at)
    response = send(api("clinician"), route, method, call)
    assert response.status_code in (200, 201)
    assert list(complaints(document, response, operation(document, route, method))) == []


@pytest.mark.parametrize(("route", "method"), OPERATIONS, ids=map("-".join, OPERATIONS))
def test_real_request_fits_what_is_declared(route: str, method: str, document: dict[str, Any], world: World) -> None:
    call = CALLS[route, method](world)
    declared = operation(document, route, method).get("requestBody")
    assert (declared is not None) == bool(call.body)
    if declared is not None:
        schema = {**declared["content"]["application/json"]["schema"], "components": document["components"]}
        validator = Draft202012Validator(schema)
        assert list(validator.iter_errors(call.body)) == []
        assert [error.validator for error in validator.iter_errors({**call.body, "state": "in_procedure"})] == [
            "additionalProperties"
        ]


@pytest.mark.parametrize(
    ("role", "route", "method", "body", "status"),
    [
        ("anonymous", "cases", "GET", None, 401),
        ("auditor", "patients", "POST", {}, 403),
        ("scheduler", "patients", "POST", {}, 400),
        ("scheduler", "patients", "POST", [], 400),
    ],
)
def test_real_refusal_fits_what_is_declared(
    role: str,
    route: str,
    method: str,
    body: Any,
    status: int,
    document: dict[str, Any],
    everybody: dict[str, Client],
) -> None:
    response = send(everybody[role], route, method, Call(body=body))
    assert response.status_code == status
    assert list(complaints(document, response, operation(document, route, method))) == []


def test_answer_that_hides_or_adds_a_field_would_be_noticed(document: dict[str, Any], world: World) -> None:
    described = operation(document, "resources", "GET")

    class Answer(dict[str, str]):
        status_code = 200
        rows: list[Any] = []

        def json(self) -> Any:
            return {"results": self.rows}

    answer = Answer({"Content-Type": "application/json"})
    answer.rows = [{"id": str(world.practice.pk), "kind": "room", "name": "Room 1", "is_active": True, "secret": 1}, {}]
    assert len(list(complaints(document, answer, described))) == 5


def test_docs_page_asks_nothing_of_another_host(client: Client) -> None:
    page = client.get(reverse("docs"))
    html = page.content.decode()
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)["']""", html)
    assert page.status_code == 200
    assert addresses != []
    assert [address for address in addresses if not address.startswith("/")] == []
    assert re.findall(r"https?://[^\s\"'<]+", html) == []
