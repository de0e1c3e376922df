"""Filters, pages and addresses: what cannot be read is refused by name."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import NOW
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WRONG = [
    ("cases", "limit", value)
    for value in ("0", "-1", "201", "1000000000", "9" * 5000, "", "ten", "1.5", "0x10", "１０", "5; drop table", "\0")
]
WRONG += [
    ("cases", "cursor", value)
    for value in (
        "x",
        "%%%",
        "é",
        "\0",
        cursor("p=garbage"),
        cursor("p=2027-03-01"),
        cursor("p=2027-03-01 08:00:00"),
        cursor("p=0001-01-01 00:00:00+14:00"),
        cursor("p=9999-12-31 23:59:59-14:00"),
        cursor("p=\0"),
        cursor("o=x"),
        cursor("o=-1"),
        base64.b64encode(b"\xff\xfe").decode(),
    )
]
WRONG += [("cases", "state", value) for value in ("ready", "", "booked'--", "BOOKED", "\0", "x" * 5000)]
WRONG += [
    ("board", "date", value)
    for value in ("", "today", "2027-02-30", "20270301", "2027-W09-1", "0001-01-01", "9999-12-31", "\0", "x" * 5000)
]
WRONG += [("tasks", "queue", value) for value in ("", "patient", "nurses", "\0")]
WRONG += [("tasks", "case", value) for value in ("", "7", "not-an-id", "\0", "x" * 5000)]


@pytest.mark.parametrize(
    ("route", "name", "value"), WRONG, ids=lambda value: str(value)[:24].encode("unicode_escape").decode()
)
def test_filter_that_cannot_be_read_is_refused_by_name(
    route: str, name: str, value: str, world: World, api: Callable[..., Client]
) -> None:
    world.tell("booked")
    response = api("scheduler").get(reverse(route), {name: value})
    assert (response.status_code, [reason["field"] for reason in response.json()["errors"]]) == (400, [name])


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_give_every_case_once_in_order_forth_and_back(
    limit: int, world: World, api: Callable[..., Client]
) -> None:
    # Three opened in the same instant, two at others.
    moments = (NOW, NOW, NOW, NOW - timedelta(days=1), NOW - timedelta(days=2))
    ids = {str(world.tell("opened", now=moment).pk) for moment in moments}
    client = api("scheduler")
    pages: list[list[Any]] = []
    url: str | None = f"{reverse('cases')}?limit={limit}"
    while url is not None and len(pages) < 9:
        answer = client.get(url).json()
        pages.append(answer["results"])
        url, last = answer["next"], answer
    rows = [row for page in pages for row in page]
    assert {row["id"] for row in rows} == ids
    assert [len(page) for page in pages] == [limit] * (5 // limit) + ([5 % limit] if 5 % limit else [])
    assert [row["opened_at"] for row in rows] == sorted((row["opened_at"] for row in rows), reverse=True)
    if last["previous"]:
        assert client.get(last["previous"]).json()["results"] == pages[-2]


def test_state_filter_shows_those_cases_only(world: World, api: Callable[..., Client]) -> None:
    booked, opened = world.tell("booked"), world.tell("opened")
    client = api("scheduler")
    found = {
        state: [row["id"] for row in client.get(reverse("cases"), {"state": state}).json()["results"]]
        for state in ("booked", "referred", "closed")
    }
    assert found == {"booked": [str(booked.pk)], "referred": [str(opened.pk)], "closed": []}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cases",
        "/api/v1/",
        "/api/v2/cases/",
        "/api/v1/cases/7/",
        "/api/v1/cases/not-an-id/",
        "/api/v1/cases/00000000-0000-0000-0000-00000000000G/",
        "/api/v1/cases/%00/",
        "/api/v1/cases/../cases",
        "/api/v1//cases/",
        "/healthz/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_address_that_does_not_exist_is_a_problem_document(path: str, method: str, api: Callable[..., Client]) -> None:
    response = api("scheduler").generic(method, path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert (response.json()["code"], response["Cache-Control"]) == ("not_found", "no-store")


def test_host_that_is_not_ours_is_refused(client: Client) -> None:
    response = client.get(reverse("health"), headers={"host": "evil.example"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


def test_error_that_nobody_expected_says_nothing_of_itself(
    world: World, api: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api("scheduler")
    client.raise_request_exception = False

    def explode() -> None:
        raise RuntimeError("patient Newcomer, born 1951")

    monkeypatch.setattr("scheduler.clock.now", explode)
    response = client.get(reverse("cases"))
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert response.json() == {
        "type": "about:blank",
        "title": "Server error",
        "status": 500,
        "code": "server_error",
        "detail": "Something broke here; the change was not made. Report it.",
        "errors": [],
    }
