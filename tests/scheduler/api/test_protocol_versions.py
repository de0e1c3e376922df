"""Versions of a protocol by API: compared."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from checklists.models import ProtocolVersion
from tests.scheduler.api.calls import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(practice: Any) -> World:
    return World(practice)


def diff(client: Client, version: ProtocolVersion, **query: str) -> Any:
    return client.get(reverse("protocol-diff", kwargs={"version_id": version.pk}), query)


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
    world: World, other_practice: Any, api: Callable[..., Client]
) -> None:
    second, strange = world.unsigned_version(), ProtocolVersion.objects.get(practice_id=other_practice.pk)
    answers = [diff(api("nurse"), second, against=given) for given in ("x", "", str(uuid.uuid4()), str(strange.pk))]
    assert [answer.status_code for answer in answers] == [400, 400, 404, 404]
    assert [reason["field"] for reason in answers[0].json()["errors"]] == ["against"]
    first = world.signed_version()
    ProtocolVersion.objects.filter(pk=second.pk).delete()
    alone = diff(api("nurse"), first)
    assert (alone.status_code, alone.json()["errors"][0]["code"]) == (400, "nothing_to_compare")
