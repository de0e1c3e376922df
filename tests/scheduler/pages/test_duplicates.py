"""The desk finds two rows of one person, merges them after comparing, and takes it back."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from scheduler.models import Case, Patient, PatientMerge, Record, ToldApart
from scheduler.services.people import NewPatient, add_patient
from tests.scheduler.services.steps import BY

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(tell: Callable[..., Case], now: datetime, at: Callable[[datetime], None]) -> Case:
    at(now)
    return tell("booked", start=now + timedelta(days=6))


@pytest.fixture
def twin(case: Case, now: datetime) -> Patient:
    """The same person, typed again with one letter off and another sex."""
    named = NewPatient("Famíly1", "Givven", case.patient.born_on, "male")
    return add_patient(practice_id=case.practice_id, patient=named, by=BY, now=now)


def address(case: Case, twin: Patient) -> str:
    return f"/desk/duplicates/{case.patient_id}/{twin.pk}/"


GOOD = {
    "version": 1,
    "duplicate_version": 1,
    "contacts": "survivor",
    "identifiers": ["name", "phone"],
    "reason": "Rang her.",
    "family_name": "keep",
    "given_name": "take",
    "sex": "keep",
    "record_number": "keep",
}


def test_list_names_the_pair_with_what_is_alike(case: Case, twin: Patient, signed_in: Callable[[str], Client]) -> None:
    shown = signed_in("scheduler").get("/desk/duplicates/").content.decode()
    assert "similar name" in shown and "same birth date" in shown
    assert address(case, twin) in shown
    nurse = signed_in("nurse").get("/desk/duplicates/").content.decode()
    assert ("similar name" in nurse, address(case, twin) in nurse) == (True, False)


def test_search_by_name_compares_two_who_are_not_alike(
    case: Case, signed_in: Callable[[str], Client], now: datetime
) -> None:
    stranger = NewPatient("Family100", "Zoe", date(1931, 1, 1))
    other = add_patient(practice_id=case.practice_id, patient=stranger, by=BY, now=now)
    answer = signed_in("scheduler").post("/desk/duplicates/", {"text": "family"})
    assert answer.status_code == 200
    assert address(case, other) in answer.content.decode()


def test_merge_form_shows_what_differs_and_takes_what_was_chosen(
    case: Case, twin: Patient, signed_in: Callable[[str], Client]
) -> None:
    desk = signed_in("scheduler")
    shown = desk.get(address(case, twin))
    assert list(shown.context["seen"].differs) == ["family_name", "given_name", "sex", "record_number"]
    saved = desk.post(address(case, twin), GOOD)
    assert (saved.status_code, saved["Location"]) == (302, "/desk/duplicates/?saved=merged")
    twin.refresh_from_db()
    assert (twin.merged_into_id, twin.given_name) == (case.patient_id, "Given")
    assert Patient.objects.get(pk=case.patient_id).given_name == "Givven"


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"identifiers": ["name"]}, 400, "<strong>what you compared</strong>: Compare at least two"),
        ({"identifiers": []}, 400, "Compare at least two"),
        ({"given_name": ""}, 400, "Say which one is right."),
        ({"reason": ""}, 400, "This field is required."),
        ({"version": 9}, 409, "Look again, then decide."),
    ],
)
def test_merge_form_that_is_incomplete_or_stale_saves_nothing(
    case: Case,
    twin: Patient,
    signed_in: Callable[[str], Client],
    wrong: dict[str, object],
    status: int,
    says: str,
) -> None:
    answer = signed_in("scheduler").post(address(case, twin), {**GOOD, **wrong})
    assert (answer.status_code, says in answer.content.decode()) == (status, True)
    assert PatientMerge.objects.count() == 0


def test_undo_says_what_came_since(case: Case, twin: Patient, signed_in: Callable[[str], Client]) -> None:
    desk = signed_in("administrator")
    desk.post(address(case, twin), GOOD)
    made = PatientMerge.objects.get()
    refused = desk.post(f"/desk/merges/{made.pk}/undo/", {"version": 1, "reason": " "})
    assert refused.status_code == 400
    answer = desk.post(f"/desk/merges/{made.pk}/undo/", {"version": 1, "reason": "Sisters."})
    assert (answer.status_code, "two patients again" in answer.content.decode()) == (200, True)
    twin.refresh_from_db()
    assert (twin.merged_into_id, twin.given_name) == (None, "Givven")


def apart(client: Client, case: Case, twin: Patient, **changes: object) -> int:
    form = {"version": 1, "duplicate_version": 1, "reason": "Twins: both came together.", **changes}
    return client.post(f"{address(case, twin)}apart/", form).status_code


def test_twins_are_told_apart_and_listed_again_when_that_is_taken_back(
    case: Case, twin: Patient, signed_in: Callable[[str], Client]
) -> None:
    desk = signed_in("scheduler")
    assert apart(signed_in("nurse"), case, twin) == 403
    assert apart(desk, case, twin, reason=" ") == 400
    assert apart(desk, case, twin, duplicate_version=7) == 409
    assert apart(desk, case, twin) == 302
    shown = desk.get("/desk/duplicates/").content.decode()
    assert address(case, twin) not in shown
    assert "Twins: both came together." in shown and "(Dana Desk," in shown
    assert apart(desk, case, twin) == 409
    row = ToldApart.objects.get()
    undo = f"/desk/apart/{row.pk}/undo/"
    assert desk.post(undo, {"version": 7, "reason": "One card."}).status_code == 409
    assert desk.post(undo, {"version": 1, "reason": "One card."}).status_code == 302
    assert desk.post(undo, {"version": 2, "reason": "One card."}).status_code == 409
    again = desk.get("/desk/duplicates/").content.decode()
    assert (address(case, twin) in again, "Twins: both" in again) == (True, False)
    row.refresh_from_db()
    assert (row.reason, row.undo_reason, row.undone_by) == ("Twins: both came together.", "One card.", row.told_by)
    for patient in (case.patient_id, twin.pk):
        told = Record.objects.filter(subject=str(patient), action__in=("patients_told_apart", "patients_alike_again"))
        assert [each.action for each in told.order_by("number")] == ["patients_told_apart", "patients_alike_again"]


def test_who_was_told_apart_is_not_merged_until_that_is_taken_back(
    case: Case, twin: Patient, signed_in: Callable[[str], Client]
) -> None:
    desk = signed_in("scheduler")
    apart(desk, case, twin)
    shown = desk.get(address(case, twin)).content.decode()
    assert "Dana Desk said that these are two people: Twins: both came together." in shown
    assert "Merge these two" not in shown
    refused = desk.post(address(case, twin), GOOD)
    assert (refused.status_code, PatientMerge.objects.count()) == (409, 0)


def test_who_was_told_apart_stays_apart_when_one_of_the_two_is_merged(
    case: Case, twin: Patient, signed_in: Callable[[str], Client], now: datetime
) -> None:
    """The twin had two rows: the one that survives is the twin's as well."""
    desk = signed_in("scheduler")
    assert apart(desk, case, twin) == 302
    named = NewPatient("Famíly1", "Givven", case.patient.born_on, "male")
    again = add_patient(practice_id=case.practice_id, patient=named, by=BY, now=now + timedelta(minutes=1))
    kept = {"version": again.version, "duplicate_version": twin.version, "reason": "One card."}
    merged = desk.post(f"/desk/duplicates/{again.pk}/{twin.pk}/", {**GOOD, **kept, "sex": "keep"})
    assert merged.status_code == 302
    listed = desk.get("/desk/duplicates/").content.decode()
    assert address(case, again) not in listed and "Twins: both came together." in listed
    refused = desk.post(address(case, again), {**GOOD, "duplicate_version": again.version + 1})
    assert (refused.status_code, PatientMerge.objects.count()) == (409, 1)
    assert "said that these are two people: Twins: both came together." in refused.content.decode()


def test_merge_asks_first_for_what_differs_in_words(
    case: Case, twin: Patient, signed_in: Callable[[str], Client]
) -> None:
    Patient.objects.filter(pk=twin.pk).update(born_on=date(1941, 2, 3))
    shown = signed_in("scheduler").get(address(case, twin)).content.decode()
    assert "3 February 1941 (of the other row)" in shown
    assert shown.index("Date of birth</legend>") < shown.index("Whose own addresses") < shown.index("How do you know")
    assert "Merge these two" in shown
