"""Slips of number and unit, and the glucose that a list of drugs asks for."""

from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.kinds import check_value
from checklists.rules.lab_values import analyte_name, birthday
from checklists.rules.values import Medication
from tests.checklists.rules.cases import HOUR, START, finding, outcome, taking
from tests.checklists.rules.notes import noted
from tests.checklists.rules.test_reference import reference_notes

REFERENCE = load("reference-asra", signed=True)


@pytest.mark.parametrize(
    ("analyte", "value", "unit"),
    [
        ("platelets", 85_000, "10^9/L"),
        ("platelets", 210, "/uL"),
        ("platelets", 85_000, "K/uL"),
        ("INR", 0, "ratio"),
        ("haemoglobin", 65, "g/dL"),
        ("creatinine", 90, "mg/dL"),
        ("creatinine", 1.1, "umol/L"),
        ("glucose", 6, "mg/dL"),
    ],
)
def test_value_that_nobody_has_in_this_unit_is_refused(analyte, value, unit):
    (problem,) = check_value("labs", {"analyte": analyte, "value": value, "unit": unit})
    sentence = f"value: {analyte} of {value:g} {unit} is not possible. Check the number and its unit."
    assert str(problem) == sentence


@pytest.mark.parametrize(
    ("analyte", "value", "unit"),
    [
        ("platelets", 85_000, "/uL"),
        ("platelets", 250_000, "/uL"),
        ("platelets", 250, "10^3/uL"),
        ("platelets", 250, "K/uL"),
        ("platelets", 1, "10^9/L"),
        ("INR", 9, "ratio"),
        ("haemoglobin", 65, "g/L"),
        ("creatinine", 97.3, "umol/L"),
        ("glucose", 6, "mmol/L"),
        ("anti-Xa", 0, "IU/mL"),
    ],
)
def test_value_that_a_patient_can_have_is_taken(analyte, value, unit):
    assert check_value("labs", {"analyte": analyte, "value": value, "unit": unit}) == []


@pytest.mark.parametrize(
    ("medication", "code"),
    [
        ("Lantus 10 units", "lab_missing"),
        ("metformin HCl 500 mg", "lab_missing"),
        ("prednisone 40 mg", "lab_missing"),
        (Medication("hydrocortisone", route="cream"), "satisfied"),
        ("Jardiance", "satisfied"),
        ("lisinopril", "satisfied"),
    ],
)
def test_drug_for_diabetes_or_a_steroid_asks_for_a_glucose_on_arrival(medication, code):
    notes = reference_notes()
    assert outcome("labs", taking(medication), notes.all, protocol=REFERENCE)[1] == code
    notes.add("labs", {"analyte": "glucose", "value": 120, "unit": "mg/dL"}, START - HOUR)
    assert outcome("labs", taking(medication), notes.all, protocol=REFERENCE)[1] == "satisfied"


@pytest.mark.parametrize(
    ("year", "birthday_on"),
    [(2027, date(2027, 3, 1)), (2028, date(2028, 2, 29)), (2100, date(2100, 3, 1))],
)
def test_who_was_born_on_29_february_grows_older_on_1_march_of_a_common_year(year, birthday_on):
    assert birthday(date(1956, 2, 29), year) == birthday_on


@pytest.mark.parametrize(
    ("written", "name"),
    [(" hgb ", "haemoglobin"), ("PLATELETS", "platelets"), ("ferritin ", "ferritin")],
)
def test_analyte_is_known_by_its_spellings_and_kept_where_it_is_not(written, name):
    assert analyte_name(written) == name


def test_result_that_is_too_old_says_which_and_what_to_do():
    old = noted("labs", {"analyte": "platelets", "value": 200, "unit": "10^9/L"}, START - timedelta(days=31))
    sentences = {reason.code: reason.sentence for reason in finding("labs", evidence=old).reasons}
    assert sentences["lab_expired"] == "The platelets is too old for this start: draw it again."
