"""Conditions of the reference's rows: a clean case needs no signature, and what nobody has answered is owed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.values import Authority, Medication, State
from tests.checklists.rules.cases import FACTS, HOUR, SECOND, START, at, finding, judge, outcome, taking
from tests.checklists.rules.notes import Notes
from tests.checklists.rules.test_reference import reference_notes

REFERENCE = load("reference-asra", signed=True)
ONE_TREE = load("one-tree-health", signed=True)
GOES_ON = ("not_applicable", "goes_on")
OK = ("satisfied", "satisfied")
WEEKLY = Medication("Ozempic", interval_days=7)
DAILY = Medication("liraglutide")
LOCAL = replace(FACTS, anesthesia="local")


def platelets(count, drawn=START - timedelta(days=5)):
    notes = Notes()
    notes.add("labs", {"analyte": "platelets", "value": count, "unit": "10^9/L"}, drawn)
    return notes


def answered(drug, when=START - HOUR, authority=Authority.NURSE, **answers):
    notes = Notes()
    notes.add(f"hold:{drug}", {"answers": answers}, when, authority)
    return notes


def judged(item, medication, notes=(), facts=FACTS, **more):
    medications = medication if isinstance(medication, tuple) else (medication,)
    return outcome(item, taking(*medications, facts=facts), notes, protocol=REFERENCE, **more)


# ---- antidepressants: only with another antithrombotic, or few platelets


@pytest.mark.parametrize(
    ("medications", "count", "expected"),
    [
        (("sertraline",), 100, GOES_ON),
        (("sertraline",), 99.9, ("review", "platelets_low")),
        (("sertraline", "lisinopril", "Tylenol"), 200, GOES_ON),
        (("sertraline", "ibuprofen"), 200, GOES_ON),  # no antithrombotic in the table's sense
        (("sertraline", "warfarin"), 200, GOES_ON),  # warfarin's own hold lets no start come before it is gone
        (("sertraline", "Plavix 75 mg"), 200, GOES_ON),
        (("sertraline", Medication("aspirin", indication="primary prevention")), 200, GOES_ON),
        (("sertraline", Medication("aspirin", indication="stent")), 200, ("review", "taken_together")),
        (("sertraline", "pentoxifylline"), 200, ("review", "taken_together")),
        (("sertraline", "fluoxetine"), 200, GOES_ON),
    ],
)
def test_antidepressant_is_looked_at_only_in_the_company_that_the_table_names(medications, count, expected):
    assert judged("hold:sertraline", medications, platelets(count).all) == expected


def test_antidepressant_waits_for_platelets_that_are_valid():
    for days, expected in ((30, GOES_ON), (31, ("pending", "platelets_unknown"))):
        drawn = platelets(200, START - timedelta(days=days)).all
        assert judged("hold:sertraline", "sertraline", drawn, now=START - HOUR)[1] == expected[1]
    assert judged("hold:sertraline", "sertraline", now=START - HOUR) == ("pending", "platelets_unknown")
    assert judged("hold:sertraline", "sertraline", now=START) == ("overdue", "platelets_unknown")


def test_other_antithrombotic_that_is_not_taken_is_no_company():
    notes = platelets(200)
    notes.add("hold:pentoxifylline", {"not_taking": True})
    assert judged("hold:sertraline", ("sertraline", "pentoxifylline"), notes.all) == GOES_ON


def test_aspirin_that_was_decided_to_go_on_is_company():
    notes = platelets(200)
    notes.add("hold:aspirin", {"decision": "continue"}, START - timedelta(days=7), Authority.CLINICIAN)
    aspirin = Medication("aspirin", indication="stent")
    assert judged("hold:sertraline", ("sertraline", aspirin), notes.all) == ("review", "taken_together")


def test_drug_that_time_alone_does_not_clear_is_company():
    """Apixaban while the kidneys are not known may fall into the band that no hours clear."""
    assert judged("hold:sertraline", ("sertraline", "apixaban"), platelets(200).all) == ("review", "taken_together")


# ---- GLP-1: continued, asked about on the day, liquids for a day


@pytest.mark.parametrize(("drug", "name"), [(WEEKLY, "semaglutide"), (DAILY, "liraglutide")])
@pytest.mark.parametrize("plan", ["sedation", "general", None])
def test_stomach_symptoms_on_the_day_are_a_review_and_none_are_none(drug, name, plan):
    facts, known = (
        replace(FACTS, anesthesia=plan),
        {"dose_escalation": "no", "higher_dose": "no", "gastroparesis": "no"},
    )
    for symptoms, expected in (
        ("no", GOES_ON),
        ("yes", ("review", "stomach_symptoms")),
        ("not_sure", ("overdue", "stomach_symptoms_unknown")),
    ):
        notes = answered(name, stomach_symptoms=symptoms, **known).all
        assert judged(f"hold:{name}", drug, notes, facts, now=START) == expected
    assert judged(f"hold:{name}", drug, facts=facts)[1].endswith("_unknown")


@pytest.mark.parametrize(
    ("said_at", "code"), [("2027-03-09 23:59:59", "pending"), ("2027-03-10 00:00", "not_applicable")]
)
def test_stomach_is_asked_about_on_the_day_itself(said_at, code):
    notes = answered("semaglutide", at(said_at), stomach_symptoms="no").all
    assert judged("hold:semaglutide", WEEKLY, notes)[0] == code


def test_stomach_symptoms_recorded_with_the_case_count_and_their_denial_does_not():
    symptoms = replace(FACTS, conditions=frozenset({"stomach_symptoms"}))
    assert judged("hold:semaglutide", WEEKLY, facts=symptoms) == ("review", "stomach_symptoms")
    answer = answered("semaglutide", stomach_symptoms="no").all
    assert judged("hold:semaglutide", WEEKLY, answer, symptoms) == GOES_ON
    denied = replace(FACTS, conditions_denied=frozenset({"stomach_symptoms"}))
    assert judged("hold:semaglutide", WEEKLY, facts=denied) == ("pending", "stomach_symptoms_unknown")


def test_stomach_does_not_matter_under_local_anesthesia_alone():
    assert judged("hold:semaglutide", WEEKLY, facts=LOCAL) == GOES_ON


def test_patient_s_answer_waits_for_a_nurse():
    notes = answered("semaglutide", authority=Authority.PATIENT, stomach_symptoms="no")
    assert judged("hold:semaglutide", WEEKLY, notes.all) == ("pending", "awaiting_verification")


def test_nurse_s_word_on_the_dose_does_not_verify_an_answer_about_the_stomach():
    notes = answered("semaglutide", authority=Authority.PATIENT, stomach_symptoms="no")
    notes.add("hold:semaglutide", {"last_dose_on": "2027-03-05"}, START - HOUR / 2, Authority.NURSE)
    assert judged("hold:semaglutide", WEEKLY, notes.all) == ("pending", "awaiting_verification")
    notes.add("hold:semaglutide", {"answers": {"stomach_symptoms": "no"}}, START - HOUR / 2, Authority.NURSE)
    assert judged("hold:semaglutide", WEEKLY, notes.all) == GOES_ON


def ate(hours, medication, *conditions_denied, facts=FACTS, intake="light meal", notes=()):
    facts = replace(taking(medication, facts=facts), conditions_denied=frozenset(conditions_denied))
    eaten = Notes()
    eaten.all = list(notes)
    eaten.add("fasting", {"intakes": [{"intake": intake, "at": (START - hours * HOUR).isoformat()}]})
    return outcome("fasting", facts, eaten.all, protocol=REFERENCE)[0]


RISKS = ("dose_escalation", "higher_dose", "gastroparesis")


@pytest.mark.parametrize(
    ("medication", "denied", "hours"),
    [
        (WEEKLY, RISKS, 24),  # the weekly form is a risk by itself
        (DAILY, RISKS, 6),
        (DAILY, RISKS[:2], 24),  # what nobody has denied counts
        (DAILY, (), 24),
        ("Tylenol", (), 6),
    ],
)
def test_solid_food_is_left_out_for_a_day_where_a_drug_slows_the_stomach(medication, denied, hours):
    assert ate(hours, medication, *denied) == "satisfied"
    assert ate(hours - 1 / 3600, medication, *denied) == "too_early"
    assert ate(2, medication, *denied, intake="clear liquids") == "satisfied"


def test_fast_is_that_of_everybody_under_local_anesthesia_or_once_the_drug_is_not_taken():
    notes = Notes()
    notes.add("hold:semaglutide", {"not_taking": True})
    assert ate(6, WEEKLY, notes=notes.all) == "satisfied"
    assert ate(0, WEEKLY, facts=LOCAL) == "not_applicable"


def test_fast_that_has_no_hours_for_a_slow_stomach_is_a_review():
    notes = answered("semaglutide", stomach_symptoms="no").all
    found = outcome("hold:semaglutide", taking(WEEKLY), notes, protocol=ONE_TREE)
    assert found == ("review", "slow_stomach")


def test_risk_factors_of_a_daily_drug_are_asked_once():
    notes = answered("liraglutide", stomach_symptoms="no").all
    assert judged("hold:liraglutide", DAILY, notes)[1] == "dose_escalation_unknown"
    earlier = answered("liraglutide", START - timedelta(days=9), **dict.fromkeys(RISKS, "no"))
    earlier.add("hold:liraglutide", {"answers": {"stomach_symptoms": "no"}})
    assert judged("hold:liraglutide", DAILY, earlier.all) == GOES_ON


# ---- SGLT2: held for fasting, never a block without it


@pytest.mark.parametrize(("name", "hours"), [("Jardiance", 72), ("Farxiga", 72), ("Invokana", 72), ("Steglatro", 96)])
@pytest.mark.parametrize(
    ("plan", "short"), [("sedation", "too_early"), ("general", "too_early"), (None, "too_early"), ("local", "review")]
)
def test_sglt2_is_too_early_with_a_fast_and_a_review_without_one(name, hours, plan, short):
    facts = taking(name, facts=replace(FACTS, anesthesia=plan))
    drug = next(f.item for f in judge(facts, protocol=REFERENCE).findings if f.kind == "hold")
    for held, expected in ((hours * HOUR, "satisfied"), (hours * HOUR - SECOND, short)):
        notes = Notes()
        notes.add(drug, {"last_dose_at": (START - held).isoformat()})
        assert outcome(drug, facts, notes.all, protocol=REFERENCE)[0] == expected


def test_sglt2_under_local_anesthesia_is_held_where_the_protocol_fasts_for_it():
    fasts = replace(REFERENCE, fasting=replace(REFERENCE.fasting, applies_to=frozenset({"local", "sedation"})))
    notes = Notes()
    notes.add("hold:empagliflozin", {"last_dose_at": (START - 71 * HOUR).isoformat()})
    found = outcome("hold:empagliflozin", taking("Jardiance", facts=LOCAL), notes.all, protocol=fasts)
    assert found == ("too_early", "hold_too_short")


# ---- steroids by their daily amount


@pytest.mark.parametrize(
    ("name", "limit"),
    [("prednisone", 20), ("prednisolone", 20), ("Medrol", 16), ("dexamethasone", 3), ("hydrocortisone", 80)],
)
def test_steroid_goes_on_below_its_amount_and_is_looked_at_from_it(name, limit):
    drug = finding_of(name, limit).partition(":")[2]
    for taken, expected in (
        (limit - 0.1, GOES_ON),
        (limit, ("review", "daily_amount_high")),
        (None, ("pending", "daily_amount_unknown")),
    ):
        medication = Medication(name, daily_mg=taken)
        assert judged(f"hold:{drug}", medication, now=START - HOUR) == expected


@pytest.mark.parametrize(
    ("evening", "expected"),
    [
        (9.9, GOES_ON),
        (10, ("review", "daily_amount_high")),
        (None, ("pending", "daily_amount_unknown")),
    ],
)
def test_steroid_on_two_lines_of_the_list_counts_together(evening, expected):
    lines = (Medication("prednisone", daily_mg=10), Medication("Deltasone 10 mg at night", daily_mg=evening))
    assert judged("hold:prednisone", lines, now=START - HOUR) == expected


def test_steroid_cream_adds_nothing_to_the_amount():
    lines = (Medication("hydrocortisone", daily_mg=79), Medication("hydrocortisone cream"))
    assert judged("hold:hydrocortisone", lines, now=START - HOUR) == GOES_ON


def finding_of(name, daily_mg):
    findings = judge(taking(Medication(name, daily_mg=daily_mg)), protocol=REFERENCE).findings
    return next(f.item for f in findings if f.kind == "hold")


# ---- metformin, sulfonylurea, methotrexate, insulin


@pytest.mark.parametrize(
    ("egfr", "creatinine", "expected"),
    [
        (30, None, OK),
        (29.9, None, ("review", "kidney_function_low")),
        (None, 1.0, OK),
        (None, 3.0, ("review", "kidney_function_low")),  # 20.5 mL/min
        (35, 3.0, OK),  # the eGFR is what the row asks for
        (None, None, ("pending", "kidney_function_unknown")),
    ],
)
def test_metformin_is_looked_at_with_failing_kidneys(egfr, creatinine, expected):
    notes = Notes()
    notes.add("hold:metformin", {"last_dose_on": "2027-03-09"}, START - HOUR)
    for analyte, value, unit in (("eGFR", egfr, "mL/min/1.73m2"), ("creatinine", creatinine, "mg/dL")):
        if value is not None:
            notes.add("labs", {"analyte": analyte, "value": value, "unit": unit}, START - timedelta(days=3))
    facts = replace(FACTS, born_on=date(1960, 1, 1), sex="male")
    assert judged("hold:metformin", "metformin", notes.all, facts) == expected


def test_metformin_with_contrast_is_looked_at():
    notes = Notes()
    notes.add("hold:metformin", {"last_dose_on": "2027-03-09"}, START - HOUR)
    notes.add("labs", {"analyte": "eGFR", "value": 60, "unit": "mL/min/1.73m2"}, START - timedelta(days=3))
    contrast = replace(FACTS, conditions=frozenset({"iodinated_contrast"}))
    assert judged("hold:metformin", "metformin", notes.all, contrast) == ("review", "iodinated_contrast")


@pytest.mark.parametrize(("taken", "expected"), [("2027-03-09 23:59", "satisfied"), ("2027-03-10 00:00", "review")])
def test_tablets_for_diabetes_on_the_day_are_a_review(taken, expected):
    for drug in ("glipizide", "glimepiride", "glyburide", "pioglitazone", "sitagliptin"):
        notes = Notes()
        notes.add(f"hold:{drug}", {"last_dose_at": at(taken).isoformat()}, START - HOUR)
        assert judged(f"hold:{drug}", drug, notes.all)[0] == expected


@pytest.mark.parametrize(
    ("medication", "conditions", "expected"),
    [
        (Medication("methotrexate", indication="rheumatoid arthritis"), (), GOES_ON),
        (Medication("methotrexate"), (), GOES_ON),
        (Medication("methotrexate", indication="breast cancer"), (), ("review", "reason_to_review")),
        (Medication("methotrexate"), ("chemotherapy",), ("review", "chemotherapy")),
    ],
)
def test_methotrexate_against_cancer_is_not_the_row_of_arthritis(medication, conditions, expected):
    facts = replace(FACTS, conditions=frozenset(conditions))
    assert judged("hold:methotrexate", medication, facts=facts) == expected


def test_insulin_needs_its_written_instruction():
    instruction = {"decision": "instruction", "decided_by": "Dr. Weber", "note": "80 % of the evening dose"}
    assert judged("hold:insulin", "Lantus") == ("review", "clinician_decision")
    for authority, expected in ((Authority.SCHEDULER, "review"), (Authority.NURSE, "not_applicable")):
        notes = Notes()
        notes.add("hold:insulin", instruction, START - timedelta(days=3), authority)
        assert judged("hold:insulin", "Lantus", notes.all)[0] == expected


# ---- together


def test_clean_case_with_common_drugs_that_go_on_needs_no_signature():
    facts = taking("sertraline", "methotrexate", Medication("prednisone", daily_mg=5), "Tylenol", "lisinopril")
    notes = reference_notes()
    notes.add("labs", {"analyte": "glucose", "value": 120, "unit": "mg/dL"}, START - HOUR)
    assert judge(facts, notes.all, protocol=REFERENCE).state is State.READY


def test_drug_that_goes_on_owes_neither_a_clearance_nor_a_restart():
    notes = reference_notes()
    notes.add("hold:sertraline", {"last_dose_on": "2027-03-10"}, START - HOUR / 2, Authority.PATIENT)
    verdict = judge(taking("sertraline"), notes.all, protocol=REFERENCE)
    assert verdict.finding("restart_decision:sertraline") is None
    assert (verdict.state, verdict.finding("hold:sertraline").code) == (State.READY, "goes_on")


def test_earliest_start_is_not_put_off_by_a_drug_that_goes_on():
    now = START - timedelta(days=20)
    facts = taking("sertraline", WEEKLY, Medication("prednisone", daily_mg=40))
    assert judge(facts, platelets(200, now).all, None, now, REFERENCE).earliest_safe_start == now


def test_answer_changes_what_a_signature_stands_on():
    yes = answered("semaglutide", stomach_symptoms="yes")
    first = finding("hold:semaglutide", taking(WEEKLY), yes.all, protocol=REFERENCE).inputs
    yes.add("hold:semaglutide", {"answers": {"stomach_symptoms": "yes", "gastroparesis": "yes"}}, START - HOUR / 2)
    assert finding("hold:semaglutide", taking(WEEKLY), yes.all, protocol=REFERENCE).inputs != first


def test_signature_on_company_or_on_a_low_value_is_not_for_another():
    def inputs(item, medications, notes, facts=FACTS):
        found = finding(item, taking(*medications, facts=facts), notes.all, protocol=REFERENCE)
        assert "review" in [reason.status for reason in found.reasons]
        return found.inputs

    few = ["sertraline"]
    assert inputs("hold:sertraline", few, platelets(90)) != inputs("hold:sertraline", few, platelets(55))
    one, two = [*few, "pentoxifylline"], [*few, "pentoxifylline", "anagrelide"]
    taken = platelets(200)
    assert inputs("hold:sertraline", one, taken) != inputs("hold:sertraline", two, taken)
    taken.add("hold:sertraline", {"last_dose_at": (START - HOUR).isoformat()}, START - HOUR / 2)
    assert inputs("hold:sertraline", one, taken) != inputs("hold:sertraline", two, taken)
    failing, worse = (
        inputs("hold:metformin", ["metformin"], creatinine_of(value), replace(FACTS, sex="male")) for value in (3, 6)
    )
    assert failing != worse


def creatinine_of(value):
    notes = Notes()
    notes.add("labs", {"analyte": "creatinine", "value": value, "unit": "mg/dL"}, START - timedelta(days=3))
    return notes


# ---- supplements: looked at when taken lately, never a block


@pytest.mark.parametrize(
    ("name", "hours"),
    [("Lovaza", 144), ("garlic pills", 168), ("ginkgo biloba", 36), ("ginseng", 48), ("danshen", 336)],
)
def test_supplement_is_looked_at_only_when_it_was_taken_lately(name, hours):
    facts = taking(name)
    item = next(f.item for f in judge(facts, protocol=REFERENCE).findings if f.kind == "hold")
    for held, expected in ((hours * HOUR, OK), (hours * HOUR - SECOND, ("review", "class_review"))):
        notes = Notes()
        notes.add(item, {"last_dose_at": (START - held).isoformat()})
        assert outcome(item, facts, notes.all, protocol=REFERENCE) == expected


def test_supplement_that_nobody_asked_about_is_a_review_and_never_a_block():
    stop = START - 144 * HOUR
    assert judged("hold:fish oil", "fish oil", now=stop - SECOND) == ("pending", "last_dose_unknown")
    for now in (stop, START - HOUR, START):
        assert judged("hold:fish oil", "fish oil", now=now) == ("review", "class_review")


def test_supplement_puts_off_no_start():
    now = START - timedelta(days=20)
    assert judge(taking("fish oil"), (), None, now, REFERENCE).earliest_safe_start == now
