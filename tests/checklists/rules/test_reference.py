"""The shipped reference protocol under the engine."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.kinds import KINDS
from checklists.rules.lab_values import UNITS, analyte_name
from checklists.rules.values import Authority, Medication, State
from tests.checklists.rules.cases import FACTS, HOUR, SECOND, START, judge, outcome, taking
from tests.checklists.rules.notes import CHECK, ready_notes

REFERENCE = load("reference-asra", signed=True)
QUESTIONS = {q.key: "no" for q in REFERENCE.infection.questions if q.kind in ("question", "record")}
OK = ("satisfied", "satisfied")


def reference_notes():
    notes = ready_notes()
    notes.add("labs", {"analyte": "haemoglobin", "value": 12.0, "unit": "g/dL"}, START - timedelta(days=5))
    asked = {"answers": QUESTIONS}
    notes.add("infection_prescreen", asked, START - 19 * HOUR, Authority.PATIENT)
    notes.add("infection_check", {**CHECK, "answers": QUESTIONS}, START - HOUR / 2, Authority.NURSE)
    return notes


def test_every_item_and_analyte_of_the_reference_is_known_to_the_engine():
    assert {rule.kind for rule in REFERENCE.items} <= set(KINDS)
    assert {analyte_name(rule.analyte) for rule in REFERENCE.labs} <= set(UNITS)
    assert {rule.unit for rule in REFERENCE.labs} <= {unit for units in UNITS.values() for unit in units}


def test_plain_case_is_ready():
    verdict = judge(evidence=reference_notes().all, protocol=REFERENCE)
    assert [(f.item, f.code) for f in verdict.findings if not f.passes and f.needed_by != "discharge"] == []
    assert verdict.state is State.READY


def test_common_harmless_drugs_need_nothing():
    facts = taking(
        "Tylenol", "atorvastatin 40 mg", "lisinopril", "levothyroxine", "omeprazole", "gabapentin", "Celebrex"
    )
    assert judge(facts, reference_notes().all, protocol=REFERENCE).state is State.READY


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("Eliquis 5 mg BID", 72),
        ("Xarelto", 72),
        ("Pradaxa", 96),
        ("warfarin", 120),
        ("Plavix 75 mg", 168),
        ("prasugrel", 240),
        ("Brilinta", 120),
        ("Advil", 24),
        ("Aleve", 96),
        ("Jardiance", 72),
        ("cilostazol", 48),
    ],
)
def test_drug_is_clear_at_the_hours_of_the_table_and_blocked_one_second_before(name, hours):
    facts = replace(taking(name), born_on=date(1970, 1, 1), weight_kg=70.0)
    item = next(f.item for f in judge(facts, protocol=REFERENCE).findings if f.kind == "hold")
    for held, expected in ((hours * HOUR, OK), (hours * HOUR - SECOND, ("too_early", "hold_too_short"))):
        notes = reference_notes()
        notes.add("labs", {"analyte": "creatinine", "value": 0.8, "unit": "mg/dL"}, START - timedelta(days=3))
        notes.add(item, {"last_dose_at": (START - held).isoformat()})
        assert outcome(item, facts, notes.all, protocol=REFERENCE) == expected


@pytest.mark.parametrize(
    ("medication", "code"),
    [
        (Medication("sulindac"), "clinician_decision"),
        (Medication("insulin glargine"), "clinician_decision"),
        (Medication("fish oil"), "class_review"),
        (Medication("unheard-of"), "drug_unknown"),
    ],
)
def test_drug_without_a_timed_rule_goes_to_review(medication, code):
    facts = taking(medication)
    verdict = judge(facts, reference_notes().all, protocol=REFERENCE)
    assert [f.code for f in verdict.findings if f.kind == "hold"] == [code]


def test_diabetic_gets_glucose_on_arrival_without_being_overdue_before():
    facts = replace(FACTS, conditions=frozenset({"diabetes"}))
    notes = reference_notes()
    notes.add("labs", {"analyte": "creatinine", "value": 0.8, "unit": "mg/dL"}, START - timedelta(days=3))
    assert outcome("labs", facts, notes.all, protocol=REFERENCE) == ("pending", "lab_missing")
    notes.add("labs", {"analyte": "glucose", "value": 120, "unit": "mg/dL"}, START - HOUR)
    assert outcome("labs", facts, notes.all, protocol=REFERENCE) == OK
