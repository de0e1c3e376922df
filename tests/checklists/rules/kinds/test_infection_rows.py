"""Each row of the infection screen under the shipped reference, with its days on both sides."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.kinds import check_value
from checklists.rules.values import Authority, State
from tests.checklists.rules.cases import FACTS, HOUR, INSTANT, NEW_YORK, PHOENIX, START, at, finding, judge, outcome
from tests.checklists.rules.notes import CHECK, Notes
from tests.checklists.rules.test_reference import QUESTIONS, reference_notes

REFERENCE = load("reference-asra", signed=True)
OK = ("satisfied", "satisfied")
ARRIVAL = {**CHECK, "answers": QUESTIONS}


def checked(change, observed_at=START - HOUR, authority=Authority.NURSE):
    notes = Notes()
    notes.add("infection_check", {**ARRIVAL, **change}, observed_at, authority)
    return notes.all


def arrival(change, start=START, facts=FACTS):
    return outcome("infection_check", facts, checked(change, start - HOUR), start, start - HOUR / 2, REFERENCE)


def prescreened(value, observed_at=START - 20 * HOUR):
    notes = Notes()
    notes.add("infection_prescreen", value, observed_at, Authority.PATIENT)
    return outcome("infection_prescreen", evidence=notes.all, protocol=REFERENCE)


STOPS = """fever chills cough_or_cold covid_two_weeks flu_or_virus urinary_infection taking_antibiotic skin_at_site
    infection_elsewhere deep_infection vomiting_or_diarrhoea new_deficit"""
REVIEWS = """fever_masked covid_seven_weeks covid_symptoms virus_just_over bacteria_in_urine antibiotic_for_prevention
    antibiotic_finished old_wound immunosuppressed unexplained_lab household_contact"""
INFORMS = "mrsa vaccine"


@pytest.mark.parametrize(
    ("sign", "status"),
    [(sign, status) for signs, status in ((STOPS, "failed"), (REVIEWS, "review")) for sign in signs.split()],
)
def test_yes_to_each_row_stops_or_asks_for_a_review(sign, status):
    assert arrival({"answers": {**QUESTIONS, sign: "yes"}}) == (status, f"yes_{sign}")


@pytest.mark.parametrize("sign", INFORMS.split())
def test_row_that_only_informs_stops_nothing(sign):
    assert arrival({"answers": {**QUESTIONS, sign: "yes"}}) == OK


def test_every_row_of_the_screen_is_tried_above():
    tried = {*STOPS.split(), *REVIEWS.split(), *INFORMS.split(), "temperature"}
    assert {question.key for question in REFERENCE.infection.questions} == tried


@pytest.mark.parametrize(
    ("temperature", "unit", "expected"),
    [
        (37.49, "C", OK),
        (37.5, "C", ("review", "temperature_raised")),
        (99.5, "F", ("review", "temperature_raised")),
        (99.4, "F", OK),
        (37.99, "C", ("review", "temperature_raised")),
        (38, "C", ("failed", "fever")),
        (100.3, "F", ("review", "temperature_raised")),
        (100.4, "F", ("failed", "fever")),
    ],
)
def test_fever_begins_at_38_degrees_which_is_100_4_fahrenheit(temperature, unit, expected):
    assert arrival({"temperature": temperature, "unit": unit}) == expected


def test_temperature_after_a_fever_medicine_shows_no_absence_of_fever():
    masked = {**QUESTIONS, "fever_masked": "yes"}
    assert arrival({"answers": masked, "temperature": 36.5}) == ("review", "yes_fever_masked")
    assert arrival({"answers": masked, "temperature": 38.0}) == ("failed", "fever")


# ---- signs with a date: the day itself is day 0, counted in the site's calendar to the start


@pytest.mark.parametrize(
    ("sign", "days", "expected"),
    [
        ("positive_covid_test", 0, ("failed", "yes_covid_two_weeks")),
        ("positive_covid_test", 14, ("failed", "yes_covid_two_weeks")),
        ("positive_covid_test", 15, ("review", "yes_covid_seven_weeks")),
        ("positive_covid_test", 49, ("review", "yes_covid_seven_weeks")),
        ("positive_covid_test", 50, OK),
        ("better_without_fever", 0, ("failed", "yes_flu_or_virus")),
        ("better_without_fever", 1, ("failed", "yes_flu_or_virus")),
        ("better_without_fever", 2, ("review", "yes_virus_just_over")),
        ("better_without_fever", 6, ("review", "yes_virus_just_over")),
        ("better_without_fever", 7, OK),
        ("antibiotic_course_ended", 0, ("review", "yes_antibiotic_finished")),
        ("antibiotic_course_ended", 6, ("review", "yes_antibiotic_finished")),
        ("antibiotic_course_ended", 7, OK),
    ],
)
def test_date_of_a_sign_is_counted_to_the_start(sign, days, expected):
    day = (date(2027, 3, 10) - timedelta(days=days)).isoformat()
    assert arrival({"dates": {sign: day}}) == expected
    if days:  # asked the day before
        assert prescreened({"answers": QUESTIONS, "dates": {sign: day}}) == expected


@pytest.mark.parametrize(
    ("start", "facts", "expected"),
    [
        # 15 days later, across the night that has 23 hours in New York
        (at("2027-03-19 23:30"), FACTS, ("failed", "yes_covid_two_weeks")),
        (at("2027-03-20 00:30"), FACTS, ("review", "yes_covid_seven_weeks")),
        # the same instant is still the day before in Phoenix
        (at("2027-03-20 00:30"), replace(FACTS, site=PHOENIX), ("failed", "yes_covid_two_weeks")),
    ],
)
def test_days_after_a_sign_end_at_midnight_of_the_site(start, facts, expected):
    assert arrival({"dates": {"positive_covid_test": "2027-03-05"}}, start, facts) == expected


def test_yes_that_its_date_explains_passes_with_the_days_and_one_that_it_does_not_stays():
    yes = {**QUESTIONS, "covid_two_weeks": "yes"}
    long_ago, then = START - timedelta(days=30), "2027-02-01"
    explained = checked({"answers": yes, "dates": {"positive_covid_test": then}}, long_ago)
    assert outcome("infection_check", evidence=explained, protocol=REFERENCE) == ("review", "yes_covid_seven_weeks")
    mistyped = checked({"answers": yes, "dates": {"positive_covid_test": "2026-02-01"}})
    assert outcome("infection_check", evidence=mistyped, protocol=REFERENCE) == ("failed", "yes_covid_two_weeks")


def test_answers_whose_dated_sign_is_over_are_no_no_that_could_be_superseded():
    notes = reference_notes()
    over = {"answers": QUESTIONS, "dates": {"positive_covid_test": "2027-01-01"}}
    good = notes.add("infection_prescreen", over, START - 10 * HOUR)
    notes.add("infection_prescreen", {"answers": {}}, START - 12 * HOUR, supersedes=(good.id,))
    assert outcome("infection_prescreen", evidence=notes.all, protocol=REFERENCE) == OK
    context = context_of(REFERENCE, FACTS, notes.all, Start(START, Clock(START)))
    assert good in context.standing("infection_prescreen")


def test_whether_a_dated_sign_is_superseded_is_asked_at_the_start_and_so_by_no_clock():
    """A test of 15 January: a review up to 5 March, no sign any more at the start on 10 March."""
    notes = reference_notes()
    dated = {"answers": QUESTIONS, "dates": {"positive_covid_test": "2027-01-15"}}
    sign = notes.add("infection_prescreen", dated, at("2027-02-28 12:00"))
    notes.add("infection_prescreen", {"answers": {}}, at("2027-02-28 11:00"), supersedes=(sign.id,))
    words = [entry for entry in notes.all if entry.item != "infection_prescreen" or entry.id >= sign.id]
    found = [
        finding("infection_prescreen", FACTS, words, protocol=REFERENCE, now=at(f"2027-03-{day} 12:00"))
        for day in ("01", "08")
    ]
    assert [[reason.code for reason in one.reasons] for one in found] == [["prescreen_early"]] * 2


def test_of_several_answers_that_are_weighed_alike_the_first_by_its_question_is_told():
    assert prescreened({"answers": {**QUESTIONS, "aches": "yes", "fever_masked": "yes"}}) == ("review", "yes_unknown")


def test_date_that_lies_ahead_is_asked_for_again():
    assert arrival({"dates": {"positive_covid_test": "2027-03-11"}}) == ("pending", "sign_dated_ahead")


def test_dated_sign_that_stops_gives_the_earliest_new_start():
    notes = reference_notes()
    value = {**ARRIVAL, "dates": {"positive_covid_test": "2027-03-05"}}
    notes.add("infection_check", value, START - HOUR / 3, Authority.NURSE)
    verdict = judge(evidence=notes.all, protocol=REFERENCE)
    assert (verdict.state, verdict.earliest_safe_start) == (State.BLOCKED, at("2027-03-20 00:00", NEW_YORK))


@pytest.mark.parametrize("dates", [{"positive_covid_test": "soon"}, {"Positive test": "2027-03-01"}, ["2027-03-01"]])
def test_dates_of_signs_are_dates_by_key(dates):
    assert [problem.field for problem in check_value("infection_check", {**ARRIVAL, "dates": dates})] == ["dates"]


# ---- whose word, and when


def test_patient_is_asked_from_the_first_reminder_before_the_day_on():
    assert prescreened({"answers": QUESTIONS}, START - 48 * HOUR) == OK
    assert prescreened({"answers": QUESTIONS}, START - 48 * HOUR - INSTANT) == ("overdue", "prescreen_early")


def test_answers_for_a_day_that_was_moved_are_asked_for_again():
    notes = reference_notes()
    moved = START + timedelta(days=7)
    found = finding("infection_prescreen", FACTS, notes.all, moved, START, REFERENCE)
    assert (found.status, found.code) == ("pending", "prescreen_early")


def test_early_yes_of_a_patient_blocks_all_the_same():
    early = START - timedelta(days=5)
    assert prescreened({"answers": {**QUESTIONS, "chills": "yes"}}, early) == ("failed", "yes_chills")


def test_assessed_as_no_infection_needs_a_clinician_and_a_reason():
    signs = {"temperature": 38.4, "outcome": "assessed_not_infection"}
    reasoned = {**signs, "reason": "Known reaction to a vaccine of yesterday"}

    def judged(change, authority):
        evidence = checked(change, authority=authority)
        return outcome("infection_check", evidence=evidence, protocol=REFERENCE)

    assert judged(reasoned, Authority.NURSE) == ("failed", "assessment_needs_clinician")
    assert judged(signs, Authority.CLINICIAN) == ("failed", "assessment_without_reason")
    assert judged(reasoned, Authority.CLINICIAN) == OK
    assert [problem.field for problem in check_value("infection_check", {**ARRIVAL, **signs})] == ["reason"]
    assert check_value("infection_check", {**ARRIVAL, **reasoned}) == []


def test_skin_is_looked_at_by_the_nurse():
    assert arrival({"skin": "not_clear"}) == ("failed", "skin_not_clear")
    by_patient = checked({}, authority=Authority.PATIENT)
    assert outcome("infection_check", evidence=by_patient, protocol=REFERENCE) == ("pending", "awaiting_verification")


def test_confirmed_infection_is_never_overridden():
    assert (
        finding("infection_check", evidence=checked({"outcome": "infection"}), protocol=REFERENCE).override == "never"
    )


@pytest.mark.parametrize(
    ("more", "earliest", "said"),
    [
        ({"over_on": "2027-03-17"}, at("2027-03-18 00:00", NEW_YORK), "Earliest new date: Thu 18 Mar 2027."),
        ({"over_on": "2027-03-13"}, at("2027-03-14 00:00", NEW_YORK), "Earliest new date: Sun 14 Mar 2027."),
        (
            {"over_on": "2027-03-12", "dates": {"positive_covid_test": "2027-03-05"}},
            at("2027-03-20 00:00", NEW_YORK),
            "Earliest new date: Sat 20 Mar 2027.",
        ),
        ({}, None, "the clinician says when the infection, or its antibiotic, is over"),
    ],
)
def test_confirmed_infection_says_the_earliest_new_date_or_who_gives_it(more, earliest, said):
    notes, found_at = reference_notes(), START - HOUR / 3
    notes.add("infection_check", {**ARRIVAL, "outcome": "infection", **more}, found_at, Authority.NURSE)
    verdict = judge(evidence=notes.all, protocol=REFERENCE)
    found = verdict.finding("infection_check")
    assert (found.status, found.code, found.recorded) == ("failed", "infection_found", True)
    assert said in found.sentence
    if earliest:
        assert verdict.earliest_safe_start == earliest
        notes.add("infection_check", ARRIVAL, START - HOUR / 4, Authority.NURSE)  # names nothing, so lifts nothing
        assert judge(evidence=notes.all, protocol=REFERENCE).earliest_safe_start == earliest


def test_day_on_which_it_is_over_belongs_to_an_infection():
    over = {**ARRIVAL, "over_on": "2027-03-17"}
    assert [problem.field for problem in check_value("infection_check", over)] == ["over_on"]
    assert check_value("infection_check", {**over, "outcome": "infection"}) == []
