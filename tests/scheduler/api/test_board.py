"""The day's board, the list, the tasks and the case: what they show, and that they never ask more of the database."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scheduler.isolation import SETTING
from scheduler.models import Case
from tests.conftest import NOW, START
from tests.scheduler.api.bodies import consult
from tests.scheduler.api.calls import LATER, Call, of_case, send
from tests.scheduler.world import World, booking_of, finding_of, item_version

pytestmark = pytest.mark.django_db

MIDNIGHT = LATER.replace(hour=0)
YES = {"available": True, "adult": True, "transport": "car"}


def board(client: Client, **query: str) -> Any:
    return client.get(reverse("board"), query)


def test_board_shows_blocked_cases_first_then_by_start(world: World, api: Callable[..., Client]) -> None:
    early = world.tell("prepared", start=MIDNIGHT + timedelta(hours=8))
    late = world.tell("prepared", start=MIDNIGHT + timedelta(hours=11))
    blocked = world.tell("prepared", start=MIDNIGHT + timedelta(hours=14), ride={"available": False})
    later_blocked = world.tell("prepared", start=MIDNIGHT + timedelta(hours=17), ride={"available": False})
    rows = board(api("nurse"), date=f"{LATER:%Y-%m-%d}").json()["cases"]
    assert [(row["id"], row["verdict"]) for row in rows] == [
        (str(blocked.pk), "blocked"),
        (str(later_blocked.pk), "blocked"),
        (str(early.pk), "pending"),
        (str(late.pk), "pending"),
    ]
    assert rows[0]["blocking"] == [finding_of(blocked, "ride").sentence]
    assert rows[2]["blocking"] == []


def test_board_row_says_where_and_when_in_the_sites_zone(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("tested")
    row = board(api("nurse")).json()["cases"][0]
    claims = {claim["kind"]: (claim["name"], claim["starts_at"], claim["ends_at"]) for claim in row["claims"]}
    assert (row["id"], row["starts_at"], row["state"]) == (str(case.pk), "2027-03-01T10:00:00-05:00", "booked")
    assert claims == {
        "room": ("Room 1", "2027-03-01T10:00:00-05:00", "2027-03-01T11:00:00-05:00"),
        "proceduralist": ("Chris Clinician", "2027-03-01T10:00:00-05:00", "2027-03-01T10:45:00-05:00"),
        "bay": ("Bay 1", "2027-03-01T10:45:00-05:00", "2027-03-01T12:15:00-05:00"),
    }


@pytest.mark.parametrize(
    ("starts_at", "day"),
    [
        ("2027-03-02T00:00:00-05:00", "2027-03-02"),
        ("2027-03-02T23:30:00-05:00", "2027-03-02"),
        ("2027-03-03T04:30:00Z", "2027-03-02"),
        ("2027-03-03T04:59:59Z", "2027-03-02"),
        ("2027-03-03T05:00:00Z", "2027-03-03"),
        # The day of 23 hours.
        ("2027-03-14T00:30:00-05:00", "2027-03-14"),
        ("2027-03-14T23:30:00-04:00", "2027-03-14"),
        ("2027-03-15T00:00:00-04:00", "2027-03-15"),
    ],
)
def test_board_of_a_date_is_the_sites_day(starts_at: str, day: str, world: World, api: Callable[..., Client]) -> None:
    case = world.tell("booked", start=datetime.fromisoformat(starts_at))
    client = api("nurse")
    days = [datetime.fromisoformat(day) + timedelta(days=off) for off in (-1, 0, 1)]
    found = [[row["id"] for row in board(client, date=f"{one:%Y-%m-%d}").json()["cases"]] for one in days]
    assert found == [[], [str(case.pk)], []]


def test_board_without_a_date_is_todays_in_the_sites_zone(
    world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    case = world.tell("booked")
    client = api("nurse")
    at(NOW.replace(hour=23, minute=30))  # already tomorrow in UTC
    answer = board(client).json()
    assert (answer["date"], [row["id"] for row in answer["cases"]]) == ("2027-03-01", [str(case.pk)])


def test_released_and_moved_away_bookings_leave_the_board(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("booked")
    client = api("scheduler")
    body = {"version": case.version, **world.slot(LATER)}
    call = Call({"booking_id": booking_of(case).pk}, body)
    assert send(client, "booking-move", "POST", call).status_code == 200
    days = ("2027-03-01", f"{LATER:%Y-%m-%d}")
    moved = [len(board(client, date=day).json()["cases"]) for day in days]
    case.refresh_from_db()
    release = Call(call.ids, {"version": case.version, "reason": "closed"})
    assert send(client, "booking-cancel", "POST", release).status_code == 200
    assert (moved, [len(board(client, date=day).json()["cases"]) for day in days]) == ([0, 1], [0, 0])


def test_board_that_did_not_change_is_204(
    world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    case = world.tell("tested", start=LATER)
    client, day = api("nurse"), f"{LATER:%Y-%m-%d}"
    first = board(client, date=day).json()
    at(NOW + timedelta(seconds=30))
    same = board(client, date=day, v=first["v"])
    assert (same.status_code, same.content, same["Cache-Control"]) == (204, b"", "no-store")
    assert board(client, date="2027-03-01", v=first["v"]).status_code == 200
    record(client, case)
    changed = board(client, date=day, v=first["v"])
    assert changed.status_code == 200
    assert changed.json()["v"] != first["v"]
    assert changed.json()["cases"][0]["steps"]["ride"] == "done"


def record(client: Client, case: Case) -> None:
    body = {**consult(case), "item": "ride", "value": YES, "version": item_version(case, "ride")}
    assert send(client, "case-evidence", "POST", of_case(case, body)).status_code == 201


def test_tasks_are_filtered_by_queue_case_and_done(world: World, api: Callable[..., Client]) -> None:
    task = world.released()
    client = api("scheduler")

    def kinds(**query: str) -> set[str]:
        return {row["kind"] for row in client.get(reverse("tasks"), query).json()["results"]}

    open_of_case = kinds(case=str(task.case_id))
    done = Call({"task_id": task.pk}, {"outcome": "Offered Thursday.", "version": task.version})
    assert send(client, "task-done", "POST", done).status_code == 200
    assert "reschedule" in open_of_case
    assert "reschedule" not in kinds(case=str(task.case_id))
    assert "reschedule" in kinds(case=str(task.case_id), done="1")
    assert "reschedule" not in kinds(queue="nurse", done="1")


def queries(client: Client, url: str, **query: str) -> int:
    """How many statements ask or write something; not those that say on PostgreSQL whose rows are in sight."""
    client.get(url, query)  # protocols are read once per process
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url, query).status_code == 200
    sent = [one["sql"] for one in captured.captured_queries]
    return sum(SETTING not in sql and not sql.startswith(("SAVEPOINT", "RELEASE")) for sql in sent)


@pytest.mark.matrix
def test_board_list_and_tasks_ask_the_same_of_1_and_of_15_cases(world: World, api: Callable[..., Client]) -> None:
    client, day = api("nurse"), f"{LATER:%Y-%m-%d}"
    asked = {"board": {"date": day}, "cases": {}, "tasks": {}}
    counts, rows = [], []
    for number in range(15):
        world.tell("prepared", start=MIDNIGHT + timedelta(hours=3 * (number // 2)), room=number % 2 + 1,
                   ride={"available": False})  # fmt: skip
        if number in (0, 14):
            counts.append({route: queries(client, reverse(route), **query) for route, query in asked.items()})
            rows.append(len(board(client, date=day).json()["cases"]))
    assert rows == [1, 15]
    assert counts[0] == counts[1]
    # The token's practice, token and roles; then: bookings, claims, resources or cases; one for the dossiers, one
    # for overrides; or the tasks; the access log.
    assert counts[0] == {"board": 9, "cases": 7, "tasks": 5}


def test_case_page_asks_the_same_of_a_short_and_of_a_long_case(world: World, api: Callable[..., Client]) -> None:
    client, case = api("nurse"), world.tell("booked", start=LATER)
    url = reverse("case", kwargs={"case_id": case.pk})
    short = queries(client, url)
    for _ in range(4):
        record(client, case)
        case.refresh_from_db()
        body = {"version": case.version, **world.slot(LATER, room=1)}
        send(api("scheduler"), "booking-move", "POST", Call({"booking_id": booking_of(case).pk}, body))
    shown = client.get(url).json()
    assert [len(shown[part]) for part in ("evidence", "bookings")] == [12, 1]
    assert (short, queries(client, url)) == (15, 15)


def test_case_shows_what_was_struck_through_and_why(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("prepared")
    client = api("nurse")
    url = reverse("case", kwargs={"case_id": case.pk})
    ride = next(row for row in client.get(url).json()["evidence"] if row["item"] == "ride")
    strike = Call({"evidence_id": ride["id"]}, {"reason": "another patient's", "version": ride["version"]})
    assert send(client, "evidence-error", "POST", strike).status_code == 200
    struck = next(row for row in client.get(url).json()["evidence"] if row["item"] == "ride")
    assert (ride["entered_in_error"], struck) == (
        None,
        {**ride, "entered_in_error": {"reason": "another patient's", "by": world.staff["nurse"].by}},
    )


def test_case_times_carry_the_sites_offset(world: World, api: Callable[..., Client]) -> None:
    case = world.tell("tested")
    shown = api("nurse").get(reverse("case", kwargs={"case_id": case.pk})).json()
    assert (shown["starts_at"], shown["opened_at"]) == (START.isoformat(), "2027-02-20T08:00:00-05:00")
