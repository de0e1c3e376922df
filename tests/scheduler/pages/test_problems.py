"""What a browser is told when no page answered."""

from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.test import Client

from scheduler.models import Case, Task

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/desk", "/nowhere/", "/desk/cases/1/", "/ward/x"])
def test_unknown_address_is_a_page_with_a_way_on(address: str, signed_in: Callable[[str], Client]) -> None:
    answer = signed_in("scheduler").get(address)
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing at this address." in answer.content.decode()
    assert '<a href="/">' in answer.content.decode()


@pytest.mark.parametrize("address", ["/api/v1/nowhere/", "/api/v1/cases"])
def test_unknown_address_of_the_api_is_a_problem(address: str) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_error_in_a_page_says_that_it_was_us_and_nothing_else(
    signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("scheduler")
    client.raise_request_exception = False
    monkeypatch.setattr("scheduler.services.boards.pathway", lambda *_: 1 / 0)
    answer = client.get("/desk/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert "Something broke here; the change was not made." in answer.content.decode()
    assert "ZeroDivision" not in answer.content.decode()


def test_database_that_does_not_answer_is_said_and_when_to_come_back(
    signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused by db.internal")

    client = signed_in("scheduler")
    monkeypatch.setattr("scheduler.services.boards.pathway", away)
    answer = client.get("/desk/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "Nothing was written; try again." in answer.content.decode()
    assert "db.internal" not in answer.content.decode()


def test_script_of_somebody_signed_out_is_told_and_keeps_its_page() -> None:
    polled = Client(headers={"hx-request": "true"}).get("/desk/rows/")
    assert (polled.status_code, "Location" in polled) == (401, False)
    assert Client().get("/desk/rows/")["Location"] == "/login/?next=/desk/rows/"


def test_form_from_elsewhere_is_refused_with_a_page_and_saves_nothing(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("opened")
    task = Task.objects.create(
        practice_id=case.practice_id,
        kind="reschedule",
        key="x",
        sentence="Offer a date.",
        queue="scheduler",
        created_at=case.opened_at,
        created_by="test",
    )
    ours = signed_in("scheduler")
    theirs = Client(enforce_csrf_checks=True)
    theirs.cookies = ours.cookies
    answer = theirs.post(f"/desk/tasks/{task.pk}/done/", {"version": task.version, "outcome": "done"})
    task.refresh_from_db()
    assert (answer.status_code, task.done_at) == (403, None)
    assert "Nothing was saved" in answer.content.decode()
    ours.post(f"/desk/tasks/{task.pk}/done/", {"version": task.version, "outcome": "done"})
    task.refresh_from_db()
    assert task.done_at is not None
