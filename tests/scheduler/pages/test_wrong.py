"""Entered in error and filed to the wrong patient, by the pages of desk and ward."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from checklists.models import Evidence, EvidenceError
from scheduler.models import Case
from tests.scheduler.services.steps import item_version, record

pytestmark = pytest.mark.django_db
THEIRS = ("Room 2", "Sam Second", "Bay 2")


@pytest.fixture
def case(tell: Callable[..., Case], now: datetime, at: Callable[[datetime], None]) -> Case:
    at(now)
    return tell("booked", start=now + timedelta(days=6))


@pytest.fixture
def word(case: Case, now: datetime) -> Evidence:
    """A nurse's word."""
    return record(case, "labs", {"analyte": "INR", "value": 1.0, "unit": "ratio"}, now=now).evidence


def address(word: Evidence, case: Case) -> str:
    return f"/desk/cases/{case.pk}/evidence/{word.public_id}/error/"


def test_case_page_offers_to_strike_what_the_reader_may_and_shows_who_struck(
    case: Case, word: Evidence, signed_in: Callable[[str], Client]
) -> None:
    offered = {
        role: address(word, case) in signed_in(role).get(f"/desk/cases/{case.pk}/").content.decode()
        for role in ("scheduler", "nurse", "clinician", "administrator")
    }
    assert offered == {"scheduler": False, "nurse": True, "clinician": True, "administrator": False}
    nurse = signed_in("nurse")
    saved = nurse.post(
        address(word, case), {"what": "strike", "version": item_version(word), "reason": "typed twice", "from": "ward"}
    )
    assert (saved.status_code, saved["Location"]) == (302, f"/ward/cases/{case.pk}/")
    shown = signed_in("scheduler").get(f"/desk/cases/{case.pk}/").content.decode()
    name = saved.wsgi_request.user.name
    assert f"entered in error: typed twice ({name}," in shown
    assert address(word, case) not in shown
    assert "typed twice" in nurse.get(address(word, case)).content.decode()


def test_scheduler_does_not_strike_a_nurses_word_and_nothing_goes_without_a_reason(
    case: Case, word: Evidence, signed_in: Callable[[str], Client]
) -> None:
    desk = signed_in("scheduler")
    assert "not yours to strike" in desk.get(address(word, case)).content.decode()
    assert desk.post(address(word, case), {"what": "strike", "version": 1, "reason": "x"}).status_code == 403
    blank = {"what": "strike", "version": 1, "reason": " "}
    assert signed_in("nurse").post(address(word, case), blank).status_code == 400
    assert EvidenceError.objects.count() == 0


def test_word_is_found_another_place_by_name_and_moved(
    case: Case, word: Evidence, tell: Callable[..., Case], signed_in: Callable[[str], Client], now: datetime
) -> None:
    other = tell("booked", start=now + timedelta(days=8), slot=THEIRS)
    asked = {"what": "elsewhere", "who": other.patient.family_name, "reason": "tubes swapped", "version": 1}
    nurse = signed_in("nurse")
    found = nurse.post(address(word, case), asked)
    (place,) = found.context["places"]
    assert (found.status_code, place["case"]) == (200, other)
    assert EvidenceError.objects.count() == 0
    saved = nurse.post(address(word, case), {**asked, "chosen": place["value"]})
    assert saved.status_code == 302
    assert EvidenceError.objects.get().refiled_as.checklist == other.checklist
    stale = nurse.post(address(word, case), {**asked, "chosen": place["value"]})
    assert stale.status_code == 409


def test_case_is_filed_to_the_patient_that_was_found(
    case: Case, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    other = tell("opened")
    page, desk = f"/desk/cases/{case.pk}/refile/", signed_in("scheduler")
    assert page in desk.get(f"/desk/cases/{case.pk}/").content.decode()
    asked = {"who": other.patient.record_number, "reason": "names mixed up"}
    found = desk.post(page, asked)
    assert [each["patient"] for each in found.context["found"]] == [other.patient]
    saved = desk.post(page, {**asked, "chosen": found.context["found"][0]["value"]})
    assert (saved.status_code, saved["Location"]) == (302, f"/desk/cases/{case.pk}/?saved=refiled")
    case.refresh_from_db()
    assert case.patient == other.patient
    again = desk.post(page, {**asked, "chosen": f"{other.patient_id} {case.version}"})
    assert (again.status_code, "already" in again.content.decode()) == (409, True)


def test_word_of_an_item_that_changed_since_it_was_shown_is_not_struck(
    case: Case, word: Evidence, signed_in: Callable[[str], Client], now: datetime
) -> None:
    seen = item_version(word)
    record(case, "labs", {"analyte": "INR", "value": 1.9, "unit": "ratio"}, now=now)
    form = {"what": "strike", "version": seen, "reason": "typed twice"}
    refused = signed_in("nurse").post(address(word, case), form)
    assert (refused.status_code, EvidenceError.objects.count()) == (409, 0)
    assert f"you saw version {seen}" in refused.content.decode()
