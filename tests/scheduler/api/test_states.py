"""AZ-06: a call that skips states is refused by the table of acts, in every state, and nothing is written."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from scheduler.models import Booking, Case
from scheduler.rules.transitions import ENDED_BY, ENDINGS, STATES, TRANSITIONS, Act
from scheduler.services.demonstration import PASSWORD
from scheduler.services.people import NewContact, add_contact
from tests.conftest import START
from tests.scheduler.api.bodies import PLAN, consult
from tests.scheduler.api.calls import Call, of_case, seen, send
from tests.scheduler.api.tables import REFUSAL, Tables, changes, tables
from tests.scheduler.states import in_state
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
AT = START + timedelta(hours=3)
STEPS = {
    Act.CHECK_IN: "case-check-in",
    Act.START: "case-start",
    Act.FINISH: "case-finish",
    Act.DISCHARGE: "case-discharge",
    Act.CLOSE: "case-close",
    Act.REOPEN: "case-reopen",
}
WITHOUT_CALL = {Act.SEND_HOME, Act.PHONE, Act.SEND_LINK, Act.ASK_OVERRIDE, Act.FROM_PAPER}  # of the pages only
SIGNED = {"item": "ride", "inputs": "0" * 64}
Ask = tuple[Act, str, Call]


def asks(world: World, case: Case) -> Iterator[Ask]:
    """Every act that the API takes, asked of this case."""
    yield from ((act, route, seen(case)) for act, route in STEPS.items())
    yield from ((ENDED_BY[end], "case-cancel", seen(case, ending=end, reason="as it was")) for end in ENDINGS)
    yield Act.ARRIVE, "case-arrive", of_case(case, {})
    yield Act.BOOK, "case-bookings", seen(case, **world.slot(AT + timedelta(days=1)))
    yield Act.PLAN, "case-plan", seen(case, **{**PLAN, "levels": ["L2"]})
    yield Act.RECORD, "case-evidence", of_case(case, consult(case))
    window = {"start_from": AT.isoformat(), "start_until": AT.isoformat(), "note": "exempt"}
    yield Act.REVIEW, "case-reviews", seen(case, **SIGNED, **window)
    yield Act.OVERRIDE, "case-overrides", seen(case, **SIGNED, reason="kept on the ward", password=PASSWORD)
    yield Act.ASK_PRESCRIBER, "case-clearance", _asked(world, case)
    if booking := Booking.objects.filter(case=case).first():
        moved = {"version": case.version, **world.slot(AT + timedelta(days=1))}
        yield Act.MOVE, "booking-move", Call({"booking_id": booking.pk}, moved)
        yield Act.RELEASE, "booking-cancel", Call({"booking_id": booking.pk}, {"version": case.version, "reason": "x"})


def _asked(world: World, case: Case) -> Call:
    contact = NewContact("prescriber", "Dr. Cardio", "cardio@practice.example")
    asked = add_contact(patient=case.patient, contact=contact, by=world.staff["scheduler"].by, now=AT)
    items = [{"item": "prescriber_clearance:apixaban", "version": 0}]
    return of_case(case, {"contact": str(asked.pk), "how": "letter", "items": items})


def answered(client: Client, route: str, call: Call, before: Tables) -> tuple[Any, dict[str, int]]:
    """The answer, and what a refusal changed; undone afterwards."""
    with transaction.atomic():
        response = send(client, route, "POST", call)
        changed = changes(before) if response.status_code == 409 else {}
        transaction.set_rollback(True)
    return response, changed


@pytest.mark.parametrize("state", STATES)
def test_act_is_taken_in_the_states_of_its_row_and_refused_in_every_other(
    state: str, world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    case = in_state(world, state)
    at(AT)
    client, calls = api("clinician"), list(asks(world, case))
    before, tried = tables(), {act for act, _, _ in calls}
    for act, route, call in calls:
        response, changed = answered(client, route, call, before)
        problem = response.json()
        if state in TRANSITIONS[act].sources:
            assert (problem.get("code"), response.status_code < 500) != ("wrong_state", True), (act, problem)
            continue
        assert (response.status_code, changed) == (409, REFUSAL), (act, problem)
        # A booking that was released is no booking of the case any more, whatever its state.
        assert problem["code"] in ({"wrong_state", "booking_released"} if "booking" in route else {"wrong_state"})
        assert problem["errors"] or problem["code"] == "booking_released"
    booked = set() if case.booking is None and state == "referred" else {Act.MOVE, Act.RELEASE}
    assert tried == set(Act) - WITHOUT_CALL - ({Act.MOVE, Act.RELEASE} - booked)


def test_refusal_names_the_state_the_states_that_would_do_and_who_may(
    world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    case = in_state(world, "booked")
    at(START)
    problem = send(api("nurse"), "case-start", "POST", seen(case)).json()
    sentence = "The case is booked; to start it must be checked in."
    assert (problem["code"], problem["detail"], problem["state"]) == ("wrong_state", sentence, "booked")
    assert problem["errors"] == [{"code": "wrong_state", "detail": sentence, "owner": "clinician or nurse"}]
