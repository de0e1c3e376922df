"""AUD-05: every call that changes something is in the record with who, when, what, why, and from where."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from scheduler.models import Practice, Record
from scheduler.services.demonstration import PASSWORD
from tests.conftest import NOW
from tests.house import roles
from tests.scheduler.api.calls import CALLS, send
from tests.scheduler.world import World

pytestmark = pytest.mark.django_db
SEARCHES = {"patient-search"}
CHANGES = sorted({route for route, method in CALLS if method == "POST"} - SEARCHES)
ADDRESS = "192.0.2.44"


@pytest.mark.matrix
@pytest.mark.parametrize("route", CHANGES)
def test_call_leaves_who_when_what_why_and_where(
    route: str, world: World, api: Callable[..., Client], at: Callable[[datetime], None], practice: Practice
) -> None:
    call = CALLS[route, "POST"](world)
    at(call.at)
    by, client = world.staff["clinician"].by, api("clinician")
    client.defaults["REMOTE_ADDR"] = ADDRESS
    before = Record.objects.filter(practice=practice).latest("number").number
    assert send(client, route, "POST", call).status_code < 300
    rows = list(Record.objects.filter(practice=practice, number__gt=before))
    assert {(row.at, row.peer) for row in rows} == {(call.at, ADDRESS)}
    mine = [row for row in rows if row.by == by]
    assert mine, f"{route} left no row of {by}"
    assert all(row.action and row.subject for row in mine)
    if "reason" in (call.body or {}):
        assert any("reason" in row.fields for row in mine), f"{route} asked why and did not record it"


def test_denied_call_is_recorded_with_its_address(
    world: World, api: Callable[..., Client], other_practice: Practice, practice: Practice
) -> None:
    case = world.tell("opened")
    for client, path, status in (
        (api("nurse", other_practice), f"/api/v1/cases/{case.pk}/", 404),
        (api("auditor"), f"/api/v1/cases/{case.pk}/evidence/", 403),
    ):
        client.defaults["REMOTE_ADDR"] = ADDRESS
        answer = client.get(path) if status == 404 else client.post(path, {}, content_type="application/json")
        assert answer.status_code == status
    with roles.owner():
        refused = {
            place: list(Record.objects.filter(practice=place, action="refused").values_list("codes", "peer"))
            for place in (other_practice, practice)
        }
    assert refused == {
        other_practice: [(["not_found"], ADDRESS)],
        practice: [(["not_permitted"], ADDRESS)],
    }


@pytest.mark.parametrize(
    ("behind", "forwarded", "told"),
    [
        (False, "203.0.113.9", ADDRESS),
        (True, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (True, "198.51.100.1, <script>", ""),
        (True, None, ADDRESS),
    ],
)
def test_forged_forwarding_is_never_believed(
    practice: Practice, settings: Any, behind: bool, forwarded: str | None, told: str
) -> None:
    """AU-07: only the entry that our own proxy added, and only behind one."""
    settings.BEHIND_PROXY = behind
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    sign_in(Client(headers=headers, REMOTE_ADDR=ADDRESS), PASSWORD)
    assert Record.objects.latest("number").peer == told


def sign_in(client: Client, password: str) -> int:
    return client.post("/login/", {"email": "desk@demo.example", "password": password}).status_code


def test_sign_ins_and_outs_and_failed_ones_are_recorded(practice: Practice, world: World, at: Any) -> None:
    desk, client = world.staff["scheduler"], Client()
    before = Record.objects.filter(practice=practice).latest("number").number
    assert (sign_in(client, "wrong"), sign_in(client, PASSWORD)) == (400, 302)
    client.post("/logout/")
    desk.is_active = False
    desk.save()
    sign_in(client, PASSWORD)
    client.post("/login/", {"email": "nobody@demo.example", "password": PASSWORD})
    rows = Record.objects.filter(practice=practice, number__gt=before).order_by("number")
    assert [(row.action, row.by, row.subject, row.codes, row.at) for row in rows] == [
        ("sign_in_refused", "nobody", str(desk.pk), ["wrong_password"], NOW),
        ("signed_in", desk.by, str(desk.pk), [], NOW),
        ("signed_out", desk.by, str(desk.pk), [], NOW),
        ("sign_in_refused", "nobody", str(desk.pk), ["account_closed"], NOW),
    ]
