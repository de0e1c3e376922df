"""One Idempotency-Key, one effect, one answer; nothing is kept of what failed."""

import json
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from notifications.encryption import MARK
from scheduler.models import IdempotencyKey, Patient
from tests.conftest import NOW
from tests.house import roles
from tests.scheduler.api.bodies import PATIENT, Body
from tests.scheduler.api.calls import Call, send
from tests.scheduler.api.tables import changes, tables
from tests.scheduler.world import World

KEY = {"Idempotency-Key": "5f3c2a7e-first"}


def add(client: Client, body: Body = PATIENT, key: str = KEY["Idempotency-Key"]) -> Any:
    return send(client, "patients", "POST", Call(body=body), **{"Idempotency-Key": key})


@pytest.mark.django_db
def test_same_key_and_body_get_the_same_bytes_and_one_effect(api: Callable[..., Client]) -> None:
    client = api("scheduler")
    first = add(client)
    before = tables()
    again = add(client)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])
    assert (first.headers.get("Idempotent-Replay"), again["Idempotent-Replay"]) == (None, "true")
    assert again["Cache-Control"] == "no-store"
    assert changes(before) == {}


@pytest.mark.django_db
def test_order_and_spacing_of_the_same_body_do_not_make_it_another(api: Callable[..., Client]) -> None:
    client = api("scheduler")
    first = add(client)
    turned = json.dumps(dict(reversed(PATIENT.items())), indent=3)
    again = client.post(reverse("patients"), turned, content_type="application/json", headers=KEY)
    assert (again.status_code, again.content, Patient.objects.count()) == (201, first.content, 1)


@pytest.mark.django_db
def test_same_key_with_another_body_is_refused(api: Callable[..., Client]) -> None:
    client = api("scheduler")
    add(client)
    before = tables()
    for other in ({**PATIENT, "given_name": "Nora"}, {**PATIENT, "given_name": "nina"}, {}):
        refused = add(client, other)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert changes(before) == {}


@pytest.mark.django_db
def test_without_a_key_the_same_body_is_done_twice(api: Callable[..., Client]) -> None:
    client = api("scheduler")
    ids = [send(client, "patients", "POST", Call(body=PATIENT)).json()["id"] for _ in range(2)]
    assert len(set(ids)) == Patient.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["clinician", "other practice"])
def test_key_of_another_actor_or_practice_is_another_key(
    role: str, world: World, other_world: World, api: Callable[..., Client]
) -> None:
    other = api("scheduler", of=other_world.practice) if role == "other practice" else api(role)
    ids = {add(client).json()["id"] for client in (api("scheduler"), other)}
    with roles.owner():
        assert len(ids) == Patient.objects.count() == 2


@pytest.mark.django_db
def test_key_on_another_route_is_another_key(world: World, api: Callable[..., Client]) -> None:
    client, cases = api("scheduler"), [world.tell("booked"), world.tell("booked", room=2)]
    answers = [send(client, "case-arrive", "POST", Call({"case_id": c.pk}, {}), **KEY) for c in cases]
    for case in cases:
        case.refresh_from_db()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [case.arrived_at for case in cases] == [NOW, NOW]


@pytest.mark.django_db
def test_attempt_that_failed_keeps_nothing_and_can_be_repaired_under_its_key(api: Callable[..., Client]) -> None:
    client = api("scheduler")
    before = tables()
    assert add(client, {**PATIENT, "born_on": "tomorrow"}).status_code == 400
    assert changes(before) == {}
    repaired = add(client)
    assert (repaired.status_code, IdempotencyKey.objects.count()) == (201, 1)


@pytest.mark.django_db
def test_refusal_of_the_state_keeps_nothing_under_its_key(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("booked")
    client, body = api("nurse"), {"version": case.version}
    refused = [send(client, "case-start", "POST", Call({"case_id": case.pk}, body), **KEY) for _ in range(2)]
    assert [(r.status_code, r.json()["code"]) for r in refused] == [(409, "wrong_state")] * 2
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.django_db
def test_key_is_forgotten_after_24_hours(api: Callable[..., Client], at: Callable[[datetime], None]) -> None:
    client = api("scheduler")
    first = add(client)
    at(NOW + timedelta(hours=24) - timedelta(microseconds=1))
    kept = add(client)
    # The token lasts a day, too.
    at(NOW)
    later = api("scheduler")
    at(NOW + timedelta(hours=24) - timedelta(microseconds=1))
    IdempotencyKey.objects.update(created_at=NOW - timedelta(microseconds=1))
    forgotten = add(later)
    assert kept.content == first.content
    assert forgotten.json()["id"] != first.json()["id"]
    assert (IdempotencyKey.objects.count(), Patient.objects.count()) == (1, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 201, "ключ", "a\tb", "a\x7fb"])
def test_key_that_cannot_be_kept_is_refused(key: str, api: Callable[..., Client]) -> None:
    client = api("scheduler")
    before = tables()
    refused = add(client, key=key)
    assert (refused.status_code, [r["code"] for r in refused.json()["errors"]]) == (400, ["bad_key"])
    assert changes(before) == {}


@pytest.mark.django_db
def test_longest_key_is_kept(api: Callable[..., Client]) -> None:
    client = api("scheduler")
    assert add(client, key="k" * 200).json()["id"] == add(client, key="k" * 200).json()["id"]


@pytest.mark.django_db
def test_kept_answer_is_not_readable_in_its_table(api: Callable[..., Client]) -> None:
    add(api("scheduler"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM scheduler_idempotencykey")
        kept = repr(cursor.fetchall())
    assert MARK in kept
    assert "Newcomer" not in kept


def at_once(clients: list[Client]) -> list[tuple[int, bytes]]:
    """The answers to the same POST with the same key, from as many threads."""
    ready, answers = threading.Barrier(len(clients)), list[tuple[int, bytes]]()

    def run(client: Client) -> None:
        try:
            ready.wait(timeout=10)
            response = add(client)
            answers.append((response.status_code, response.content))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


@pytest.mark.postgresql
@pytest.mark.skipif("TEST_DATABASE_URL" not in os.environ, reason="needs TEST_DATABASE_URL")
@pytest.mark.django_db(transaction=True)
def test_same_key_at_once_has_one_effect_and_one_answer(api: Callable[..., Client]) -> None:
    for round_ in range(5):
        clients = [api("scheduler") for _ in range(8)]
        IdempotencyKey.objects.all().delete()
        answers = at_once(clients)
        assert len(answers) == 8
        assert len(set(answers)) == 1
        assert answers[0][0] == 201
        assert Patient.objects.count() == round_ + 1
