"""Slips of number and unit, and the glucose that a list of drugs asks for."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.kinds import check_value
from checklists.rules.lab_values import analyte_name, birthday
from checklists.rules.values import Medication
from tests.checklists.rules.cases import FACTS, HOUR, PROTOCOL, START, finding, outcome, taking
from tests.checklists.rules.notes import Notes, noted
from tests.checklists.rules.test_reference import reference_notes

REFERENCE = load("reference-asra", signed=True)
DAY = timedelta(days=1)


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


# ---- where one of several tests is enough


def measured(drug, analyte=None, value=0.05, unit="IU/mL", *, ordered=True, drawn=2):
    """Which results are still owed two hours after one, the drug having been stopped long before."""
    named = drug if isinstance(drug, Medication) else Medication(drug)
    facts = replace(taking(named), conditions=frozenset({"doac_level"} if ordered else ()))
    notes = reference_notes()
    notes.add("labs", {"analyte": "creatinine", "value": 0.8, "unit": "mg/dL"}, START - 5 * DAY)
    held = "dabigatran etexilate" if named.name == "dabigatran" else named.name
    notes.add(f"hold:{held}", {"last_dose_at": (START - 9 * DAY).isoformat()})
    if analyte:
        notes.add("labs", {"analyte": analyte, "value": value, "unit": unit}, START - drawn * HOUR)
    reasons = finding("labs", facts, notes.all, protocol=REFERENCE).reasons
    return [reason.sentence for reason in reasons if reason.code == "lab_missing"]


def missing(*groups):
    """One sentence for each group of analytes."""
    return [f"No result of {group} is recorded. Draw it and record it." for group in groups]


LEVELS = "dabigatran level or apixaban level or rivaroxaban level or edoxaban level or anti-Xa"


@pytest.mark.parametrize(
    ("drug", "analyte", "left"),
    [
        ("apixaban", None, (LEVELS,)),
        ("apixaban", "apixaban level", ()),
        ("apixaban", "anti-Xa", ()),
        ("apixaban", "dabigatran level", ("apixaban level or anti-Xa",)),  # shows nothing of apixaban
        ("dabigatran", "dabigatran level", ()),
        ("dabigatran", "anti-Xa", ("dabigatran level",)),  # shows nothing of dabigatran
        ("dabigatran", "apixaban level", ("dabigatran level",)),
    ],
)
def test_level_that_was_ordered_is_answered_by_any_test_that_shows_the_patients_drug(drug, analyte, left):
    unit = "IU/mL" if analyte == "anti-Xa" else "ng/mL"
    assert measured(drug, analyte, 0.05, unit) == missing(*left)
    assert measured(drug, ordered=False) == []


INFUSED = Medication("heparin", "IV infusion")


@pytest.mark.parametrize(
    ("drug", "analyte", "left"),
    [
        (INFUSED, None, ("aPTT or anti-Xa",)),
        (INFUSED, "aPTT", ()),
        (INFUSED, "anti-Xa", ()),
        (Medication("heparin", "SC prophylaxis"), None, ()),
        (Medication("argatroban"), None, ("aPTT or anti-Xa",)),
        (Medication("bivalirudin"), "aPTT", ()),
        (Medication("bivalirudin"), "anti-Xa", ("aPTT",)),  # shows nothing of a thrombin inhibitor
        (Medication("cangrelor"), None, ()),
        (Medication("dabigatran"), None, ()),
    ],
)
def test_infusion_that_thins_the_blood_asks_for_aptt_or_anti_xa(drug, analyte, left):
    unit = "s" if analyte == "aPTT" else "IU/mL"
    assert measured(drug, analyte, 30, unit, ordered=False) == missing(*left)


# ---- which rows hold for a case


def asked(facts, protocol=REFERENCE, notes=None):
    now = START - 3 * DAY
    drawn = [replace(entry, observed_at=min(entry.observed_at, now)) for entry in (notes or reference_notes()).all]
    found = finding("labs", facts, drawn, now=now, protocol=protocol)
    return [reason.sentence for reason in found.reasons]


@pytest.mark.parametrize(
    ("change", "analytes"),
    [
        ({}, ()),
        ({"conditions": frozenset({"diabetes"})}, ("creatinine", "glucose")),
        ({"conditions": frozenset({"steroid"})}, ("glucose",)),
        ({"cause": "steroid"}, ("glucose",)),
        ({"born_on": date(1962, 3, 11)}, ()),  # sixty-five on the day after the start
        ({"born_on": date(1962, 3, 10)}, ("creatinine",)),
        ({"born_on": None}, ("creatinine",)),
        ({"medications": (Medication("ibuprofen"),)}, ()),
        ({"medications": (Medication("dabigatran"),)}, ("creatinine",)),
    ],
)
def test_patient_and_drugs_say_which_results_are_owed(change, analytes):
    assert asked(replace(FACTS, **change)) == missing(*analytes)


@pytest.mark.parametrize(
    ("change", "days"),
    [
        ({}, 30),
        ({"medications": (Medication("heparin", dose_tier="sc prophylaxis"),)}, 7),
        ({"medications": (Medication("enoxaparin", dose_tier="prophylactic"),)}, 30),
        ({"conditions": frozenset({"chemotherapy"})}, 7),
        ({"conditions": frozenset({"chemotherapy", "chronic_liver_disease"})}, 7),
    ],
)
def test_platelets_are_counted_within_a_week_where_they_fall_fast(change, days):
    def told(count, ago):
        notes = Notes()
        notes.all = [entry for entry in reference_notes().all if entry.value.get("analyte") != "platelets"]
        notes.add("labs", {"analyte": "platelets", "value": count, "unit": "10^9/L"}, START - ago * DAY)
        facts = replace(FACTS, **change)
        found = finding("labs", facts, notes.all, now=START - 3 * DAY, protocol=REFERENCE).reasons
        return [reason.code for reason in found if "platelets" in reason.sentence]

    assert [told(200, ago) for ago in (days, days + 1)] == [[], ["lab_expired"]]
    assert told(20, 3) == ["lab_out_of_range"]


def test_heparin_that_is_not_taken_leaves_the_platelets_their_time():
    notes = Notes()
    notes.all = [entry for entry in reference_notes().all if entry.value.get("analyte") != "platelets"]
    notes.add("labs", {"analyte": "platelets", "value": 200, "unit": "10^9/L"}, START - 20 * DAY)
    facts = taking(Medication("heparin", dose_tier="sc prophylaxis"))
    told = []
    for taken in ({"last_dose_at": (START - 3 * DAY).isoformat()}, {"not_taking": True}):
        notes.add("hold:heparin", taken, START - 2 * HOUR)
        found = finding("labs", facts, notes.all, protocol=REFERENCE).reasons
        told.append([reason.code for reason in found if "platelets" in reason.sentence])
        notes.all.pop()
    assert told == [["lab_expired"], []]


def test_row_that_only_informs_is_not_asked_for():
    labs = tuple(replace(rule, required="info") if rule.analyte == "haemoglobin" else rule for rule in REFERENCE.labs)
    without = Notes()
    without.all = [entry for entry in reference_notes().all if entry.value.get("analyte") != "haemoglobin"]
    assert asked(FACTS, notes=without) == missing("haemoglobin")
    assert asked(FACTS, replace(REFERENCE, labs=labs), without) == []


def test_inr_of_warfarin_is_that_of_everybody_once_it_is_not_taken():
    def inr(value, *doses):
        notes = Notes()
        for drawn, result in (("INR", (value, "ratio")), ("platelets", (200, "10^9/L"))):
            notes.add("labs", {"analyte": drawn, "value": result[0], "unit": result[1]}, START - HOUR)
        for dose in doses:
            notes.add("hold:warfarin", dose, START - HOUR)
        return notes

    by_default = replace(PROTOCOL, labs=tuple(replace(rule, after_last_dose_of=None) for rule in PROTOCOL.labs))
    stopped = {"last_dose_at": (START - 6 * DAY).isoformat()}
    for protocol in (PROTOCOL, by_default):
        assert outcome("labs", taking("warfarin"), inr(1.3, stopped).all, protocol=protocol)[1] == "lab_borderline"
        gone = inr(1.3, {"not_taking": True}).all
        assert outcome("labs", taking("warfarin"), gone, protocol=protocol) == ("satisfied", "satisfied")


@pytest.mark.parametrize(("days", "status"), [(1, "pending"), (2, "overdue")])
def test_sample_that_would_be_too_old_may_wait_for_the_start(days, status):
    # Results are due two days before the start; one that counts for two days can still be drawn then.
    labs = tuple(replace(rule, validity_days=days) for rule in PROTOCOL.labs if rule.analyte == "platelets")
    owing = finding("labs", now=START - 2 * DAY, protocol=replace(PROTOCOL, labs=labs))
    assert (owing.status, owing.code) == (status, "lab_missing")


def test_results_that_are_missing_are_named_in_one_sentence_which_says_whether_they_are_ordered():
    diabetic, now = replace(FACTS, conditions=frozenset({"diabetes"})), START - 3 * DAY
    named = ("INR, platelets, haemoglobin and creatinine", "glucose")  # a glucose counts for hours only

    def sentences(*noted):
        reasons = finding("labs", diabetic, noted, now=now, protocol=REFERENCE).reasons
        return [reason.sentence for reason in reasons if reason.code == "lab_missing"]

    assert sentences() == missing(*named)
    assert sentences(Notes().add("labs", {"stage": "ordered"}, now)) == [
        f"Blood tests are ordered; no result of {name} is recorded yet. Record it when it comes." for name in named
    ]
