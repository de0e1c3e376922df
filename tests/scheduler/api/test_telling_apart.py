"""Two people who look like one, by the API: told apart once, listed with who and why, and taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from scheduler.models import Record, ToldApart
from tests.scheduler.api.calls import CALLS, Call, merged, send
from tests.scheduler.api.tables import changes, tables
from tests.scheduler.world import World

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "told-apart-once"}


def pairs(client: Client) -> list[Any]:
    return send(client, "patient-duplicates", "GET", Call()).json()["results"]


def told_apart(client: Client) -> list[Any]:
    return send(client, "told-apart", "GET", Call()).json()["results"]


@pytest.fixture
def desk(api: Callable[..., Client]) -> Client:
    return api("scheduler")


@pytest.fixture
def twins(world: World, desk: Client) -> Call:
    """The call that tells two apart whom the list names."""
    CALLS["patient-duplicates", "GET"](world)
    (pair,) = pairs(desk)
    body = {"other": pair["other"]["id"], "version": 1, "other_version": 1, "reason": "Twins: both were here."}
    return Call({"patient_id": pair["one"]["id"]}, body)


def test_twins_are_told_apart_once_and_listed_again_when_that_is_taken_back(
    desk: Client, twins: Call, world: World
) -> None:
    told = send(desk, "patient-tell-apart", "POST", twins, **KEY)
    pair, by = told.json(), world.staff["scheduler"].by
    assert (told.status_code, pair["reason"], pair["told_by"]) == (201, "Twins: both were here.", by)
    assert twins.body is not None
    assert {pair["one"], pair["other"]} == {str(twins.ids["patient_id"]), twins.body["other"]}
    assert (pairs(desk), told_apart(desk)) == ([], [pair])
    before = tables()
    assert send(desk, "patient-tell-apart", "POST", twins, **KEY).content == told.content
    assert changes(before) == {}
    again = send(desk, "patient-tell-apart", "POST", twins)
    assert (again.status_code, again.json()["code"], ToldApart.objects.count()) == (409, "told_apart", 1)
    undo = Call({"apart_id": pair["id"]}, {"version": pair["version"], "reason": "One person with two cards."})
    taken = send(desk, "told-apart-undo", "POST", undo, **KEY)
    assert (taken.status_code, taken.json()["undone_by"]) == (200, by)
    assert send(desk, "told-apart-undo", "POST", undo, **KEY).content == taken.content
    assert (len(pairs(desk)), told_apart(desk)) == (1, [taken.json()])
    for patient in (pair["one"], pair["other"]):
        said = Record.objects.filter(subject=patient, action__startswith="patients_").order_by("number")
        assert [row.action for row in said] == ["patients_told_apart", "patients_alike_again"]


def test_one_row_is_not_told_apart_from_itself(desk: Client, twins: Call) -> None:
    itself = Call(twins.ids, {**(twins.body or {}), "other": str(twins.ids["patient_id"])})
    refused = send(desk, "patient-tell-apart", "POST", itself)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "other")


def test_merged_row_is_told_apart_from_nobody(desk: Client, world: World) -> None:
    made = merged(world)
    body = {"other": str(made.survivor_id), "version": 2, "other_version": 2, "reason": "Two people."}
    before = tables()
    refused = send(desk, "patient-tell-apart", "POST", Call({"patient_id": made.duplicate_id}, body))
    assert (refused.status_code, refused.json()["code"]) == (409, "patient_merged")
    assert str(made.survivor_id) in refused.json()["errors"][0]["detail"]
    assert changes(before) == {"record": 1, "recordhead": 0}
