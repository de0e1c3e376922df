"""AZ-01, TEN-01 on PostgreSQL: the written tables asked as the application's role, which sees one practice's rows.

On SQLite each row has a test of its own (pages/test_doors.py, api/test_access.py, test_everybody.py); here one story is
asked everything, because what is at stake is what row-level security hides from the pages themselves.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from scheduler.access import ACCESS
from scheduler.isolation import within
from scheduler.models import Case, Membership, Practice, Record, User
from scheduler.services.tokens import create_token
from tests.conftest import NOW, START, member
from tests.remembered import Memory
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.pages.test_doors import HEADING, task
from tests.scheduler.pages.test_doors import call as call_page
from tests.scheduler.test_everybody import API, PAGES, WITH_IDS, ask, give_link, ids, roles_of, session
from tests.scheduler.world import World

pytestmark = [pytest.mark.postgresql, pytest.mark.matrix, pytest.mark.django_db]
ROLES = HEADING[2:]
__all__ = ["task"]


@pytest.fixture
def case(practice: Practice, memory: Memory, at: object) -> Case:
    world = World(practice, memory)
    return world.tell("booked", start=START + timedelta(days=3), drugs=("apixaban",), ride={"available": False})


def undone(send: Callable[[], Any]) -> int:
    with transaction.atomic():
        status: int = send().status_code
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize("role", ROLES)
def test_pages_answer_a_role_as_the_table_says(role: str, case: Case, task: Any, practice: Practice) -> None:
    client = Client() if role == "anonymous" else session(member(practice, role), practice)
    in_order = sorted(PAGES, key=lambda pair: pair[0] == "logout")
    found = {pair: undone(partial(call_page, client, *pair, case, task)) for pair in in_order}
    assert found == {pair: row[role] for pair, row in PAGES.items()}


@pytest.mark.parametrize("role", ROLES)
def test_calls_refuse_a_role_as_the_table_says(role: str, case: Case, task: Any, practice: Practice) -> None:
    """Whom a call is for is answered about the body, which is empty."""
    client = Client()
    if role != "anonymous":
        user = member(practice, role)
        token = create_token(user=user, practice=practice, label="test", lasts=timedelta(days=1), now=NOW)
        client = Client(headers={"authorization": f"Bearer {token}"})
    known, found = ids(case), {}
    for pair in API:
        status = undone(partial(ask, client, *pair, known))
        found[pair] = status if status in (401, 403) or status >= 500 else 0
    expected = {pair: row[role] if row[role] in (401, 403) else 0 for pair, row in API.items()}
    signs, done = ("protocol-sign", "POST"), ("task-done", "POST")
    expected[signs] = expected[signs] or 401  # the password is asked for again
    if role in ACCESS["task-done"]["POST"]:
        expected[done] = 0  # of which task is refused, not the call
    assert found == expected


@pytest.fixture
def theirs(other_practice: Practice, memory: Memory, at: object) -> dict[str, Any]:
    """The ids of a case of another practice."""
    with within(other_practice.pk):
        case = World(other_practice, memory).tell("booked", ride={"available": False}, drugs=("apixaban",))
        give_link(case, "prescriber")
        stranger = User.objects.create(email="stranger@people.example", name="Strange Nurse")
        Membership.objects.create(practice=other_practice, user=stranger, role="nurse", created_at=NOW)
        return {**ids(case), "user_id": stranger.pk}


@pytest.mark.parametrize("role", ["scheduler", "nurse", "clinician", "administrator", "auditor"])
def test_pages_of_another_practices_objects_are_not_there(
    role: str, case: Case, theirs: dict[str, Any], practice: Practice
) -> None:
    client, asked = session(member(practice, role), practice), [pair for pair in WITH_IDS if role in roles_of(*pair)]
    before = tables()
    assert {pair: ask(client, *pair, theirs).status_code for pair in asked} == dict.fromkeys(asked, 404)
    assert changes(before) == ({**REFUSAL, "record": len(asked)} if asked else {})
    assert Record.objects.filter(action="refused", codes=["not_found"]).count() == len(asked)


def test_address_that_postgresql_does_not_take_is_nobodys(practice: Practice) -> None:
    """INJ-02: PostgreSQL has no NUL in a text; who types one is told what everybody is told."""
    answer = Client().post("/login/", {"email": "desk\x00@demo.example", "password": "x"})
    assert (answer.status_code, "E-mail or password is wrong" in answer.content.decode()) == (400, True)
