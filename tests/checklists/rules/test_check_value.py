# ruff: noqa: E501  (tables of whole sentences)
"""What the API refuses before it writes, with the field and the remedy."""

import math
from datetime import datetime

import jsonschema
import pytest

from checklists.rules.kinds import KINDS, check_value, value_schema
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
)

TIME = "2027-03-01T08:00:00-05:00"
LAB = {"analyte": "INR", "value": 1.0, "unit": "ratio"}
CLEARANCE = {"answer": "agreed", "prescriber": "Dr. Weber", "how": "fax", "last_dose_on": "2027-03-01"}
CONTACT = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
GOOD = [
    ("consult", CONSULT),
    ("consult", {"outcome": "not_candidate"}),
    ("candidacy", CANDIDACY),
    ("imaging", MRI),
    ("imaging", {"modality": "biopsy", "stage": "result", "levels": ["T12"], "shows": "infection"}),
    ("labs", LAB),
    ("labs", {"stage": "ordered"}),
    ("labs", {"stage": "looked_at"}),
    ("hold:apixaban", {"last_dose_at": TIME}),
    ("hold:apixaban", {"last_dose_on": "2027-03-01"}),
    ("hold:apixaban", {"took_it": True, "last_dose_at": TIME}),
    ("hold:apixaban", {"not_taking": True}),
    ("prescriber_clearance:apixaban", CLEARANCE),
    ("fasting", {"intakes": [{"intake": "clear liquids", "at": TIME}]}),
    ("fasting", {"intakes": []}),
    ("ride", {"available": True, "adult": True, "transport": "car", "seen": True, "contact": CONTACT}),
    ("infection_prescreen", {"answers": NO_ANSWERS}),
    ("infection_check", {**CHECK, "reason": "pollen"}),
    ("infection_check", {**CHECK, "temperature": 30}),
    ("infection_check", {**CHECK, "temperature": 45}),
    ("hold:apixaban", {"decision": "stop", "decided_by": "Dr. Weber", "hours": 24}),
    ("hold:apixaban", {"decision": "continue", "decided_by": "Dr. Weber"}),
    ("allergies", ALLERGIES),
    ("allergies", {**ALLERGIES, "antibiotic": "known", "substances": ["penicillin"]}),
    ("pregnancy", {"result": "negative"}),
    ("pregnancy", {"result": "not_possible", "reason": "hysterectomy"}),
    ("anesthesia_evaluation", EVALUATION),
    ("anesthesia_evaluation", {**EVALUATION, "asa_class": 3, "note": "careful airway"}),
    ("antibiotic_plan", {"plan": "none"}),
    ("antibiotic_plan", PLAN),
    ("consent", CONSENT),
    ("consent", {"refused": True, "reason": "wants to wait"}),
    ("authorisation", AUTHORISED),
    ("authorisation", {**AUTHORISED, "valid_from": "2027-03-10", "valid_until": "2027-03-10"}),
    ("authorisation", {"not_needed": True, "payer": "Medicare"}),
    ("authorisation", {"refused": True, "payer": "Payer", "reason": "no acute fracture"}),
    ("authorisation", {"answer": "asked", "payer": "Payer"}),
    ("conservative_care", CARE),
    ("conservative_care", {**CARE, "measures": [{"measure": "rest", "from": "2027-02-11", "until": "2027-02-11"}]}),
    ("diagnostic_injection", {"result": "confirmed", "levels": ["T12", "L1"]}),
    ("diagnostic_injection", {"stage": "ordered"}),
    ("restart_decision:apixaban", {"decision": "restart", "restart_on": "2027-03-12"}),
    ("responsible_adult", {"present": True}),
    ("recovery_observation", RECOVERED),
    ("recovery_observation", {**RECOVERED, "flat_minutes": 60}),
    ("after_care", {"explained": ["driving", "red_flags"]}),
    ("follow_up", {"arranged": ["visit", "call_24h"], "visit_on": "2027-03-22"}),
]


def test_every_kind_has_an_example():
    assert {item.partition(":")[0] for item, _ in GOOD} == set(KINDS)


@pytest.mark.parametrize(("item", "value"), [*GOOD, *((kind, {"answer": "not_sure"}) for kind in KINDS)])
def test_good_value_has_no_problem_and_fits_its_schema(item, value):
    assert check_value(item, value) == []
    jsonschema.validate(value, value_schema(item.partition(":")[0]))


@pytest.mark.parametrize(
    ("item", "value", "field", "sentence"),
    [
        ("ride", {"available": "yes"}, "available", "'yes' is not true or false. Write true or false."),
        ("ride", {"available": True, "hat": 1}, "hat", "is not known here. Use available, adult, transport, exempt, seen, contact."),
        ("ride", {}, "available", "is missing. Add 'available' to the value."),
        ("ride", [], "value", "[] is not an object. Send an object such as {...}."),
        ("ride", {"available": True, "contact": "7"}, "contact", "'7' is not the id of a contact. Send the id that the contact list gives."),
        ("consult", {"outcome": "maybe"}, "outcome", "'maybe': use one of procedure, not_candidate."),
        ("consult", {"outcome": ["procedure"]}, "outcome", "['procedure']: use one of procedure, not_candidate."),
        ("hold:x", {"last_dose_at": "2027-03-01T08:00:00"}, "last_dose_at", "'2027-03-01T08:00:00' has no offset from UTC. Write date, time and offset, such as 2027-03-01T08:00:00-05:00."),
        ("hold:x", {"last_dose_at": "1927-03-01T08:00:00Z"}, "last_dose_at", "'1927-03-01T08:00:00Z' is not in the years 2000 to 2100. Correct the year."),
        ("hold:x", {"last_dose_on": "2027-02-30"}, "last_dose_on", "'2027-02-30' is not a date. Write the date as 2027-03-01."),
        ("hold:x", {"not_taking": False}, "not_taking", "False: write true or leave it out."),
        ("labs", {**LAB, "value": math.nan}, "value", "nan is not a number. Write a number from 0 to 10,000,000."),
        ("labs", {**LAB, "value": math.inf}, "value", "inf is not a number. Write a number from 0 to 10,000,000."),
        ("labs", {**LAB, "value": 10**400}, "value", f"1{'0' * 56}... is out of reach. Write 0 to 10,000,000."),
        ("labs", {**LAB, "value": True}, "value", "True is not a number. Write a number from 0 to 10,000,000."),
        ("labs", {**LAB, "unit": "mg/dL"}, "unit", "'mg/dL' is not a unit of INR. Use ratio."),
        ("infection_check", {**CHECK, "temperature": 98.6}, "temperature", "98.6 C is not a body temperature. Check the number and its unit."),
        ("infection_check", {**CHECK, "temperature": 29.9}, "temperature", "29.9 C is not a body temperature. Check the number and its unit."),
        ("infection_check", {**CHECK, "temperature": 45.1}, "temperature", "45.1 C is not a body temperature. Check the number and its unit."),
        ("infection_check", {**CHECK, "outcome": "assessed_not_infection"}, "reason", "is missing. Say why these signs are no infection."),
        ("infection_check", {**CHECK, "over_on": "2027-03-17"}, "over_on", "belongs to an infection that was found. Leave it out."),
        ("hold:x", {"decision": "stop", "decided_by": "Dr. Weber"}, "hours", "is missing. Give the hours since the last dose that were decided."),
        ("hold:x", {"decision": "continue", "decided_by": "Dr. Weber", "hours": 24}, "hours", "belongs to the decision to stop. Leave it out."),
        ("infection_prescreen", {"answers": {"cough_or_cold": True}}, "answers", "cough_or_cold: True: use one of yes, no, not_sure."),
        ("imaging", {**MRI, "shows": "infection"}, "shows", "is told of a biopsy only. An infection that another study shows is an exclusion of the candidacy: record it there."),
        ("fasting", {"intakes": [{"intake": "toast"}]}, "intakes", "entry 1: at: is missing. Add 'at' to the value."),
        ("consent", {**CONSENT, "levels": []}, "levels", "has 0 entries. Give 1 to 50."),
        ("consent", {"signed": True, "procedure": "kyphoplasty"}, "levels", "is missing. Add 'levels' to the value."),
        ("antibiotic_plan", {"plan": "antibiotic"}, "plan", "an antibiotic is planned but not named. Add before_iv or after_prescription."),
        ("antibiotic_plan", {"plan": "none", "before_iv": "cefazolin"}, "plan", "none is planned, yet before_iv names one. Take it out, or correct the plan."),
        ("allergies", {**ALLERGIES, "cement": "maybe"}, "cement", "'maybe': use one of none, known, unknown."),
        ("recovery_observation", {**RECOVERED, "pain": 11}, "pain", "11 is out of reach. Write 0 to 10."),
        ("recovery_observation", {**RECOVERED, "observed_minutes": -(10**400)}, "observed_minutes", f"-1{'0' * 55}... is out of reach. Write 0 to 2,880."),
        ("recovery_observation", {**RECOVERED, "observed_minutes": 60.0}, "observed_minutes", "60.0 is not a whole number. Write a number without a point."),
        ("after_care", {"explained": ["yoga"]}, "explained", "entry 1: 'yoga': use one of driving, lifting, alcohol, ice, brace, work, red_flags."),
        ("authorisation", {**AUTHORISED, "valid_until": "2027-01-31"}, "valid_until", "2027-01-31 is before valid_from. Exchange the two."),
        ("conservative_care", {**CARE, "measures": [{"measure": "rest", "from": "2027-02-11", "until": "2027-02-10"}]}, "measures", "rest ends on 2027-02-10, before it begins. Exchange the dates."),
        ("prescriber_clearance:x", {**CLEARANCE, "prescriber": "a\x00b"}, "prescriber", "has control characters. Type it again without them."),
        ("prescriber_clearance:x", {**CLEARANCE, "prescriber": "half \ud83d"}, "prescriber", "has control characters. Type it again without them."),
    ],
)  # fmt: skip
def test_bad_value_names_the_field_and_the_remedy(item, value, field, sentence):
    assert [(p.field, p.sentence) for p in check_value(item, value)] == [(field, sentence)]


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("imaging", {**MRI, "levels": ["L9"]}),
        ("labs", {**LAB, "analyte": "luck"}),
        ("candidacy", {**CANDIDACY, "exclusions": ["bad mood"]}),
        ("horoscope", {}),
        ("ride", {"available": None}),
        ("fasting", {"intakes": "none"}),
        ("fasting", {"intakes": [1]}),
        ("infection_prescreen", {"answers": ["no"]}),
    ],
)
def test_unknown_words_and_types_are_refused(item, value):
    assert len(check_value(item, value)) == 1


def test_value_of_no_kind_names_the_kinds():
    (problem,) = check_value("horoscope", {})
    assert (problem.field, problem.sentence) == (
        "item",
        f"'horoscope' is not a kind of item. Use one of {', '.join(KINDS)}.",
    )


YEAR_AGO = "is about a year ago. Correct the year, or add `confirmed: true` where it was asked again."
AHEAD = "is after the time at which it was said. Correct the day or the time."


def test_item_of_a_drug_without_its_name_is_refused():
    (problem,) = check_value("hold:", {"not_taking": True})
    assert (problem.field, problem.sentence) == ("item", "'hold:' names no drug. Write its name after the colon.")


@pytest.mark.parametrize(
    ("key", "dose", "complaint"),
    [
        ("last_dose_at", TIME, None),
        ("last_dose_at", "2027-03-01T08:00:01-05:00", AHEAD),
        ("last_dose_at", "2026-04-05T08:00:00-05:00", YEAR_AGO),  # 330 days
        ("last_dose_at", "2026-04-05T08:00:01-05:00", None),
        # A day may be that of any zone: it may have begun 14 hours before it does in UTC, and end 14 hours after.
        ("last_dose_on", "2027-03-02", None),
        ("last_dose_on", "2027-03-03", AHEAD),
        ("last_dose_on", "2026-04-04", YEAR_AGO),
        ("last_dose_on", "2026-04-05", None),
    ],
)
def test_dose_is_held_against_when_it_was_said(key, dose, complaint):
    said_at = datetime.fromisoformat(TIME)
    expected = [(key, f"{dose} {complaint}")] if complaint else []
    assert [(p.field, p.sentence) for p in check_value("hold:x", {key: dose}, said_at)] == expected
    assert check_value("hold:x", {key: dose}) == []
    sure = [(p.field, p.sentence) for p in check_value("hold:x", {key: dose, "confirmed": True}, said_at)]
    assert sure == ([] if complaint == YEAR_AGO else expected)
