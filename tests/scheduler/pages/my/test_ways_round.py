"""LNK: what gets round the front of a link - scripts, caches, open sessions, errors, other doors - finds nothing."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from scheduler.access import ACCESS
from scheduler.api.urls import urlpatterns as CALLS  # noqa: N812
from scheduler.models import Case, Link, Record
from scheduler.pages.urls import urlpatterns as PAGES  # noqa: N812
from scheduler.peer import RememberPeer
from scheduler.rules.links import MOST_LINKS_OF_ONE_PLACE, PLACE_WAITS, TRIES
from scheduler.services.contacts import replace_contact
from scheduler.services.link_visits import WRONG as WRONG_ANSWER
from scheduler.services.people import NewContact
from scheduler.services.record import append_record
from tests.conftest import NOW
from tests.scheduler.pages.my.test_links import WRONG, everything, everything_but_looks, same
from tests.scheduler.pages.my.visiting import BY, birth_date, enter, follow, give_link, link_of, token
from tests.scheduler.services.steps import end_it

pytestmark = pytest.mark.django_db
PATHS = (
    "/my/",
    "/my/not-me/",
    "/my/check/",
    "/my/done/",
    "/my/appointment.ics",
    "/my/pick-up/",
    "/my/clearance/",
    "/my/questions/00000000-0000-4000-8000-000000000000/",
)


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    return tell("tested", start=NOW + timedelta(days=6), drugs=("apixaban",))


def test_scanner_that_runs_scripts_and_keeps_cookies_changes_nothing(case: Case) -> None:
    """LNK-01: it goes wherever a link leads, by every method that only reads, the patient's and a caregiver's."""
    given = give_link(case, "caregiver")
    before = everything()
    for link in (link_of(case), given):
        phone = Client(headers={"sec-purpose": "prefetch;prerender"})
        for path in (f"/my/{token(link)}/", *PATHS):
            for method in (phone.get, phone.head):
                method(path)
    assert everything() == before
    assert enter(case).get("/my/").status_code == 200


def test_reading_every_page_behind_the_date_of_birth_changes_nothing(case: Case) -> None:
    """LNK-01: also a browser that fetches ahead with a session that is open."""
    phone = enter(case)
    question = phone.get("/my/").context["steps"][0].address
    before = everything_but_looks()
    for path in (*PATHS, f"/my/questions/{question}/"):
        for method in (phone.get, phone.head):
            assert method(path).status_code in (200, 302, 404, 405), path
    assert everything_but_looks() == before


def test_token_is_in_no_answer_whatever_goes_wrong_behind_it(case: Case) -> None:
    """LNK-02: neither page, header, cookie nor redirect says it again."""
    secret, phone = token(link_of(case)), Client(enforce_csrf_checks=True, raise_request_exception=False)
    below = f"/my/{secret}/"
    answers = [
        phone.get(below),
        phone.post(below),
        phone.put(below),
        phone.get(f"/my/{secret}"),
        phone.get(f"{below}x/"),
        phone.get("/my/", {"next": below}),
        phone.get("/desk/", headers={"referer": f"http://testserver{below}"}),
    ]
    assert [answer.status_code for answer in answers] == [302, 403, 403, 404, 404, 200, 302]
    for answer in answers:
        said = answer.content.decode() + str(sorted(answer.headers.items())) + answer.cookies.output()
        assert secret not in said, answer.request["PATH_INFO"]


def test_every_answer_below_my_is_kept_nowhere_and_named_to_nobody(case: Case) -> None:
    """Also redirects, refused methods, forged forms, and addresses that are none."""
    phone = Client(enforce_csrf_checks=True)
    follow(link_of(case), phone)
    secret = token(link_of(case))
    tokens = [f"/my/{secret}/", f"/my/{secret}", f"/my/{secret}/x/", "/my/nothing/here"]
    for path in [*PATHS, *tokens]:
        for answer in (phone.get(path), phone.head(path), phone.post(path), phone.delete(path)):
            kept = (answer["Cache-Control"], answer["X-Robots-Tag"])
            assert kept == ("no-store", "noindex, nofollow"), (path, answer.status_code)
            assert answer["Referrer-Policy"] == ("no-referrer" if secret in path else "same-origin"), path


def test_dead_links_answer_a_date_of_birth_alike_to_the_byte(case: Case, tell: Callable[..., Case]) -> None:
    """LNK-04: the right date of birth behind a dead link tells no more than a wrong one behind none."""
    revoked, right = follow(link_of(case)), birth_date(case.patient.born_on)
    locked_case = tell("booked", start=NOW + timedelta(days=9))
    locked, their = follow(link_of(locked_case)), birth_date(locked_case.patient.born_on)
    Link.objects.filter(case=locked_case).update(wrong_answers=TRIES)
    end_it(case, "cancelled", now=NOW)
    nobody = Client()
    nobody.get(f"/my/{secrets.token_urlsafe(32)}/")
    answers = [same(phone.post("/my/", date)) for phone, date in ((nobody, right), (revoked, right), (locked, their))]
    assert answers[0][0] == 404
    assert answers == [answers[0]] * 3


def test_limit_of_wrong_dates_is_in_the_database_alone(case: Case, settings: Any) -> None:
    """LNK-03: no cache, session or broker that could be flushed knows of it; another browser begins where this ends."""
    for _ in range(TRIES):
        cache.clear()
        Session.objects.all().delete()
        assert follow(link_of(case), Client()).post("/my/", WRONG).status_code in (400, 404)
    cache.clear()
    assert follow(link_of(case), Client()).post("/my/", birth_date(case.patient.born_on)).status_code == 404
    assert link_of(case).wrong_answers == TRIES


HERE, THERE = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "192.0.2.8"}


def erred(case: Case, times: int, where: str = "192.0.2.7") -> None:
    """A wrong date at so many other links of the practice, from one address."""

    def fail(_: object) -> HttpResponse:
        for number in range(times):
            append_record(
                practice_id=case.practice_id, by=f"link:{number}", action=WRONG_ANSWER, subject=case.pk, now=NOW
            )
        return HttpResponse()

    RememberPeer(fail)(RequestFactory().post("/my/", REMOTE_ADDR=where))


def test_place_that_erred_at_many_links_waits_an_hour_and_nobody_else(case: Case, at: Callable[..., None]) -> None:
    """LNK-03: whoever holds many links does not get five guesses at each of them; what counts is in the database."""
    erred(case, MOST_LINKS_OF_ONE_PLACE)
    right, before = birth_date(case.patient.born_on), everything()
    waits = follow(link_of(case)).post("/my/", right, **HERE)
    assert (waits.status_code, waits["Retry-After"], "Espere una hora" in waits.content.decode()) == (429, "3600", True)
    grown = {name for name, rows in everything().items() if rows != before[name]}
    assert (grown, link_of(case).wrong_answers) == ({"scheduler.Record", "scheduler.RecordHead"}, 0)
    assert Record.objects.latest("number").codes == ["too_many"]
    assert follow(link_of(case)).post("/my/", right, **THERE).status_code == 302
    at(NOW + PLACE_WAITS)
    assert follow(link_of(case)).post("/my/", right, **HERE).status_code == 302


def test_place_that_erred_at_few_links_goes_on(case: Case) -> None:
    erred(case, MOST_LINKS_OF_ONE_PLACE - 1)
    assert follow(link_of(case)).post("/my/", WRONG, **HERE).status_code == 400
    # One's own link is not one of the others: its own five tries bound it.
    assert follow(link_of(case)).post("/my/", birth_date(case.patient.born_on), **HERE).status_code == 302


def test_neighbours_within_64_bits_are_one_place(case: Case) -> None:
    erred(case, MOST_LINKS_OF_ONE_PLACE, "2001:db8::1")
    right = birth_date(case.patient.born_on)
    for address, status in (("2001:db8::ffff", 429), ("2001:db8:0:1::1", 302)):
        assert follow(link_of(case)).post("/my/", right, REMOTE_ADDR=address).status_code == status


@pytest.mark.parametrize("since", ["died", "no_show", "contact changed", "not me"])
def test_open_session_is_over_with_its_link(case: Case, since: str) -> None:
    """LNK-06: what the open page is sent with afterwards is not recorded."""
    phone = enter(case)
    question = next(step for step in phone.get("/my/").context["steps"] if step.is_next)
    contact = link_of(case).contact
    if since in ("died", "no_show"):
        end_it(case, since, now=NOW)
    elif since == "not me":
        follow(link_of(case)).post("/my/not-me/")
    else:
        new = NewContact("patient", "", "another@people.example")
        replace_contact(practice_id=case.practice_id, contact_id=contact.pk, contact=new, by=BY, now=NOW)
    before = everything()
    assert phone.post(f"/my/questions/{question.address}/", {"choice": "call_me"}).status_code == 404
    assert [phone.get(path).status_code for path in ("/my/", "/my/check/", "/my/appointment.ics")] == [404] * 3
    assert everything() == before


def test_link_ends_a_day_after_the_case_with_the_generic_page(
    tell: Callable[..., Case], at: Callable[..., None]
) -> None:
    """LNK-10: until then it opens, also for whoever has the page open; then nothing tells that it ever did."""
    case = tell("discharged", start=NOW - timedelta(hours=3))
    assert case.discharged_at is not None
    over = case.discharged_at + timedelta(hours=24)
    at(over - timedelta(seconds=1))
    phone = enter(case)
    assert phone.get("/my/").status_code == 200
    at(over)
    page = phone.get("/my/")
    assert (page.status_code, b"call the clinic that sent you the link" in page.content) == (404, True)
    assert same(page) == same(Client().get("/my/"))


@pytest.mark.matrix
def test_patients_session_opens_nothing_of_staff_or_api(case: Case) -> None:
    """AZ-04: whoever opened a link is nobody anywhere else."""
    phone = enter(case)
    words = {"case_id": case.pk, "patient_id": case.patient_id, "booking_id": case.booking_id, "name": "1.mail"}
    for route, pattern in {p.name: p for p in (*PAGES, *CALLS)}.items():
        if route is None or route.startswith("my-") or route in ("health", "schema", "docs", "login", "logout"):
            continue
        ids = {name: words.get(name, case.pk) for name in pattern.pattern.converters}
        for method in ACCESS[route]:
            answer = phone.generic(method, reverse(route, kwargs=ids), "{}", content_type="application/json")
            led = answer.status_code == 302 and answer["Location"].startswith("/login/")
            assert led or answer.status_code == 401, (route, method)
            assert case.patient.family_name.casefold() not in answer.content.decode().casefold()
