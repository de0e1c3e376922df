"""LNK: what a scanner, a stranger, a guesser and a thief find behind a patient's link."""

import logging
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client

from config.masking import MaskTokens
from scheduler.models import Case, Link, Reading, Task
from scheduler.rules.links import TRIES
from scheduler.services import transitions
from scheduler.services.link_mails import send_link
from tests.conftest import NOW
from tests.scheduler import stored
from tests.scheduler.pages.my.visiting import BY, birth_date, enter, follow, give_link, link_of, token
from tests.scheduler.services.steps import end_it

pytestmark = pytest.mark.django_db
WRONG = {"month": "1", "day": "1", "year": "1901"}
SCANNERS = ("Mozilla/5.0 (compatible; Barracuda)", "Microsoft Office/16.0", "Slackbot-LinkExpanding 1.0")


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    return tell("tested", start=NOW + timedelta(days=6), drugs=("apixaban",))


def written() -> list[Any]:
    """All tables but the access log: looking is not writing."""
    return [model for model in apps.get_models() if model is not Reading]


def everything() -> dict[str, list[str]]:
    """Every row of every table."""
    return stored.rows(written())


def everything_but_looks() -> dict[str, list[str]]:
    """As `everything`, where somebody is shown a patient: that they looked is logged."""
    return {name: rows for name, rows in everything().items() if name != "scheduler.Reading"}


def same(answer: HttpResponse) -> tuple[Any, ...]:
    """All that two answers could be told apart by."""
    cookies = {name: morsel.OutputString() for name, morsel in answer.cookies.items()}
    return answer.status_code, bytes(answer.content), sorted(answer.headers.items()), cookies


def test_scanner_that_opens_the_link_fifty_times_changes_nothing(case: Case) -> None:
    link, before = link_of(case), everything()
    assert sum(map(len, before.values())) > 50
    for number in range(25):
        scanner = Client(headers={"user-agent": SCANNERS[number % 3], "purpose": "prefetch"})
        for method in (scanner.head, scanner.get):
            method(f"/my/{token(link)}/", follow=True)
    assert everything() == before
    assert enter(case).get("/my/").status_code == 200


def test_first_hop_takes_the_token_out_of_the_address(case: Case) -> None:
    phone, link = Client(), link_of(case)
    answer = phone.get(f"/my/{token(link)}/")
    assert (answer.status_code, answer["Location"], answer["Referrer-Policy"]) == (302, "/my/", "no-referrer")
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
    cookie = answer.cookies["my"]
    assert token(link) not in cookie.value
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/my/", True, "Lax")
    page = phone.get("/my/")
    assert token(link) not in page.content.decode() + str(page.headers)


def test_nothing_is_shown_before_the_date_of_birth(case: Case) -> None:
    """LNK-09."""
    patient = case.patient
    page = follow(link_of(case)).get("/my/").content.decode()
    assert (case.practice.name in page, case.practice.phone in page, "This is not me" in page) == (True, True, True)
    assert page.index("This is not me") < page.index("What is your date of birth?")
    shown = page.replace(case.practice.name, "").casefold()
    secret = [patient.family_name, str(patient.born_on.year), case.procedure, "apixaban", "spine", "procedure", "march"]
    secret += ["surgery", "doctor", "1 demonstration way", "10:00", "8:00", patient.record_number]
    assert [word for word in secret if word.casefold() in shown] == []


@pytest.mark.parametrize("address", ["check/", "done/", "appointment.ics", "questions/{question}/"])
def test_no_page_opens_before_the_date_of_birth(case: Case, address: str) -> None:
    question = enter(case).get("/my/").context["steps"][0].address
    path = f"/my/{address.format(question=question)}"
    assert enter(case).get(path).status_code == 200
    answer = follow(link_of(case)).get(path)
    assert (answer.status_code, answer["Location"], answer.content) == (302, "/my/", b"")


def test_dead_links_of_every_sort_look_the_same_to_the_byte(case: Case, tell: Callable[..., Case]) -> None:
    wrong = Client()
    wrong.get(f"/my/{secrets.token_urlsafe(32)}/")
    short = Client()
    short.get("/my/x/")
    over = tell("discharged", start=NOW - timedelta(days=3))
    revoked = tell("booked", start=NOW + timedelta(days=9))
    locked_link = give_link(case, "caregiver")
    Link.objects.filter(pk=locked_link.pk).update(wrong_answers=TRIES)
    dead = [link_of(revoked), locked_link, link_of(over)]
    send_link(practice_id=case.practice_id, case_id=revoked.pk, contact_id=dead[0].contact_id, by=BY, now=NOW)
    phones = [wrong, short, Client(), *map(follow, dead)]
    answers = [same(phone.get("/my/")) for phone in phones]
    assert answers[0][0] == 404 and b"call the clinic that sent you the link" in answers[0][1]
    assert answers == [answers[0]] * 6
    for path in ("/my/check/", "/my/questions/00000000-0000-4000-8000-000000000000/", "/my/appointment.ics"):
        assert [same(phone.get(path)) for phone in phones] == answers
    assert follow(link_of(case)).get("/my/").status_code == 200


def test_dead_links_are_told_in_the_same_number_of_queries(case: Case, django_assert_num_queries: Any) -> None:
    wrong = Client()
    wrong.get(f"/my/{secrets.token_urlsafe(32)}/")
    revoked = link_of(case)
    end_it(case, "cancelled", now=NOW)
    for phone in (wrong, follow(revoked)):
        with django_assert_num_queries(2):
            phone.get("/my/")


def test_five_wrong_dates_lock_and_the_right_one_comes_too_late(case: Case) -> None:
    phone = follow(link_of(case))
    answers = [phone.post("/my/", WRONG) for _ in range(TRIES)]
    assert [answer.status_code for answer in answers] == [400] * (TRIES - 1) + [404]
    assert "You can try 4 more times." in answers[0].content.decode()
    assert "You can try one more time." in answers[3].content.decode()
    late = follow(link_of(case)).post("/my/", birth_date(case.patient.born_on))
    assert (late.status_code, b"link is closed" in late.content) == (404, True)
    assert Task.objects.filter(case=case, kind="call", key=f"link:{link_of(case).pk}").count() == 1


def test_dates_that_are_no_dates_ask_again_and_count_nothing(case: Case) -> None:
    phone = follow(link_of(case))
    for typed in ({}, {"month": "2", "day": "30", "year": "1950"}, {"month": "x", "day": "1", "year": "50"}):
        answer = phone.post("/my/", typed)
        assert (answer.status_code, b'role="alert"' in answer.content) == (400, True)
    assert b'value="50"' in answer.content  # nothing of what was typed is lost
    assert link_of(case).wrong_answers == 0


def test_date_of_birth_of_another_patient_opens_nothing(case: Case, tell: Callable[..., Case]) -> None:
    """LNK-05."""
    other = tell("booked", start=NOW + timedelta(days=9))
    answer = follow(link_of(case)).post("/my/", birth_date(other.patient.born_on))
    assert (answer.status_code, link_of(case).wrong_answers) == (400, 1)


def test_this_is_not_me_closes_the_link_and_calls_the_desk(case: Case) -> None:
    phone = follow(link_of(case))
    answer = phone.post("/my/not-me/")
    assert (answer.status_code, b"We closed this link." in answer.content) == (200, True)
    assert b"?lang=" not in answer.content  # it would lead to no page
    assert phone.get("/my/").status_code == 404
    assert Task.objects.filter(case=case, kind="call", key=f"link:{link_of(case).pk}").count() == 1


@pytest.mark.parametrize("what", ["cancelled", "sent again"])
def test_open_session_ends_at_once(case: Case, what: str) -> None:
    phone = enter(case)
    question = next(step for step in phone.get("/my/").context["steps"] if step.is_next)
    if what == "cancelled":
        end_it(case, "cancelled", now=NOW)
    else:
        contact = link_of(case).contact_id
        send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=contact, by=BY, now=NOW)
    before = everything()
    answer = phone.post(f"/my/questions/{question.address}/", {"choice": "call_me"})
    assert (answer.status_code, b"link is closed" in answer.content) == (404, True)
    assert (phone.get("/my/").status_code, everything() == before) == (404, True)


def test_session_ends_after_thirty_minutes_without_a_request(case: Case, at: Callable[..., None]) -> None:
    phone = enter(case)
    for minutes, status in ((29, 200), (58, 200), (88, 404)):
        at(NOW + timedelta(minutes=minutes))
        assert phone.get("/my/").status_code == status


def test_opening_another_link_asks_for_the_date_of_birth_again(case: Case, tell: Callable[..., Case]) -> None:
    other = tell("booked", start=NOW + timedelta(days=9))
    phone = enter(case)
    assert b"date of birth" not in follow(link_of(case), phone).get("/my/").content
    page = follow(link_of(other), phone).get("/my/")
    assert b"What is your date of birth?" in page.content


def test_cookie_of_ones_own_making_opens_nothing(case: Case) -> None:
    phone = follow(link_of(case))
    held = phone.cookies["my"].value
    for forged in (held.replace(held[5], "A" if held[5] != "A" else "B", 1), "x", held[:-1], link_of(case).digest):
        phone.cookies["my"] = forged
        assert phone.get("/my/").status_code == 404


def test_staff_session_opens_no_patient_page_and_a_link_no_staff_page(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    assert signed_in("scheduler").get("/my/").status_code == 404
    assert enter(case).get(f"/desk/cases/{case.pk}/")["Location"].startswith("/login/")
    both = follow(link_of(case), signed_in("clinician"))
    assert b"What is your date of birth?" in both.get("/my/").content


def test_form_from_elsewhere_is_refused_and_changes_nothing(case: Case) -> None:
    phone = Client(enforce_csrf_checks=True)
    follow(link_of(case), phone)
    before = everything()
    for path, body in (("/my/", birth_date(case.patient.born_on)), ("/my/not-me/", {})):
        answer = phone.post(path, body)
        assert (answer.status_code, "No se guardó nada" in answer.content.decode()) == (403, True)
    assert everything() == before


def test_form_of_our_own_passes_the_same_check(case: Case) -> None:
    phone = Client(enforce_csrf_checks=True)
    follow(link_of(case), phone)
    ours = phone.get("/my/").context["csrf_token"]
    answer = phone.post("/my/", {**birth_date(case.patient.born_on), "csrfmiddlewaretoken": str(ours)})
    assert answer.status_code == 302


def test_no_log_line_holds_the_token(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret, phone = token(link_of(case)), Client(enforce_csrf_checks=True)
    phone.get(f"/my/{secret}/")
    phone.post(f"/my/{secret}/")
    phone.put(f"/my/{secret}/")
    phone.get(f"/my/{secret}")
    phone.get(f"/my/{secret}/x/")
    # Django names the address of each request that it refuses; the console's filter has been over these lines.
    assert (secret in caplog.text, caplog.text.count("/my/***")) == (False, 4)


def test_console_is_masked() -> None:
    handlers = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    assert [any(isinstance(each, MaskTokens) for each in handler.filters) for handler in handlers] == [True]


@pytest.mark.matrix
def test_thousand_guesses_find_nothing(case: Case) -> None:
    from scheduler.rules.links import digest_of
    from scheduler.services.links import open_link

    found = [open_link(digest=digest_of(secrets.token_urlsafe(32)), now=NOW) for _ in range(1_000)]
    assert (Link.objects.count(), [link for link in found if link]) == (1, [])


def test_link_still_opens_on_the_day_and_while_the_procedure_goes_on(tell: Callable[..., Case], at: object) -> None:
    case = tell("arrived", start=NOW)
    transitions.check_in(practice_id=case.practice_id, case_id=case.pk, seen_version=case.version, by=BY, now=NOW)
    assert enter(case).get("/my/").status_code == 200


def test_database_that_does_not_answer_is_said_in_both_languages_and_when_to_come_back(case: Case) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused by db.internal")

    phone = enter(case)
    with connection.execute_wrapper(away):
        answer = phone.get("/my/")
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"], "No se guardó nada" in page) == (503, "2", True)
    assert ("db.internal" in page, phone.get("/my/").status_code) == (False, 200)
