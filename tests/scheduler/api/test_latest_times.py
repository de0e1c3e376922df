"""The latest allowed times of a booked, a planned and the earliest safe start."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduler.models import Case
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db


def times(client: Client, case: Case, **query: str) -> Any:
    return client.get(reverse("case-latest-times", kwargs={"case_id": case.pk}), query)


def dose(answer: Any) -> tuple[str, bool]:
    (limit,) = (one for one in answer.json()["limits"] if one["what"] == "last_dose")
    return limit["at"], limit["missed"]


def test_booked_start_is_judged_in_the_sites_time(tell: Callable[..., Case], api: Callable[..., Client]) -> None:
    case = tell("booked", drugs=("ibuprofen",), start=START + timedelta(days=4))
    answer = times(api("scheduler"), case)
    shown = answer.json()
    assert (answer.status_code, shown["start"], shown["is_booked"]) == (200, "2027-03-05T10:00:00-05:00", True)
    assert dose(answer) == ("2027-03-04T10:00:00-05:00", False)
    assert set(shown["limits"][0]) == {"item", "what", "limit", "at", "on", "missed", "sentence"}


def test_planned_start_is_judged_before_it_is_booked(tell: Callable[..., Case], api: Callable[..., Client]) -> None:
    case, nurse = tell("opened", drugs=("ibuprofen",)), api("nurse")
    soon = times(nurse, case, start=(NOW + timedelta(hours=23)).isoformat())
    later = times(nurse, case, start=(NOW + timedelta(hours=25)).isoformat())
    assert [dose(soon)[1], dose(later)[1]] == [True, False]
    assert [answer.json()["is_booked"] for answer in (soon, later)] == [False, False]


def test_without_booking_the_earliest_safe_start_is_judged(
    tell: Callable[..., Case], api: Callable[..., Client]
) -> None:
    case = tell("opened", drugs=("ibuprofen",))
    earliest = api("nurse").get(reverse("case", kwargs={"case_id": case.pk})).json()["verdict"]["earliest_safe_start"]
    answer = times(api("nurse"), case)
    assert (answer.json()["start"], answer.json()["is_booked"]) == (earliest, False)


@pytest.mark.parametrize(
    "start", ["tomorrow", "2027-03-05T10:00:00", "", "0001-01-01T00:00:00Z", "9999-12-31T23:00:00Z", "2027-03-05", "\0"]
)
def test_start_that_cannot_be_read_is_refused_by_name(
    start: str, tell: Callable[..., Case], api: Callable[..., Client]
) -> None:
    answer = times(api("nurse"), tell("opened"), start=start)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "start")
    assert answer.json()["errors"][0]["code"] == "bad_start"


def test_another_practices_case_is_not_found(
    tell: Callable[..., Case], api: Callable[..., Client], other_practice: Any
) -> None:
    assert times(api("nurse", of=other_practice), tell("opened")).status_code == 404
