"""Each row of the clinical tables can be said in a CASE document, and the engine hears it.

Rows are named as in the shipped protocols, `LB02` or `IM20`. Not here are numbers of a protocol (a clinic's own fasting
hours FA10-FA14 and FA17-FA19, validities IM08 and LB17, minutes of the room TM10-TM14) and what happens while the
procedure runs (IM06).
"""

import json
from datetime import date, timedelta
from typing import Any

import jsonschema
import pytest

from checklists.rules.assess import assess, context_of
from checklists.rules.case_document import case_schema, evidence_to_json, facts_to_json, parse_case
from checklists.rules.clock import Clock, Start
from checklists.rules.doses import drug_plans, rows_for
from checklists.rules.kinds.lab_contexts import applicable
from checklists.rules.kinds.recovery import AFTER_CARE_TOPICS, FOLLOW_UP_TOPICS
from checklists.rules.lab_values import UNITS, analyte_name, latest_results
from checklists.rules.values import State
from tests.checklists.rules.cases import FACTS, HOUR, SECOND, START, at
from tests.checklists.rules.notes import CARE, CHECK, CONSENT, CONSULT, EVALUATION, RECOVERED
from tests.checklists.rules.test_reference import QUESTIONS, REFERENCE
from tests.house.project import ROOT

SAMPLE = ROOT / "docs" / "case-sample.yaml"
VALIDATOR = jsonschema.Draft202012Validator(case_schema())
SEEN = START - HOUR
TAKEN = (START - 40 * timedelta(days=1)).isoformat()


def entry(item: str, value: dict[str, Any], seen: Any = SEEN) -> dict[str, Any]:
    return {"item": item, "observed_at": seen.isoformat(), "authority": "clinician", "value": value}


def read(evidence: list[dict[str, Any]], **facts: Any) -> Any:
    """The case as the document says it; the published schema must agree that it may be said."""
    document = {"facts": {**facts_to_json(FACTS), **facts}, "evidence": evidence}
    assert list(VALIDATOR.iter_errors(document)) == []
    return parse_case(json.dumps(document))


def context(evidence: list[dict[str, Any]], **facts: Any) -> Any:
    told, entries = read(evidence, **facts)
    return context_of(REFERENCE, told, entries, Start(START, Clock(START - SECOND)))


def codes(evidence: list[dict[str, Any]], item: str, **facts: Any) -> set[str]:
    """What the finding of an item says of the case."""
    told, entries = read(evidence, **facts)
    found = assess(REFERENCE, told, entries, START, START - SECOND).finding(item)
    return {found.code, *(reason.code for reason in found.reasons)}


# --- laboratory: analyte, context, unit, validity, drawn after the last dose

OF_CONTEXT: dict[str, dict[str, Any]] = {
    "general": {},
    "vka_held": {"medications": [{"name": "warfarin"}]},
    "chronic_liver_disease": {"conditions": ["chronic_liver_disease"]},
    "renal_function": {"medications": [{"name": "apixaban"}]},
    "parenteral_anticoagulant": {"medications": [{"name": "heparin", "dose_tier": "IV infusion"}]},
    "heparin": {"medications": [{"name": "heparin", "dose_tier": "SC prophylaxis"}]},
    "chemotherapy": {"conditions": ["chemotherapy"]},
    "doac_level": {"conditions": ["doac_level"]},
    "suspected_infection": {"conditions": ["suspected_infection"]},
    "diabetes_or_steroid": {"cause": "steroid"},
    "diabetes": {"conditions": ["diabetes"]},
}


# A value that somebody can have, where 60 is none.
MEASURABLE = {
    ("INR", ""): 1.1, ("creatinine", "mg/dL"): 1, ("CRP", ""): 1, ("HbA1c", ""): 7, ("fibrinogen", "g/L"): 3,
    ("haemoglobin", ""): 12, ("haemoglobin", "g/L"): 120, ("haemoglobin", "mmol/L"): 8, ("glucose", "mmol/L"): 6,
    ("platelets", "/uL"): 60_000, ("WBC", "/uL"): 6_000,
}  # fmt: skip


@pytest.mark.parametrize("rule", REFERENCE.labs, ids=lambda rule: rule.row)
def test_each_analyte_is_said_in_its_context_and_in_each_of_its_units(rule):
    analyte = analyte_name(rule.analyte)
    for unit in UNITS[analyte]:
        value = MEASURABLE.get((analyte, unit), MEASURABLE.get((analyte, ""), 60))
        case = context([entry("labs", {"analyte": analyte, "value": value, "unit": unit})], **OF_CONTEXT[rule.context])
        assert rule.row in {applied.row for applied in applicable(case)}
        assert [result.evidence.value["unit"] for result in latest_results(case, analyte, rule.unit)] == [unit]


# --- medication holds: drug, dose tier, route, kidney function, interval, last dose

CREATININE = {(50, None): 0.8, (30, None): 0.8, (30, 50): 1.6, (None, 30): 4, (15, 30): 3, (None, 15): 8, (None, 50): 3}
HOLDS = [row for row in REFERENCE.holds if row.action != "no_action"]


@pytest.mark.parametrize("row", HOLDS, ids=lambda row: row.row)
def test_each_hold_is_chosen_by_what_the_document_says_of_the_drug(row):
    told = {"name": row.drug, "dose_tier": row.dose_tier, "route": row.route[0] if row.route else None}
    interval = {"cycle_based": 14}.get(row.action, {"weekly": 7, "daily": 1}.get(row.dose_tier or ""))
    drug = {**told, "interval_days": interval, "indication": "as prescribed"}
    clearance = CREATININE.get((row.crcl_min, row.crcl_max), 0.8)
    evidence = [
        entry("labs", {"analyte": "creatinine", "value": clearance, "unit": "mg/dL"}),
        entry(f"hold:{row.drug}", {"last_dose_at": TAKEN}),
    ]
    case = context(evidence, medications=[drug], born_on="1957-01-01", weight_kg=70)
    if row.action == "continue":
        assert row in REFERENCE.holds
        return
    plans = {plan.drug: plan.match for plan in drug_plans(case)}
    assert rows_for(case, plans[row.drug]).plans_by.row == row.row


@pytest.mark.parametrize(
    "value",
    [{"last_dose_at": TAKEN}, {"last_dose_on": "2027-02-01"}, {"took_it": True, "last_dose_at": TAKEN},
     {"not_taking": True}, {"answer": "not_sure"}],
)  # fmt: skip
def test_each_way_of_telling_a_last_dose_is_read(value):
    assert read([entry("hold:warfarin", value)], medications=[{"name": "warfarin"}])[1][0].value == value


# --- infection: each question, measurement, inspection, and its age

MEASURED = {"IN01": (38.0, "C", "fever"), "IN02": (99.6, "F", "temperature_raised")}


@pytest.mark.parametrize("question", REFERENCE.infection.questions, ids=lambda question: question.row)
def test_each_row_of_the_infection_screen_is_said(question):
    check: dict[str, Any] = {**CHECK, "answers": QUESTIONS}
    expected = None if question.action == "info" else f"yes_{question.key}"
    if question.kind == "measured":
        temperature, unit, expected = MEASURED[question.row]
        check |= {"temperature": temperature, "unit": unit}
    elif question.kind == "inspection":
        check, expected = {**check, "skin": "not_clear"}, "skin_not_clear"
    else:
        check["answers"] = {**QUESTIONS, question.key: "yes"}
    found = codes([entry("infection_check", check)], "infection_check")
    assert found - {"satisfied"} == ({expected} if expected else set())
    if "patient" in question.asked_of:
        asked = codes([entry("infection_prescreen", {"answers": check["answers"]})], "infection_prescreen")
        assert (expected in asked) is (expected is not None)


def test_screen_of_more_than_twelve_hours_ago_is_old():  # IN24
    old = entry("infection_check", {**CHECK, "answers": QUESTIONS}, START - 12 * HOUR - SECOND)
    assert "check_expired" in codes([old], "infection_check")
    assert "check_missing" in codes([], "infection_check")


# --- fasting: each intake, the sip, the plan that needs no fast

INTAKES = {row.intake: row.min_fast for row in REFERENCE.fasting.intakes if "sedation" in row.anesthesia}


@pytest.mark.parametrize("intake", [*INTAKES, "black coffee", "toast and tea", "haggis"])
def test_each_intake_is_said_with_its_time(intake):
    within = entry("fasting", {"intakes": [{"intake": intake, "at": (START - SECOND).isoformat()}]})
    waits = INTAKES.get(intake, HOUR) > timedelta(0)
    assert ("fast_too_short" in codes([within], "fasting")) is waits


def test_sip_and_local_anesthesia_are_said():  # FA15, FA20
    sip = entry("fasting", {"intakes": [{"intake": "sip of water with medicines", "at": SEEN.isoformat()}]})
    assert codes([sip], "fasting") == {"satisfied"}
    assert codes([], "fasting", anesthesia="local") == {"no_fast"}


# --- imaging, candidacy, window: studies, exclusions, anchors

STUDIES: dict[str, tuple[list[dict[str, Any]], set[str]]] = {
    "IM01": ([{"modality": "mri", "fluid_sensitive": True, "oedema_levels": ["T12", "L1"]}], {"satisfied"}),
    "IM01 without STIR": ([{"modality": "mri", "fluid_sensitive": False}], {"mri_not_fluid_sensitive"}),
    "IM01 no oedema": ([{"modality": "mri", "fluid_sensitive": True, "oedema_levels": []}], {"no_oedema"}),
    "IM02": ([{"modality": "ct"}, {"modality": "bone_scan", "uptake_levels": ["T12", "L1"]}], {"satisfied"}),
    "IM02 SPECT": ([{"modality": "ct"}, {"modality": "spect_ct", "uptake_levels": ["T12", "L1"]}], {"satisfied"}),
    "IM02 cold": ([{"modality": "ct"}, {"modality": "bone_scan", "uptake_levels": []}], {"no_uptake"}),
    "IM03": ([{"modality": "ct"}], {"imaging_missing"}),
    "IM04": ([{"modality": "xray"}], {"xray_alone"}),
    "ordered": ([{"modality": "mri", "stage": "ordered"}], {"imaging_missing"}),
    "done": ([{"modality": "mri", "stage": "done"}], {"imaging_missing"}),
}


@pytest.mark.parametrize("row", STUDIES)
def test_each_study_is_said(row):
    studies, expected = STUDIES[row]
    evidence = [entry("imaging", {"stage": "reviewed", "levels": ["T12", "L1"], **study}) for study in studies]
    # IM10: who cannot have an MRI is told apart, so that the other ways need no word about one.
    without_mri = ["mri_contraindicated"] if row.startswith(("IM02", "IM03")) else []
    assert expected <= codes(evidence, "imaging", conditions=without_mri)


ABOUT = {"earliest": "2027-02-01", "latest": "2027-02-10"}
CANDIDATE = {"indication": "painful fracture", "exclusions": [], "pain_matches_imaging": True, "can_lie_prone": True}
PAIN = {"score": 6, "in_hospital": False, "despite_care": True, "worsening": True, "signs": ["height_loss"]}
EXCLUSIONS = {
    "IM20": ["active_infection", "osteomyelitis", "discitis"],
    "IM21": ["pregnancy"],
    "IM22": ["pain_not_from_fracture", "healed_fracture"],
    "IM23": ["uncorrectable_coagulopathy"],
    "IM24": ["cement_allergy"],
    "IM25": ["prophylactic"],
    "IM31": ["instability", "posterior_wall_breach", "retropulsion", "canal_compromise"],
    "IM32": ["neurological_deficit", "cord_compression"],
    "IM33": ["uncorrected_coagulopathy"],
    "IM34": ["cement_allergy", "opacifier_allergy"],
    "IM35": ["vertebra_plana"],
    "IM37": ["cardiopulmonary_limit"],
}


@pytest.mark.parametrize("row", EXCLUSIONS)
def test_each_exclusion_is_said(row):
    named = EXCLUSIONS[row]
    found = codes([entry("candidacy", {**CANDIDATE, "exclusions": named})], "candidacy")
    assert {f"excluded_{code}" for code in named} <= found


@pytest.mark.parametrize(
    ("row", "value", "facts", "code"),
    [
        ("IM11", {"pain_matches_imaging": False}, {}, "pain_elsewhere"),
        ("IM30", {}, {"levels": ["T10", "T11", "T12", "L1"]}, "too_many_levels"),
        ("IM36", {}, {"levels": ["C7"]}, "level_outside"),
        ("IM37", {"can_lie_prone": False}, {}, "cannot_lie_prone"),
        ("IM41", {"pain": PAIN}, {}, "satisfied"),
        ("IM42", {}, {"cause": "malignancy", "fractured": "2026-10-01"}, "satisfied"),
        ("TM01", {}, {"fractured": "2026-12-01"}, "window_past"),
        ("TM05", {}, {"fractured": None, "onset": "2026-12-01"}, "window_past"),
        ("an approximate date", {}, {"fractured": ABOUT}, "window_approximate"),
        ("nobody asked for the medicines", {}, {"medications_known": False}, "medications_unknown"),
    ],
)  # fmt: skip
def test_each_fact_of_candidacy_and_window_is_said(row, value, facts, code):
    assert code in codes([entry("candidacy", {**CANDIDATE, **value})], "candidacy", **facts)


def test_day_of_the_diagnosis_is_said():  # TM02: the anchor of a clinic that counts from it
    assert read([], diagnosed="2027-02-12")[0].diagnosed.earliest == date(2027, 2, 12)


# --- the other items: each fact that a row of the items' table names

ASKED = {"prescriber": "Dr. Ready", "how": "letter"}
AUTHORISED = {
    "payer": "P",
    "number": "1",
    "levels": ["T12", "L1"],
    "valid_from": "2027-03-01",
    "valid_until": "2027-04-01",
}
NO_ALLERGY = dict.fromkeys(("cement", "contrast", "anesthetic", "antibiotic"), "none")
VALUES: dict[str, list[dict[str, Any]]] = {
    "consult": [CONSULT, {"outcome": "not_candidate"}],
    "conservative_care": [
        {"measures": [{"measure": name, "from": "2027-02-01", "until": "2027-02-20"}], "outcome": outcome}
        for name in ("medication", "physical_therapy", "bracing", "rest")
        for outcome in ("not_enough", "helped", "ongoing")
    ],
    "diagnostic_injection": [{"result": "confirmed", "levels": ["L1"]}, {"result": "not_confirmed", "levels": ["L1"]},
                             {"stage": "ordered"}],
    "authorisation": [AUTHORISED, {"not_needed": True, "payer": "P"}, {"refused": True, "payer": "P", "reason": "r"},
                      {"answer": "asked", "payer": "P"}],
    "labs": [{"stage": "ordered"}, {"stage": "looked_at"}],
    "prescriber_clearance:warfarin": [{"answer": "asked", **ASKED}, {"answer": "refused", **ASKED},
                                      {"answer": "agreed", **ASKED, "last_dose_on": "2027-03-01"}],
    "ride": [{"available": True, "adult": True, "transport": "car", "seen": True}, {"available": False},
             {"available": True, "transport": "taxi"}, {"available": True, "transport": "ride_share", "adult": False},
             {"available": True, "exempt": True}],
    "infection_check": [{**CHECK, "outcome": "clear"}, {**CHECK, "outcome": "infection"},
                        {**CHECK, "outcome": "assessed_not_infection", "reason": "r"}],
    "pregnancy": [{"result": result, "reason": "r"}
                  for result in ("negative", "positive", "indeterminate", "declined", "not_possible")],
    "allergies": [NO_ALLERGY, {**NO_ALLERGY, "antibiotic": "known", "substances": ["cefazolin"]},
                  {**NO_ALLERGY, "cement": "unknown"}],
    "anesthesia_evaluation": [EVALUATION, {"outcome": "not_fit", "anesthesia": "general", "asa_class": 3, "note": "n"}],
    "antibiotic_plan": [{"plan": "none"}, {"plan": "antibiotic", "before_iv": "cefazolin 2 g"},
                        {"plan": "antibiotic", "after_prescription": "cephalexin"}],
    "consent": [CONSENT, {"refused": True, "reason": "r"}],
    "recovery_observation": [{**RECOVERED, "flat_minutes": 60},
                             {**RECOVERED, "vital_signs": "unstable", "reactions": "seen", "pain": 8}],
    "responsible_adult": [{"present": True}, {"present": False}],
    "restart_decision:warfarin": [{"decision": "restart", "restart_on": "2027-03-11"}, {"decision": "do_not_restart"},
                                  {"decision": "prescriber_decides"}],
    "after_care": [{"explained": list(AFTER_CARE_TOPICS)}],
    "follow_up": [{"arranged": list(FOLLOW_UP_TOPICS), "visit_on": "2027-03-24"}],
    "candidacy": [CANDIDATE], "imaging": [{"modality": "mri", "stage": "done", "levels": ["L1"]}],
    "hold:warfarin": [{"not_taking": True}], "fasting": [{"intakes": []}], "infection_prescreen": [{"answers": {}}],
}  # fmt: skip


@pytest.mark.parametrize("item", VALUES)
def test_each_value_of_an_item_is_said(item):
    evidence = [entry(item, value) for value in [*VALUES[item], {"answer": "not_sure"}]]
    _, entries = read(evidence, medications=[{"name": "warfarin"}])
    assert [one.value for one in entries] == [one["value"] for one in evidence]


def test_every_kind_of_item_and_every_context_has_its_rows_here():
    assert {rule.kind for rule in REFERENCE.items} <= {item.partition(":")[0] for item in VALUES}
    assert {rule.context for rule in REFERENCE.labs} == set(OF_CONTEXT)
    assert CARE["outcome"] in {value["outcome"] for value in VALUES["conservative_care"]}


def test_sample_document_is_a_case_that_waits_for_what_it_leaves_out():
    facts, entries = parse_case(SAMPLE.read_text(), "case-sample.yaml")
    document = {"facts": facts_to_json(facts), "evidence": [evidence_to_json(one) for one in entries]}
    assert list(VALIDATOR.iter_errors(document)) == []
    verdict = assess(REFERENCE, facts, entries, at("2027-03-03 10:00"), at("2027-02-25 09:00"))
    assert verdict.state is State.PENDING
    states = {finding.item: finding.status.value for finding in verdict.findings if finding.needed_by != "discharge"}
    assert {item for item, status in states.items() if status == "satisfied"} == {
        "consult", "candidacy", "imaging", "labs", "prescriber_clearance:apixaban", "allergies", "ride",
    }  # fmt: skip
    assert states["hold:apixaban"] == "pending"
