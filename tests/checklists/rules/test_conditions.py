"""When a clinician looks at a drug: each condition met, not met, or owed, in whole sentences and at its edge."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.conditions import (
    condition_checks,
    condition_grounds,
    fast_counts_it,
    is_bridging,
    is_gone_by_start,
    risk_checks,
    slows_stomach,
    stomach_is_slow,
)
from checklists.rules.drugs import match_medication
from checklists.rules.protocol import ReviewIf
from checklists.rules.values import Authority, Medication
from tests.checklists.rules.cases import FACTS, HOUR, LABS, PROTOCOL, START, hold, lab, taking
from tests.checklists.rules.notes import Notes

DAY = timedelta(days=1)
EGFR = lab("eGFR", "mL/min/1.73m2", (), context="renal_function", required="optional")
INR = replace(LABS[0], validity_days=60)
MAN = replace(FACTS, sex="male", weight_kg=72.0)  # 57 years old: creatinine 1.0 is a clearance of 83
NOBODY_ASKED = replace(MAN, conditions_denied=frozenset())


def case(when, *notes, facts=MAN, others=(), medication=None, **row):
    """A drug with these conditions beside others; its context, its match and its row."""
    drug = hold("sertraline", "class_review", review_if=when, **row)
    protocol = replace(PROTOCOL, holds=(drug, *others), labs=(INR, *LABS[1:], EGFR))
    listed = (medication or Medication("sertraline"), *(Medication(other.drug) for other in others))
    taken = Notes()
    for item, value, *more in notes:
        taken.add(item, value, *more)
    context = context_of(protocol, taking(*listed, facts=facts), taken.all, Start(START, Clock(START - DAY)))
    return context, match_medication(protocol, listed[0]), drug


def checks(when, *notes, **more):
    found = list(condition_checks(*case(when, *notes, **more)))
    return [(check.status.value, check.code, check.sentence) for check in found]


def lab_of(analyte, value, unit, days=1):
    return ("labs", {"analyte": analyte, "value": value, "unit": unit}, START - days * DAY)


def test_drug_without_conditions_is_not_looked_at():
    assert checks(None) == checks(ReviewIf()) == []


# ---- company


TOGETHER = "sertraline is taken together with {}: a clinician decides."
ASPIRIN, CLOPIDOGREL = (
    hold(name, "continue", drug_class="antiplatelet", review_if=ReviewIf()) for name in ("aspirin", "clopidogrel")
)
IBUPROFEN = hold("ibuprofen", clear=24, drug_class="nsaid")
WITH = ReviewIf(with_classes=frozenset({"antiplatelet", "nsaid"}))


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ((ASPIRIN,), ["aspirin"]),
        ((CLOPIDOGREL, ASPIRIN), ["aspirin, clopidogrel"]),
        ((IBUPROFEN,), []),  # its own hold keeps it out of the day
        ((replace(IBUPROFEN, clear_at=None),), ["ibuprofen"]),  # time alone never clears it
        ((replace(IBUPROFEN, action="hold_day_of"),), ["ibuprofen"]),
        ((replace(ASPIRIN, drug_class="other"),), []),
        ((), []),
    ],
)
def test_company_of_a_class_is_looked_at_unless_its_own_hold_ends_it(others, told):
    expected = [("review", "taken_together", TOGETHER.format(names)) for names in told]
    assert checks(WITH, others=others) == expected


def test_drug_is_no_company_of_itself_nor_is_one_that_is_not_taken():
    assert checks(WITH, drug_class="nsaid") == []
    context, match, _ = case(WITH, drug_class="nsaid")
    assert condition_grounds(context, match) == []
    gone = ("hold:aspirin", {"not_taking": True}, START - DAY, Authority.PATIENT)
    assert checks(WITH, gone, others=(ASPIRIN,)) == []


def test_timed_drug_that_was_decided_to_go_on_is_company():
    decided = ("hold:ibuprofen", {"decision": "continue"}, START - DAY)
    settled = replace(IBUPROFEN, settled_by=frozenset({"continue"}))
    assert checks(WITH, decided, others=(settled,)) == [("review", "taken_together", TOGETHER.format("ibuprofen"))]


def test_drug_is_gone_by_the_start_where_each_of_its_rows_is_a_timed_hold():
    heldback = (hold("x", clear=24), hold("y", clear=24), hold("y", "clinician_decision", clear=24))
    context, _, _ = case(WITH, others=heldback)
    assert [is_gone_by_start(context, drug) for drug in ("x", "y", "sertraline", "unheard of")] == [
        True,
        False,
        False,
        False,
    ]


def test_drug_that_bridges_another_of_the_case_is_known():
    warfarin = hold("warfarin", clear=120, drug_class="vka")
    for bridges, expected in ((frozenset({"vka"}), True), (frozenset({"doac"}), False)):
        context, _, _ = case(ReviewIf(), others=(warfarin, hold("enoxaparin", clear=24, bridges=bridges)))
        assert [is_bridging(context, drug) for drug in ("enoxaparin", "warfarin", "x")] == [expected, False, False]


# ---- what the laboratory says


PLATELETS, KIDNEYS = ReviewIf(platelets_below=100), ReviewIf(egfr_below=30)
NO_PLATELETS = (
    "pending",
    "platelets_unknown",
    "sertraline waits for a platelet count that is valid at the start.",
)
FEW = ("review", "platelets_low", "sertraline with platelets below 100: a clinician decides.")
NO_KIDNEYS = (
    "pending",
    "kidney_function_unknown",
    "sertraline waits for a kidney function: record an eGFR or a creatinine.",
)
WEAK = ("review", "kidney_function_low", "sertraline with a kidney function below 30: see a clinician.")


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ([(100, "10^9/L", 1)], []),
        ([(99.9, "10^9/L", 1)], [FEW]),
        ([(99_000, "/uL", 1)], [FEW]),
        ([(200, "10^9/L", 1), (99, "10^9/L", 1)], [FEW]),  # of two drawn at once the lower
        ([(99, "10^9/L", 2), (200, "10^9/L", 1)], []),
        ([(200, "10^9/L", 31)], [NO_PLATELETS]),
        ([], [NO_PLATELETS]),
    ],
)
def test_platelets_are_looked_at_below_the_limit_and_owed_without_a_valid_count(results, told):
    assert checks(PLATELETS, *(lab_of("platelets", *result) for result in results)) == told


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ([("eGFR", 30, "mL/min/1.73m2", 1)], []),
        ([("eGFR", 29.9, "mL/min/1.73m2", 1)], [WEAK]),
        ([("eGFR", 60, "mL/min/1.73m2", 1), ("eGFR", 29, "mL/min/1.73m2", 1)], [WEAK]),
        ([("creatinine", 1.0, "mg/dL", 1)], []),
        ([("creatinine", 2.8, "mg/dL", 1)], [WEAK]),  # a clearance of 29.6
        ([("eGFR", 30, "mL/min/1.73m2", 1), ("creatinine", 2.8, "mg/dL", 1)], []),
        ([("eGFR", 20, "mL/min/1.73m2", 31), ("creatinine", 1.0, "mg/dL", 1)], []),
        ([("eGFR", 60, "mL/min/1.73m2", 31)], [NO_KIDNEYS]),
        ([], [NO_KIDNEYS]),
    ],
)
def test_kidneys_are_looked_at_below_the_limit_by_egfr_else_by_clearance(results, told):
    assert checks(KIDNEYS, *(lab_of(*result) for result in results)) == told


def test_what_no_row_of_the_protocol_measures_is_owed():
    for when, owed in ((PLATELETS, NO_PLATELETS), (KIDNEYS, NO_KIDNEYS)):
        context, match, row = case(when)
        bare = replace(context, protocol=replace(context.protocol, labs=()), memo={}, case_memo={})
        assert [check.code for check in condition_checks(bare, match, row)] == [owed[1]]


# ---- amount, reason, conditions


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (19.9, []),
        (20, [("review", "daily_amount_high", "sertraline 20 mg a day is 20 mg or more: a clinician decides.")]),
        (40.5, [("review", "daily_amount_high", "sertraline 40.5 mg a day is 20 mg or more: a clinician decides.")]),
        (
            None,
            [
                (
                    "pending",
                    "daily_amount_unknown",
                    "Record in the list of medications how many mg of sertraline are taken in a day.",
                )
            ],
        ),
    ],
)
def test_daily_amount_is_looked_at_from_the_limit_on(amount, told):
    assert checks(ReviewIf(daily_mg_from=20), medication=Medication("sertraline", daily_mg=amount)) == told


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("for breast cancer", ["cancer"]),
        ("Cancer", ["cancer"]),
        ("cancer of the blood, leukaemia", ["cancer", "leukaemia"]),
        ("cancerous", []),
        (None, []),
    ],
)
def test_reason_is_looked_at_by_whole_words(reason, words):
    when = ReviewIf(indications=frozenset({"leukaemia", "Cancer"}))
    told = [f"sertraline is taken for {word}: a clinician decides." for word in ("Cancer", "leukaemia")]
    expected = [("review", "reason_to_review", text) for text in told if any(word in text.lower() for word in words)]
    assert checks(when, medication=Medication("sertraline", indication=reason)) == expected


def test_recorded_condition_is_looked_at_and_one_that_is_not_recorded_is_not_there():
    when = ReviewIf(recorded=frozenset({"mri_contraindicated", "diabetes", "stent"}))
    there = replace(MAN, conditions=frozenset({"mri_contraindicated", "diabetes"}))
    assert checks(when, facts=there) == [
        ("review", "diabetes", "sertraline with diabetes: a clinician decides."),
        ("review", "mri_contraindicated", "sertraline with MRI contraindicated: a clinician decides."),
    ]


SYMPTOMS = "nausea, vomiting, bloating or belly pain"


def answered(code, answer, when=START - HOUR):
    return ("hold:sertraline", {"answers": {code: answer}}, when)


@pytest.mark.parametrize(
    ("when", "notes", "told"),
    [
        (
            ReviewIf(asked=frozenset({"stomach_symptoms"})),
            [],
            [("pending", "stomach_symptoms_unknown", f"sertraline: ask once about {SYMPTOMS}.")],
        ),
        (
            ReviewIf(on_the_day=frozenset({"stomach_symptoms"})),
            [],
            [
                (
                    "pending",
                    "stomach_symptoms_unknown",
                    f"sertraline: ask on the day of the procedure about {SYMPTOMS}.",
                )
            ],
        ),
        (
            ReviewIf(asked=frozenset({"stomach_symptoms"})),
            [answered("stomach_symptoms", "yes", START - 9 * DAY)],
            [("review", "stomach_symptoms", f"sertraline with {SYMPTOMS}: a clinician decides.")],
        ),
        (
            ReviewIf(on_the_day=frozenset({"stomach_symptoms"})),
            [answered("stomach_symptoms", "yes", START - DAY)],
            [
                (
                    "pending",
                    "stomach_symptoms_unknown",
                    f"sertraline: ask on the day of the procedure about {SYMPTOMS}.",
                )
            ],
        ),
        (ReviewIf(asked=frozenset({"stomach_symptoms"})), [answered("stomach_symptoms", "no")], []),
        (ReviewIf(on_the_day=frozenset({"stomach_symptoms"})), [answered("stomach_symptoms", "no")], []),
        (
            ReviewIf(cleared=frozenset({"stent"})),
            [],
            [("pending", "stent_unknown", "sertraline: ask once about a stent, with its date and type.")],
        ),
        (
            ReviewIf(cleared=frozenset({"stent"})),
            [answered("stent", "yes")],
            [
                (
                    "pending",
                    "stent_to_clear",
                    "sertraline with a stent, with its date and type: its prescriber decides, who has to know of it.",
                )
            ],
        ),
        (ReviewIf(cleared=frozenset({"stent"})), [answered("stent", "no")], []),
    ],
)
def test_condition_is_asked_looked_at_or_left_to_the_prescriber(when, notes, told):
    found = list(condition_checks(*case(when, *notes, facts=NOBODY_ASKED)))
    assert [(check.status.value, check.code, check.sentence) for check in found] == told
    assert all(check.until_start for check in found if check.status == "pending")


# ---- a slow stomach


def slow(*codes):
    return {"slow_stomach": frozenset(codes)}


SYMPTOM_YES, SYMPTOM_NO = (answered("stomach_symptoms", word, START - 9 * DAY) for word in ("yes", "no"))


@pytest.mark.parametrize(
    ("codes", "notes", "slows"),
    [
        (slow(), (), True),  # the drug alone does it
        (slow("stomach_symptoms"), (), True),  # nobody has denied it
        (slow("stomach_symptoms"), (SYMPTOM_YES,), True),
        (slow("stomach_symptoms"), (SYMPTOM_NO,), False),
        (slow("stomach_symptoms", "gastroparesis"), (SYMPTOM_NO,), True),
        ({}, (), False),
    ],
)
def test_stomach_is_slow_unless_every_condition_is_denied(codes, notes, slows):
    context, match, row = case(None, *notes, facts=NOBODY_ASKED, **codes)
    assert (slows_stomach(context, match, row), stomach_is_slow(context)) == (slows, slows)


def test_drug_that_is_not_taken_slows_nothing():
    gone = ("hold:sertraline", {"not_taking": True}, START - DAY, Authority.PATIENT)
    context, _, _ = case(None, gone, **slow())
    assert not stomach_is_slow(context)


def test_drug_that_no_row_knows_slows_nothing():
    context, _, _ = case(None, medication=Medication("mystery"), **slow())
    assert not stomach_is_slow(context)


def liquids(protocol, *anesthesia):
    row = replace(protocol.fasting.intakes[0], slow_stomach=True, anesthesia=frozenset(anesthesia))
    return replace(protocol, fasting=replace(protocol.fasting, intakes=(*protocol.fasting.intakes, row)))


@pytest.mark.parametrize(
    ("protocol", "planned", "counts"),
    [
        (PROTOCOL, "sedation", False),
        (liquids(PROTOCOL, "sedation"), "sedation", True),
        (liquids(PROTOCOL, "general"), "sedation", False),
        (liquids(PROTOCOL, "general"), None, True),
        (replace(PROTOCOL, fasting=replace(liquids(PROTOCOL, "sedation").fasting, mode="midnight")), "sedation", False),
    ],
)
def test_fast_counts_a_slow_stomach_where_it_has_hours_for_it(protocol, planned, counts):
    context = context_of(protocol, replace(MAN, anesthesia=planned), (), Start(START, Clock(START)))
    assert fast_counts_it(context) is counts


def test_risk_is_asked_about_and_looked_at_where_no_fast_counts_it():
    context, match, row = case(None, SYMPTOM_YES, facts=NOBODY_ASKED, **slow("stomach_symptoms", "gastroparesis"))
    found = list(risk_checks(context, match, row))
    assert [(check.status.value, check.code, check.sentence, check.until_start) for check in found] == [
        (
            "pending",
            "gastroparesis_unknown",
            "sertraline: ask about a stomach that is known to empty slowly.",
            True,
        ),
        (
            "review",
            "slow_stomach",
            "sertraline slows the stomach, and the fast of this protocol does not allow for it: a clinician decides.",
            False,
        ),
    ]
    counted = replace(context, protocol=liquids(context.protocol, "sedation"), memo={}, case_memo={})
    assert [check.code for check in risk_checks(counted, match, row)] == ["gastroparesis_unknown"]
    assert list(risk_checks(context, match, replace(row, slow_stomach=None))) == []
