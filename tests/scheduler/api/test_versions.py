"""Who writes must have seen what is there: stale writers are told, and a failure outlives a good answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Block, Evidence
from checklists.rules.values import Authority
from scheduler.models import Case
from tests.conftest import NOW
from tests.scheduler.api.bodies import PLAN, Body, consult
from tests.scheduler.api.calls import CALLS, LATER, Call, of_case, send
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.world import World, item_version

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]

VERSIONED = (
    "case-plan",
    "case-bookings",
    "case-check-in",
    "case-start",
    "case-finish",
    "case-discharge",
    "case-downtime",
    "case-close",
    "case-cancel",
    "case-reopen",
    "case-reviews",
    "case-overrides",
    "booking-move",
    "booking-cancel",
    "task-done",
    "case-evidence",
    "patient-merge",
    "merge-undo",
    "patient-tell-apart",
    "told-apart-undo",
    "evidence-refile",
    "evidence-error",
    "case-refile",
)
NO, YES = {"available": False}, {"available": True, "adult": True, "transport": "car"}


# What is at its first version has no earlier one that somebody could have seen.
FIRST = ("task-done", "patient-merge", "merge-undo", "patient-tell-apart", "told-apart-undo")
OFF = [(route, off) for route in VERSIONED for off in (-1, 1) if route not in FIRST or off > 0]


@pytest.mark.parametrize(("route", "off"), OFF)
def test_write_against_another_version_is_refused_with_the_current_one(
    route: str, off: int, world: World, api: Callable[..., Client], at: Callable[[Any], None]
) -> None:
    call = CALLS[route, "POST"](world)
    if route == "case-evidence":
        send(api("clinician"), route, "POST", call)
        call = Call(call.ids, {**(call.body or {}), "version": 1})
    at(call.at)
    assert call.body is not None
    current, client = call.body["version"], api("clinician")
    stale = Call(call.ids, {**call.body, "version": current + off})
    before = tables()
    refused = send(client, route, "POST", stale)
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["version"]) == (409, "stale", current)
    assert changes(before) == REFUSAL
    assert send(client, route, "POST", call).status_code in (200, 201)


def test_stale_evidence_names_its_item(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("imaged")
    stale = send(api("nurse"), "case-evidence", "POST", of_case(case, {**consult(case), "version": 0}))
    assert {name: stale.json()[name] for name in ("code", "item", "version", "detail")} == {
        "code": "stale",
        "item": "consult",
        "version": 1,
        "detail": "'consult' is at version 1; you saw version 0. Look again, then decide.",
    }


def record(client: Client, case: Case, value: Body, **more: Any) -> Any:
    body = {**consult(case), "item": "ride", "value": value, "version": item_version(case, "ride"), **more}
    return send(client, "case-evidence", "POST", of_case(case, body))


def ride(answer: Any) -> tuple[str, str]:
    found = {f["item"]: f for f in answer.json()["verdict"]["findings"]}["ride"]
    return found["status"], found["code"]


def blocked(case: Case) -> list[str]:
    return list(Block.objects.filter(checklist=case.checklist, lifted_at=None).values_list("item", flat=True))


@pytest.fixture
def waiting(world: World) -> Case:
    """A case of tomorrow that waits for word of its ride."""
    return world.tell("tested", start=LATER)


def test_second_of_two_nurses_with_opposite_results_is_told_of_the_first(
    waiting: Case, api: Callable[..., Client]
) -> None:
    nurse = api("nurse")
    failing = record(nurse, waiting, NO, version=0)
    passing = record(nurse, waiting, YES, version=0)
    assert (failing.status_code, passing.status_code, passing.json()["code"]) == (201, 409, "stale")
    assert (ride(failing), blocked(waiting)) == (("failed", "no_ride"), ["ride"])


@pytest.mark.parametrize("order", [(NO, YES), (YES, NO)], ids=["no first", "yes first"])
def test_failure_wins_whichever_nurse_wrote_first(
    order: tuple[Body, Body], waiting: Case, api: Callable[..., Client]
) -> None:
    nurse = api("nurse")
    for value in order:
        last = record(nurse, waiting, value)
        assert last.status_code == 201
    assert (ride(last), blocked(waiting)) == (("failed", "no_ride"), ["ride"])


@pytest.mark.parametrize(
    ("role", "said_by", "cleared"),
    [
        ("nurse", "staff", True),
        ("clinician", "staff", True),
        ("scheduler", "staff", False),
        ("nurse", "patient", False),
        ("clinician", "patient", False),
        ("clinician", "caregiver", False),
        ("scheduler", "patient", False),
    ],
)
def test_nurses_no_is_cleared_only_by_the_same_or_a_higher_word_that_names_it(
    role: str, said_by: str, cleared: bool, waiting: Case, api: Callable[..., Client]
) -> None:
    no = record(api("nurse"), waiting, NO).json()["evidence"]["id"]
    unnamed = record(api(role), waiting, YES, said_by=said_by)
    assert ride(unnamed) == ("failed", "no_ride")
    naming = record(api(role), waiting, YES, said_by=said_by, supersedes=[no])
    assert naming.status_code == 201
    assert (ride(naming)[0] == "failed", blocked(waiting)) == (not cleared, [] if cleared else ["ride"])


def test_clinicians_no_is_not_cleared_by_a_nurse(waiting: Case, api: Callable[..., Client]) -> None:
    no = record(api("clinician"), waiting, NO).json()["evidence"]["id"]
    naming = record(api("nurse"), waiting, YES, supersedes=[no])
    assert (naming.status_code, ride(naming), blocked(waiting)) == (201, ("failed", "no_ride"), ["ride"])


def test_patients_own_no_is_cleared_by_their_yes_that_names_it(waiting: Case, api: Callable[..., Client]) -> None:
    desk = api("scheduler")
    no = record(desk, waiting, NO, said_by="patient").json()["evidence"]["id"]
    yes = record(desk, waiting, YES, said_by="patient", supersedes=[no])
    assert (ride(yes), blocked(waiting)) == (("satisfied", "satisfied"), [])


@pytest.mark.parametrize(
    ("role", "said_by", "authority"),
    [
        ("scheduler", "patient", Authority.PATIENT),
        ("nurse", "escort", Authority.PATIENT),
        ("clinician", "caregiver", Authority.PATIENT),
        ("scheduler", "staff", Authority.SCHEDULER),
        ("nurse", "staff", Authority.NURSE),
        ("clinician", "staff", Authority.CLINICIAN),
    ],
)
def test_authority_comes_from_who_said_it_and_from_the_login(
    role: str, said_by: str, authority: Authority, world: World, waiting: Case, api: Callable[..., Client]
) -> None:
    answer = record(api(role), waiting, YES, said_by=said_by)
    row = Evidence.objects.get(public_id=answer.json()["evidence"]["id"])
    assert (row.authority, row.said_by, row.recorded_by) == (authority, said_by, world.staff[role].by)


@pytest.mark.parametrize(("role", "status"), [("scheduler", 403), ("nurse", 200), ("clinician", 200)])
def test_nurses_no_is_struck_through_by_a_nurse_or_clinician_only(
    role: str, status: int, waiting: Case, api: Callable[..., Client]
) -> None:
    no = record(api("nurse"), waiting, NO).json()["evidence"]["id"]
    client, call = api(role), Call({"evidence_id": no}, {"reason": "another patient's", "version": 1})
    before = tables()
    answer = send(client, "evidence-error", "POST", call)
    assert answer.status_code == status
    if status == 403:
        assert (answer.json()["code"], changes(before)) == ("not_permitted", REFUSAL)
    assert blocked(waiting) == (["ride"] if status == 403 else [])


def test_plan_preview_shows_what_would_follow_and_writes_nothing(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", start=LATER)
    client = api("scheduler")
    body = {**PLAN, "levels": ["L1", "L2"], "medications": [{"name": "apixaban"}], "version": case.version}
    before = tables()
    shown = send(client, "case-plan", "POST", of_case(case, {**body, "preview": True})).json()
    assert changes(before) == {}
    saved = send(client, "case-plan", "POST", of_case(case, {**body, "preview": False})).json()
    verdicts = [answer["case"]["verdict"] for answer in (shown, saved)]
    assert (shown["preview"], saved["preview"]) == (True, False)
    assert verdicts[0] == verdicts[1]
    assert {f["item"] for f in verdicts[0]["findings"]} >= {"hold:apixaban", "prescriber_clearance:apixaban"}
    codes = {f["item"]: f["code"] for f in verdicts[0]["findings"]}
    assert codes["consult"] == "levels_differ"
    case.refresh_from_db()
    assert case.version == saved["case"]["version"] == shown["case"]["version"]


def test_plan_preview_under_a_key_keeps_its_answer_and_nothing_else(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", start=LATER)
    client = api("scheduler")
    call = of_case(case, {**PLAN, "levels": ["L2"], "version": case.version, "preview": True})
    before = tables()
    answers = [send(client, "case-plan", "POST", call, **{"Idempotency-Key": "look"}).content for _ in range(2)]
    assert (answers[0], changes(before)) == (answers[1], {"idempotencykey": 1})


def test_evidence_of_the_future_is_refused(waiting: Case, api: Callable[..., Client]) -> None:
    client = api("nurse")
    before = tables()
    refused = record(client, waiting, YES, observed_at=(NOW + timedelta(seconds=1)).isoformat())
    assert (refused.status_code, [r["code"] for r in refused.json()["errors"]]) == (400, ["observed_in_future"])
    assert changes(before) == {}
