"""How the API says no: the shape of each refusal, and the trace it leaves."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from checklists.models import Decision
from scheduler.models import Record
from scheduler.services.verification import verify_chain
from tests.conftest import START
from tests.scheduler.api.calls import CALLS, LATER, Call, of_case, seen, send
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.world import World, finding_of

pytestmark = pytest.mark.django_db

FEVER = {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}


def test_refused_start_lists_every_reason_with_item_owner_and_due(
    world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    case = world.tell("checked_in", now=START, infection_check=FEVER)
    at(START)
    refused = send(api("nurse"), "case-start", "POST", seen(case))
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert refused.json() == {
        "type": "about:blank",
        "title": "Refused",
        "status": 409,
        "code": "gate_refused",
        "detail": "The case cannot be started: 1 item(s) do not allow it.",
        "errors": [
            {
                "code": "fever",
                "detail": finding_of(case, "infection_check", START).sentence,
                "item": "infection_check",
                "owner": "nurse",
                "due": START.isoformat(),
            }
        ],
        "verdict_state": "blocked",
    }


def test_refused_start_leaves_its_gate_decision_and_a_row_in_the_record(
    world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    case = world.tell("checked_in", now=START, infection_check=FEVER)
    at(START)
    client = api("nurse")
    before = tables()
    send(client, "case-start", "POST", seen(case))
    assert changes(before) == {**REFUSAL, "decision": 1}
    decision = Decision.objects.filter(checklist=case.checklist).latest("at", "kind")
    kept = Decision.objects.get(checklist=case.checklist, kind="gate", gate="start")
    assert (kept.answer, kept.by, kept.now, kept.start) == ("refused", world.staff["nurse"].by, START, START)
    assert kept.version_hash == decision.version_hash
    assert {f["item"]: f["code"] for f in kept.verdict["findings"]}["infection_check"] == "fever"
    row = Record.objects.filter(action="refused").latest("number")
    assert (row.subject, row.codes) == (str(case.pk), ["gate_refused", "infection_check:fever"])
    assert verify_chain(world.practice.pk) == []


@pytest.mark.parametrize("key", ["", "again"])
def test_each_refused_attempt_is_stored_once(key: str, world: World, api: Callable[..., Client]) -> None:
    case = world.tell("opened")
    client, call = api("scheduler"), of_case(case, {"version": case.version, **world.slot(LATER)})
    headers = {"Idempotency-Key": key} if key else {}
    for _ in range(3):
        assert send(client, "case-bookings", "POST", call, **headers).json()["code"] == "gate_refused"
    gates = Decision.objects.filter(checklist=case.checklist, kind="gate").values_list("gate", "answer")
    assert list(gates) == [("booking", "refused")] * 3
    assert Record.objects.filter(action="refused").count() == 3


def test_taken_slot_names_what_is_taken_until_when(world: World, api: Callable[..., Client]) -> None:
    world.tell("booked", start=LATER)
    case = world.tell("imaged")
    client = api("scheduler")
    before = tables()
    refused = send(client, "case-bookings", "POST", seen(case, **world.slot(LATER, room=1)))
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "slot_taken")
    assert [(r["code"], r["field"]) for r in problem["errors"]] == [
        ("slot_taken", "room"),
        ("slot_taken", "proceduralist"),
        ("slot_taken", "bay"),
    ]
    assert changes(before) == REFUSAL


SHAPE = {"type", "title", "status", "code", "detail", "errors"}


@pytest.mark.parametrize(
    ("ask", "status", "title"),
    [
        (lambda c: c["anonymous"].get(reverse("cases")), 401, "Not signed in"),
        (lambda c: c["auditor"].post(reverse("patients")), 403, "Not permitted"),
        (lambda c: c["nurse"].get("/api/v1/nothing/"), 404, "Not found"),
        (lambda c: c["nurse"].delete(reverse("cases")), 405, "Method not allowed"),
        (lambda c: c["nurse"].get(reverse("cases"), headers={"accept": "text/html"}), 406, "Not acceptable"),
        (lambda c: c["nurse"].get(reverse("cases"), {"limit": "x"}), 400, "Bad request"),
        (lambda c: c["scheduler"].post(reverse("patients"), {"a": "b"}), 415, "Unsupported media type"),
        (
            lambda c: c["scheduler"].post(reverse("patients"), b" " * 2_000_000, content_type="application/json"),
            413,
            "Too large",
        ),
    ],
)
def test_each_refusal_has_the_same_shape(
    ask: Callable[[dict[str, Client]], Any], status: int, title: str, everybody: dict[str, Client]
) -> None:
    response = ask(everybody)
    problem = response.json()
    assert (response.status_code, problem["status"], problem["title"]) == (status, status, title)
    assert (set(problem), problem["type"]) == (SHAPE, "about:blank")
    assert (response["Content-Type"], response["Cache-Control"]) == ("application/problem+json", "no-store")
    assert bool(response.headers.get("WWW-Authenticate")) == (status == 401)
    assert problem["detail"].endswith((".", ")"))


def test_405_tells_the_methods_that_are_answered(everybody: dict[str, Client]) -> None:
    response = everybody["nurse"].delete(reverse("cases"))
    assert response["Allow"] == "GET, HEAD, POST"


def test_silent_database_is_503_with_a_time_to_come_back(
    api: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api("nurse")

    def silent(**_: Any) -> None:
        raise OperationalError("server closed the connection: host=db.internal")

    monkeypatch.setattr("scheduler.services.boards.assess_many", silent)
    response = client.get(reverse("cases"))
    assert (response.status_code, response["Retry-After"], response.json()["code"]) == (503, "2", "unavailable")
    assert "db.internal" not in response.content.decode()


READS = ["practice", "resources", "cases", "case", "case-latest-times", "board", "tasks", "protocols", "protocol"]


@pytest.mark.parametrize("route", [*READS, "patients", "patient-search", "case-evidence", "case-overrides"])
def test_answer_is_stored_by_nobody_on_the_way(route: str, world: World, api: Callable[..., Client]) -> None:
    method = "GET" if route in READS else "POST"
    call = CALLS[route, method](world)
    response = send(api("clinician"), route, method, call)
    assert (response.status_code in (200, 201), response["Cache-Control"]) == (True, "no-store")


def test_unknown_item_teaches_the_items_of_the_case(world: World, api: Callable[..., Client]) -> None:
    call = CALLS["case-evidence", "POST"](world)
    client = api("nurse")
    before = tables()
    refused = send(client, "case-evidence", "POST", Call(call.ids, {**(call.body or {}), "item": "x-ray"}))
    reason = refused.json()["errors"][0]
    assert (refused.status_code, reason["code"], reason["field"]) == (400, "item_unknown", "item")
    assert reason["detail"].startswith("Use one of: consult, candidacy, conservative_care, diagnostic_injection, ")
    assert changes(before) == {}


def test_value_that_does_not_fit_names_each_field(world: World, api: Callable[..., Client]) -> None:
    call = CALLS["case-evidence", "POST"](world)
    value = {"outcome": "maybe", "levels": ["L9"], "mood": "good"}
    refused = send(api("nurse"), "case-evidence", "POST", Call(call.ids, {**(call.body or {}), "value": value}))
    named = [(r["field"], r["code"], r["item"]) for r in refused.json()["errors"]]
    assert (refused.status_code, named) == (
        400,
        [(f"value.{name}", "bad_value", "consult") for name in ("outcome", "levels", "mood")],
    )


def test_taken_record_number_is_refused_by_name(api: Callable[..., Client]) -> None:
    body = {"family_name": "A", "given_name": "B", "born_on": "1950-05-05", "record_number": "MRN-1"}
    client = api("scheduler")
    assert send(client, "patients", "POST", Call(body=body)).status_code == 201
    before = tables()
    refused = send(client, "patients", "POST", Call(body={**body, "record_number": " mrn-1 "}))
    assert (refused.status_code, [r["field"] for r in refused.json()["errors"]]) == (409, ["record_number"])
    assert changes(before) == REFUSAL
