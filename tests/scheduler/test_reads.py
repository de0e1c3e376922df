"""Every page and call that shows a patient leaves a row in the access log: who, what of, when, from where."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scheduler.access import ACCESS
from scheduler.api.urls import urlpatterns as calls
from scheduler.models import Case, Practice, Reading, Resource, Task, User
from scheduler.pages.session import PRACTICE
from scheduler.pages.urls import urlpatterns as pages
from scheduler.reads import READS, Reads
from scheduler.services import access_log
from tests.conftest import NOW, START
from tests.remembered import Memory
from tests.scheduler.api.calls import CALLS, send
from tests.scheduler.pages.my.visiting import birth_date, follow, give_link, link_of
from tests.scheduler.world import World

pytestmark = pytest.mark.django_db
PAGES = {pattern.name: pattern for pattern in pages if not pattern.name.startswith("my-")}
Ask = Callable[[str], Client]


@pytest.fixture
def world(practice: Practice, memory: Memory) -> World:
    return World(practice, memory)


@pytest.fixture
def signed_in(practice: Practice, staff: dict[str, User], at: object) -> Ask:
    def make(role: str) -> Client:
        client = Client()
        client.force_login(staff[role])
        session = client.session
        session[PRACTICE] = str(practice.pk)
        session.save()
        return client

    return make


@pytest.fixture
def case(tell: Callable[..., Case], start: datetime) -> Case:
    return tell("booked", start=start + timedelta(days=3), ride={"available": False})


def rows() -> list[Reading]:
    return list(Reading.objects.order_by("pk"))


def ids_of(case: Case) -> set[str]:
    return {case.pk.hex, case.patient_id.hex}


def test_every_route_says_what_it_shows_of_patients() -> None:
    assert {pattern.name for pattern in (*pages, *calls)} == set(READS) == set(ACCESS)


def test_look_at_a_case_is_one_row(case: Case, signed_in: Ask, staff: dict[str, User]) -> None:
    answer = signed_in("auditor").get(f"/desk/cases/{case.pk}/", REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 200
    (row,) = rows()
    said = (row.practice_id, row.by, row.roles, row.route, row.peer, row.at, set(row.subjects.split()))
    assert said == (
        case.practice_id,
        staff["auditor"].by,
        "auditor",
        "desk-case",
        "192.0.2.7",
        NOW,
        ids_of(case),
    )


def test_row_holds_ids_and_no_words_about_the_patient(case: Case, signed_in: Ask) -> None:
    signed_in("nurse").get(f"/desk/cases/{case.pk}/")
    said = repr(Reading.objects.values().get())
    assert [
        word for word in (case.patient.family_name, case.patient.given_name, str(case.patient.born_on)) if word in said
    ] == []


def test_answer_that_leads_elsewhere_shows_nothing(case: Case, signed_in: Ask) -> None:
    client = signed_in("scheduler")
    client.get("/")
    body = {"version": case.version, "ending": "release", "reason": "the patient asked"}
    assert client.post(f"/desk/cases/{case.pk}/end/", body).status_code == 302
    assert rows() == []


def test_refusal_that_shows_the_case_is_a_look_at_it(case: Case, signed_in: Ask) -> None:
    answer = signed_in("scheduler").post(f"/desk/cases/{case.pk}/end/", {"version": case.version})
    assert answer.status_code == 400
    assert [(row.route, set(row.subjects.split())) for row in rows()] == [("desk-end", ids_of(case))]


def test_polls_of_one_board_are_one_row_for_a_quarter_of_an_hour(
    case: Case, tell: Callable[..., Case], signed_in: Ask, at: Callable[[datetime], None]
) -> None:
    nurse, desk = signed_in("nurse"), signed_in("scheduler")
    for minutes in (0, 1, 14):
        at(NOW + timedelta(minutes=minutes))
        nurse.get("/desk/")
        nurse.get("/desk/rows/")
    assert [(row.route, row.roles) for row in rows()] == [("desk-pathway", "nurse")]
    desk.get("/desk/rows/")
    at(NOW + timedelta(minutes=15))
    nurse.get("/desk/rows/")
    another = tell("opened")
    nurse.get("/desk/rows/")
    found = rows()
    assert [row.roles for row in found] == ["nurse", "scheduler", "nurse", "nurse"]
    assert set(found[-1].subjects.split()) == ids_of(case) | ids_of(another)


@pytest.mark.django_db(transaction=True)
def test_poll_that_was_logged_before_costs_no_statement(
    practice: Practice, story: Callable[..., Any], signed_in: Ask
) -> None:
    story().tell("opened")
    access_log._written.clear()
    client, inserts = signed_in("nurse"), []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get("/desk/rows/")
        inserts.append(sum("scheduler_reading" in query["sql"] for query in asked))
    assert inserts == [1, 0]
    assert len(rows()) == 1


def test_what_cannot_be_logged_is_not_shown(
    case: Case, signed_in: Ask, api: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse, by_token = signed_in("nurse"), api("nurse")

    def no_room(*_: Any, **__: Any) -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr(Reading, "save", no_room)
    for answer in (nurse.get(f"/desk/cases/{case.pk}/"), by_token.get(f"/api/v1/cases/{case.pk}/")):
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert case.patient.family_name.upper() not in answer.content.decode().upper()


def test_link_is_logged_behind_the_date_of_birth_only(case: Case, at: object) -> None:
    link = link_of(case)
    phone = follow(link)
    phone.get("/my/")
    assert rows() == []
    phone.post("/my/", birth_date(case.patient.born_on))
    assert phone.get("/my/").status_code == 200
    assert [(row.by, row.roles, row.route, set(row.subjects.split())) for row in rows()] == [
        (f"link:{link.pk}", "patient", "my-home", ids_of(case))
    ]


def test_escort_who_sees_the_pick_up_is_logged(case: Case, at: object) -> None:
    link = give_link(case, "escort")
    assert follow(link).get("/my/").status_code == 200
    assert [(row.by, row.roles) for row in rows()] == [(f"link:{link.pk}", "escort")]


@pytest.mark.matrix
@pytest.mark.parametrize(("route", "method"), sorted(CALLS))
def test_call_that_shows_a_patient_is_logged(
    route: str, method: str, world: World, api: Ask, at: Callable[[datetime], None]
) -> None:
    world.tell("prepared", room=2, start=START + timedelta(hours=7), ride={"available": False})
    call = CALLS[route, method](world)
    at(call.at)
    answer = send(api("clinician"), route, method, call)
    assert answer.status_code < 300
    names = [each.patient for each in Case.objects.select_related("patient") if each.patient.family_name != "-"]
    told = answer.content.decode()
    if READS[route] is Reads.NOTHING:
        assert rows() == []
        assert not any(patient.family_name in told for patient in names) or route == "docs"
        return
    logged = {pk for row in rows() for pk in row.subjects.split()}
    assert [row.route for row in rows()] == [route]
    for each in Case.objects.all():
        assert str(each.pk) not in told or each.pk.hex in logged
    for patient in names:
        assert f'"{patient.family_name}"' not in told or patient.pk.hex in logged


@pytest.mark.matrix
@pytest.mark.parametrize("route", sorted(PAGES))
def test_page_that_names_a_patient_is_logged(route: str, case: Case, signed_in: Ask) -> None:
    task = Task.objects.create(practice=case.practice, case=case, kind="call", key="x", sentence="Call.",
                               queue="scheduler", created_at=START, created_by="test")  # fmt: skip
    ids = {
        "case_id": case.pk,
        "task_id": task.pk,
        "name": "1.mail",
        "evidence_id": case.checklist.evidence.earliest("pk").public_id,
        "contact_id": case.patient.contacts.get().pk,
        "resource_id": Resource.objects.filter(kind="room")[0].pk,
        "user_id": User.objects.earliest("email").pk,
        "survivor_id": case.patient_id,
        "duplicate_id": case.patient_id,
        "merge_id": case.pk,
        "apart_id": case.pk,
        "version_id": case.checklist.protocol_version_id,
        "patient_id": case.patient_id,
    }
    address = reverse(route, kwargs={name: ids[name] for name in PAGES[route].pattern.converters})
    for method, who in ((method, who) for method in ACCESS[route] for who in ("clinician", "administrator", "nurse")):
        with transaction.atomic():
            client = signed_in(who)
            answer = client.get(address) if method == "GET" else client.post(address, {})
            shows = case.patient.family_name.upper() in answer.content.decode().upper()
            logged = any(case.pk.hex in row.subjects and case.patient_id.hex in row.subjects for row in rows())
            assert (READS[route] not in (Reads.NOTHING, Reads.MAIL)) or not shows, (route, method)
            assert logged or not shows, (route, method, who)
            transaction.set_rollback(True)


def test_sealed_and_unsealed_rows_keep_what_they_say(case: Case, signed_in: Ask, as_owner: None) -> None:
    """AUD-01."""
    signed_in("nurse").get(f"/desk/cases/{case.pk}/")
    tries = [lambda: Reading.objects.all().delete(), lambda: Reading.objects.update(by="x")]
    for sealed in (False, True):
        for refused in tries:
            with pytest.raises(DatabaseError, match="reading_"), transaction.atomic():
                refused()
        if not sealed:
            access_log.seal_readings(practice_id=case.practice_id, now=NOW)
    with pytest.raises(DatabaseError, match="reading_sealed_is_immutable"), transaction.atomic():
        Reading.objects.update(seal=None)


@pytest.mark.parametrize("route", ["evidence-error", "evidence-refile"])
def test_word_that_is_corrected_is_a_look_at_its_case(
    route: str, world: World, api: Ask, at: Callable[[datetime], None]
) -> None:
    """The address names the word only, and the answer shows the case's verdict."""
    call = CALLS[route, "POST"](world)
    at(call.at)
    assert send(api("clinician"), route, "POST", call).status_code < 300
    (row,) = rows()
    struck = Case.objects.get(checklist__evidence__public_id=next(iter(call.ids.values())))
    assert ids_of(struck) <= set(row.subjects.split())
    assert route == "evidence-error" or len(row.subjects.split()) == 4


@pytest.mark.parametrize(("route", "its_ids"), [("patients", 1), ("evidence-error", 2)])
def test_answer_that_is_given_again_by_its_key_is_one_more_look(
    route: str, its_ids: int, world: World, api: Ask, at: Callable[[datetime], None]
) -> None:
    """Neither address names whom the answer shows."""
    call = CALLS[route, "POST"](world)
    at(call.at)
    client = api("clinician")
    answers = [send(client, route, "POST", call, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.headers.get("Idempotent-Replay") for answer in answers] == [None, "true"]
    first, again = rows()
    assert again.subjects == first.subjects
    assert len(again.subjects.split()) == its_ids


def test_cases_among_which_a_word_is_filed_are_logged(case: Case, tell: Callable[..., Case], signed_in: Ask) -> None:
    other = tell("opened")
    word = case.checklist.evidence.earliest("pk").public_id
    form = {"what": "elsewhere", "who": other.patient.family_name, "reason": "Two charts were open."}
    answer = signed_in("clinician").post(f"/desk/cases/{case.pk}/evidence/{word}/error/", form)
    assert str(other.pk) in answer.content.decode()
    assert ids_of(other) <= set(rows()[-1].subjects.split())
