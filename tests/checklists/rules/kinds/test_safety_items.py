"""Allergies, pregnancy, anesthesia evaluation, antibiotic plan, consent: both sides of each boundary."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.rules.values import Authority, State
from tests.checklists.rules.cases import FACTS, PROTOCOL, SECOND, START, at, finding, judge, outcome
from tests.checklists.rules.notes import ALLERGIES, CONSENT, EVALUATION, Notes, noted, ready_notes, replaced

OK = ("satisfied", "satisfied")
DAY = timedelta(days=1)
YOUNG = replace(FACTS, born_on=date(1990, 6, 1))


# ---- allergies


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, OK),
        ({"antibiotic": "known", "substances": ["penicillin"]}, OK),
        ({"antibiotic": "known"}, ("overdue", "allergy_unnamed")),
        ({"contrast": "unknown"}, ("overdue", "allergy_unknown")),
        ({"contrast": "known", "substances": ["iohexol"]}, ("review", "allergy_contrast")),
        ({"anesthetic": "known", "substances": ["lidocaine"]}, ("review", "allergy_anesthetic")),
        ({"cement": "known", "substances": ["PMMA"]}, ("failed", "allergy_cement")),
        ({"substances": ["latex"]}, OK),
        ({"substances": ["Bone cement"]}, ("overdue", "allergy_contradicts")),
        ({"substances": ["iodine contrast"]}, ("overdue", "allergy_contradicts")),
    ],
)
def test_each_allergen_is_ruled_out_or_known_and_named(said, expected):
    assert outcome("allergies", evidence=replaced("allergies", {**ALLERGIES, **said}), now=START) == expected


@pytest.mark.parametrize(
    ("allergen", "substance"),
    [
        *(("cement", name) for name in ("PMMA", "methyl methacrylate", "Polymethylmethacrylate (rash)", "cemento")),
        *(("contrast", name) for name in ("Iohexol", "iodinated dye", "contraste yodado")),
        *(("anesthetic", name) for name in ("lidocaine", "Novocain", "lidocaína", "propofol", "anestésicos")),
        *(
            ("antibiotic", name)
            for name in ("penicillin", "Penicilina", "cefazolin", "Cephalexin (hives)", "vancomycin", "gentamicin")
        ),
        *(("antibiotic", name) for name in ("ciprofloxacin", "doxycycline", "beta-lactams", "sulfa", "meropenem")),
    ],
)
def test_allergy_that_is_named_cannot_be_none(allergen, substance):
    denied = replaced("allergies", {**ALLERGIES, "substances": ["latex", substance]})
    found = finding("allergies", evidence=denied, now=START)
    assert [reason.code for reason in found.reasons] == ["allergy_contradicts"]
    assert f"An allergy to {allergen} is named and denied at once" in found.sentence
    known = replaced("allergies", {**ALLERGIES, allergen: "known", "substances": ["latex", substance]})
    reasons = finding("allergies", evidence=known, now=START).reasons
    assert "allergy_contradicts" not in [reason.code for reason in reasons]


@pytest.mark.parametrize("substance", ["latex", "morphine sulfate", "peanuts", "povidone iodine", "codeine", "aspirin"])
def test_allergy_to_something_else_stands_beside_four_denied_ones(substance):
    assert outcome("allergies", evidence=replaced("allergies", {**ALLERGIES, "substances": [substance]})) == OK


def test_allergy_that_the_case_names_must_be_among_those_recorded():
    latex = replace(FACTS, allergies=("Latex",))
    assert outcome("allergies", latex, ready_notes().all, now=START) == ("overdue", "allergy_not_recorded")
    told = replaced("allergies", {**ALLERGIES, "substances": ["latex"]})
    assert outcome("allergies", latex, told, now=START) == OK


def test_allergy_to_cement_stands_until_somebody_of_the_same_rank_clears_it():
    notes = Notes()
    allergic = {**ALLERGIES, "cement": "known", "substances": ["PMMA"]}
    no = notes.add("allergies", allergic, START - 9 * DAY, Authority.NURSE)
    notes.add("allergies", ALLERGIES, START - 8 * DAY, Authority.PATIENT, (no.id,))
    assert outcome("allergies", evidence=notes.all)[1] == "allergy_cement"
    notes.add("allergies", ALLERGIES, START - 7 * DAY, Authority.NURSE, (no.id,))
    assert outcome("allergies", evidence=notes.all) == OK


def test_patients_own_word_on_allergies_waits_for_a_nurse():
    said = noted("allergies", ALLERGIES, START - 8 * DAY, authority=Authority.PATIENT)
    assert outcome("allergies", evidence=said) == ("pending", "awaiting_verification")


# ---- antibiotic plan


@pytest.mark.parametrize(
    ("allergies", "plan", "expected"),
    [
        ({}, {"plan": "antibiotic", "before_iv": "cefazolin 2 g"}, OK),
        ({}, {"plan": "none"}, OK),
        (
            {"antibiotic": "known", "substances": ["Cefazolin"]},
            {"plan": "antibiotic", "before_iv": "cefazolin 2 g"},
            ("failed", "antibiotic_allergy"),
        ),
        (
            {"antibiotic": "known", "substances": ["penicillin"]},
            {"plan": "antibiotic", "after_prescription": "cephalexin"},
            ("review", "antibiotic_beside_allergy"),
        ),
        (
            {"antibiotic": "known", "substances": ["Cipro (rash)"]},
            {"plan": "antibiotic", "after_prescription": "cipro 500 mg"},
            ("failed", "antibiotic_allergy"),  # five letters are a name
        ),
        (
            {"antibiotic": "known", "substances": ["Keflex, 2 g oral"]},
            {"plan": "antibiotic", "after_prescription": "Bactrim, 2 g oral"},
            ("review", "antibiotic_beside_allergy"),  # a route is none
        ),
        ({"antibiotic": "known", "substances": ["penicillin"]}, {"plan": "none"}, OK),
        (
            {"antibiotic": "unknown"},
            {"plan": "antibiotic", "before_iv": "cefazolin"},
            ("overdue", "antibiotic_allergy_unknown"),
        ),
        ({"antibiotic": "unknown"}, {"plan": "none"}, OK),
    ],
)
def test_plan_is_checked_against_the_allergies(allergies, plan, expected):
    notes = Notes()
    notes.add("allergies", {**ALLERGIES, **allergies})
    notes.add("antibiotic_plan", plan)
    assert outcome("antibiotic_plan", evidence=notes.all, now=START) == expected


def test_antibiotic_named_by_the_case_alone_is_not_given_either():
    penicillin = replace(FACTS, allergies=("Amoxicillin",))
    plan = replaced("antibiotic_plan", {"plan": "antibiotic", "before_iv": "amoxicillin 1 g"})
    assert outcome("antibiotic_plan", penicillin, plan) == ("failed", "antibiotic_allergy")


def test_plan_without_recorded_allergies_is_not_ready():
    plan = noted("antibiotic_plan", {"plan": "antibiotic", "before_iv": "cefazolin"})
    assert outcome("antibiotic_plan", evidence=plan) == ("pending", "antibiotic_allergy_unknown")


# ---- consent


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, OK),
        ({"levels": ["L1", "T12"]}, OK),
        ({"levels": ["L1"]}, ("failed", "consent_levels_differ")),
        ({"levels": ["T12", "L1", "L2"]}, ("failed", "consent_levels_differ")),
        ({"procedure": "vertebroplasty"}, ("failed", "consent_procedure_differs")),
    ],
)
def test_consent_names_what_is_planned(said, expected):
    assert outcome("consent", evidence=replaced("consent", {**CONSENT, **said})) == expected


def test_consent_of_a_plan_that_changed_does_not_count():
    moved = replace(FACTS, levels=("L1", "L2"))
    assert outcome("consent", moved, ready_notes().all) == ("failed", "consent_levels_differ")


def test_consent_refused_stands_and_is_never_overridden():
    notes = ready_notes()
    no = notes.add("consent", {"refused": True}, START - DAY)
    notes.add("consent", CONSENT, START - DAY / 2)
    refused = finding("consent", evidence=notes.all)
    assert (refused.code, refused.recorded, refused.override) == ("consent_refused", True, "never")
    notes.add("consent", CONSENT, START - DAY / 4, supersedes=(no.id,))
    assert outcome("consent", evidence=notes.all) == OK


def test_consent_that_is_withdrawn_later_is_refused():
    notes = ready_notes()
    notes.add("consent", {"refused": True, "reason": "wants to wait"}, START - DAY / 8)
    withdrawn = finding("consent", evidence=notes.all)
    assert (withdrawn.status, withdrawn.code, withdrawn.recorded) == ("failed", "consent_refused", True)


def test_consent_in_a_nurses_word_waits_for_the_clinician():
    notes = noted("consent", CONSENT, START - DAY, authority=Authority.NURSE)
    assert outcome("consent", evidence=notes) == ("pending", "awaiting_verification")
    assert outcome("consent", evidence=notes, now=START) == ("overdue", "awaiting_verification")


def test_consent_from_before_the_fracture_or_after_the_start_does_not_count():
    early = noted("consent", CONSENT, at("2027-02-09 12:00"))
    assert outcome("consent", evidence=early) == ("pending", "consent_before_fracture")
    late = noted("consent", CONSENT, START + SECOND)
    assert outcome("consent", evidence=late) == ("pending", "dated_after_start")
    assert outcome("consent", evidence=noted("consent", CONSENT, START), now=START) == OK


def test_anesthesia_evaluation_from_before_the_fracture_does_not_count():
    fit, item = {"outcome": "fit", "anesthesia": "sedation"}, "anesthesia_evaluation"
    early = noted(item, fit, at("2027-02-09 12:00"))
    assert outcome(item, evidence=early) == ("pending", "evaluation_before_fracture")
    assert outcome(item, evidence=noted(item, fit, at("2027-02-10 00:00"))) == OK
    unknown = replace(FACTS, fractured=None)
    assert outcome(item, unknown, evidence=early) == OK


# ---- pregnancy


@pytest.mark.parametrize(
    ("born_on", "sex", "asked"),
    [
        (date(2015, 3, 11), "female", False),
        (date(2015, 3, 10), "female", True),
        (date(1971, 3, 11), "female", True),
        (date(1971, 3, 10), "female", False),
        (date(1990, 1, 1), "male", False),
        (date(1990, 1, 1), "other", True),
        (date(1990, 1, 1), None, True),
        (None, "female", True),
    ],
)
def test_pregnancy_is_asked_from_12_to_55_at_the_start_unless_male(born_on, sex, asked):
    case = replace(FACTS, born_on=born_on, sex=sex)
    expected = ("pending", "pregnancy_unknown") if asked else ("not_applicable", "pregnancy_not_in_question")
    assert outcome("pregnancy", case) == expected


@pytest.mark.parametrize(
    ("born_on", "day", "asked"),
    [
        (date(2012, 2, 29), "2024-02-28", False),
        (date(2012, 2, 29), "2024-02-29", True),
        (date(1972, 2, 29), "2028-02-28", True),
        (date(1971, 3, 1), "2027-02-28", True),
        (date(1971, 3, 1), "2027-03-01", False),
    ],
)
def test_age_changes_on_the_birthday_also_in_leap_years(born_on, day, asked):
    case, start = replace(FACTS, born_on=born_on, sex="female"), at(f"{day} 10:00")
    assert (outcome("pregnancy", case, start=start, now=start - DAY)[0] == "pending") is asked


@pytest.mark.parametrize(
    ("result", "ago", "expected"),
    [
        ("negative", timedelta(hours=1), OK),
        ("negative", timedelta(hours=34), OK),  # the day before, 00:00
        ("negative", timedelta(hours=34, seconds=1), ("pending", "pregnancy_test_expired")),
        ("not_possible", 30 * DAY, OK),
        ("declined", timedelta(hours=1), ("review", "pregnancy_declined")),
        ("indeterminate", timedelta(hours=1), ("review", "pregnancy_indeterminate")),
        ("positive", timedelta(hours=1), ("failed", "pregnant")),
    ],
)
def test_pregnancy_test_counts_on_its_day_and_the_next(result, ago, expected):
    assert outcome("pregnancy", YOUNG, noted("pregnancy", {"result": result}, START - ago)) == expected


def test_positive_test_of_somebody_not_asked_still_blocks():
    assert outcome("pregnancy", evidence=noted("pregnancy", {"result": "positive"})) == ("failed", "pregnant")


def test_protocol_that_does_not_say_of_whom_it_is_asked_blocks():
    silent = replace(PROTOCOL, pregnancy=None)
    assert outcome("pregnancy", protocol=silent) == ("failed", "rule_error")


# ---- anesthesia evaluation


@pytest.mark.parametrize(
    ("planned", "evaluated", "expected"),
    [
        ("local", "local", OK),
        ("sedation", "sedation", OK),
        ("sedation", "general", OK),
        ("sedation", "local", ("pending", "evaluated_for_less")),
        ("general", "sedation", ("pending", "evaluated_for_less")),
        (None, "sedation", ("pending", "evaluated_for_less")),
        (None, "general", OK),
    ],
)
def test_evaluation_covers_the_planned_anesthesia_and_undecided_counts_as_general(planned, evaluated, expected):
    case = replace(FACTS, anesthesia=planned)
    notes = replaced("anesthesia_evaluation", {**EVALUATION, "anesthesia": evaluated})
    assert outcome("anesthesia_evaluation", case, notes) == expected


def test_patient_found_not_fit_stays_so_until_superseded():
    notes = ready_notes()
    notes.add("anesthesia_evaluation", {"outcome": "not_fit", "anesthesia": "sedation"})
    assert outcome("anesthesia_evaluation", evidence=notes.all) == ("failed", "not_fit")


# ---- not required


def unrequired(kind):
    items = tuple(replace(rule, required=rule.required and rule.kind != kind) for rule in PROTOCOL.items)
    return replace(PROTOCOL, items=items)


def test_item_that_the_protocol_does_not_require_is_judged_once_anything_is_recorded_of_it():
    lax, ready = unrequired("anesthesia_evaluation"), ready_notes().all
    without = [entry for entry in ready if entry.item != "anesthesia_evaluation"]
    verdict = judge(evidence=without, protocol=lax)
    assert verdict.state is State.READY
    assert verdict.finding("anesthesia_evaluation").code == "not_required"
    assert judge(evidence=without).state is State.PENDING
    unfit = [*without, *noted("anesthesia_evaluation", {"outcome": "not_fit", "anesthesia": "local"})]
    assert outcome("anesthesia_evaluation", evidence=unfit, protocol=lax) == ("failed", "not_fit")
