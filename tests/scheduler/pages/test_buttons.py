"""The buttons of a case are the acts of its table: none that would be refused for role or state, none missing."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from scheduler.access import ACCESS, allowed
from scheduler.models import Case, Practice
from scheduler.rules.roles import CARE, ROLES
from scheduler.rules.transitions import ENDED_BY, STATES, Act, acts_of
from tests.conftest import START
from tests.remembered import Memory
from tests.scheduler.states import in_state
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
BUTTONS = {
    "desk-record": Act.RECORD,
    "desk-phone": Act.PHONE,
    "desk-plan": Act.PLAN,
    "desk-arrive": Act.ARRIVE,
    "desk-close": Act.CLOSE,
    "desk-reopen": Act.REOPEN,
    "desk-link-send": Act.SEND_LINK,
    "ward-arrive": Act.ARRIVE,
    "ward-paper": Act.FROM_PAPER,
    "ward-check-in": Act.CHECK_IN,
    "ward-start": Act.START,
    "ward-finish": Act.FINISH,
    "ward-discharge": Act.DISCHARGE,
    "ward-send-home": Act.SEND_HOME,
}
# Of one item, on the page where the item stands: tests/scheduler/pages/{signing,ward,test_clearance}.
OF_ITEMS = {Act.REVIEW, Act.OVERRIDE, Act.ASK_OVERRIDE, Act.ASK_PRESCRIBER}
# What a state does not say: who has not come is not checked in, who has come does not come again.
NOT_HERE = {Act.CHECK_IN, Act.SEND_HOME}
WORDS = re.compile(r'<form[^>]*\bmethod="post"[^>]*\baction="([^"]*)"|<a\b[^>]*\bhref="(/[^"]*)"')


@pytest.fixture
def world(practice: Practice, memory: Memory) -> World:
    return World(practice, memory)


def addresses(page: str) -> list[tuple[str, str]]:
    """(method, route) of everything that can be pressed."""
    found = []
    for posted, linked in WORDS.findall(page):
        try:
            name = resolve((posted or linked).partition("?")[0].partition("#")[0]).url_name
        except Resolver404:  # a file
            continue
        found.append(("POST" if posted else "GET", str(name)))
    return found


def offered(client: Client, case: Case) -> set[Act]:
    """What the two pages of a case offer; the ward's after the two identifiers were matched."""
    client.post(f"/ward/cases/{case.pk}/identity/", {"matched": ["name", "birth_date"]})
    found: set[Act] = set()
    for address in (f"/desk/cases/{case.pk}/", f"/ward/cases/{case.pk}/"):
        page = client.get(address).content.decode()
        routes = {route for _, route in addresses(page)}
        found |= {BUTTONS[route] for route in routes & set(BUTTONS)}
        found |= {Act.BOOK if case.state == "referred" else Act.MOVE} if "desk-book" in routes else set()
        endings = re.search(r'<select name="ending">(.*?)</select>', page, re.DOTALL)
        codes = re.findall(r'value="(\w+)"', endings[1]) if endings else []
        found |= {Act.RELEASE if code == "release" else ENDED_BY[code] for code in codes}
    return found


def expected(role: str, case: Case) -> set[Act]:
    acts = set(acts_of({role}, case.state)) - OF_ITEMS
    acts -= NOT_HERE if case.arrived_at is None and case.state == "booked" else set()
    acts -= {Act.ARRIVE} if case.booking is None or case.arrived_at is not None else set()
    return acts - ({Act.REOPEN} if case.started_at is not None else set())


@pytest.mark.parametrize("state", STATES)
def test_act_that_has_no_button_in_this_state_is_refused_when_it_is_sent_all_the_same(
    state: str, world: World, signed_in: Callable[[str], Client], at: Callable[[datetime], None]
) -> None:
    """AZ-06 for pages: the form of an old page, or one made up."""
    case = in_state(world, state)
    at(START + timedelta(hours=3))
    client = signed_in("nurse")
    client.post(f"/ward/cases/{case.pk}/identity/", {"matched": ["name", "birth_date"]})
    tried, elsewhere = 0, {Act.SEND_LINK, Act.REOPEN, Act.FROM_PAPER}
    for route, act in BUTTONS.items():
        if "nurse" not in ACCESS[route].get("POST", ()) or act in acts_of(CARE, state) | elsewhere:
            continue
        body = {"version": case.version, "reason": "ate", "act": "unreached", "unreached-outcome": "NO_ANSWER"}
        answer = client.post(reverse(route, kwargs={"case_id": case.pk}), body)
        tried += 1
        assert (answer.status_code, Case.objects.get(pk=case.pk).state) in ((409, state), (400, state)), route
    assert tried >= 4


def test_every_act_has_a_button_somewhere() -> None:
    by_table = {Act.BOOK, Act.MOVE, Act.RELEASE, *ENDED_BY.values()}
    assert set(BUTTONS.values()) | by_table | OF_ITEMS == set(Act)


@pytest.mark.parametrize("state", [*STATES, "arrived"])
def test_each_role_is_offered_what_it_may_do_in_this_state_and_nothing_else(
    state: str, world: World, signed_in: Callable[[str], Client], at: Callable[[datetime], None]
) -> None:
    case = world.tell("arrived") if state == "arrived" else in_state(world, state)
    case.refresh_from_db()
    at(START + timedelta(hours=3))
    found = {role: offered(signed_in(role), case) for role in ROLES}
    assert found == {role: expected(role, case) for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
def test_no_page_leads_a_role_where_it_is_refused(
    role: str, world: World, signed_in: Callable[[str], Client], at: Callable[[datetime], None]
) -> None:
    world.recovering()
    world.released()
    world.tell("prepared", ride={"available": False, "exempt": True}, drugs=("apixaban",), room=2)
    world.tell("booked", start=START + timedelta(days=1))
    at(START + timedelta(hours=3))
    client, seen, waiting, refused = signed_in(role), set(), ["/"], []
    while waiting:
        address = waiting.pop()
        name = str(resolve(address.partition("?")[0]).url_name)
        if (name, len([one for one in seen if one[0] == name])) >= (name, 5) or (name, address) in seen:
            continue
        seen.add((name, address))
        answer = client.get(address, follow=True)
        page = answer.content.decode()
        refused += [("GET", name, answer.status_code)] if answer.status_code != 200 else []
        pressed = addresses(page)
        refused += [(m, route, name) for m, route in pressed if not allowed(route, m, frozenset({role}), demo=True)]
        waiting += [link for _, link in WORDS.findall(page) if link and is_page(link)]
    assert refused == []
    assert len(seen) > 10


def is_page(address: str) -> bool:
    try:
        return resolve(address.partition("?")[0].partition("#")[0]).url_name in ACCESS and "#" not in address
    except Resolver404:
        return False
