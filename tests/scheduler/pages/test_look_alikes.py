"""UX-16: two patients who look alike on one day are marked wherever one of them is picked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from scheduler.models import Case
from tests.remembered import Once

pytestmark = pytest.mark.django_db
CHIP = "look-alike today"
THEIRS = ("Room 2", "Sam Second", "Bay 2")


def named(case: Case, family: str, given: str) -> Case:
    case.patient.family_name, case.patient.given_name = family, given
    case.patient.save()
    return case


@pytest.fixture
def called(tell: Callable[..., Case], once: Once) -> Callable[..., Case]:
    """`called("Sörensen", "Anna", "prepared", ...)`: the case of somebody of this name."""

    def make(family: str, given: str, until: str, **more: Any) -> Case:
        case = tell(until, **more)
        once(f"{given} {family}", lambda: named(case, family, given).pk)
        return Case.objects.get(pk=case.pk)

    return make


@pytest.fixture
def case(called: Callable[..., Case], now: datetime, at: Callable[[datetime], None]) -> Case:
    at(now)
    return called("Sörensen", "Anna", "prepared")


@pytest.fixture
def alike(case: Case, called: Callable[..., Case], start: datetime) -> Case:
    return called("SORENSON", "Anne", "prepared", start=start + timedelta(minutes=30), slot=THEIRS)


def test_boards_mark_both_and_nobody_else_in_words_and_a_shape(
    case: Case, alike: Case, called: Callable[..., Case], start: datetime, signed_in: Callable[[str], Client]
) -> None:
    called("Quite", "Other", "prepared", start=start + timedelta(hours=3))
    nurse = signed_in("nurse")
    for board in ("/desk/day/", "/desk/day/rows/", "/ward/", "/ward/rows/"):
        assert nurse.get(board).content.decode().count(CHIP) == 2, board
    wall = nurse.get("/ward/?wall=1").content.decode()
    assert (wall.count(CHIP), "SORENSON" in wall) == (2, False)
    assert "≈" in wall


def test_board_of_people_who_are_unlike_marks_nobody(
    case: Case, called: Callable[..., Case], start: datetime, signed_in: Callable[[str], Client]
) -> None:
    called("Quite", "Other", "prepared", start=start + timedelta(hours=3))
    for board in ("/desk/day/", "/ward/"):
        assert CHIP not in signed_in("nurse").get(board).content.decode()


def test_phone_check_names_the_other_with_what_differs(
    case: Case, alike: Case, signed_in: Callable[[str], Client]
) -> None:
    alike.patient.born_on = case.patient.born_on
    alike.patient.save()
    shown = signed_in("scheduler").get(f"/desk/cases/{case.pk}/phone/").content.decode()
    assert "Look-alike on 1 March 2027:" in shown
    assert "Similar name, same birth date;" in shown
    assert "SORENSON" in shown and "Similar name" in shown and "different surname, given name" in shown


def test_booking_says_who_is_like_that_on_the_day_that_is_thought_of(
    case: Case, called: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    waiting = called("Sorensen", "Ana", "imaged")
    desk, page = signed_in("scheduler"), f"/desk/cases/{waiting.pk}/book/"
    assert "Look-alike" not in desk.get(page).content.decode()
    assert "Look-alike on 1 March 2027:" in desk.get(page, {"day": "2027-03-01", "at": "14:00"}).content.decode()
    assert "Look-alike" not in desk.get(page, {"day": "2027-03-02", "at": "14:00"}).content.decode()
