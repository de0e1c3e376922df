"""Overrides and reviews: who, proven how, for which inputs, until when."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Override, Review
from scheduler.models import Case, Record, User
from scheduler.services.demonstration import PASSWORD, demonstration_document
from scheduler.services.signing import adopt
from tests.conftest import NOW, START
from tests.scheduler.api.bodies import Body, consult, override, review
from tests.scheduler.api.calls import Call, of_case, seen, send
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.world import World, booking_of, finding_of, item_version

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]

NO_RIDE = {"available": False}
FEVER = {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}
NURSE = {"email": "nurse@demo.example", "password": PASSWORD}


def try_override(client: Client, case: Case, item: str = "ride", **more: Any) -> Any:
    return send(client, "case-overrides", "POST", of_case(case, override(case, item, **more)))


def record(client: Client, case: Case, item: str, value: Body, at: datetime = NOW, **more: Any) -> Any:
    body = {**consult(case), "item": item, "value": value, "version": item_version(case, item)}
    return send(client, "case-evidence", "POST", of_case(case, {**body, "observed_at": at.isoformat(), **more}))


def check_in(client: Client, case: Case) -> Any:
    case.refresh_from_db()
    return send(client, "case-check-in", "POST", seen(case))


def test_override_of_one_class_carries_the_item_and_is_recorded(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", ride=NO_RIDE)
    client = api("clinician")
    before = check_in(client, case)
    assert {(r["item"], r["code"]) for r in before.json()["errors"]} >= {("ride", "no_ride")}
    given = try_override(client, case)
    assert (given.status_code, given.json()["case_version"]) == (201, case.version + 1)
    finding = next(f for f in given.json()["verdict"]["findings"] if f["item"] == "ride")
    assert (given.json()["verdict"]["steps"]["ride"], finding["status"], finding["overridden"]) == (
        "overridden",
        "failed",
        True,
    )
    after = check_in(client, case)
    assert "ride" not in {r.get("item") for r in after.json()["errors"]}
    row = Override.objects.get(checklist=case.checklist)
    actions = list(Record.objects.filter(subject=str(case.pk)).values_list("action", flat=True))
    assert (row.item, row.by, row.second_by) == ("ride", world.staff["clinician"].by, "")
    assert actions.count("override") == 1


def test_nurse_may_not_override(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", ride=NO_RIDE)
    client, body = api("nurse"), of_case(case, override(case))
    before = tables()
    refused = send(client, "case-overrides", "POST", body)
    assert (refused.status_code, refused.json()["code"], changes(before)) == (403, "not_permitted", REFUSAL)


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} "])
def test_clinician_without_their_own_password_is_asked_for_it(
    password: str, world: World, api: Callable[..., Client]
) -> None:
    case = world.tell("prepared", ride=NO_RIDE)
    client = api("clinician")
    before = tables()
    refused = try_override(client, case, password=password)
    assert (refused.status_code, refused.json()["code"]) == (401, "fresh_authentication_required")
    assert refused["WWW-Authenticate"] == "Bearer"
    assert changes(before) == REFUSAL
    last = Record.objects.order_by("number").last()
    assert last is not None
    guessed = ["wrong_password"] if password else []
    assert (last.action, last.codes) == ("refused", ["fresh_authentication_required", *guessed])


def test_password_left_out_is_asked_for(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", ride=NO_RIDE)
    body = override(case)
    del body["password"]
    refused = send(api("clinician"), "case-overrides", "POST", of_case(case, body))
    assert (refused.status_code, refused.json()["code"]) == (401, "fresh_authentication_required")


def second(email: str, password: str = PASSWORD) -> Body:
    return {"email": email, "password": password}


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        (None, 409, "second_person_needed"),
        (second("desk@demo.example"), 409, "second_person_needed"),
        (second("admin@demo.example"), 409, "second_person_needed"),
        (second("auditor@demo.example"), 409, "second_person_needed"),
        (second("second@demo.example"), 403, "second_unfit"),  # the clinician who asks
        (second("nurse@demo.example", "wrong"), 403, "second_unknown"),
        (second("nurse@demo.example", ""), 400, "invalid"),
        (second("nobody@demo.example"), 403, "second_unknown"),
        (second("outsider@demo.example"), 403, "second_unfit"),
        (second("left@demo.example"), 403, "second_unknown"),
    ],
)
def test_item_that_wants_two_is_refused_without_a_fitting_second_person(
    given: Body | None, status: int, code: str, world: World, api: Callable[..., Client]
) -> None:
    User.objects.create_user("outsider@demo.example", "Otto Outsider", PASSWORD)
    User.objects.create_user("left@demo.example", "Lena Left", PASSWORD, is_active=False)
    case = world.tell("prepared", labs=None)
    client = api("clinician")
    before = tables()
    refused = try_override(client, case, "labs", second=given)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert changes(before) == ({} if status == 400 else REFUSAL)


@pytest.mark.parametrize("email", ["nurse@demo.example", "clinician@demo.example", "NURSE@demo.example"])
def test_item_that_wants_two_is_carried_with_a_nurse_or_another_clinician(
    email: str, world: World, api: Callable[..., Client]
) -> None:
    case = world.tell("prepared", labs=None)
    assert try_override(api("clinician"), case, "labs", second=second(email)).status_code == 201
    row = Override.objects.get(checklist=case.checklist)
    role = email.partition("@")[0].lower()
    by = {"nurse": world.staff["nurse"].by, "clinician": User.objects.get(email="clinician@demo.example").by}[role]
    assert (row.item, row.by, row.second_by) == ("labs", world.staff["clinician"].by, by)


def test_infection_check_is_never_overridden(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("arrived", infection_check=FEVER)
    client = api("clinician")
    before = tables()
    refused = try_override(client, case, "infection_check", second=NURSE)
    assert (refused.status_code, refused.json()["code"], changes(before)) == (409, "never_overridden", REFUSAL)


@pytest.mark.parametrize(
    ("item", "more", "code"),
    [
        ("ride", {"inputs": "0" * 24}, "inputs_changed"),
        ("ride", {"item": "lift"}, "item_unknown"),
        ("labs", {"second": NURSE}, "nothing_to_override"),
    ],
)
def test_override_of_what_is_not_there_is_refused(
    item: str, more: Body, code: str, world: World, api: Callable[..., Client]
) -> None:
    case = world.tell("prepared", ride=NO_RIDE)
    client = api("clinician")
    before = tables()
    body = {**override(case, item), **more}
    refused = send(client, "case-overrides", "POST", of_case(case, body))
    assert (refused.status_code, refused.json()["code"], changes(before)) == (409, code, REFUSAL)


def test_override_is_void_when_its_evidence_changes(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", ride=NO_RIDE)
    clinician, nurse = api("clinician"), api("nurse")
    assert try_override(clinician, case).status_code == 201
    carried = {r.get("item") for r in check_in(nurse, case).json()["errors"]}
    again = record(nurse, case, "ride", {"available": False, "transport": "car"})
    assert again.status_code == 201
    refused = {r.get("item") for r in check_in(nurse, case).json()["errors"]}
    assert ("ride" in carried, "ride" in refused) == (False, True)
    case.refresh_from_db()
    stale = send(clinician, "case-overrides", "POST", of_case(case, {**override(case), "inputs": "1" * 24}))
    assert stale.json()["code"] == "inputs_changed"


def test_override_does_not_hold_for_a_start_on_another_day(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", ride=NO_RIDE)
    clinician = api("clinician")
    assert try_override(clinician, case).status_code == 201
    today = {r.get("item") for r in check_in(clinician, case).json()["errors"]}
    case.refresh_from_db()
    move = Call({"booking_id": booking_of(case).pk}, {"version": case.version, **world.slot(START + timedelta(days=1))})
    assert send(clinician, "booking-move", "POST", move).status_code == 200
    moved = {r.get("item") for r in check_in(clinician, case).json()["errors"]}
    assert ("ride" in today, "ride" in moved) == (False, True)


def test_review_settles_its_finding_within_its_window(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", ride={"available": False, "exempt": True})
    before = finding_of(case, "ride")
    signed = send(api("clinician"), "case-reviews", "POST", of_case(case, review(case)))
    found = {f["item"]: f for f in signed.json()["verdict"]["findings"]}["ride"]
    assert (before.status, signed.status_code, found["status"], found["code"]) == (
        "review", 201, "satisfied", "signed",
    )  # fmt: skip
    assert Review.objects.get(checklist=case.checklist).by == world.staff["clinician"].by


def test_review_does_not_hold_for_a_start_outside_its_window(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", ride={"available": False, "exempt": True})
    until = (START - timedelta(microseconds=1)).isoformat()
    signed = send(api("clinician"), "case-reviews", "POST", of_case(case, review(case, start_until=until)))
    assert (signed.status_code, finding_of(case, "ride").status) == (201, "review")


def test_review_is_void_when_its_evidence_changes(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared", ride={"available": False, "exempt": True})
    send(api("clinician"), "case-reviews", "POST", of_case(case, review(case)))
    signed = finding_of(case, "ride").status
    record(api("nurse"), case, "ride", {"available": False, "exempt": True, "transport": "taxi"})
    assert (signed, finding_of(case, "ride").status) == ("satisfied", "review")


@pytest.mark.parametrize(
    ("ride", "more", "status", "code"),
    [
        ({"available": False, "exempt": True}, {"inputs": "0" * 24}, 409, "inputs_changed"),
        ({"available": False, "exempt": True}, {"item": "lift"}, 409, "item_unknown"),
        (NO_RIDE, {}, 409, "no_review_asked"),
        ({"available": False, "exempt": True}, {"version": 1}, 409, "stale"),
        (
            {"available": False, "exempt": True},
            {"start_until": (START - timedelta(hours=2)).isoformat()},
            400,
            "invalid",
        ),
    ],
)
def test_review_of_what_asks_for_none_is_refused(
    ride: Body, more: Body, status: int, code: str, world: World, api: Callable[..., Client]
) -> None:
    case = world.tell("prepared", ride=ride)
    client = api("clinician")
    before = tables()
    refused = send(client, "case-reviews", "POST", of_case(case, {**review(case), **more}))
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert changes(before) == ({} if status == 400 else REFUSAL)


def test_protocol_with_missing_numbers_is_not_signed_and_each_is_named(
    world: World, api: Callable[..., Client]
) -> None:
    client, document = api("clinician"), deepcopy(demonstration_document())
    document["minutes"]["recovery"]["value"] = "missing"
    by = world.staff["clinician"].by
    version = adopt(practice_id=world.practice.pk, name="demonstration", document=document, by=by, now=NOW)
    before = tables()
    refused = send(client, "protocol-sign", "POST", Call({"version_id": version.pk}, {"password": PASSWORD}))
    assert (refused.status_code, refused.json()["code"]) == (409, "protocol_incomplete")
    assert [reason["field"] for reason in refused.json()["errors"]] == version.missing == ["minutes.recovery.value"]
    assert changes(before) == REFUSAL


@pytest.mark.parametrize("password", [None, "", "wrong", "of the nurse"])
@pytest.mark.parametrize("route", ["protocol-sign", "protocol-withdraw"])
def test_signing_and_withdrawing_ask_who_it_is_at_this_moment(
    route: str, password: str | None, world: World, api: Callable[..., Client]
) -> None:
    """AZ-03: the same step-up as on the page, and nothing is written but the refusal."""
    signing = route == "protocol-sign"
    version = world.unsigned_version() if signing else world.signed_version()
    body = {**({} if signing else {"reason": "old"}), **({} if password is None else {"password": password})}
    client, before = api("clinician"), tables()
    refused = send(client, route, "POST", Call({"version_id": version.pk}, body))
    assert (refused.status_code, refused.json()["code"]) == (401, "fresh_authentication_required")
    assert changes(before) == REFUSAL
    given = send(client, route, "POST", Call({"version_id": version.pk}, {**body, "password": PASSWORD}))
    assert given.status_code == 200


def test_guessing_a_colleagues_password_ends_after_five_and_waits_a_quarter_of_an_hour(
    world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    """Also the right password waits; whoever else signs does not."""
    case, client = world.tell("prepared", labs=None), api("clinician")
    at(NOW)
    nurse = "nurse@demo.example"
    for wrong in range(5):
        refused = try_override(client, case, "labs", second=second(nurse, f"guess {wrong}"))
        assert (refused.status_code, refused.json()["code"]) == (403, "second_unknown")
    for password in ("guess 5", PASSWORD):
        refused = try_override(client, case, "labs", second=second(nurse, password))
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_guesses")
    at(NOW + timedelta(minutes=15))
    assert try_override(client, case, "labs", second=second(nurse)).status_code == 201


def test_guessing_ones_own_password_ends_after_five_wherever_it_is_typed(
    world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    """Whoever sits down at an open session; that nothing was typed is no guess."""
    case, client = world.tell("prepared", labs=None), api("clinician")
    at(NOW)
    for password in ("", "guess 0", "guess 1", "", "guess 2", "guess 3", "guess 4"):
        assert try_override(client, case, "labs", password=password).status_code == 401
    waits = try_override(client, case, "labs", password=PASSWORD)
    assert (waits.status_code, waits.json()["code"]) == (429, "too_many_guesses")
    version = world.unsigned_version()
    signing = Call({"version_id": version.pk}, {"password": PASSWORD})
    assert send(client, "protocol-sign", "POST", signing).status_code == 429
    at(NOW + timedelta(minutes=15))
    assert send(client, "protocol-sign", "POST", signing).status_code == 200
