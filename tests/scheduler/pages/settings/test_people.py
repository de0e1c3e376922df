"""People of the practice: added, given and taken roles, gone at once when their account closes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from scheduler.models import Case, Membership, Practice, Record, Resource, User
from scheduler.services.demonstration import PASSWORD
from tests.conftest import START

pytestmark = pytest.mark.django_db
NEW = {"name": "Nell New", "email": "nell@demo.example", "roles": ["nurse"], "password": "a long enough sentence"}


def roles_of(user: User) -> list[str]:
    return sorted(Membership.objects.filter(user=user).values_list("role", flat=True))


def change(admin: Client, practice: Practice, user: User, **given: Any) -> Any:
    practice.refresh_from_db()
    return admin.post(f"/settings/people/{user.pk}/", {"version": practice.version, **given})


def close(admin: Client, practice: Practice, user: User) -> Any:
    practice.refresh_from_db()
    return admin.post(f"/settings/people/{user.pk}/close/", {"version": practice.version})


def sign_in(email: str, password: str) -> int:
    return Client().post("/login/", {"email": email, "password": password}).status_code


def test_person_is_added_and_signs_in_with_the_first_password(admin: Client, practice: Practice) -> None:
    assert admin.post("/settings/people/", NEW).status_code == 302
    user = User.objects.get(email="nell@demo.example")
    assert (roles_of(user), sign_in(user.email, NEW["password"])) == (["nurse"], 302)  # type: ignore[arg-type]
    assert "Nell New" in admin.get("/settings/people/").content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"password": "qwz4!"}, "too short"),
        ({"password": "password1234"}, "too common"),
        ({"roles": []}, "This field is required."),
        ({"roles": ["boss"]}, "Select a valid choice."),
        ({"email": "nonsense"}, "Enter a valid email address."),
    ],
)
def test_person_who_cannot_be_added_is_refused_without_echoing_the_password(
    given: dict[str, Any], said: str, admin: Client, practice: Practice
) -> None:
    answer = admin.post("/settings/people/", {**NEW, **given})
    page = answer.content.decode()
    secret = {**NEW, **given}["password"]
    assert (answer.status_code, said in page, "Nell New" in page, secret in page) == (400, True, True, False)
    assert not User.objects.filter(name="Nell New").exists()


def test_roles_are_exactly_those_that_were_chosen(admin: Client, practice: Practice, staff: dict[str, User]) -> None:
    nurse = staff["nurse"]
    change(admin, practice, nurse, roles=["nurse", "scheduler"], is_charge="on")
    assert roles_of(nurse) == ["nurse", "scheduler"]
    assert Membership.objects.get(user=nurse, role="nurse").is_charge
    change(admin, practice, nurse, roles=["scheduler"])
    assert roles_of(nurse) == ["scheduler"]
    assert Record.objects.filter(action="roles_changed", subject=str(nurse.pk)).count() == 2


def test_charge_mark_is_for_nurses_only(admin: Client, practice: Practice, staff: dict[str, User]) -> None:
    answer = change(admin, practice, staff["scheduler"], roles=["scheduler"], is_charge="on")
    assert (answer.status_code, "Only a nurse is a charge nurse." in answer.content.decode()) == (400, True)


def test_roles_changed_meanwhile_are_not_overwritten(admin: Client, practice: Practice, staff: dict[str, User]) -> None:
    practice.refresh_from_db()
    stale = practice.version
    change(admin, practice, staff["scheduler"], roles=["scheduler", "auditor"])
    answer = admin.post(f"/settings/people/{staff['nurse'].pk}/", {"version": stale, "roles": ["auditor"]})
    assert (answer.status_code, roles_of(staff["nurse"])) == (409, ["nurse"])


def test_last_administrator_keeps_the_role_and_the_account(
    admin: Client, practice: Practice, staff: dict[str, User]
) -> None:
    me = staff["administrator"]
    for answer in (change(admin, practice, me, roles=["nurse"]), close(admin, practice, me)):
        assert (answer.status_code, "is the last administrator" in answer.content.decode()) == (409, True)
    assert roles_of(me) == ["administrator"]
    change(admin, practice, staff["nurse"], roles=["nurse", "administrator"])
    assert change(admin, practice, me, roles=["nurse"]).status_code == 302
    assert roles_of(me) == ["nurse"]


def test_administrator_whose_account_is_closed_does_not_count_as_one(
    admin: Client, practice: Practice, staff: dict[str, User]
) -> None:
    change(admin, practice, staff["nurse"], roles=["nurse", "administrator"])
    User.objects.filter(pk=staff["nurse"].pk).update(is_active=False)
    assert close(admin, practice, staff["administrator"]).status_code == 409


def test_closed_account_is_out_at_once_and_starts_anew_with_a_new_password(
    admin: Client, practice: Practice, staff: dict[str, User], signed_in: Callable[[str], Client]
) -> None:
    nurse, client = staff["nurse"], signed_in("nurse")
    assert client.get("/desk/").status_code == 200
    assert close(admin, practice, nurse).status_code == 302
    assert (client.get("/desk/").status_code, sign_in(nurse.email, PASSWORD), roles_of(nurse)) == (302, 400, [])
    admin.post("/settings/people/", {**NEW, "email": nurse.email})
    assert (sign_in(nurse.email, PASSWORD), sign_in(nurse.email, "a long enough sentence")) == (400, 302)


def test_person_of_two_practices_loses_only_this_one(
    admin: Client, practice: Practice, other_practice: Practice, staff: dict[str, User]
) -> None:
    nurse = staff["nurse"]
    assert close(admin, practice, nurse).status_code == 302
    nurse.refresh_from_db()
    assert (nurse.is_active, Membership.objects.filter(user=nurse, practice=other_practice).count()) == (True, 1)


def test_booked_clinician_keeps_role_and_account_until_the_bookings_are_moved(
    admin: Client, practice: Practice, staff: dict[str, User], tell: Callable[..., Case]
) -> None:
    tell("booked", start=START + timedelta(days=3))
    booked = User.objects.get(email="clinician@demo.example")
    for answer in (change(admin, practice, booked, roles=["nurse"]), close(admin, practice, booked)):
        assert (answer.status_code, "Chris Clinician is booked." in answer.content.decode()) == (409, True)
    assert roles_of(booked) == ["clinician"]
    free = User.objects.get(email="second@demo.example")
    assert change(admin, practice, free, roles=["nurse"]).status_code == 302
    assert not Resource.objects.get(practice=practice, user=free).is_active
    change(admin, practice, free, roles=["clinician"])
    assert Resource.objects.get(practice=practice, user=free).is_active


def test_person_of_another_practice_is_not_found(admin: Client, practice: Practice, other_practice: Practice) -> None:
    stranger = User.objects.create_user("stranger@demo.example", "Stan Stranger", PASSWORD)
    Membership.objects.create(practice=other_practice, user=stranger, role="nurse", created_at=START)
    assert admin.get(f"/settings/people/{stranger.pk}/").status_code == 404
    assert (change(admin, practice, stranger, roles=["auditor"]).status_code, roles_of(stranger)) == (404, ["nurse"])
    assert close(admin, practice, stranger).status_code == 404
    assert "Stan Stranger" not in admin.get("/settings/people/").content.decode()


def test_account_that_another_practice_has_closed_is_not_taken_over(
    admin: Client, practice: Practice, other_practice: Practice
) -> None:
    """A password given here would open what the person may do there."""
    theirs = User.objects.create_user("theirs@demo.example", "Theo Theirs", PASSWORD)
    Membership.objects.create(practice=other_practice, user=theirs, role="clinician", created_at=START)
    User.objects.filter(pk=theirs.pk).update(is_active=False)
    answer = admin.post("/settings/people/", {**NEW, "email": theirs.email})
    theirs.refresh_from_db()
    assert (answer.status_code, theirs.is_active, theirs.check_password(PASSWORD)) == (400, False, True)
    assert not Membership.objects.filter(practice=practice, user=theirs).exists()


def test_token_of_a_closed_account_stays_dead_when_the_account_is_opened_again(
    admin: Client, practice: Practice, api: Callable[..., Client], staff: dict[str, User]
) -> None:
    token, nurse = api("nurse"), staff["nurse"]
    assert token.get("/api/v1/practice/").status_code == 200
    assert close(admin, practice, nurse).status_code == 302
    assert admin.post("/settings/people/", {**NEW, "email": nurse.email}).status_code == 302
    assert (roles_of(nurse), token.get("/api/v1/practice/").status_code) == (["nurse"], 401)
