"""Nobody sees or touches another practice's data, by id, in a body, in a list, or with a token that ended."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from checklists.models import Evidence, ProtocolVersion
from scheduler.api.urls import urlpatterns
from scheduler.isolation import within
from scheduler.models import ApiToken, Booking, Case, Contact, Patient, Practice, Record, Resource, Task, User
from scheduler.services.demonstration import staff_by_role
from scheduler.services.tokens import create_token, revoke_tokens
from tests.conftest import NOW
from tests.scheduler.api.bodies import PLAN, Body, consult
from tests.scheduler.api.calls import CALLS, LATER, Call, seen, send
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.world import World, item_version

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]


def routes_with_an_id() -> list[tuple[str, str]]:
    taking_id = {pattern.name for pattern in urlpatterns if "<" in str(pattern.pattern)}
    return [pair for pair in CALLS if pair[0] in taking_id]


@pytest.mark.parametrize(("route", "method"), routes_with_an_id(), ids=map("-".join, routes_with_an_id()))
def test_another_practices_id_is_answered_as_one_that_does_not_exist(
    route: str,
    method: str,
    other_world: World,
    api: Callable[..., Client],
    at: Callable[[datetime], None],
    practice: Practice,
) -> None:
    with within(other_world.practice.pk):
        call = CALLS[route, method](other_world)
    at(call.at)
    client = api("clinician")
    nobodys = Call(dict.fromkeys(call.ids, uuid.uuid4()), call.body, query=call.query)
    before, written = tables(), Record.objects.filter(practice=practice).count()
    with CaptureQueriesContext(connection) as for_theirs:
        theirs = send(client, route, method, call)
    with CaptureQueriesContext(connection) as for_random:
        random = send(client, route, method, nobodys)
    # TEN-07: as long, too, because the same is done.
    assert len(for_theirs) == len(for_random)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found")
    assert (theirs.content, theirs.headers) == (random.content, random.headers)
    assert changes(before) == {**REFUSAL, "record": 2}
    assert Record.objects.filter(practice=practice).count() == written + 2
    own = send(api("clinician", of=other_world.practice), route, method, call)
    assert own.status_code in (200, 201)


def test_every_route_with_an_id_is_tried() -> None:
    assert len(routes_with_an_id()) == 38


def _open(world: World, **more: Any) -> tuple[str, Call]:
    patient = str(world.tell("opened").patient_id)
    return "cases", Call(body={**PLAN, "patient": patient, "protocol": "demonstration", **more})


def _book(world: World, **more: Any) -> tuple[str, Call]:
    return "case-bookings", seen(world.tell("imaged"), **{**world.slot(LATER), **more})


def _move(world: World, **more: Any) -> tuple[str, Call]:
    case = world.tell("booked")
    return "booking-move", Call({"booking_id": case.booking_id}, {"version": case.version, **world.slot(LATER), **more})


def _record(world: World, **more: Any) -> tuple[str, Call]:
    case = world.tell("imaged")
    return "case-evidence", Call({"case_id": case.pk}, {**consult(case), **more})


def _ride(world: World, contact: str) -> tuple[str, Call]:
    case = world.tell("booked")
    value = {"available": True, "adult": True, "contact": contact}
    body = {**consult(case), "item": "ride", "value": value, "version": item_version(case, "ride")}
    return "case-evidence", Call({"case_id": case.pk}, body)


def _of(route: str) -> Callable[..., tuple[str, Call]]:
    def asked(world: World, **more: Any) -> tuple[str, Call]:
        call = CALLS[route, "POST"](world)
        return route, Call(call.ids, {**(call.body or {}), **more})

    return asked


def _case(world: World) -> str:
    return str(world.tell("imaged").pk)


def _patient(world: World) -> str:
    return str(world.tell("opened").patient_id)


def _evidence(world: World) -> str:
    return str(Evidence.objects.get(checklist=world.tell("imaged").checklist, item="consult").public_id)


def _contact(world: World) -> str:
    return str(Contact.objects.get(patient=world.tell("opened").patient).pk)


def _slot(kind: str) -> Callable[[World], str]:
    return lambda world: str(world.slot(LATER)[kind])


def _with(ask: Callable[..., tuple[str, Call]], field: str) -> Callable[[World, str], tuple[str, Call]]:
    return lambda world, pk: ask(world, **{field: pk})


BODIES: list[tuple[str, Callable[[World], str], Callable[[World, str], tuple[str, Call]]]] = [
    ("patient", _patient, _with(_open, "patient")),
    ("previous", _case, _with(_open, "previous")),
    ("duplicate", _patient, _with(_of("patient-merge"), "duplicate")),
    ("other", _patient, _with(_of("patient-tell-apart"), "other")),
    ("patient", _patient, _with(_of("case-refile"), "patient")),
    ("case", _case, _with(_of("evidence-refile"), "case")),
    ("supersedes", _evidence, lambda world, pk: _record(world, supersedes=[pk])),
    ("value.contact", _contact, _ride),
    *((kind, _slot(kind), _with(_book, kind)) for kind in ("room", "proceduralist", "bay")),
    *((kind, _slot(kind), _with(_move, kind)) for kind in ("room", "proceduralist", "bay")),
]


@pytest.mark.parametrize(("field", "theirs", "asked"), BODIES)
def test_another_practices_id_in_a_body_is_answered_as_one_that_does_not_exist(
    field: str,
    theirs: Callable[[World], str],
    asked: Callable[[World, str], tuple[str, Call]],
    world: World,
    other_world: World,
    api: Callable[..., Client],
) -> None:
    with within(other_world.practice.pk):
        foreign = theirs(other_world)
    client, random = api("clinician"), str(uuid.uuid4())
    route, call = asked(world, foreign)
    body: Body = json.loads(json.dumps(call.body).replace(foreign, random))
    before = tables()
    refused = send(client, route, "POST", call)
    assert (refused.status_code, [reason["field"] for reason in refused.json()["errors"]]) == (400, [field])
    assert changes(before) == {}
    unknown = send(client, route, "POST", Call(call.ids, body))
    assert refused.content.decode().replace(foreign, random) == unknown.content.decode()


def test_own_id_in_the_same_body_is_accepted(world: World, api: Callable[..., Client]) -> None:
    client = api("clinician")
    case = world.tell("imaged")
    for route, call in (_open(world, previous=str(case.pk)), _book(world), _ride_of_own_contact(world)):
        assert send(client, route, "POST", call).status_code == 201


def _ride_of_own_contact(world: World) -> tuple[str, Call]:
    route, call = _ride(world, "")
    contact = Contact.objects.get(patient__cases=call.ids["case_id"])
    assert call.body is not None
    call.body["value"]["contact"] = str(contact.pk)
    return route, call


SHOWN = (Patient, Case, Booking, Task, Resource, ProtocolVersion)


def names_and_ids(practice: Practice) -> set[str]:
    """All that a list could show of a practice and that belongs to it alone."""
    with within(practice.pk):
        rows = (model.objects.filter(practice_id=practice.pk) for model in SHOWN)
        ids = {str(pk) for found in rows for pk in found.values_list("pk", flat=True)}
        return {*ids, practice.name, str(practice.pk)}


@pytest.mark.parametrize(
    ("route", "method", "body"),
    [
        ("practice", "GET", None),
        ("resources", "GET", None),
        ("cases", "GET", None),
        ("board", "GET", None),
        ("tasks", "GET", None),
        ("protocols", "GET", None),
        ("patient-search", "POST", {"text": "Family"}),
        ("patient-search", "POST", {"text": "D-500102"}),
        ("patient-search", "POST", {"born_on": "1950-01-02"}),
    ],
)
def test_list_shows_its_own_practice_and_nothing_of_another(
    route: str, method: str, body: Body | None, world: World, other_world: World, api: Callable[..., Client]
) -> None:
    for place in (world, other_world):
        # The same names, birth dates and record numbers in both, a task and a booking today.
        with within(place.practice.pk):
            place.tell("prepared", ride={"available": False})
            place.released()
    answer = send(api("nurse"), route, method, Call(body=body)).content.decode()
    assert {text for text in names_and_ids(other_world.practice) if text in answer} == set()
    assert {text for text in names_and_ids(world.practice) if text in answer} != set()


def test_tasks_of_another_practices_case_are_none(world: World, other_world: World, api: Callable[..., Client]) -> None:
    with within(other_world.practice.pk):
        task = other_world.released()
    mine = api("nurse").get(reverse("tasks"), {"case": str(task.case_id), "done": "1"})
    theirs = api("nurse", of=other_world.practice).get(reverse("tasks"), {"case": str(task.case_id), "done": "1"})
    assert mine.json() == {"results": []}
    assert str(task.pk) in {row["id"] for row in theirs.json()["results"]}


def test_place_in_another_practices_list_shows_ones_own(
    world: World, other_world: World, api: Callable[..., Client]
) -> None:
    """TEN-07: a cursor says where to go on, never whose list."""
    for place in (world, other_world):
        with within(place.practice.pk):
            for _ in range(3):
                place.tell("opened")
    onward = api("nurse", of=other_world.practice).get(reverse("cases"), {"limit": "1"}).json()["next"]
    shown = api("nurse").get(onward).json()["results"]
    mine = {str(pk) for pk in Case.objects.filter(practice=world.practice).values_list("pk", flat=True)}
    assert shown != []
    assert {row["id"] for row in shown} <= mine


@pytest.fixture
def token(practice: Practice, staff: dict[str, User], at: Callable[[datetime], None]) -> str:
    return create_token(user=staff["nurse"], practice=practice, label="t", lasts=timedelta(hours=2), now=NOW)


def status(token: str) -> tuple[int, str]:
    response = Client(headers={"authorization": f"Bearer {token}"}).get(reverse("cases"))
    code = response.json().get("code", "") if response.status_code != 200 else ""
    return response.status_code, code


def test_token_answers_until_it_expires(token: str, at: Callable[[datetime], None]) -> None:
    at(NOW + timedelta(hours=2) - timedelta(microseconds=1))
    assert status(token) == (200, "")
    at(NOW + timedelta(hours=2))
    assert status(token) == (401, "not_authenticated")


def test_token_of_a_disabled_user_is_refused_at_the_next_request(token: str, staff: dict[str, User]) -> None:
    assert status(token) == (200, "")
    User.objects.filter(pk=staff["nurse"].pk).update(is_active=False)
    assert status(token) == (401, "not_authenticated")


def test_revoked_token_is_refused_and_others_are_not(token: str, practice: Practice, staff: dict[str, User]) -> None:
    others = create_token(user=staff["scheduler"], practice=practice, label="o", lasts=timedelta(days=1), now=NOW)
    assert revoke_tokens(user=staff["nurse"], practice=practice, now=NOW) == 1
    assert (status(token), status(others)) == ((401, "not_authenticated"), (200, ""))


def test_token_lasts_a_year_at_most_and_is_kept_as_a_digest(practice: Practice, staff: dict[str, User]) -> None:
    secret = create_token(user=staff["nurse"], practice=practice, label="l", lasts=timedelta(days=9999), now=NOW)
    kept = ApiToken.objects.get(label="l")
    assert kept.expires_at == NOW + timedelta(days=365)
    assert secret not in repr(list(ApiToken.objects.values_list())) + repr(list(Record.objects.values_list()))


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic bnVyc2U6bnVyc2U=", "Bearer clr_ é", "bearer null", "Token {token}"],
)
def test_anything_but_a_live_token_is_not_signed_in(header: str, token: str) -> None:
    before = tables()
    response = Client(headers={"authorization": header.format(token=token)}).get(reverse("cases"))
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    assert (response["WWW-Authenticate"], changes(before)) == ("Bearer", {})


def test_token_speaks_for_its_own_practice_though_its_owner_works_in_two(
    world: World, other_world: World, api: Callable[..., Client]
) -> None:
    here = staff_by_role(world.practice)["nurse"]
    with within(other_world.practice.pk):
        assert staff_by_role(other_world.practice)["nurse"] == here
    names = [
        api("nurse", of=place).get(reverse("practice")).json()["name"]
        for place in (world.practice, other_world.practice)
    ]
    assert names == ["Test Spine Clinic", "Other Spine Clinic"]
