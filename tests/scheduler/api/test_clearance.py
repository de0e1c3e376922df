"""Asking a prescriber by the API, and what a prescriber is reported to have said."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence
from notifications.models import Message
from scheduler.models import Case
from tests.conftest import NOW
from tests.scheduler.api.bodies import consult
from tests.scheduler.api.calls import CALLS, Call, of_case, send
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.world import World, finding_of, item_version

pytestmark = pytest.mark.django_db
ITEM = "prescriber_clearance:apixaban"


def test_asking_by_link_answers_with_evidence_and_reference_and_no_token(
    world: World, api: Callable[..., Client]
) -> None:
    answer = send(api("scheduler"), "case-clearance", "POST", CALLS["case-clearance", "POST"](world))
    told = answer.json()
    assert (answer.status_code, told["link_sent"], len(told["reference"])) == (201, True, 6)
    assert [(each["item"], each["value"]["answer"], each["value"]["how"]) for each in told["evidence"]] == [
        (ITEM, "asked", "link")
    ]
    found = next(f for f in told["verdict"]["findings"] if f["item"] == ITEM)
    assert (found["code"], found["owner"]) == ("clearance_asked", "scheduler")
    mail = bytes(Message.objects.get(kind="link:prescriber").payload).decode()
    token = mail.partition("/my/")[2].partition("/")[0]
    assert (len(token), token in answer.content.decode(), told["reference"] in mail) == (43, False, True)


WRONG = [
    ({"how": "pigeon"}, 400),
    ({"items": []}, 400),
    ({"items": [{"item": "ride", "version": 0}]}, 400),
    ({"items": [{"item": "prescriber_clearance:warfarin", "version": 0}]}, 400),
    ({"items": [{"item": ITEM, "version": 7}]}, 409),
    ({"contact": "00000000-0000-4000-8000-000000000000"}, 404),
]


@pytest.mark.parametrize(("change", "status"), WRONG)
def test_asking_that_cannot_be_writes_nothing(
    change: dict[str, Any], status: int, world: World, api: Callable[..., Client]
) -> None:
    call, client = CALLS["case-clearance", "POST"](world), api("scheduler")
    before = tables()
    answer = send(client, "case-clearance", "POST", Call(call.ids, {**(call.body or {}), **change}))
    assert answer.status_code == status
    assert {name: count for name, count in changes(before).items() if name not in REFUSAL} == {}


def test_patients_own_contact_is_no_prescriber(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("tested", drugs=("apixaban",))
    own = case.patient.contacts.get()
    body = {"contact": str(own.pk), "how": "phone", "items": [{"item": ITEM, "version": 0}]}
    assert send(api("scheduler"), "case-clearance", "POST", of_case(case, body)).status_code == 404


def test_word_of_a_prescriber_weighs_as_little_as_a_patients_until_a_nurse_verified_it(
    world: World, api: Callable[..., Client]
) -> None:
    case = world.tell("tested", drugs=("apixaban",), start=NOW + timedelta(days=14))
    value = {"answer": "agreed", "prescriber": "Dr. Cardio", "how": "phone"}
    body = {"item": ITEM, "value": value, "observed_at": NOW.isoformat(), "said_by": "prescriber", "version": 0}
    assert send(api("clinician"), "case-evidence", "POST", of_case(case, body)).status_code == 201
    entry = Evidence.objects.get(checklist=case.checklist, item=ITEM)
    assert (entry.said_by, entry.authority) == ("prescriber", 0)
    assert finding_of(case, ITEM).code == "awaiting_verification"
    again = {**body, "said_by": "staff", "version": item_version(case, ITEM)}
    assert send(api("nurse"), "case-evidence", "POST", of_case(case, again)).status_code == 201
    assert finding_of(case, ITEM).status == "satisfied"


def test_prescriber_says_nothing_about_other_items(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("opened")
    answer = send(api("nurse"), "case-evidence", "POST", of_case(case, {**consult(case), "said_by": "prescriber"}))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad_speaker")


def test_case_that_is_over_asks_nobody(world: World, api: Callable[..., Client]) -> None:
    call = CALLS["case-clearance", "POST"](world)
    case = Case.objects.get(pk=call.ids["case_id"])
    end = of_case(case, {"version": case.version, "ending": "withdrew", "reason": "asked for it"})
    assert send(api("scheduler"), "case-cancel", "POST", end).status_code == 200
    assert send(api("scheduler"), "case-clearance", "POST", call).status_code == 409
