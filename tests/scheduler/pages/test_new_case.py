"""Opening a case: for a patient who is found by the name, or for a new one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.services.checklists import current_facts
from scheduler.models import Case, Patient, Practice, Reading
from tests.conftest import START
from tests.remembered import Memory
from tests.scheduler.api.calls import merged
from tests.scheduler.pages.posts.scene import Scene
from tests.scheduler.world import World

pytestmark = pytest.mark.django_db

NEW = {
    "family_name": "Formfield",
    "given_name": "Flora",
    "born_on": "1949-02-03",
    "sex": "female",
    "email": "flora@patients.example",
    "procedure": "kyphoplasty",
    "levels": "T12/L1",
    "cause": "osteoporosis",
    "anesthesia": "sedation",
    "fractured_on": "2027-02-10",
    "weight_kg": "61",
    "medications": "Eliquis\nVitamin D",
    "protocol": "demonstration",
}
OF_A_NEW_PATIENT = {"family_name", "given_name", "born_on", "sex", "email"}
PLAN = {name: value for name, value in NEW.items() if name not in OF_A_NEW_PATIENT}


def test_new_case_form_opens_the_case_with_patient_and_contact(signed_in: Callable[[str], Client]) -> None:
    answer = signed_in("scheduler").post("/desk/new/", NEW)
    case = Case.objects.get(patient__family_name="Formfield")
    assert answer["Location"] == f"/desk/cases/{case.pk}/?saved=opened"
    assert [contact.email for contact in case.patient.contacts.all()] == ["flora@patients.example"]


def test_new_case_form_asks_about_conditions_one_by_one(signed_in: Callable[[str], Client]) -> None:
    desk = signed_in("scheduler")
    page = desk.get("/desk/new/").content.decode()
    assert "MRI contraindicated?" in page and "Stent?" in page
    assert "A dose that is still being raised." in page
    told = {"has_mri_contraindicated": "yes", "has_stent": "no", "has_diabetes": ""}
    desk.post("/desk/new/", {**NEW, **told, "more_conditions": "Sleep apnoea", "allergies": "bone cement"})
    facts = current_facts(Case.objects.get(patient__family_name="Formfield").checklist)
    assert facts.conditions == {"mri_contraindicated", "sleep_apnoea"}
    assert (facts.conditions_denied, facts.allergies) == ({"stent"}, ("bone cement",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"has_stent": "perhaps"}, "Select a valid choice"),
        ({"more_conditions": "stent"}, "stent is asked below: answer it there."),
        ({"levels": "L9"}, "names no level from T1 to L5"),
        ({"email": "not an address"}, "Enter a valid email address"),
        ({"email": "appointments@demo.example"}, "own mailbox"),
        ({"weight_kg": "5"}, "greater than or equal to 20"),
        ({"family_name": ""}, "This field is required"),
    ],
)
def test_new_case_form_names_what_is_wrong_keeps_what_was_typed_and_writes_nothing(
    change: dict[str, str], said: str, signed_in: Callable[[str], Client]
) -> None:
    answer = signed_in("scheduler").post("/desk/new/", {**NEW, **change})
    page = answer.content.decode()
    assert (answer.status_code, said in page, "Flora" in page) == (400, True, True)
    assert not Case.objects.filter(patient__given_name="Flora").exists()


def test_new_case_form_names_the_field_of_a_refusal_in_words(signed_in: Callable[[str], Client]) -> None:
    desk = signed_in("scheduler")
    desk.post("/desk/new/", {**NEW, "record_number": "T-100"})
    page = desk.post("/desk/new/", {**NEW, "record_number": "T-100"}).content.decode()
    assert ("<strong>record number</strong>" in page, "<strong>record_number" in page) == (True, False)
    assert "Find the patient by the record number and open the case there." in page
    assert desk.post("/desk/new/", NEW).status_code == 302
    assert "Compare<span" in desk.get("/desk/duplicates/").content.decode()


def found(page: Any) -> list[Patient] | None:
    patients: list[Patient] | None = page.context["found"]
    return patients


def test_patient_who_is_known_is_found_by_the_beginning_of_the_name_number_or_birth_date(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    patient, desk = tell("opened").patient, signed_in("scheduler")
    for typed in (
        {"find-text": patient.family_name[:3].lower()},
        {"find-text": patient.record_number},
        {"find-born_on": patient.born_on.isoformat()},
    ):
        answer = desk.post("/desk/new/known/", typed)
        assert (found(answer), f'href="/desk/new/{patient.pk}/"' in answer.content.decode()) == ([patient], True)
    assert found(desk.post("/desk/new/known/", {"find-text": patient.family_name, "find-born_on": "1931-01-01"})) == []


@pytest.mark.parametrize(("typed", "status"), [("", 200), ("H", 200), ("\u202eHo", 400)])
def test_a_letter_alone_asks_for_nobody(
    typed: str, status: int, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    tell("opened")
    answer = signed_in("scheduler").post("/desk/new/known/", {"find-text": typed})
    assert (answer.status_code, found(answer)) == (status, None)
    assert ("Type two letters" in answer.content.decode(), Reading.objects.count()) == (True, 0)


def test_search_shows_and_logs_no_more_than_eight(
    tell: Callable[..., Case],
    signed_in: Callable[[str], Client],
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    for patient in [tell("opened", start=START + timedelta(days=each)).patient for each in range(9)]:
        patient.family_name = f"Alike{patient.record_number}"
        patient.save()
    desk = signed_in("scheduler")
    with django_assert_max_num_queries(16):
        answer = desk.post("/desk/new/known/", {"find-text": "ali"})
    assert (len(found(answer) or []), "There may be more" in answer.content.decode()) == (8, True)
    assert len(Reading.objects.get().subjects.split()) == 8


def test_patient_of_another_practice_is_neither_found_nor_opened_a_case_for(
    other_practice: Practice, memory: Memory, signed_in: Callable[[str], Client]
) -> None:
    theirs, desk = World(other_practice, memory).tell("opened").patient, signed_in("scheduler")
    assert found(desk.post("/desk/new/known/", {"find-text": theirs.family_name})) == []
    assert desk.get(f"/desk/new/{theirs.pk}/").status_code == 404
    assert (desk.post(f"/desk/new/{theirs.pk}/", PLAN).status_code, theirs.cases.count()) == (404, 1)


def test_known_patient_gets_another_case_and_what_is_open_is_shown_first(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case, desk = tell("booked", start=START + timedelta(days=3)), signed_in("scheduler")
    address = f"/desk/new/{case.patient_id}/"
    page = desk.get(address).content.decode()
    assert (f'href="/desk/cases/{case.pk}/"' in page, 'name="family_name"' in page) == (True, False)
    assert f"{case.patient.family_name.upper()}, {case.patient.given_name}" in page
    answer = desk.post(address, PLAN)
    added = Case.objects.get(patient=case.patient, state="referred")
    assert (answer["Location"], Patient.objects.count()) == (f"/desk/cases/{added.pk}/?saved=opened", 1)
    facts = current_facts(added.checklist)
    assert (facts.levels, facts.born_on) == (("T12", "L1"), case.patient.born_on)


def test_form_of_a_known_patient_names_what_is_wrong_and_writes_nothing(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    patient, desk = tell("opened").patient, signed_in("scheduler")
    for wrong, said in (({"levels": "L9"}, "names no level from T1 to L5"), ({"protocol": "x"}, "valid choice")):
        answer = desk.post(f"/desk/new/{patient.pk}/", {**PLAN, **wrong})
        assert (answer.status_code, said in answer.content.decode(), patient.cases.count()) == (400, True, 1)


def test_merged_row_takes_no_case_and_leads_to_its_person_by_either_name(
    scene: Scene, signed_in: Callable[[str], Client]
) -> None:
    merge, desk = merged(scene.world), signed_in("scheduler")
    assert found(desk.post("/desk/new/known/", {"find-text": merge.duplicate.family_name})) == [merge.survivor]
    before = Case.objects.count()
    assert desk.get(f"/desk/new/{merge.duplicate_id}/").status_code == 409
    assert desk.post(f"/desk/new/{merge.duplicate_id}/", PLAN).status_code == 409
    assert Case.objects.count() == before
