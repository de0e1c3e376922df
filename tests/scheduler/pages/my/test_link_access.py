"""AZ-01, LNK-08 for links: every address below `my`, for everybody who has a link, at their own case and at others'."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from scheduler.access import ACCESS
from scheduler.models import Case, Practice
from scheduler.pages.my.urls import urlpatterns
from tests.conftest import START
from tests.remembered import Memory
from tests.scheduler.api.tables import changes, tables
from tests.scheduler.pages.my.test_pick_up import name as named_as_escort
from tests.scheduler.pages.my.test_prescriber import ask
from tests.scheduler.pages.my.visiting import add, birth_date, enter, follow, give_link, link_of, token
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
# Behind the date of birth. 302: led to one's own first page (my-link: to the door); 400: the form was sent empty.
OWN = """
route        method patient caregiver escort prescriber
my-link      GET        302       302    302        302
my-home      GET        200       200    200        200
my-home      POST       200       200    200        200
my-not-me    POST       200       200    200        200
my-question  GET        200       200    302        302
my-question  POST       400       400    302        302
my-check     GET        200       200    302        302
my-done      GET        200       200    302        302
my-calendar  GET        200       302    302        302
my-pick-up   GET        302       302    302        302
my-pick-up   POST       302       302    400        302
my-clearance GET        302       302    302        302
my-clearance POST       302       302    302        400
"""
# The same browser, after it opened the link of the same kind of another case: a date of birth stands before everything
# but the escort's page, who is asked for none; the first case's is wrong there.
ANOTHERS = """
route        method patient caregiver escort prescriber
my-link      GET        302       302    302        302
my-home      GET        200       200    200        200
my-home      POST       400       400    200        400
my-not-me    POST       200       200    200        200
my-question  GET        302       302    302        302
my-question  POST       302       302    302        302
my-check     GET        302       302    302        302
my-done      GET        302       302    302        302
my-calendar  GET        302       302    302        302
my-pick-up   GET        302       302    302        302
my-pick-up   POST       302       302    400        302
my-clearance GET        302       302    302        302
my-clearance POST       302       302    302        302
"""
ROUTES = {pattern.name: pattern.pattern for pattern in urlpatterns}
WRITES = {("my-home", "POST"), ("my-not-me", "POST")}  # who is not the patient may say so at any link


def table(text: str) -> tuple[tuple[str, ...], dict[tuple[str, str], dict[str, int]]]:
    heading, *rows = (line.split() for line in text.strip().splitlines())
    kinds = tuple(heading[2:])
    return kinds, {(row[0], row[1]): dict(zip(kinds, map(int, row[2:]), strict=True)) for row in rows}


KINDS, EXPECTED = table(OWN)
_, EXPECTED_OF_ANOTHER = table(ANOTHERS)


def told(practice: Practice, memory: Memory, room: int = 1) -> Case:
    """A tested case whose patient, caregiver, escort and prescriber have a link."""
    world = World(practice, memory)
    world.told = room * 10  # each case of a person of another name and day
    case = world.tell("tested", room=room, drugs=("apixaban",), start=START + timedelta(days=14))
    for kind in ("caregiver", "escort"):
        give_link(case, kind)
    named_as_escort(case, link_of(case, "escort").contact)
    ask(case, contact=add(case, "prescriber"))
    return case


@pytest.fixture
def case(practice: Practice, memory: Memory, at: Callable[..., None]) -> Case:
    return told(practice, memory)


@pytest.fixture
def other(request: pytest.FixtureRequest, practice: Practice, other_practice: Practice, memory: Memory) -> Case:
    return told(practice if request.param == "another case" else other_practice, memory, 2)


def session(case: Case, kind: str) -> Client:
    return follow(link_of(case, kind)) if kind == "escort" else enter(case, kind)


def question_of(case: Case) -> Any:
    return enter(case).get("/my/").context["steps"][0].address


def answered(phone: Client, route: str, method: str, ids: dict[str, Any], body: dict[str, str]) -> Any:
    address = reverse(route, kwargs={name: ids[name] for name in ROUTES[route].converters})
    return phone.get(address) if method == "GET" else phone.post(address, body if route == "my-home" else {})


def asked_everything(case: Case, kind: str, opened: Case, question: Any) -> dict[tuple[str, str], Any]:
    """The answer at each address, each in a browser that let itself in and then opened a link of `opened`."""
    found, born = {}, birth_date(case.patient.born_on)
    for route, method in EXPECTED:
        with transaction.atomic():
            phone = session(case, kind)
            if opened != case:
                follow(link_of(opened, kind), phone)
            ids = {"question_id": question, "token": token(link_of(opened, kind))}
            before = tables()
            answer = answered(phone, route, method, ids, born)
            assert (route, method) in WRITES or changes(before) == {}, (route, method)
            transaction.set_rollback(True)
        found[route, method] = answer
    return found


def statuses(answers: dict[tuple[str, str], Any]) -> dict[tuple[str, str], int]:
    return {pair: answer.status_code for pair, answer in answers.items()}


def test_every_address_of_a_link_has_a_row_and_every_row_an_address() -> None:
    served = {(route, method) for route in ROUTES for method in ACCESS[str(route)]}
    assert set(EXPECTED) == set(EXPECTED_OF_ANOTHER) == served


@pytest.mark.parametrize("kind", KINDS)
def test_link_answers_each_kind_of_person_as_the_table_says(kind: str, case: Case) -> None:
    answers = asked_everything(case, kind, case, question_of(case))
    assert statuses(answers) == {pair: row[kind] for pair, row in EXPECTED.items()}
    led = {answer["Location"] for answer in answers.values() if answer.status_code == 302}
    assert led == {"/my/"}


@pytest.mark.parametrize("other", ["another case", "another practice"], indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_session_of_one_case_opens_nothing_of_another_by_its_link(kind: str, case: Case, other: Case) -> None:
    answers = asked_everything(case, kind, other, question_of(other))
    assert statuses(answers) == {pair: row[kind] for pair, row in EXPECTED_OF_ANOTHER.items()}
    names = [patient.family_name.lower() for patient in (case.patient, other.patient)]
    shown = " ".join(answer.content.decode().lower() for answer in answers.values())
    assert [name for name in names if name in shown] == []


@pytest.mark.parametrize("other", ["another case", "another practice"], indirect=True)
@pytest.mark.parametrize("kind", ["patient", "caregiver"])
def test_question_of_another_case_is_not_there(kind: str, case: Case, other: Case) -> None:
    phone, address = session(case, kind), f"/my/questions/{question_of(other)}/"
    before = tables()
    answers = [phone.get(address), phone.post(address, {"choice": "call_me"})]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert changes(before) == {}
