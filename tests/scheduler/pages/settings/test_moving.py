"""Moving open cases to another version on a page: seen, ticked, and a clinician's password."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import ProtocolVersion
from scheduler.models import Case, Practice, Record
from scheduler.services import signing
from scheduler.services.demonstration import PASSWORD
from tests.conftest import NOW, START
from tests.remembered import Once
from tests.scheduler.services.steps import record
from tests.scheduler.versions import BY, first_version, second_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(tell: Callable[..., Case], at: Callable[..., None]) -> Case:
    """Here and ready at its start."""
    found = tell("arrived", now=START)
    at(START)
    return found


@pytest.fixture
def first(practice: Practice) -> ProtocolVersion:
    return first_version(practice)


@pytest.fixture
def second(case: Case, practice: Practice, once: Once) -> ProtocolVersion:
    return ProtocolVersion.objects.get(pk=once("second version", lambda: second_version(practice).pk))


def address(version: ProtocolVersion) -> str:
    return f"/settings/protocols/{version.pk}/move/"


def ticked(client: Client, first: ProtocolVersion) -> dict[str, Any]:
    """What the page would send with every box ticked."""
    context = client.get(address(first)).context
    boxes = [f"{row.case.pk}:{row.seen}" for row in context["preview"].rows]
    return {"to": str(context["target"].pk), "cases": boxes, "password": PASSWORD}


def number_of(case: Case) -> int:
    return Case.objects.values_list("checklist__protocol_version__number", flat=True).get(pk=case.pk)


def test_page_says_whose_verdict_changes_and_why_before_anything_is_done(
    clinician: Client, case: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    answer = clinician.get(address(first))
    page = " ".join(answer.content.decode().split())
    assert (answer.status_code, answer.context["target"]) == (200, second)
    for words in (
        case.patient.family_name.upper(),
        "The booking would be blocked.",
        "platelets 210",
        "Nothing is moved",
    ):
        assert words in page, words
    assert number_of(case) == 1
    assert address(first) in clinician.get(f"/settings/protocols/{first.pk}/").content.decode()


def test_ticked_cases_are_moved_with_the_clinicians_password(
    clinician: Client, case: Case, first: ProtocolVersion, second: ProtocolVersion, staff: dict[str, Any]
) -> None:
    answer = clinician.post(address(first), ticked(clinician, first))
    assert (answer.status_code, "1 case moved." in answer.content.decode(), number_of(case)) == (200, True, 2)
    assert Record.objects.get(action="protocol_moved").by == staff["clinician"].by


@pytest.mark.parametrize(("password", "status"), [("", 400), ("not mine", 403)])
def test_without_the_password_nothing_moves_and_the_ticks_are_kept(
    clinician: Client, case: Case, first: ProtocolVersion, second: ProtocolVersion, password: str, status: int
) -> None:
    answer = clinician.post(address(first), {**ticked(clinician, first), "password": password})
    assert (answer.status_code, number_of(case), answer.context["kept"]) == (status, 1, {str(case.pk)})
    assert "not mine" not in answer.content.decode()


HOSTILE: dict[str, dict[str, Any]] = {
    "no box": {"cases": []},
    "no case": {"cases": ["x"]},
    "empty box": {"cases": [":"]},
    "no version": {"to": "x"},
    "nobody's version": {"to": str(uuid.UUID(int=1))},
}


def test_hostile_form_is_refused_and_nothing_moves(
    clinician: Client, case: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    good = ticked(clinician, first)
    for wrong, sent in HOSTILE.items():
        answer = clinician.post(address(first), {**good, **sent})
        assert (wrong, answer.status_code, number_of(case)) == (wrong, 400, 1)
        assert '<div class="errors" role="alert"' in answer.content.decode(), wrong


def test_box_without_what_was_seen_moves_nothing(
    clinician: Client, case: Case, first: ProtocolVersion, second: ProtocolVersion, other_practice: Practice
) -> None:
    form = ticked(clinician, first)
    answer = clinician.post(address(first), {**form, "cases": [str(case.pk), f"{uuid.UUID(int=3)}:{'0' * 24}"]})
    assert [one.code for _, one in answer.context["left"]] == ["stale", "not_found"]
    assert number_of(case) == 1


def test_case_that_changed_after_the_page_was_read_is_named_and_stays(
    clinician: Client, case: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    form = ticked(clinician, first)
    record(case, "ride", {"available": False}, now=START)
    page = clinician.post(address(first), form).content.decode()
    assert ("0 cases moved." in page, "1 not moved:" in page, number_of(case)) == (True, True, 1)
    assert "has changed since the preview. Look again, then decide." in page


def test_administrator_sees_and_does_not_move(
    admin: Client, case: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    page = admin.get(address(first)).content.decode()
    assert ("platelets 210" in page, 'name="password"' in page, 'type="checkbox"' in page) == (True, False, False)
    assert admin.post(address(first), ticked(admin, first)).status_code == 403
    assert number_of(case) == 1


def test_without_a_version_in_force_the_page_says_what_to_do(clinician: Client, first: ProtocolVersion) -> None:
    page = clinician.get(address(first))
    assert (page.status_code, "There is no other version in force." in page.content.decode()) == (200, True)
    assert clinician.get(address(first), {"to": "x"}).status_code == 400
    assert clinician.post(address(first), {"to": str(first.pk), "cases": ["x"], "password": "p"}).status_code == 400


def test_withdrawn_version_offers_to_move_whom_it_stops_and_says_who_goes_home(
    clinician: Client, practice: Practice, tell: Callable[..., Case], at: Callable[..., None], first: ProtocolVersion
) -> None:
    later = START + timedelta(hours=1)
    tell("finished", now=later)
    tell("booked", start=NOW + timedelta(days=4), slot=("Room 2", "Sam Second", "Bay 2"))
    at(later)
    signing.withdraw(version=first, reason="a wrong number", by=BY, now=later)
    page = clinician.get(f"/settings/protocols/{first.pk}/").content.decode()
    assert ("Stopped cases: 1" in page, address(first) in page) == (True, True)
    assert "1 more in procedure or recovery keeps this version and goes home by it." in page


def test_other_practices_version_is_not_found(clinician: Client, other_practice: Practice, practice: Practice) -> None:
    strange = first_version(other_practice)
    assert [clinician.get(address(strange)).status_code, clinician.post(address(strange), {}).status_code] == [404, 404]
