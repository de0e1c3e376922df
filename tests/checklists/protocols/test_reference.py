"""The shipped numbers, typed here by hand from the clinical tables."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from checklists.protocols import loader
from checklists.rules.lab_values import exact, holds
from checklists.rules.protocol import HoldRule, Moment
from checklists.rules.values import Gate, OverrideClass, Step

DOCUMENT = loader.resolve("reference-asra")
PROTOCOL = loader.from_document(DOCUMENT, signed=False)


def hold(row: str) -> HoldRule:
    return next(rule for rule in PROTOCOL.holds if rule.row == row)


def hours(time: timedelta | None) -> float | None:
    return None if time is None else time / timedelta(hours=1)


def test_every_row_of_the_clinical_table_is_there() -> None:
    rows = {match[1] for rule in PROTOCOL.holds if (match := re.match(r"(MH\d{3})[a-z]?\Z", rule.row))}
    assert rows == {f"MH{number:03}" for number in range(1, 94)}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("eliquis", ["MH002", "MH003", "MH004"]),
        ("coumadin", ["MH001"]),
        ("plavix", ["MH024"]),
        ("advil", ["MH038"]),
        ("aleve", ["MH043"]),
        ("ozempic", ["MH077"]),
        ("rybelsus", ["MH081"]),
        ("tenecteplase", ["MH036b"]),
        ("glipizide", ["MH092a"]),
        ("lantus", ["MH093"]),
    ],
)
def test_name_on_a_real_list_finds_its_rows(name: str, rows: list[str]) -> None:
    assert [rule.row for rule in PROTOCOL.holds if name in (rule.drug, *rule.names)] == rows


@pytest.mark.parametrize(
    "name",
    [
        "tylenol",
        "lipitor",
        "zestril",
        "synthroid",
        "albuterol",
        "prilosec",
        "vitamin d",
        "ultram",
        "neurontin",
    ],
)
def test_common_drug_that_no_source_holds_needs_no_action(name: str) -> None:
    (rule,) = (rule for rule in PROTOCOL.holds if name in (rule.drug, *rule.names))
    found = (
        rule.action,
        rule.clear_at,
        rule.prescriber_clearance,
        rule.sourced.source,
        rule.sourced.confidence,
    )
    assert found == ("no_action", None, False, "convention 10", "low")


@pytest.mark.parametrize(
    ("row", "value", "judged"),
    [
        ("LB01", 1.5, "pass"), ("LB01", 1.51, "review"), ("LB01", 1.8, "review"), ("LB01", 1.81, "fail"),
        ("LB02", 1.2, "pass"), ("LB02", 1.21, "review"), ("LB02", 1.5, "review"), ("LB02", 1.51, "fail"),
        ("LB03", 2.49, "pass"), ("LB03", 2.5, "review"),
        ("LB04", 100, "pass"), ("LB04", 99.9, "review"), ("LB04", 50, "review"), ("LB04", 49, "fail"),
        ("LB05", 30.1, "pass"), ("LB05", 30, "fail"),
        ("LB07", 9, "pass"), ("LB07", 7, "review"), ("LB07", 6.9, "fail"),
        ("LB12", 11, "pass"), ("LB12", 11.1, "review"), ("LB12", 3.9, "review"),
        ("LB14", 180, "pass"), ("LB14", 180.5, "review"), ("LB14", 54, "review"), ("LB14", 53, "fail"),
        ("LB14", 301, "fail"), ("LB15", 8, "review"),
    ],
)  # fmt: skip
def test_lab_value_at_the_edge_falls_into_its_band(row: str, value: float, judged: str) -> None:
    rule = next(rule for rule in PROTOCOL.labs if rule.row == row)
    bands = {"pass": rule.passes, "review": rule.reviews, "fail": rule.fails}
    assert [name for name, bounds in bands.items() if any(holds(bound, exact(value)) for bound in bounds)] == [judged]


def test_lab_validity_follows_the_table() -> None:
    found = {rule.row: (rule.validity_days, hours(rule.validity_within)) for rule in PROTOCOL.labs}
    assert found["LB01"] == (30, None)
    assert found["LB02"] == (1, None)
    assert (found["LB04"], found["LB04a"], found["LB04b"]) == ((30, None), (7, None), (7, None))
    assert found["LB10a"] == (None, 6)
    assert found["LB13"] == (14, None)
    assert found["LB14"] == (None, 4)
    assert found["LB15"] == (90, None)


def test_inr_after_warfarin_is_drawn_after_the_last_dose() -> None:
    assert {rule.row: rule.after_last_dose_of for rule in PROTOCOL.labs if rule.analyte == "INR"} == {
        "LB01": None,
        "LB02": "warfarin",
        "LB03": None,
    }


def test_fasting_follows_the_table() -> None:
    rule = PROTOCOL.fasting
    assert (rule.mode, rule.sip_with_medicines, rule.applies_to) == (
        "elapsed",
        True,
        frozenset({"sedation", "general"}),
    )
    assert {intake.intake: hours(intake.min_fast) for intake in rule.intakes} == {
        "clear liquids": 2,
        "carbohydrate clear liquid": 2,
        "breast milk": 4,
        "infant formula": 6,
        "non-human milk": 6,
        "light meal": 6,
        "fatty or meat meal": 8,
        "chewing gum": 0,
        "unknown": 8,
        "solid food": 24,  # only with a drug that slows the stomach
    }
    assert [intake.intake for intake in rule.intakes if intake.slow_stomach] == ["solid food"]


def test_window_levels_and_imaging_follow_the_reference() -> None:
    window, levels, imaging = PROTOCOL.window, PROTOCOL.levels, PROTOCOL.imaging
    assert (window.anchors, window.pass_days, window.review_days) == (("fractured", "onset"), 56, 84)
    assert (window.pass_months, window.strict, window.off_for) == (None, True, frozenset({"malignancy"}))
    assert (levels.max_pass, levels.max_review, levels.adjacent_only) == (2, 3, True)
    assert (imaging.validity_days, imaging.xray_proves_acuity) == (90, False)
    assert set(imaging.acceptable) == {
        frozenset({"mri"}),
        frozenset({"ct", "bone_scan"}),
        frozenset({"ct", "spect_ct"}),
    }


def test_items_carry_the_table_of_owners() -> None:
    booking, check_in, start, discharge = Gate
    one, two, never = OverrideClass
    assert [
        (rule.kind, rule.step, rule.owner, rule.needed_by, rule.patient_word, rule.verified_by, rule.override)
        for rule in PROTOCOL.items
    ] == [
        ("consult", Step.CONSULT, "scheduler", booking, "no", "clinician", two),
        ("candidacy", Step.CONSULT, "clinician", booking, "no", "clinician", two),
        ("conservative_care", Step.CONSULT, "clinician", booking, "no", "clinician", one),
        ("diagnostic_injection", Step.CONSULT, "scheduler", booking, "no", "clinician", one),
        ("imaging", Step.IMAGING, "scheduler", booking, "no", "clinician", two),
        ("labs", Step.LABS, "scheduler", check_in, "no", "nurse", two),
        ("prescriber_clearance", Step.MEDICATION, "scheduler", start, "no", "nurse", two),
        ("hold", Step.MEDICATION, "patient", check_in, "no", "nurse", two),
        ("fasting", Step.FASTING, "patient", check_in, "no", "nurse", two),
        ("ride", Step.RIDE, "patient", check_in, "until_arrival", "nurse", one),
        ("infection_prescreen", Step.INFECTION, "patient", check_in, "yes", None, one),
        ("infection_check", Step.INFECTION, "nurse", start, "no", "nurse", never),
        ("allergies", Step.CONSULT, "nurse", check_in, "no", "nurse", two),
        ("pregnancy", Step.LABS, "nurse", start, "no", "nurse", two),
        ("anesthesia_evaluation", Step.CONSULT, "clinician", start, "no", "clinician", two),
        ("antibiotic_plan", Step.INFECTION, "clinician", start, "no", "clinician", one),
        ("consent", Step.CONSULT, "clinician", start, "no", "clinician", never),
        ("authorisation", Step.CONSULT, "scheduler", start, "no", "scheduler", one),
        ("responsible_adult", Step.DISCHARGE, "nurse", discharge, "no", "nurse", one),
        ("restart_decision", Step.DISCHARGE, "clinician", discharge, "no", "clinician", one),
        ("recovery_observation", Step.DISCHARGE, "nurse", discharge, "no", "nurse", one),
        ("after_care", Step.DISCHARGE, "nurse", discharge, "no", "nurse", one),
        ("follow_up", Step.DISCHARGE, "scheduler", discharge, "no", "scheduler", one),
    ]


def test_items_carry_the_table_of_moments() -> None:
    day, at = timedelta(days=1), timedelta(0)
    assert {rule.kind: (rule.due, rule.deadline) for rule in PROTOCOL.items} == {
        "consult": (None, None),
        "candidacy": (None, None),
        "conservative_care": (None, None),
        "diagnostic_injection": (None, None),
        "imaging": (None, Moment("start", -7 * day)),
        "labs": (Moment("start", -5 * day), Moment("start", -2 * day)),
        "prescriber_clearance": (Moment("stop_time", -3 * day), Moment("stop_time")),
        "hold": (Moment("stop_time", at, human=False), Moment("stop_time", day / 2, human=False)),
        "fasting": (Moment("fast_start", at, human=False), Moment("start", at, human=False)),
        "ride": (Moment("start", -3 * day), Moment("start", -day)),
        "infection_prescreen": (Moment("start", -day), Moment("start", -day / 2)),
        "infection_check": (Moment("arrival", at, human=False), Moment("start", at, human=False)),
        "allergies": (Moment("start", -7 * day), Moment("start")),
        "pregnancy": (Moment("arrival", at, human=False), Moment("start", at, human=False)),
        "anesthesia_evaluation": (Moment("start", -7 * day), Moment("start")),
        "antibiotic_plan": (Moment("start", -3 * day), Moment("start")),
        "authorisation": (Moment("start", -7 * day), Moment("start", -3 * day)),
        "consent": (Moment("start", -day), Moment("start")),
        "responsible_adult": (None, None),
        "recovery_observation": (None, None),
        "after_care": (None, None),
        "follow_up": (None, None),
        "restart_decision": (None, None),
    }
    assert [rule.kind for rule in PROTOCOL.items if not rule.required] == ["conservative_care", "diagnostic_injection"]
    assert PROTOCOL.item("hold").reminders_before_due == (2 * day, day, day / 12)


def test_patient_is_asked_questions_only_and_the_nurse_everything() -> None:
    questions = PROTOCOL.infection.questions
    assert {question.kind for question in questions if "patient" in question.asked_of} == {"question"}
    assert all("nurse" in question.asked_of for question in questions)
    assert {question.row[:4] for question in questions} == {f"IN{number:02}" for number in range(1, 24)}


def test_temperature_bands_meet_at_38_degrees() -> None:
    bands = [(one.row, one.action, one.low, one.high) for one in PROTOCOL.infection.questions if one.kind == "measured"]
    assert bands == [("IN01", "hard_stop", 38, None), ("IN02", "clinician_review", 37.5, 38)]


def test_every_number_has_a_source_and_a_confidence() -> None:
    assert list(unsourced(DOCUMENT, "", cited=False)) == []


def unsourced(value: Any, path: str, *, cited: bool) -> Iterator[str]:
    if isinstance(value, dict):
        cited = cited or {"source", "confidence"} <= value.keys()
        for key, inner in value.items():
            yield from unsourced(inner, f"{path}.{key}", cited=cited)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from unsourced(inner, f"{path}.{number}", cited=cited)
    elif isinstance(value, int | float) and not isinstance(value, bool) and not cited:
        yield path


def test_demonstration_is_complete_and_says_what_it_is() -> None:
    demonstration = loader.load("demonstration")
    assert demonstration.missing == ()
    assert demonstration.title.startswith("DEMONSTRATION")
    assert demonstration.holds == PROTOCOL.holds
    assert (demonstration.minutes_per_level, demonstration.recovery_minutes) == (45, 90)


def test_shipped_files_are_named_after_their_protocol() -> None:
    assert [loader.load(name).name for name in loader.shipped()] == list(loader.shipped())


def test_reference_is_complete() -> None:
    assert PROTOCOL.missing == ()
    assert (PROTOCOL.minutes_per_level, PROTOCOL.lab_review_ages) == (60, (65,))
