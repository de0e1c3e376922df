"""Who may what: every route, method and role, written by hand and called for real."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from scheduler.access import ACCESS
from scheduler.api.urls import urlpatterns
from scheduler.models import Record
from scheduler.services.demonstration import staff_by_role
from tests.conftest import START
from tests.scheduler.api.calls import CALLS, send
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]

TABLE = """
route              method anonymous scheduler nurse charge clinician administrator auditor
health             GET          200       200   200    200       200           200     200
schema             GET          200       200   200    200       200           200     200
docs               GET          200       200   200    200       200           200     200
practice           GET          401       200   200    200       200           200     200
resources          GET          401       200   200    200       200           200     200
patients           POST         401       201   403    403       201           403     403
patient-search     POST         401       200   200    200       200           200     403
patient-contacts   GET          401       200   200    200       200           200     403
patient-contacts   POST         401       201   403    403       201           403     403
patient-language   POST         401       200   403    403       200           403     403
contact-end        POST         401       200   403    403       200           403     403
patient-duplicates GET          401       200   200    200       200           200     403
patient-merge      GET          401       200   403    403       200           200     403
patient-merge      POST         401       200   403    403       200           200     403
patient-tell-apart POST         401       201   403    403       201           201     403
told-apart         GET          401       200   403    403       200           200     403
told-apart-undo    POST         401       200   403    403       200           200     403
merges             GET          401       200   403    403       200           200     403
merge-undo         POST         401       200   403    403       200           200     403
cases              GET          401       200   200    200       200           200     200
cases              POST         401       201   403    403       201           403     403
case               GET          401       200   200    200       200           200     200
case-evidence      POST         401       201   201    201       201           403     403
case-latest-times  GET          401       200   200    200       200           200     200
case-clearance     POST         401       201   201    201       201           403     403
case-plan          POST         401       200   403    403       200           403     403
case-bookings      POST         401       201   403    403       201           403     403
case-arrive        POST         401       200   200    200       200           403     403
case-check-in      POST         401       403   200    200       200           403     403
case-start         POST         401       403   200    200       200           403     403
case-finish        POST         401       403   200    200       200           403     403
case-discharge     POST         401       403   200    200       200           403     403
case-downtime      POST         401       403   201    201       201           403     403
case-close         POST         401       200   200    200       200           403     403
case-cancel        POST         401       200   200    200       200           403     403
case-reopen        POST         401       200   403    403       200           403     403
case-reviews       POST         401       403   403    403       201           403     403
case-overrides     POST         401       403   403    403       201           403     403
evidence-error     POST         401       200   200    200       200           403     403
evidence-refile    POST         401       200   200    200       200           403     403
case-refile        POST         401       200   403    403       200           200     403
booking-move       POST         401       200   403    403       200           403     403
booking-cancel     POST         401       200   403    403       200           403     403
board              GET          401       200   200    200       200           200     200
tasks              GET          401       200   200    200       200           200     200
task-done          POST         401       200   200    200       200           403     403
protocols          GET          401       200   200    200       200           200     200
protocols          POST         401       403   403    403       201           201     403
protocol           GET          401       200   200    200       200           200     200
protocol-diff      GET          401       200   200    200       200           200     200
protocol-move      GET          401       403   403    403       200           200     403
protocol-move      POST         401       403   403    403       200           403     403
protocol-sign      POST         401       403   403    403       200           403     403
protocol-withdraw  POST         401       403   403    403       200           403     403
"""
HEADING, *ROWS = (line.split() for line in TABLE.strip().splitlines())
EXPECTED = {(row[0], row[1]): dict(zip(HEADING[2:], map(int, row[2:]), strict=True)) for row in ROWS}
ROUTES = sorted(pattern.name for pattern in urlpatterns)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "PURGE")


def implemented() -> Iterator[tuple[str, str]]:
    """Every route of the API with each method that its view can answer; HEAD goes with GET."""
    for pattern in urlpatterns:
        view = pattern.callback.view_class
        for method in METHODS:
            if method != "HEAD" and method.lower() in view.http_method_names and hasattr(view, method.lower()):
                yield pattern.name, method


def test_every_route_and_method_has_a_row_in_every_table() -> None:
    # OPTIONS of the two pages that are not ours is refused; see the test of other methods.
    served = {pair for pair in implemented() if pair not in {("schema", "OPTIONS"), ("docs", "OPTIONS")}}
    allowed = {(route, method) for route in ROUTES for method in ACCESS[route]}
    assert served == set(EXPECTED) == set(CALLS) == allowed


def names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        yield from names(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern.name]


def test_every_address_of_the_whole_project_has_a_row_and_every_row_an_address() -> None:
    assert sorted(names(get_resolver().url_patterns)) == sorted(ACCESS)


def rolled_back(client: Client, route: str, method: str, call: Any) -> tuple[Any, dict[str, int], list[str]]:
    """The answer, how the tables changed, and what the record says of it; undone afterwards."""
    with transaction.atomic():
        before, number = tables(), Record.objects.count()
        response = send(client, route, method, call)
        changed = changes(before)
        actions = list(Record.objects.order_by("at", "number").values_list("action", flat=True))[number:]
        transaction.set_rollback(True)
    return response, changed, actions


@pytest.mark.parametrize(("route", "method"), EXPECTED, ids=map("-".join, EXPECTED))
def test_route_answers_each_role_as_the_table_says(
    route: str,
    method: str,
    world: World,
    everybody: dict[str, Client],
    at: Callable[[datetime], None],
) -> None:
    call = CALLS[route, method](world)
    at(call.at)
    answers, traces = {}, {}
    for role, client in everybody.items():
        response, changed, actions = rolled_back(client, route, method, call)
        answers[role] = response.status_code
        if response.status_code in (401, 403):
            problem = response.json()
            traces[role] = (response["Content-Type"], problem["status"], problem["code"], changed, actions)
    assert answers == EXPECTED[route, method]
    kept = {401: ("not_authenticated", {}, []), 403: ("not_permitted", REFUSAL, ["refused"])}
    assert traces == {
        role: ("application/problem+json", status, *kept[status]) for role, status in answers.items() if status in kept
    }


@pytest.mark.parametrize("route", ROUTES)
def test_other_methods_are_not_allowed_and_change_nothing(
    route: str, world: World, everybody: dict[str, Client]
) -> None:
    call = CALLS[route, next(iter(ACCESS[route]))](world)
    before = tables()
    answered = {*ACCESS[route], *(["HEAD"] if "GET" in ACCESS[route] else [])}
    found = {}
    for method in set(METHODS) - answered:
        response = send(everybody["clinician"], route, method, call)
        code = response.json()["code"] if method != "HEAD" else "method_not_allowed"
        found[method] = (response.status_code, response["Content-Type"], code)
    expected = (405, "application/problem+json", "method_not_allowed")
    assert found == dict.fromkeys(set(METHODS) - answered, expected)
    assert changes(before) == {}


def test_head_is_answered_as_get_without_a_body(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("opened")
    response = api("nurse").head(reverse("case", kwargs={"case_id": case.pk}))
    assert (response.status_code, response.content, response["Cache-Control"]) == (200, b"", "no-store")
    refused = Client().head(reverse("case", kwargs={"case_id": case.pk}))
    assert (refused.status_code, refused.content) == (401, b"")


@pytest.mark.parametrize("route", ["schema", "docs"])
def test_schema_and_docs_outside_the_demo_need_a_role(
    route: str, settings: Any, everybody: dict[str, Client], practice: Any
) -> None:
    settings.DEMO = False
    practice.is_demo = False  # the demonstration's own logins refuse to exist there
    practice.save()
    answers = {role: client.get(reverse(route)).status_code for role, client in everybody.items()}
    assert answers == {role: 401 if role == "anonymous" else 200 for role in everybody}
    refused = Client().get(reverse(route))
    assert (refused["Content-Type"], refused.json()["code"]) == ("application/problem+json", "not_authenticated")


def test_refusal_names_who_asked_for_what_in_the_record(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("checked_in", now=START)
    client = api("scheduler")
    response = client.post(
        reverse("case-start", kwargs={"case_id": case.pk}), {"version": case.version}, content_type="application/json"
    )
    row = Record.objects.order_by("number").last()
    assert response.status_code == 403
    assert row is not None
    by = staff_by_role(world.practice)["scheduler"].by
    assert (row.action, row.subject, row.by, row.codes) == ("refused", str(case.pk), by, ["not_permitted"])


def test_person_without_a_role_in_the_practice_is_refused_everywhere(world: World, api: Callable[..., Client]) -> None:
    client = api("nurse")
    staff_by_role(world.practice)["nurse"].memberships.all().delete()
    answers = {route: client.get(reverse(route)).status_code for route in ("practice", "cases", "board", "tasks")}
    assert answers == dict.fromkeys(answers, 403)
