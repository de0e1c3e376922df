"""The patient's own answers about infection: when they count, which yes stands, how far a sign moves the start."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.values import Authority
from tests.checklists.rules.cases import FACTS, HOUR, SECOND, START, at, finding, judge, outcome
from tests.checklists.rules.notes import NO_ANSWERS, Notes, noted
from tests.checklists.rules.test_reference import QUESTIONS

REFERENCE = load("reference-asra", signed=True)
OK = ("satisfied", "satisfied")
DAY = timedelta(days=1)
EVENING = at("2027-03-10 21:30")  # 11 March in UTC
ITEM = "infection_prescreen"


def said(value, observed_at, start=START, now=None):
    notes = noted(ITEM, value, observed_at, authority=Authority.PATIENT)
    return finding(ITEM, replace(FACTS, arrived_at=None), notes, start, now or observed_at, REFERENCE)


@pytest.mark.parametrize(("before", "code"), [(24 * HOUR, "satisfied"), (24 * HOUR + SECOND, "prescreen_early")])
def test_patient_is_asked_when_it_is_due_where_the_protocol_has_no_reminder(before, code):
    notes = noted(ITEM, {"answers": NO_ANSWERS}, START - before)
    found = finding(ITEM, replace(FACTS, arrived_at=None), notes, now=START - before)
    assert (found.code, found.evidence) == (code, (1,))


def test_morning_of_the_day_is_that_of_the_site():
    asked = {"answers": QUESTIONS}
    evening_before = at("2027-03-09 20:00")
    assert said(asked, evening_before, EVENING, at("2027-03-09 23:59")).code == "satisfied"
    assert said(asked, evening_before, EVENING, at("2027-03-10 00:00")).code == "prescreen_to_repeat"


def test_worst_of_several_signs_is_the_one_that_stands():
    notes = Notes()
    both = {**NO_ANSWERS, "covid_contact": "yes", "cough_or_cold": "yes"}
    notes.add(ITEM, {"answers": both}, START - 20 * HOUR, Authority.PATIENT)
    notes.add(ITEM, {"answers": NO_ANSWERS}, START - 19 * HOUR, Authority.PATIENT)
    found = finding(ITEM, evidence=notes.all)
    assert (found.status, found.code, found.recorded) == ("failed", "yes_cough_or_cold", True)


def test_not_sure_is_no_yes_that_an_older_word_could_lift():
    notes = Notes()
    unsure = notes.add(ITEM, {"answer": "not_sure"}, START - 18 * HOUR, Authority.PATIENT)
    notes.add(ITEM, {"answers": NO_ANSWERS}, START - 19 * HOUR, Authority.NURSE, (unsure.id,))
    assert outcome(ITEM, evidence=notes.all)[1] == "not_sure"


# ---- signs with a date


def test_date_of_a_sign_is_that_of_the_day_it_was_said_or_earlier():
    late = at("2027-03-09 23:30")  # 10 March in UTC

    def sign(day):
        return said({"answers": QUESTIONS, "dates": {"antibiotic_course_ended": day}}, late)

    assert "sign_dated_ahead" not in [reason.code for reason in sign("2027-03-09").reasons]
    assert "sign_dated_ahead" in [reason.code for reason in sign("2027-03-10").reasons]


@pytest.mark.parametrize(
    ("said_at", "code"),
    [
        ("2027-02-01 12:00", "yes_covid_seven_weeks"),  # on the day of the test
        ("2027-02-15 23:30", "yes_covid_seven_weeks"),  # the fourteenth day after it; 16 February in UTC
        ("2027-02-16 00:00", "yes_covid_two_weeks"),  # the date does not explain the yes any more
    ],
)
def test_yes_is_explained_by_its_date_from_the_first_to_the_last_day_of_the_sign(said_at, code):
    value = {"answers": {**QUESTIONS, "covid_two_weeks": "yes"}, "dates": {"positive_covid_test": "2027-02-01"}}
    found = said(value, at(said_at), now=START - HOUR)
    assert next(reason.code for reason in found.reasons if reason.code.startswith("yes_")) == code


def test_dated_sign_of_a_patient_moves_the_earliest_start():
    notes, now = Notes(), START - 20 * HOUR
    notes.add(ITEM, {"answers": QUESTIONS}, now, Authority.PATIENT)
    assert judge(FACTS, notes.all, None, now, REFERENCE).earliest_safe_start == now
    dated = {"answers": QUESTIONS, "dates": {"positive_covid_test": "2027-03-05"}}
    notes.add(ITEM, dated, now + SECOND, Authority.PATIENT)
    assert judge(FACTS, notes.all, None, now + SECOND, REFERENCE).earliest_safe_start == at("2027-03-20 00:00")
