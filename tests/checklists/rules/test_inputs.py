"""A signature or an override is for what was looked at: whatever else comes to be known asks again."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.rules.values import Authority, DateAbout, Medication
from tests.checklists.rules.cases import FACTS, HOUR, START, at, finding, judge, taking
from tests.checklists.rules.notes import (
    ALLERGIES,
    AUTHORISED,
    CANDIDACY,
    CARE,
    CHECK,
    CONSENT,
    CONSULT,
    EVALUATION,
    MRI,
    NO_ANSWERS,
    PLAN,
    RECOVERED,
    Notes,
    noted,
    ready_notes,
)

DAY = timedelta(days=1)
PLATELETS = {"analyte": "platelets", "unit": "10^9/L"}
AGREED = {"answer": "agreed", "prescriber": "Dr. Weber", "how": "phone"}
MEAL = {"intake": "light meal", "at": (START - 10 * HOUR).isoformat()}
ALLERGIC = {**ALLERGIES, "contrast": "known"}
# Item, what was recorded, and what is recorded in its place; each pair is judged with the same code.
CHANGES = [
    ("consult", CONSULT, {"outcome": "procedure"}),
    ("candidacy", CANDIDACY, {**CANDIDACY, "indication": "another one"}),
    ("imaging", MRI, {**MRI, "stage": "result"}),
    ("labs", {**PLATELETS, "value": 80}, {**PLATELETS, "value": 70}),
    ("fasting", {"intakes": [MEAL]}, {"intakes": [MEAL, {**MEAL, "intake": "burger"}]}),
    ("ride", {"available": True, "exempt": True}, {"available": False, "exempt": True}),
    ("infection_prescreen", {"answers": NO_ANSWERS}, {"answers": {**NO_ANSWERS, "new": "no"}}),
    ("infection_check", CHECK, {**CHECK, "temperature": 36.9}),
    ("allergies", {**ALLERGIC, "substances": ["x"]}, {**ALLERGIC, "substances": ["y"]}),
    ("anesthesia_evaluation", EVALUATION, {**EVALUATION, "asa_class": 2}),
    ("antibiotic_plan", PLAN, {**PLAN, "before_iv": "vancomycin"}),
    ("consent", CONSENT, {**CONSENT, "levels": ["T12"]}),
    ("authorisation", AUTHORISED, {**AUTHORISED, "number": "PA-8"}),
    ("conservative_care", CARE, {**CARE, "outcome": "ongoing"}),
    ("recovery_observation", RECOVERED, {**RECOVERED, "pain": 3}),
    ("after_care", {"explained": ["driving"]}, {"explained": ["red_flags"]}),
    ("follow_up", {"arranged": ["visit"]}, {"arranged": ["call_24h"]}),
    ("hold:apixaban", {"last_dose_on": "2027-03-01"}, {"last_dose_on": "2027-02-28"}),
    ("prescriber_clearance:apixaban", {**AGREED, "hold_hours": 24}, {**AGREED, "hold_hours": 30}),
]  # fmt: skip


@pytest.mark.parametrize(("item", "recorded", "instead"), CHANGES, ids=[change[0] for change in CHANGES])
def test_what_was_recorded_is_part_of_what_was_signed(item, recorded, instead):
    facts = taking("apixaban")
    first, other = (finding(item, facts, noted(item, value, START - 2 * HOUR)) for value in (recorded, instead))
    assert first.inputs != other.inputs
    assert first.inputs == finding(item, facts, noted(item, dict(recorded), START - 2 * HOUR)).inputs


@pytest.mark.parametrize(("item", "recorded", "instead"), CHANGES, ids=[change[0] for change in CHANGES])
def test_two_words_of_one_instant_are_judged_alike_in_whatever_order_they_are_read(item, recorded, instead):
    notes = Notes()
    for value in (recorded, instead):
        notes.add(item, value, START - 2 * HOUR)
    facts = taking("apixaban")
    assert judge(facts, notes.all[::-1]) == judge(facts, notes.all)


@pytest.mark.parametrize(
    ("item", "changed"),
    [
        ("consult", {"levels": ("L1",)}),
        ("candidacy", {"cause": "malignancy"}),
        ("candidacy", {"fractured": DateAbout(date(2027, 2, 9), date(2027, 2, 10))}),
        ("imaging", {"levels": ("L1",)}),
        ("fasting", {"anesthesia": "general"}),
        ("allergies", {"allergies": ("latex",)}),
        ("consent", {"procedure": "vertebroplasty"}),
        ("authorisation", {"levels": ("T12",)}),
        ("hold:apixaban", {"medications": (Medication("apixaban", indication="atrial fibrillation"),)}),
        ("hold:apixaban", {"medications": (Medication("apixaban", route="oral"),)}),
    ],
)
def test_facts_that_a_finding_rests_on_are_part_of_what_was_signed(item, changed):
    facts, notes = taking("apixaban"), ready_notes().all
    assert finding(item, facts, notes).inputs != finding(item, replace(facts, **changed), notes).inputs


def test_kidney_function_is_part_of_what_was_signed_for_a_drug_that_depends_on_it():
    notes, inputs = ready_notes(), []
    notes.add("hold:apixaban", {"last_dose_at": (START - 80 * HOUR).isoformat()})
    for value in (2.6, 2.9):
        notes.add("labs", {"analyte": "creatinine", "value": value, "unit": "mg/dL"}, START - (6 - value) * DAY)
        found = finding("hold:apixaban", taking("apixaban"), notes.all)
        assert found.code == "hold_needs_decision"
        inputs.append(found.inputs)
    assert inputs[0] != inputs[1]


def test_another_thing_going_wrong_is_not_covered_by_what_was_signed():
    notes = ready_notes()
    before = finding("ride", evidence=notes.all)
    notes.add("ride", {"answer": "not_sure"}, START - HOUR / 2)
    assert finding("ride", evidence=notes.all).inputs != before.inputs


# ---- what may be superseded


def test_only_a_recorded_no_is_superseded_and_a_good_result_never():
    notes = ready_notes()
    last = notes.add("labs", {**PLATELETS, "value": 40}, START - DAY)
    notes.add("labs", {**PLATELETS, "value": 200}, START - 3 * DAY, supersedes=(last.id,))
    assert finding("labs", evidence=notes.all).code == "lab_out_of_range"


def test_open_question_is_not_superseded_by_an_earlier_answer():
    notes = ready_notes()
    last = notes.add("ride", {"available": True}, START - HOUR / 2)
    notes.add("ride", {"available": True, "adult": True}, START - 2 * HOUR, supersedes=(last.id,))
    assert [reason.code for reason in finding("ride", evidence=notes.all).reasons] == ["adult_unknown"]


def test_no_does_not_supersede_itself():
    notes = ready_notes()
    notes.add("ride", {"available": False}, supersedes=(len(notes.all) + 1,))
    assert finding("ride", evidence=notes.all).code == "no_ride"


# ---- whose it is, and when


def test_infection_check_is_due_when_the_patient_has_arrived():
    arrived = replace(FACTS, arrived_at=START - 2 * HOUR)
    assert finding("infection_check", arrived).due_at == START - 2 * HOUR
    assert finding("infection_check", replace(FACTS, arrived_at=None)).due_at == START


def test_word_awaits_the_role_that_verifies_it_and_a_patients_item_stays_with_the_patient():
    notes = noted("imaging", MRI, START - DAY, Authority.SCHEDULER)
    assert (finding("imaging", evidence=notes).code, finding("imaging", evidence=notes).owner) == (
        "awaiting_verification",
        "clinician",
    )
    notes = noted("fasting", {"intakes": []}, START - HOUR, Authority.PATIENT)
    assert (finding("fasting", evidence=notes).code, finding("fasting", evidence=notes).owner) == (
        "awaiting_verification",
        "patient",
    )


def test_unknown_drug_with_a_dose_is_gone_with_the_list():
    notes = noted("hold:mystery", {"last_dose_at": (START - 23 * HOUR).isoformat()})
    assert judge(FACTS, notes).finding("hold:mystery") is None


def test_fracture_is_not_in_the_future_by_the_sites_calendar():
    """At nine in the evening of the 9th it is the 10th by UTC, and not at the site."""
    evening, dated = at("2027-03-09 21:00"), replace(FACTS, fractured=DateAbout(date(2027, 3, 10), date(2027, 3, 10)))
    assert "window_not_begun" in [r.code for r in finding("candidacy", dated, (), evening, evening).reasons]
    assert "window_not_begun" not in [r.code for r in finding("candidacy", dated, (), at("2027-03-10 00:00")).reasons]
