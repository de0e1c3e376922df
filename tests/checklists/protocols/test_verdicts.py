"""What the shipped protocols make of one case: where they differ, on both sides of the edge."""

import json
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from checklists.protocols import loader
from checklists.rules.protocol import Protocol
from checklists.rules.values import DateAbout, Facts, Medication
from tests.checklists.protocols.test_clinics import ARIZONA, BAY, CENTER, CLINICS, PRO, TREE, filled, shipped
from tests.checklists.rules.cases import FACTS, HOUR, INSTANT, SECOND, START, finding, judge, outcome, taking
from tests.checklists.rules.notes import CANDIDACY, MRI, Notes, noted

SAMPLE = Path(__file__).parents[3] / "docs" / "case-sample.yaml"
SIR, TWO = shipped("reference-sir"), shipped("reference-two-threshold")
OK = ("satisfied", "satisfied")
SHORT = ("too_early", "hold_too_short")
BETWEEN = ("review", "hold_between_thresholds")


@pytest.mark.parametrize("name", loader.shipped())
def test_assess_judges_the_sample_case_under_every_shipped_protocol_and_says_unsigned(name: str) -> None:
    out, err = StringIO(), StringIO()
    times = ("--start", "2027-03-10T10:00:00-05:00", "--now", "2027-03-01T08:00:00-05:00")
    with pytest.raises(SystemExit) as ended:
        call_command("assess", "--protocol", name, *times, str(SAMPLE), stdout=out, stderr=err)
    verdict = json.loads(out.getvalue())
    assert (ended.value.code, verdict["state"], verdict["signed"], err.getvalue()) == (10, "pending", False, "")
    found = {one["item"]: one["status"] for one in verdict["findings"]}
    assert (found["consult"], found["consent"], found["hold:apixaban"]) == ("satisfied", "pending", "pending")


def held(protocol: Protocol, name: str, hours: timedelta, creatinine: float = 0.8) -> tuple[str, str]:
    """The hold of a drug last taken so long before the start; creatinine in mg/dL of a man of 57 with 70 kg."""
    facts = replace(taking(name), sex="male", weight_kg=70.0)
    (item,) = (one.item for one in judge(facts, protocol=protocol).findings if one.kind == "hold")
    notes = Notes()
    notes.add("labs", {"analyte": "creatinine", "value": creatinine, "unit": "mg/dL"}, START - timedelta(days=3))
    notes.add(item, {"last_dose_at": (START - hours).isoformat()})
    return outcome(item, facts, notes.all, protocol=protocol)


@pytest.mark.parametrize(
    ("name", "block", "clear"),
    [
        ("apixaban", 48, 72),
        ("rivaroxaban", 48, 72),
        ("dabigatran", 48, 96),
        ("clopidogrel", 120, 168),
        ("prasugrel", 168, 240),
    ],
)
def test_between_two_thresholds_a_clinician_reviews(name: str, block: int, clear: int) -> None:
    found = [held(TWO, name, one) for one in (block * HOUR - SECOND, block * HOUR, clear * HOUR - SECOND, clear * HOUR)]
    assert found == [SHORT, BETWEEN, BETWEEN, OK]


def test_drug_that_only_one_guideline_holds_is_reviewed_and_never_too_early() -> None:
    assert [held(TWO, "cilostazol", one * HOUR) for one in (0, 47, 48)] == [BETWEEN, BETWEEN, OK]


# A clearance of 80.7, 40.3, 20.2 and 10.1 mL/min.
@pytest.mark.parametrize(
    ("name", "creatinine", "hours", "after"),
    [
        ("apixaban", 1.0, 48, OK),
        ("apixaban", 2.0, 72, OK),
        ("apixaban", 4.0, 72, OK),
        ("apixaban", 8.0, 72, ("review", "hold_needs_decision")),
        ("dabigatran", 1.0, 48, OK),
        ("dabigatran", 2.0, 96, OK),
        ("dabigatran", 4.0, 96, OK),
        ("dabigatran", 8.0, 96, ("review", "hold_needs_decision")),
        ("edoxaban", 4.0, 48, ("review", "hold_needs_decision")),
        ("clopidogrel", 1.0, 120, OK),
        ("warfarin", 1.0, 120, OK),
    ],
)
def test_sir_clears_at_its_hours_and_not_one_second_before(
    name: str, creatinine: float, hours: int, after: tuple[str, str]
) -> None:
    found = [held(SIR, name, one, creatinine) for one in (hours * HOUR - SECOND, hours * HOUR)]
    assert found == [SHORT, after]


def test_sir_holds_neither_pain_killers_nor_cilostazol_but_asks_about_one_without_a_row() -> None:
    listed = [one.item for one in judge(taking("Aleve", "Advil", "Pletal", "ketoprofen"), protocol=SIR).findings]
    assert [item for item in listed if item.startswith("hold:")] == ["hold:ketoprofen"]


@pytest.mark.parametrize(("value", "codes"), [(1.8, set()), (1.81, {"lab_out_of_range"})])
def test_sir_accepts_an_inr_after_warfarin_up_to_its_limit(value: float, codes: set[str]) -> None:
    notes = Notes()
    notes.add("hold:warfarin", {"last_dose_at": (START - 130 * HOUR).isoformat()}, START - 20 * HOUR)
    notes.add("labs", {"analyte": "INR", "value": value, "unit": "ratio"}, START - 20 * HOUR)
    reasons = finding("labs", taking("warfarin"), notes.all, protocol=SIR).reasons
    assert {one.code for one in reasons if " INR " in one.sentence} == codes


def fractured(days: int, **more: Any) -> Facts:
    """Also asked about what one clinic's page excludes (row IM38)."""
    day = START.date() - timedelta(days=days)
    denied = FACTS.conditions_denied | {"severe_osteoporosis"}
    return replace(FACTS, fractured=DateAbout(day, day), conditions_denied=denied, **more)


def candidacy(name: str, facts: Facts, *evidence: Any) -> tuple[str, str]:
    notes = [*noted("candidacy", CANDIDACY), *evidence]
    return outcome("candidacy", facts, notes, protocol=shipped(name))


@pytest.mark.parametrize(
    ("name", "after"),
    [
        (ARIZONA, ("failed", "window_past")),
        (TREE, ("review", "window_past")),
        (CENTER, ("pending", "window_needs_mri")),
        (PRO, ("pending", "window_needs_mri")),
    ],
)
def test_day_56_is_inside_the_window_and_day_57_is_what_the_page_makes_of_it(name: str, after: tuple[str, str]) -> None:
    assert [candidacy(name, fractured(days)) for days in (56, 57)] == [OK, after]


def test_bay_counts_two_calendar_months_from_the_diagnosis_and_reviews_what_is_later() -> None:
    found = [
        candidacy(BAY, fractured(200, diagnosed=DateAbout(day, day))) for day in (date(2027, 1, 10), date(2027, 1, 9))
    ]
    assert found == [OK, ("review", "window_past")]
    assert candidacy(BAY, fractured(1)) == ("pending", "window_unknown")


def test_malignant_fracture_has_no_window_in_any_clinic() -> None:
    facts = fractured(300, cause="malignancy")
    assert {name: candidacy(name, facts) for name in CLINICS} == dict.fromkeys(CLINICS, OK)


@pytest.mark.parametrize("name", CLINICS)
def test_procedure_that_the_page_does_not_offer_is_refused(name: str) -> None:
    offered = name in (BAY, PRO)
    facts = fractured(20, procedure="vertebroplasty", diagnosed=FACTS.fractured)
    assert candidacy(name, facts) == (OK if offered else ("failed", "procedure_not_covered"))


@pytest.mark.parametrize(
    ("levels", "tree", "other"),
    [
        (("T12", "L1"), OK, OK),
        (("T9", "L2"), ("review", "levels_apart"), ("review", "levels_apart")),
        (("T11", "T12", "L1"), ("failed", "too_many_levels"), ("review", "many_levels")),
        (("T10", "T11", "T12", "L1"), ("failed", "too_many_levels"), ("failed", "too_many_levels")),
    ],
)
def test_more_than_two_levels_in_one_session(
    levels: tuple[str, ...], tree: tuple[str, str], other: tuple[str, str]
) -> None:
    facts = fractured(20, levels=levels)
    assert (candidacy(TREE, facts), candidacy(CENTER, facts)) == (tree, other)


def test_xray_alone_is_proof_only_where_the_page_takes_it() -> None:
    xray = {"modality": "xray", "stage": "reviewed", "levels": ["T12", "L1"]}
    found = {name: imaging(name, xray) for name in CLINICS}
    needs_more = ("overdue", "xray_alone")
    assert found == {ARIZONA: needs_more, BAY: OK, TREE: OK, CENTER: needs_more, PRO: OK}


def test_old_fracture_on_mri_is_not_outvoted_by_an_xray() -> None:
    xray = {"modality": "xray", "stage": "reviewed", "levels": ["T12", "L1"]}
    old = {**MRI, "oedema_levels": []}
    assert {imaging(name, xray, old) for name in (BAY, TREE, PRO)} == {("review", "imaging_disagrees")}


def imaging(name: str, *studies: dict[str, Any]) -> tuple[str, str]:
    notes = Notes()
    for study in studies:
        notes.add("imaging", study, START - timedelta(days=5))
    return outcome("imaging", FACTS, notes.all, protocol=shipped(name))


def fasted(protocol: Protocol, intake: str, hours: timedelta, plan: str = "sedation") -> tuple[str, str]:
    notes = noted("fasting", {"intakes": [{"intake": intake, "at": (START - hours).isoformat()}]})
    return outcome("fasting", replace(FACTS, anesthesia=plan), notes, protocol=protocol)


# START is 10:00 on the site's clock.
@pytest.mark.parametrize(
    ("intake", "hours", "expected"),
    [
        ("water", 10 * HOUR + INSTANT, OK),
        ("water", 10 * HOUR, ("failed", "intake_after_midnight")),
        ("water", 3 * HOUR, ("failed", "intake_after_midnight")),
        ("a sip of water with tablets", 3 * HOUR, OK),
    ],
)
def test_tree_allows_nothing_from_midnight(intake: str, hours: timedelta, expected: tuple[str, str]) -> None:
    tree = shipped(TREE)
    assert fasted(tree, intake, hours) == expected
    assert fasted(tree, intake, hours, "local") == ("not_applicable", "no_fast")


@pytest.mark.parametrize("plan", ["local", "sedation", "general"])
@pytest.mark.parametrize("intake", ["water", "black coffee", "burger", "chewing gum"])
def test_arizona_counts_food_and_drink_alike_under_any_plan(intake: str, plan: str) -> None:
    ours = filled(ARIZONA)
    found = [fasted(ours, intake, hours, plan) for hours in (6 * HOUR - SECOND, 6 * HOUR)]
    assert found == [("too_early", "fast_too_short"), OK]


@pytest.mark.parametrize("plan", ["local", "sedation", "general"])
@pytest.mark.parametrize(
    ("intake", "hours"),
    [
        ("water", 2),
        ("maltodextrin drink", 2),
        ("latte", 6),
        ("toast and tea", 6),
        ("burger", 6),
        ("unknown", 6),
        ("soup", 6),
    ],
)
def test_pro_spine_counts_food_by_its_own_number_and_drinks_as_the_reference(
    intake: str, hours: int, plan: str
) -> None:
    ours = filled(PRO)
    found = [fasted(ours, intake, one, plan) for one in (hours * HOUR - SECOND, hours * HOUR)]
    assert found == [("too_early", "fast_too_short"), OK]
    assert fasted(ours, "chewing gum", HOUR / 60, plan) == OK


@pytest.mark.parametrize(("name", "intake"), [(ARIZONA, "water"), (PRO, "toast and tea"), (PRO, "burger")])
def test_fast_without_a_number_counts_as_a_day(name: str, intake: str) -> None:
    found = [fasted(shipped(name), intake, hours) for hours in (24 * HOUR - SECOND, 24 * HOUR)]
    assert found == [("too_early", "fast_too_short"), OK]


@pytest.mark.parametrize("name", [ARIZONA, TREE, PRO])
def test_class_holds_a_drug_longer_than_its_own_row_once_its_number_is_given(name: str) -> None:
    found = [held(filled(name), "Persantine", hours) for hours in (72 * HOUR - SECOND, 72 * HOUR)]
    assert found == [SHORT, OK]
    assert [held(filled(name), "Coumadin", hours) for hours in (120 * HOUR - SECOND, 120 * HOUR)] == [SHORT, OK]


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        (ARIZONA, "Eliquis"),
        (ARIZONA, "Advil"),
        (ARIZONA, "Celebrex"),
        (ARIZONA, "Xeljanz"),
        (TREE, "Plavix"),
        (PRO, "Aleve"),
    ],
)
def test_class_without_a_number_clears_no_drug_however_long_ago(name: str, drug: str) -> None:
    assert held(shipped(name), drug, 1000 * HOUR) == ("review", "hold_needs_decision")


@pytest.mark.parametrize("drug", ["methotrexate", "prednisone", "Plaquenil"])
def test_arizona_lets_a_clinician_decide_where_page_and_reference_disagree(drug: str) -> None:
    assert held(shipped(ARIZONA), drug, 1000 * HOUR) == ("review", "clinician_decision")
    found = judge(taking(Medication(drug, daily_mg=5)), protocol=shipped(PRO)).findings
    assert [one.code for one in found if one.kind == "hold"] in ([], ["goes_on"])
