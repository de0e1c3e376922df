"""Who may open which page: every route, method and role, written by hand and called for real."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from checklists.models import Evidence
from scheduler.access import ACCESS
from scheduler.models import Case, Patient, PatientMerge, Practice, Record, Resource, Task
from scheduler.pages.session import PRACTICE
from scheduler.pages.urls import urlpatterns
from scheduler.services.demonstration import staff_by_role
from tests.conftest import START

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]

# 302 of a POST that was done; 404: there is no such mail, no link's cookie (my-); 400: the form was sent empty.
TABLE = """
route                      method anonymous scheduler nurse charge clinician administrator auditor
home                       GET          302       302   302    302       302           302     302
login                      GET          200       200   200    200       200           200     200
login                      POST         400       400   400    400       400           400     400
logout                     POST         302       302   302    302       302           302     302
desk-pathway               GET          302       200   200    200       200           200     200
desk-pathway-rows          GET          302       200   200    200       200           200     200
desk-day                   GET          302       200   200    200       200           200     200
desk-day-rows              GET          302       200   200    200       200           200     200
desk-case                  GET          302       200   200    200       200           200     200
desk-tasks                 GET          302       200   200    200       200           200     200
desk-task-done             POST         302       302   302    302       302           403     403
desk-new                   GET          302       200   403    403       200           403     403
desk-new                   POST         302       400   403    403       400           403     403
desk-known                 GET          302       200   403    403       200           403     403
desk-known                 POST         302       200   403    403       200           403     403
desk-new-known             GET          302       200   403    403       200           403     403
desk-new-known             POST         302       400   403    403       400           403     403
desk-book                  GET          302       200   403    403       200           403     403
desk-book                  POST         302       400   403    403       400           403     403
desk-end                   POST         302       302   403    403       302           403     403
desk-case-refile           GET          302       200   403    403       200           200     403
desk-case-refile           POST         302       400   403    403       400           400     403
desk-evidence-error        GET          302       200   200    200       200           403     403
desk-evidence-error        POST         302       400   400    400       400           403     403
record                     GET          302       403   403    403       403           403     200
record-export              POST         302       403   403    403       403           403     200
desk-duplicates            GET          302       200   200    200       200           200     403
desk-duplicates            POST         302       400   400    400       400           400     403
desk-merge                 GET          302       200   403    403       200           200     403
desk-merge                 POST         302       400   403    403       400           400     403
desk-merge-undo            POST         302       400   403    403       400           400     403
desk-tell-apart            POST         302       400   403    403       400           400     403
desk-tell-apart-undo       POST         302       400   403    403       400           400     403
desk-plan                  GET          302       200   403    403       200           403     403
desk-plan                  POST         302       400   403    403       400           403     403
desk-arrive                POST         302       302   302    302       302           403     403
desk-close                 POST         302       409   409    409       409           403     403
desk-reopen                POST         302       409   403    403       409           403     403
sign-list                  GET          302       403   403    403       200           403     403
sign-review                POST         302       403   403    403       400           403     403
sign-restart               POST         302       403   403    403       404           403     403
sign-override              POST         302       403   403    403       404           403     403
sign-decline               POST         302       403   403    403       404           403     403
sign-paper                 POST         302       403   403    403       404           403     403
desk-record                GET          302       200   200    200       200           403     403
desk-record                POST         302       409   409    409       409           403     403
desk-phone                 GET          302       200   200    200       200           403     403
desk-phone                 POST         302       400   400    400       400           403     403
settings                   GET          302       403   403    403       200           200     403
settings-practice          GET          302       403   403    403       403           200     403
settings-practice          POST         302       403   403    403       403           400     403
settings-places            GET          302       403   403    403       403           200     403
settings-places            POST         302       403   403    403       403           400     403
settings-place             POST         302       403   403    403       403           400     403
settings-people            GET          302       403   403    403       403           200     403
settings-people            POST         302       403   403    403       403           400     403
settings-person            GET          302       403   403    403       403           200     403
settings-person            POST         302       403   403    403       403           400     403
settings-person-close      POST         302       403   403    403       403           400     403
settings-texts             GET          302       403   403    403       403           200     403
settings-texts             POST         302       403   403    403       403           400     403
settings-patients          GET          302       403   403    403       403           200     403
settings-patients          POST         302       403   403    403       403           400     403
settings-patient           GET          302       403   403    403       403           200     403
settings-patient           POST         302       403   403    403       403           400     403
settings-patient-erase     GET          302       403   403    403       403           200     403
settings-patient-erase     POST         302       403   403    403       403           400     403
settings-protocols         GET          302       403   403    403       200           200     403
settings-protocols         POST         302       403   403    403       400           400     403
settings-protocol          GET          302       403   403    403       200           200     403
settings-protocol-diff     GET          302       403   403    403       200           200     403
settings-protocol-fill     GET          302       403   403    403       200           200     403
settings-protocol-fill     POST         302       403   403    403       409           409     403
settings-protocol-move     GET          302       403   403    403       200           200     403
settings-protocol-move     POST         302       403   403    403       400           403     403
settings-protocol-sign     POST         302       403   403    403       400           403     403
settings-protocol-withdraw POST         302       403   403    403       400           403     403
ward-board                 GET          302       200   200    200       200           200     200
ward-board-rows            GET          302       200   200    200       200           200     200
ward-case                  GET          302       200   200    200       200           200     200
ward-identity              POST         302       403   400    400       400           403     403
ward-verify                POST         302       403   409    409       409           403     403
ward-record                POST         302       403   409    409       409           403     403
ward-infection             GET          302       403   200    200       200           403     403
ward-infection             POST         302       403   409    409       409           403     403
ward-prescreen             POST         302       403   409    409       409           403     403
ward-arrive                POST         302       403   409    409       409           403     403
ward-check-in              POST         302       403   409    409       409           403     403
ward-start                 POST         302       403   409    409       409           403     403
ward-finish                POST         302       403   409    409       409           403     403
ward-discharge             POST         302       403   409    409       409           403     403
ward-send-home             POST         302       403   409    409       409           403     403
ward-print                 GET          302       200   200    200       200           200     200
ward-paper                 GET          302       403   200    200       200           403     403
ward-paper                 POST         302       403   400    400       400           403     403
ward-ask-override          POST         302       403   409    409       403           403     403
ward-paper-record          GET          302       403   200    200       200           403     403
ward-paper-record          POST         302       403   400    400       400           403     403
desk-clearance             GET          302       200   200    200       200           403     403
desk-clearance             POST         302       400   400    400       400           403     403
desk-clearance-answer      POST         302       409   409    409       409           403     403
desk-clearance-verify      POST         302       403   400    400       400           403     403
desk-clearance-letter      GET          302       404   404    404       404           403     403
desk-link-send             POST         302       302   403    403       302           403     403
desk-contact-add           GET          302       200   403    403       200           403     403
desk-contact-add           POST         302       400   403    403       400           403     403
desk-contact-change        GET          302       200   403    403       200           403     403
desk-contact-change        POST         302       400   403    403       400           403     403
desk-contact-end           GET          302       200   403    403       200           403     403
desk-contact-end           POST         302       400   403    403       400           403     403
desk-language              GET          302       200   403    403       200           403     403
desk-language              POST         302       400   403    403       400           403     403
my-link                    GET          302       302   302    302       302           302     302
my-home                    GET          404       404   404    404       404           404     404
my-home                    POST         404       404   404    404       404           404     404
my-not-me                  POST         404       404   404    404       404           404     404
my-question                GET          404       404   404    404       404           404     404
my-question                POST         404       404   404    404       404           404     404
my-check                   GET          404       404   404    404       404           404     404
my-done                    GET          404       404   404    404       404           404     404
my-calendar                GET          404       404   404    404       404           404     404
my-pick-up                 GET          404       404   404    404       404           404     404
my-pick-up                 POST         404       404   404    404       404           404     404
my-clearance               GET          404       404   404    404       404           404     404
my-clearance               POST         404       404   404    404       404           404     404
desk-mailbox               GET          302       200   200    200       200           200     200
desk-mail                  GET          302       404   404    404       404           404     404
desk-invite                GET          302       404   404    404       404           404     404
"""
HEADING, *ROWS = (line.split() for line in TABLE.strip().splitlines())
EXPECTED = {(row[0], row[1]): dict(zip(HEADING[2:], map(int, row[2:]), strict=True)) for row in ROWS}
ROUTES = {pattern.name: pattern for pattern in urlpatterns}
OF_LINKS = {route for route in ROUTES if route.startswith("my-")}  # tests/scheduler/pages/my


@pytest.fixture
def case(tell: Callable[..., Case], start: Any) -> Case:
    return tell("booked", start=start + timedelta(days=3), ride={"available": False})


@pytest.fixture
def task(case: Case) -> Task:
    return Task.objects.create(
        practice_id=case.practice_id,
        case=case,
        kind="reschedule",
        key="x",
        sentence="Offer a new date.",
        queue="scheduler",
        created_at=START - timedelta(days=1),
        created_by="test",
    )


def ids_of_settings(case: Case) -> dict[str, Any]:
    """A room, a person and a protocol version of the case's practice."""
    people = staff_by_role(case.practice)
    version = case.checklist.protocol_version_id
    room = Resource.objects.filter(practice=case.practice, kind="room")[0]
    return {"resource_id": room.pk, "user_id": people["nurse"].pk, "version_id": version, "patient_id": case.patient_id}


def two_more_rows(case: Case) -> tuple[Patient, PatientMerge]:
    """Another patient, and a merge of a third into this one."""
    common = {"practice_id": case.practice_id, "born_on": case.patient.born_on, "created_at": START}
    other, third = (Patient.objects.create(family_name=name, given_name="G", **common) for name in ("Other", "Third"))
    said = {"identifiers": ["name", "phone"], "reason": "r", "merged_at": START}
    merged = PatientMerge.objects.create(
        practice_id=case.practice_id,
        survivor=case.patient,
        duplicate=third,
        moved={"cases": [], "contacts": []},
        **said,
    )
    return other, merged


def ids_of_others(case: Case) -> dict[str, Any]:
    """Those of the settings; the patient's contact; a token and a question that are nobody's."""
    other, merged = two_more_rows(case)
    rows = {"survivor_id": case.patient_id, "duplicate_id": other.pk, "merge_id": merged.pk, "apart_id": merged.pk}
    rows["evidence_id"] = Evidence.objects.filter(checklist=case.checklist_id)[0].public_id
    nobody = {"token": "x" * 43, "question_id": case.pk, **rows}
    return {**ids_of_settings(case), "contact_id": case.patient.contacts.get().pk, **nobody}


def call(client: Client, route: str, method: str, case: Case, task: Task) -> Any:
    ids: dict[str, Any] = {"case_id": case.pk, "task_id": task.pk, "name": "1.mail", **ids_of_others(case)}
    names = ROUTES[route].pattern.converters
    address = reverse(route, kwargs={name: ids[name] for name in names})
    body = {
        "desk-task-done": {"version": task.version, "outcome": "called"},
        "desk-end": {"version": case.version, "ending": "release", "reason": "the patient asked"},
    }.get(route, {})
    return client.get(address) if method == "GET" else client.post(address, body)


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    assert {(route, method) for route in ROUTES for method in ACCESS[route]} == set(EXPECTED)


@pytest.mark.parametrize(("route", "method"), sorted(EXPECTED))
def test_page_answers_each_role_as_the_table_says(
    route: str, method: str, case: Case, task: Task, signed_in: Callable[[str], Client]
) -> None:
    from django.db import transaction

    answers: dict[str, int] = {}
    for who in HEADING[2:]:
        client = Client() if who == "anonymous" else signed_in(who)
        with transaction.atomic():
            answers[who] = call(client, route, method, case, task).status_code
            transaction.set_rollback(True)
    assert answers == EXPECTED[route, method]


def test_page_without_sign_in_leads_to_sign_in_and_back(case: Case, task: Task) -> None:
    for route in sorted(set(ROUTES) - {"login", "logout"} - OF_LINKS):
        method = "GET" if "GET" in ACCESS[route] else "POST"
        answer = call(Client(), route, method, case, task)
        assert answer["Location"] == f"/login/?next={answer.wsgi_request.path}", route


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(method: str, case: Case, task: Task, signed_in: Callable[[str], Client]) -> None:
    ids = {"case_id": case.pk, "task_id": task.pk, "name": "1.mail", **ids_of_others(case)}
    client = signed_in("scheduler")
    for route in sorted(ROUTES):
        address = reverse(route, kwargs={name: ids[name] for name in ROUTES[route].pattern.converters})
        assert client.generic(method, address).status_code == 405, route


def test_case_of_another_practice_is_not_found_and_the_look_is_recorded(
    case: Case, task: Task, other_practice: Practice, at: object
) -> None:
    stranger = Client()
    stranger.force_login(staff_by_role(other_practice)["scheduler"])
    session = stranger.session
    session[PRACTICE] = str(other_practice.pk)
    session.save()
    for route in ("desk-case", "desk-book", "desk-end"):
        method = "POST" if route == "desk-end" else "GET"
        answer = call(stranger, route, method, case, task)
        assert (answer.status_code, case.patient.family_name.upper() in answer.content.decode()) == (404, False)
    assert case.patient.family_name.upper() not in stranger.get("/desk/").content.decode()
    refusals = Record.objects.filter(practice=other_practice, action="refused")
    assert [(row.subject, row.codes[0]) for row in refusals] == [(str(case.pk), "not_found")] * 3
    assert Task.objects.get(pk=task.pk).done_at is None


def test_person_without_membership_or_closed_account_is_out_at_once(
    signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    client = signed_in("nurse")
    assert client.get("/desk/").status_code == 200
    staff["nurse"].is_active = False
    staff["nurse"].save()
    assert client.get("/desk/").status_code == 302


@pytest.mark.parametrize("route", sorted(route for route in ROUTES if "GET" in ACCESS[route]))
def test_every_page_forbids_inline_code_frames_and_caching(
    route: str, case: Case, task: Task, signed_in: Callable[[str], Client]
) -> None:
    answer = call(signed_in("scheduler"), route, "GET", case, task)
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    if route != "login":
        assert answer["Cache-Control"] == "no-store"
