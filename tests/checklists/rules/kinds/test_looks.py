"""Looks that do not settle the matter: before the fracture, against the MRI, questions not due, sips."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.values import Authority, DateAbout
from tests.checklists.rules.cases import FACTS, HOUR, START, at, outcome
from tests.checklists.rules.notes import BONE_SCAN, CHECK, CONSULT, CT, MRI, NO_ANSWERS, Notes, ready_notes
from tests.checklists.rules.test_reference import QUESTIONS, reference_notes

REFERENCE = load("reference-asra", signed=True)
OK = ("satisfied", "satisfied")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("broken", "consult", "candidacy"),
    [
        (date(2027, 2, 24), OK, OK),
        (date(2027, 2, 25), ("overdue", "consult_before_fracture"), ("overdue", "assessment_before_fracture")),
    ],
)
def test_decision_older_than_the_fracture_was_not_about_it(broken, consult, candidacy):
    facts = replace(FACTS, fractured=DateAbout(broken, broken))
    evidence = ready_notes().all  # consult and candidacy of 24 February
    assert outcome("consult", facts, evidence, now=START) == consult
    assert outcome("candidacy", facts, evidence, now=START) == candidacy


def test_consult_of_the_evening_before_the_fracture_was_not_about_it():
    facts, notes = replace(FACTS, fractured=DateAbout(date(2027, 2, 25), date(2027, 2, 25))), Notes()
    notes.add("consult", CONSULT, at("2027-02-24 23:30"))  # 25 February in UTC
    assert outcome("consult", facts, notes.all, now=START) == ("overdue", "consult_before_fracture")
    notes.add("consult", CONSULT, at("2027-02-25 00:00"))
    assert outcome("consult", facts, notes.all, now=START) == OK


def test_bone_scan_does_not_settle_what_the_mri_of_this_fracture_denies():
    notes = Notes()
    for study in (CT, BONE_SCAN):
        notes.add("imaging", study, START - 12 * DAY)
    assert outcome("imaging", evidence=notes.all) == ("review", "mri_not_done")
    notes.add("imaging", {**MRI, "oedema_levels": []}, START - 40 * DAY)  # before this fracture: nothing to see yet
    assert outcome("imaging", evidence=notes.all) == OK
    notes.add("imaging", {**MRI, "oedema_levels": ["T12"]}, START - 13 * DAY)
    assert outcome("imaging", evidence=notes.all) == ("review", "imaging_disagrees")


@pytest.mark.parametrize(
    ("key", "given", "expected"),
    [
        ("deep_infection", "yes", ("failed", "yes_deep_infection")),
        ("immunosuppressed", "yes", ("review", "yes_immunosuppressed")),
        ("deep_infection", "not_sure", ("pending", "answer_not_sure")),
        ("deep_infection", None, ("pending", "answer_missing")),
        ("mrsa", "yes", OK),
        ("skin_at_site", "yes", ("failed", "yes_skin_at_site")),
        ("a_question_of_another_version", "yes", ("review", "yes_unknown")),
    ],
)
def test_nurse_answers_every_row_of_the_screen_and_every_yes_counts(key, given, expected):
    answers = {**QUESTIONS, key: given}
    if given is None:
        del answers[key]
    notes = reference_notes()
    notes.add("infection_check", {**CHECK, "answers": answers}, START - HOUR / 3, Authority.NURSE)
    assert outcome("infection_check", evidence=notes.all, protocol=REFERENCE) == expected


def test_yes_of_a_patient_to_a_question_for_the_nurse_is_recorded_too():
    notes = Notes()
    notes.add("infection_prescreen", {"answers": {**NO_ANSWERS, "painkiller": "yes"}}, START - 20 * HOUR)
    notes.add("infection_prescreen", {"answers": NO_ANSWERS}, START - 19 * HOUR)
    assert outcome("infection_prescreen", evidence=notes.all) == ("review", "yes_painkiller")


@pytest.mark.parametrize(
    ("intake", "status"),
    [
        ("sip", "satisfied"),
        ("A sip of water", "satisfied"),
        ("sip with medicines", "satisfied"),
        ("sip of water with warfarin", "satisfied"),
        ("sip of water with levothyroxine", "too_early"),
        ("sip of water with my morning pills", "satisfied"),
        ("sip of latte", "too_early"),
        ("sip with breakfast", "too_early"),
        ("sip of water with pills and toast", "too_early"),
        ("sip whisky", "too_early"),
    ],
)
def test_only_a_sip_of_water_is_no_intake(intake, status):
    notes = Notes()
    notes.add("fasting", {"intakes": [{"intake": intake, "at": (START - HOUR).isoformat()}]}, START - HOUR / 2)
    assert outcome("fasting", evidence=notes.all)[0] == status


@pytest.mark.parametrize(("intake", "hours"), [("Water", 2), ("black coffee", 2), ("latte", 6), ("tea with milk", 8)])
def test_intake_is_known_by_the_examples_of_its_row_and_else_counts_as_the_longest(intake, hours):
    for held, expected in ((hours * HOUR, "satisfied"), (hours * HOUR - HOUR / 60, "too_early")):
        notes = Notes()
        notes.add("fasting", {"intakes": [{"intake": intake, "at": (START - held).isoformat()}]}, START - HOUR / 2)
        assert outcome("fasting", evidence=notes.all, protocol=REFERENCE)[0] == expected
