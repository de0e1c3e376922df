"""Whose look verifies which word, and what a signature or an override rests on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.gate import decide
from checklists.rules.values import Authority, Gate, Override, Review
from tests.checklists.rules.cases import FACTS, HOUR, START, finding, judge, outcome, taking
from tests.checklists.rules.notes import MRI, Notes, ready_notes

OK = ("satisfied", "satisfied")
WAITS = ("pending", "awaiting_verification")
DAY = timedelta(days=1)


def lab(analyte, value, unit):
    return {"analyte": analyte, "value": value, "unit": unit}


def without_labs(*analytes):
    notes = ready_notes()
    notes.all = [entry for entry in notes.all if entry.value.get("analyte") not in analytes]
    return notes


# ---- verification


def test_clinician_who_saw_the_xray_has_not_verified_the_mri():
    notes = Notes()
    notes.add("imaging", {**MRI, "stage": "result"}, START - 9 * DAY, Authority.SCHEDULER)
    notes.add("imaging", {**MRI, "modality": "xray"}, START - 8 * DAY)
    assert outcome("imaging", evidence=notes.all) == WAITS


def test_nurse_who_drew_one_analyte_has_not_verified_another():
    notes = without_labs("platelets")
    notes.add("labs", lab("platelets", 200, "10^9/L"), START - 5 * DAY, Authority.SCHEDULER)
    notes.add("labs", lab("INR", 1.0, "ratio"), START - 4 * DAY, Authority.NURSE)
    assert outcome("labs", evidence=notes.all) == WAITS
    notes.add("labs", {"stage": "looked_at"}, START - 3 * DAY, Authority.NURSE)
    assert outcome("labs", evidence=notes.all) == OK


def test_look_recorded_before_the_word_has_not_verified_it():
    notes = without_labs("platelets")
    notes.add("labs", {"stage": "looked_at"}, START - 3 * DAY, Authority.NURSE)
    notes.add("labs", lab("platelets", 200, "10^9/L"), START - 5 * DAY, Authority.SCHEDULER)
    assert outcome("labs", evidence=notes.all) == WAITS


@pytest.mark.parametrize(
    ("start", "expected"),
    [(START, OK), (START + 14 * HOUR - timedelta(microseconds=1), OK), (START + 14 * HOUR, WAITS)],
)
def test_escort_is_verified_on_the_day_of_the_start_or_after_arrival(start, expected):
    notes = Notes()
    notes.add("ride", {"available": True, "adult": True}, START - HOUR, Authority.NURSE)
    facts = replace(FACTS, arrived_at=start - HOUR / 2)
    assert outcome("ride", facts, notes.all, start, start - HOUR / 4) == expected
    early = replace(FACTS, arrived_at=START - HOUR)
    assert outcome("ride", early, notes.all, start, start - HOUR / 4) == OK


def test_not_sure_about_a_fast_that_is_not_needed_is_no_matter():
    notes = ready_notes()
    notes.add("fasting", {"answer": "not_sure"}, START - HOUR / 2, Authority.PATIENT)
    assert outcome("fasting", replace(FACTS, anesthesia="local"), notes.all) == ("not_applicable", "no_fast")


# ---- what signatures and overrides rest on


def carried(override_of, facts, evidence, start=START):
    found = finding(override_of, *facts[:1], evidence[0])
    override = Override(override_of, found.inputs, "staff:1", "staff:2")
    verdict = judge(*facts[1:], evidence[1], start, start)
    return override_of in decide(verdict, Gate.START, [override], True, start).overridden


def test_override_of_one_missing_analyte_does_not_carry_another():
    evidence = without_labs("platelets").all
    diabetic = replace(FACTS, conditions=frozenset({"glucose_on_arrival"}))
    assert carried("labs", (FACTS, FACTS), (evidence, evidence))
    assert not carried("labs", (FACTS, diabetic), (evidence, evidence))


def test_override_of_a_missing_analyte_does_not_carry_one_that_expires_later():
    evidence = without_labs("platelets").all
    assert not carried("labs", (FACTS, FACTS), (evidence, evidence), START + 40 * DAY)


def test_signature_on_one_analyte_is_not_for_another_that_becomes_borderline():
    notes = without_labs("platelets", "INR")
    notes.add("labs", lab("platelets", 80, "10^9/L"), START - DAY)
    notes.add("labs", lab("INR", 1.4, "ratio"), START - DAY)
    found = finding("labs", FACTS, notes.all)
    assert found.status == "review"
    signed = [Review("labs", found.inputs, START, START, "clinician:7")]
    assert outcome("labs", FACTS, notes.all, reviews=signed) == ("satisfied", "signed")
    # Warfarin asks for an INR of 1.2: the same INR is borderline now, by another row.
    notes.add("hold:warfarin", {"last_dose_at": (START - 150 * HOUR).isoformat()})
    assert outcome("labs", taking("warfarin"), notes.all, reviews=signed) == ("review", "lab_borderline")


def test_override_of_a_rule_that_raised_ends_with_the_next_evidence():
    broken = ready_notes()
    broken.add("ride", {"nonsense": 1})
    later = ready_notes()
    later.add("ride", {"nonsense": 1})
    later.add("ride", {"available": False})
    assert finding("ride", evidence=later.all).code == "rule_error"
    assert carried("ride", (FACTS, FACTS), (broken.all, broken.all))
    assert not carried("ride", (FACTS, FACTS), (broken.all, later.all))
    assert not carried("ride", (FACTS, replace(FACTS, number=2)), (broken.all, broken.all))
