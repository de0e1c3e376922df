"""Rooms, bays and equipment: added, closed only when free, opened again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from scheduler.models import Case, Practice, Record, Resource
from scheduler.services.practices import add_staff
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db


def test_place_is_added_once_and_can_be_booked(admin: Client, practice: Practice) -> None:
    for _ in range(2):
        assert admin.post("/settings/places/", {"kind": "equipment", "name": "C-arm"}).status_code == 302
    assert Resource.objects.get(practice=practice, kind="equipment").name == "C-arm"
    assert (
        Record.objects.filter(action="resource_added", subject=str(Resource.objects.get(name="C-arm").pk)).count() == 1
    )


@pytest.mark.parametrize("given", [{"kind": "room", "name": "  "}, {"kind": "proceduralist", "name": "Dr. X"}, {}])
def test_place_without_a_name_or_of_another_kind_is_refused(
    given: dict[str, str], admin: Client, practice: Practice
) -> None:
    before = Resource.objects.count()
    answer = admin.post("/settings/places/", given)
    assert (answer.status_code, "Nothing was saved." in answer.content.decode(), Resource.objects.count()) == (
        400,
        True,
        before,
    )


def test_booked_room_is_not_closed_and_each_booking_is_named(
    admin: Client, practice: Practice, tell: Callable[..., Case]
) -> None:
    case = tell("booked", start=START + timedelta(days=3))
    room = Resource.objects.get(practice=practice, name="Room 1")
    answer = admin.post(f"/settings/places/{room.pk}/", {"is_active": "0"})
    page = answer.content.decode()
    room.refresh_from_db()
    assert (answer.status_code, room.is_active) == (409, True)
    assert f"Thursday, 4 March 2027 10:00: {case.patient.family_name.upper()}, Given" in page
    refusal = Record.objects.get(practice=practice, action="refused")
    assert case.patient.family_name not in "".join(refusal.codes)


def test_free_room_is_closed_is_no_longer_offered_and_is_opened_again(
    admin: Client, practice: Practice, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    tell("booked", start=NOW - timedelta(days=4), now=NOW - timedelta(days=5))  # over: not in the way
    case, room = tell("imaged"), Resource.objects.get(practice=practice, name="Room 1")
    Resource.objects.filter(pk=room.pk).update(is_active=True)
    assert admin.post(f"/settings/places/{room.pk}/", {"is_active": "0"}).status_code == 302
    offered = signed_in("scheduler").get(f"/desk/cases/{case.pk}/book/").content.decode()
    assert (">Room 1<" in offered, ">Room 2<" in offered) == (False, True)
    assert admin.post(f"/settings/places/{room.pk}/", {"is_active": "1"}).status_code == 302
    assert ">Room 1<" in signed_in("scheduler").get(f"/desk/cases/{case.pk}/book/").content.decode()
    actions = Record.objects.filter(subject=str(room.pk)).values_list("action", flat=True)
    assert list(actions)[-2:] == ["resource_closed", "resource_opened"]


def test_room_of_another_practice_is_not_found(admin: Client, practice: Practice, other_practice: Practice) -> None:
    room = Resource.objects.get(practice=other_practice, name="Room 1")
    assert admin.post(f"/settings/places/{room.pk}/", {"is_active": "0"}).status_code == 404
    room.refresh_from_db()
    assert room.is_active


def test_calendar_of_somebody_who_is_no_clinician_is_not_opened(admin: Client, practice: Practice) -> None:
    user = add_staff(
        practice=practice,
        email="new@demo.example",
        name="Nell New",
        roles=["clinician"],
        password="a long enough sentence",
        by="test",
        now=NOW,
    )
    calendar = Resource.objects.get(practice=practice, user=user)
    practice.refresh_from_db()
    admin.post(f"/settings/people/{user.pk}/", {"version": practice.version, "roles": ["nurse"]})
    answer = admin.post(f"/settings/places/{calendar.pk}/", {"is_active": "1"})
    calendar.refresh_from_db()
    assert (answer.status_code, calendar.is_active) == (409, False)


def test_place_that_is_closed_is_not_said_to_be_added(admin: Client, practice: Practice) -> None:
    Resource.objects.filter(practice=practice, name="Room 2").update(is_active=False)
    answer = admin.post("/settings/places/", {"kind": "room", "name": "Room 2"})
    assert (answer.status_code, "Open it again in the list." in answer.content.decode()) == (400, True)
    assert not Resource.objects.get(practice=practice, name="Room 2").is_active
