"""Versions of a protocol by API: compared, and open cases moved from one to the other."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from checklists.models import ProtocolVersion
from scheduler.isolation import within
from scheduler.models import Case, Practice
from scheduler.services.demonstration import PASSWORD
from tests.scheduler.versions import second_version
from tests.scheduler.world import World

pytestmark = pytest.mark.django_db


def diff(client: Client, version: ProtocolVersion, **query: str) -> Any:
    return client.get(reverse("protocol-diff", kwargs={"version_id": version.pk}), query)


def only_version_of(practice: Practice) -> ProtocolVersion:
    with within(practice.pk):
        return ProtocolVersion.objects.get(practice_id=practice.pk)


def test_versions_are_compared_in_words(world: World, api: Callable[..., Client]) -> None:
    second, first = world.unsigned_version(), world.signed_version()
    answer = diff(api("nurse"), second).json()
    assert (answer["version"]["number"], answer["against"]["id"]) == (2, str(first.pk))
    title = "DEMONSTRATION - not for the care of patients"
    assert [one["sentence"] for one in answer["differences"]] == [
        f"the protocol, title: {title} becomes DEMONSTRATION, second edition"
    ]
    (back,) = diff(api("nurse"), first, against=str(second.pk)).json()["differences"]
    assert (back["path"], back["old"], back["new"]) == ("title", "DEMONSTRATION, second edition", title)


def test_comparison_with_what_is_no_version_is_refused(
    world: World, other_practice: Practice, api: Callable[..., Client]
) -> None:
    second, strange = world.unsigned_version(), only_version_of(other_practice)
    answers = [diff(api("nurse"), second, against=given) for given in ("x", "", str(uuid.uuid4()), str(strange.pk))]
    assert [answer.status_code for answer in answers] == [400, 400, 404, 404]
    assert [reason["field"] for reason in answers[0].json()["errors"]] == ["against"]
    first = world.signed_version()
    ProtocolVersion.objects.filter(pk=second.pk).delete()
    alone = diff(api("nurse"), first)
    assert (alone.status_code, alone.json()["errors"][0]["code"]) == (400, "nothing_to_compare")


def preview(client: Client, version: ProtocolVersion, **query: str) -> Any:
    return client.get(reverse("protocol-move", kwargs={"version_id": version.pk}), query)


def move(client: Client, version: ProtocolVersion, body: Any, **headers: str) -> Any:
    address = reverse("protocol-move", kwargs={"version_id": version.pk})
    return client.post(address, json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def told(world: World) -> tuple[Case, ProtocolVersion, ProtocolVersion]:
    """A booked case with its laboratory values; the version it is under; one in force in which they fail."""
    return world.tell("tested"), world.signed_version(), second_version(world.practice)


def test_preview_is_done_exactly_once_as_it_was_seen(
    told: tuple[Case, ProtocolVersion, ProtocolVersion], api: Callable[..., Client]
) -> None:
    case, first, second = told
    client = api("clinician")
    shown = preview(client, first).json()
    (row,) = shown["cases"]
    assert (shown["to"]["id"], shown["total"], row["case"]["id"]) == (str(second.pk), 1, str(case.pk))
    assert [(item["item"], item["after"]["code"]) for item in row["items"]] == [("labs", "lab_out_of_range")]
    body = {"to": str(second.pk), "cases": [{"case": str(case.pk), "seen": row["seen"]}], "password": PASSWORD}
    for replayed in (None, "true"):
        answer = move(client, first, body, **{"Idempotency-Key": "move-1"})
        assert (answer.json(), answer.headers.get("Idempotent-Replay")) == (
            {"moved": [str(case.pk)], "left": []},
            replayed,
        )
    again = move(client, first, body).json()
    assert (again["moved"], [left["code"] for left in again["left"]]) == ([], ["under_another_version"])


def test_move_needs_a_password_boxes_and_a_version_in_force(
    told: tuple[Case, ProtocolVersion, ProtocolVersion], api: Callable[..., Client], other_practice: Practice
) -> None:
    case, first, second = told
    strange = only_version_of(other_practice)
    cases = [{"case": str(case.pk), "seen": "0" * 24}]
    good = {"to": str(second.pk), "cases": cases, "password": PASSWORD}
    wrong: list[tuple[Any, int]] = [
        ({**good, "password": "guessed"}, 401),
        ({"to": str(second.pk), "cases": cases}, 401),
        ({**good, "cases": []}, 400),
        ({**good, "cases": [{"case": str(case.pk)}]}, 400),
        ({**good, "cases": cases * 201}, 400),
        ({**good, "cases": "all"}, 400),
        ({**good, "to": str(strange.pk)}, 400),
        ({**good, "to": str(first.pk)}, 400),
        ({**good, "force": True}, 400),
        ([], 400),
    ]
    client = api("clinician")
    assert [move(client, first, body).status_code for body, _ in wrong] == [status for _, status in wrong]
    left = move(client, first, good).json()["left"]
    assert [one["code"] for one in left] == ["stale"]
    assert preview(client, first, to="x").status_code == 400
