"""AZ-01, AZ-04, AZ-05: every address of the project for everybody who has no business there.

The addresses come from the URLconf, the answers from what the two written tables say of somebody who is not signed in:
whoever stands outside gets these and no others, sees no name, and changes nothing.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduler.access import ACCESS
from scheduler.api.urls import urlpatterns as of_api
from scheduler.models import ApiToken, Case, Membership, Practice, Record, Resource, User
from scheduler.pages.session import PRACTICE
from scheduler.pages.urls import urlpatterns as of_pages
from scheduler.services.tokens import create_token
from tests.conftest import NOW, START
from tests.remembered import Memory
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.api.test_access import EXPECTED as API
from tests.scheduler.pages.my.visiting import birth_date, follow, give_link, link_of
from tests.scheduler.pages.test_doors import EXPECTED as PAGES
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
PATTERNS = {pattern.name: pattern.pattern for pattern in (*of_pages, *of_api)}
STAFF_ONLY = [pair for pair in (*PAGES, *API) if not pair[0].startswith("my-")]
JSON = "application/json"
# What a form must hold to be read as far as the object that its address names.
BODIES = {
    "desk-task-done": {"version": "0", "outcome": "called"},
    "settings-place": {"is_active": "0"},
    "desk-merge-undo": {"version": "0", "reason": "two people"},
    "desk-tell-apart": {"version": "0", "duplicate_version": "0", "reason": "twins"},
    "desk-tell-apart-undo": {"version": "0", "reason": "one person"},
    "sign-review": {
        "entry": "x",
        "item": "x",
        "inputs": "x",
        "version": "0",
        "day_from": "2027-03-02",
        "day_until": "2027-03-02",
    },
}
LINKS = ("patient", "caregiver", "escort", "prescriber")


@pytest.fixture
def world(practice: Practice, memory: Memory, at: object) -> World:
    return World(practice, memory)


@pytest.fixture
def case(world: World) -> Case:
    """A booked case with a task, a drug, and a link for everybody who can have one."""
    case = world.tell("booked", start=START + timedelta(days=14), drugs=("apixaban",), ride={"available": False})
    for kind in ("caregiver", "escort", "prescriber"):
        give_link(case, kind)
    return case


def ids(case: Case) -> dict[str, Any]:
    version = case.checklist.protocol_version_id
    return {
        "case_id": case.pk,
        "patient_id": case.patient_id,
        "task_id": case.tasks.all()[0].pk,
        "contact_id": case.patient.contacts.all()[0].pk,
        "evidence_id": case.checklist.evidence.all()[0].public_id,
        "booking_id": case.booking_id,
        "resource_id": Resource.objects.filter(practice=case.practice)[0].pk,
        "user_id": Membership.objects.filter(practice=case.practice)[0].user_id,
        "version_id": version,
        "question_id": case.pk,
        "survivor_id": case.patient_id,
        "duplicate_id": case.patient_id,
        "merge_id": case.pk,  # of nobody
        "apart_id": case.pk,
        "token": "x" * 43,
        "name": "1.mail",
    }


def ask(client: Client, route: str, method: str, known: dict[str, Any]) -> Any:
    address = reverse(route, kwargs={name: known[name] for name in PATTERNS[route].converters})
    of_page = (route, method) in PAGES
    if method == "GET":
        return client.get(address)
    return client.post(address, BODIES.get(route, {})) if of_page else client.post(address, {}, content_type=JSON)


def session(user: User, practice: Practice) -> Client:
    client = Client()
    client.force_login(user)
    held = client.session
    held[PRACTICE] = str(practice.pk)
    held.save()
    return client


def visitor(kind: str, case: Case, user: User) -> Client:
    """Somebody who was let in elsewhere, or was let in until a moment ago."""
    if kind in LINKS:
        phone = follow(link_of(case, kind))
        phone.post("/my/", birth_date(case.patient.born_on))
        return phone
    token = create_token(user=user, practice=case.practice, label="test", lasts=timedelta(days=1), now=NOW)
    bearer = Client(headers={"authorization": f"Bearer {token}"})
    signed_in = session(user, case.practice)
    if kind == "closed account":
        User.objects.filter(pk=user.pk).update(is_active=False)
        signed_in.defaults.update(bearer.defaults)
    elif kind == "removed from the practice":
        Membership.objects.filter(user=user, practice=case.practice).delete()
    elif kind == "revoked token":
        ApiToken.objects.filter(user=user).update(revoked_at=NOW)
        return bearer
    return signed_in


def outside(route: str, method: str) -> int:
    return {**PAGES, **API}[route, method]["anonymous"]


@pytest.mark.parametrize("kind", [*LINKS, "closed account", "removed from the practice", "revoked token"])
def test_whoever_stands_outside_is_answered_as_somebody_who_is_not_signed_in(
    kind: str, case: Case, staff: dict[str, User]
) -> None:
    client, known = visitor(kind, case, staff["clinician"]), ids(case)
    before, found, leaks = tables(), {}, []
    expected = {pair: outside(*pair) for pair in STAFF_ONLY}
    if "authorization" in str(client.defaults).lower():  # a dead token is wrong even where none is needed
        expected |= {("schema", "GET"): 401, ("docs", "GET"): 401}
    for route, method in STAFF_ONLY:
        answer = ask(client, route, method, known)
        found[route, method] = answer.status_code
        leaks += [route] * (case.patient.family_name.lower() in answer.content.decode().lower())
    assert found == expected
    assert (leaks, changes(before)) == ([], {})


@pytest.mark.parametrize("kind", ["session", "token"])
def test_session_opens_no_call_and_token_no_page(kind: str, case: Case, staff: dict[str, User]) -> None:
    """Each credential is good for its own side only: a page's cookie cannot be used to forge a call."""
    known, user = ids(case), staff["clinician"]
    token = create_token(user=user, practice=case.practice, label="test", lasts=timedelta(days=1), now=NOW)
    bearer = Client(headers={"authorization": f"Bearer {token}"})
    client, side = (session(user, case.practice), API) if kind == "session" else (bearer, PAGES)
    before = tables()
    found = {pair: ask(client, *pair, known).status_code for pair in side}
    assert found == {pair: outside(*pair) for pair in side}
    assert changes(before) == {}


def test_member_of_no_role_has_a_token_that_opens_what_is_anybodys(case: Case, staff: dict[str, User]) -> None:
    """AZ-05: also somebody who was taken out of the practice, at the next request."""
    known, user = ids(case), staff["clinician"]
    token = create_token(user=user, practice=case.practice, label="test", lasts=timedelta(days=1), now=NOW)
    Membership.objects.filter(user=user, practice=case.practice).delete()
    client = Client(headers={"authorization": f"Bearer {token}"})
    found = {pair: ask(client, *pair, known).status_code for pair in API}
    assert found == {pair: 200 if outside(*pair) == 200 else 403 for pair in API}


def roles_of(route: str, method: str) -> list[str]:
    who = ACCESS[route][method]
    return sorted(who) if isinstance(who, frozenset) else []


# 404 of somebody who is signed in is told apart from what the page says of its own: see the tables.
WITH_IDS = [
    (route, method)
    for route, method in PAGES
    if PATTERNS[route].converters and not route.startswith("my-") and "name" not in PATTERNS[route].converters
]


@pytest.fixture
def theirs(other_practice: Practice, memory: Memory, at: object) -> Case:
    """A case of another practice, with people, rooms, tasks and contacts that are its own."""
    case = World(other_practice, memory).tell("booked", ride={"available": False}, drugs=("apixaban",))
    give_link(case, "prescriber")
    case.patient.family_name = "Elsewhere"  # each world counts its families from one
    case.patient.save(update_fields=["family_name"])
    stranger = User.objects.create(email="stranger@people.example", name="Strange Nurse")
    Membership.objects.create(practice=other_practice, user=stranger, role="nurse", created_at=NOW)
    return case


@pytest.mark.parametrize(("route", "method"), WITH_IDS, ids=map("-".join, WITH_IDS))
def test_page_of_another_practices_object_is_not_there_and_the_look_is_recorded(
    route: str, method: str, case: Case, theirs: Case, staff: dict[str, User]
) -> None:
    """TEN-01 for pages, for every role that may open the route at all."""
    foreign = {**ids(theirs), "user_id": User.objects.get(email="stranger@people.example").pk}
    clients = {role: session(staff[role], case.practice) for role in roles_of(route, method)}
    before, written = tables(), Record.objects.filter(practice=case.practice).count()
    for role, client in clients.items():
        answer = ask(client, route, method, foreign)
        assert answer.status_code == 404, role
        shown = answer.content.decode().lower()
        assert [word for word in (theirs.patient.family_name, "strange") if word.lower() in shown] == []
    first = str(foreign[next(iter(PATTERNS[route].converters))])
    rows = Record.objects.filter(practice=case.practice).order_by("number")[written:]
    asked = [("refused", first, ["not_found"], staff[role].by) for role in roles_of(route, method)]
    assert list(rows.values_list("action", "subject", "codes", "by")) == asked
    assert changes(before) == {**REFUSAL, "record": len(asked)}


BESIDES = [pair for pair in WITH_IDS if {"case_id", "contact_id"} <= set(PATTERNS[pair[0]].converters)]


@pytest.mark.parametrize("whose", ["another practice", "another patient"])
@pytest.mark.parametrize(("route", "method"), BESIDES, ids=map("-".join, BESIDES))
def test_own_case_opens_no_contact_of_somebody_else(
    route: str, method: str, whose: str, case: Case, theirs: Case, staff: dict[str, User], world: World
) -> None:
    other = theirs
    if whose == "another patient":
        other = world.tell("opened", drugs=("warfarin",))
        give_link(other, "prescriber")
    client, contacts, before = session(staff["clinician"], case.practice), list(other.patient.contacts.all()), tables()
    for contact in contacts:
        answer = ask(client, route, method, {**ids(case), "contact_id": contact.pk})
        assert (answer.status_code, contact.email in answer.content.decode()) == (404, False)
    assert changes(before) == {**REFUSAL, "record": len(contacts)}


def test_every_page_with_an_id_is_tried() -> None:
    named = {route for route, _ in PAGES if PATTERNS[route].converters}
    elsewhere = {"my-link", "my-question", "desk-mail", "desk-invite"}  # a link's, and the demonstration's mailbox
    assert {route for route, _ in WITH_IDS} == named - elsewhere
    contacts = {"desk-contact-change", "desk-contact-end"}
    assert {route for route, _ in BESIDES} == {"desk-clearance-letter", "desk-link-send", *contacts}
