"""Fasting, ride and infection: both sides of each boundary."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.protocol import IntakeRule
from checklists.rules.questions import questions
from checklists.rules.values import Authority
from tests.checklists.rules.cases import (
    FACTS,
    HOUR,
    INSTANT,
    PROTOCOL,
    SECOND,
    SOURCED,
    START,
    at,
    finding,
    judge,
    outcome,
    taking,
)
from tests.checklists.rules.notes import CHECK, NO_ANSWERS, Notes, noted, ready_notes

OK = ("satisfied", "satisfied")
DAY = timedelta(days=1)


# ---- fasting


def eaten(*intakes, said_at=START - HOUR):
    value = {"intakes": [{"intake": name, "at": when.isoformat()} for name, when in intakes]}
    return noted("fasting", value, said_at)


@pytest.mark.parametrize(
    ("intake", "hours"), [("clear liquids", 2), ("Light meal", 6), ("fatty meal", 8), ("a sandwich", 8)]
)
def test_fast_is_long_enough_at_its_hours_and_too_early_one_second_before(intake, hours):
    end = START - hours * HOUR
    assert outcome("fasting", evidence=eaten((intake, end))) == OK
    early = finding("fasting", evidence=eaten((intake, end + SECOND)))
    assert (early.status, early.clear_at) == ("too_early", START + SECOND)


def test_sip_with_medicines_is_not_intake_unless_the_protocol_says_so():
    sip = eaten(("sip of water with medicines", START - HOUR))
    assert outcome("fasting", evidence=sip) == OK
    strict = replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, sip_with_medicines=False))
    assert outcome("fasting", evidence=sip, protocol=strict)[0] == "too_early"


def test_local_anesthesia_needs_no_fast_and_undecided_counts_as_the_strictest():
    assert outcome("fasting", replace(FACTS, anesthesia="local"))[0] == "not_applicable"
    ate = eaten(("fatty meal", START - 7 * HOUR))
    assert outcome("fasting", replace(FACTS, anesthesia=None), ate)[0] == "too_early"


@pytest.mark.parametrize(("when", "status"), [("2027-03-09 23:59:59", "satisfied"), ("2027-03-10 00:00", "failed")])
def test_after_midnight_is_a_wall_clock_rule(when, status):
    midnight = replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, mode="midnight"))
    assert outcome("fasting", evidence=eaten(("light meal", at(when))), protocol=midnight)[0] == status


def test_statement_older_than_the_fast_says_nothing_about_it():
    assert outcome("fasting", evidence=eaten(said_at=START - 8 * HOUR)) == OK
    early = eaten(said_at=START - 8 * HOUR - SECOND)
    assert outcome("fasting", evidence=early) == ("pending", "fasting_stated_early")


@pytest.mark.parametrize("mode", ["hours", "midnight"])
def test_nothing_since_a_time_is_not_enough_where_the_fast_began_before_it(mode):
    protocol = replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, mode=mode))
    begins = START - 8 * HOUR if mode == "hours" else at("2027-03-10 00:00")
    for since, found in ((begins, OK), (begins + SECOND, ("pending", "fasting_said_in_part"))):
        said = noted("fasting", {"intakes": [], "since": since.isoformat()}, START - HOUR)
        assert outcome("fasting", evidence=said, protocol=protocol) == found


def earliest(*intakes, protocol=PROTOCOL, facts=FACTS):
    now = START - 12 * HOUR
    return judge(facts, eaten(*intakes, said_at=now), None, now, protocol).earliest_safe_start


MIDNIGHT = replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, mode="midnight"))
TEN, NINE = START - 12 * HOUR, START - 13 * HOUR  # of the evening before


def test_start_is_possible_once_the_last_fast_is_over():
    assert earliest() == TEN
    assert earliest(("clear liquids", TEN)) == TEN + 2 * HOUR
    assert earliest(("clear liquids", TEN), ("fatty meal", NINE)) == NINE + 8 * HOUR
    assert earliest(("sip of water", TEN)) == TEN
    assert earliest(("sip of water", TEN), ("fatty meal", NINE)) == NINE + 8 * HOUR
    assert earliest(("clear liquids", TEN), protocol=MIDNIGHT) == at("2027-03-10 00:00")
    assert earliest(("fatty meal", TEN), facts=replace(FACTS, anesthesia="local")) == TEN


def test_fast_begins_the_longest_hours_before_the_start_or_at_midnight_of_the_site():
    assert finding("fasting").due_at == START - 8 * HOUR
    assert finding("fasting", protocol=MIDNIGHT).due_at == at("2027-03-10 00:00")
    late = at("2027-03-10 21:00")  # 11 March in UTC
    assert finding("fasting", start=late, protocol=MIDNIGHT).due_at == at("2027-03-10 00:00")


def with_rows(*rows):
    intakes = tuple(IntakeRule(name, hours * HOUR, frozenset(plans), SOURCED) for name, hours, plans in rows)
    return replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, intakes=intakes))


@pytest.mark.parametrize(
    ("plan", "hours"), [("sedation", 6), ("general", 8), (None, 8)]
)  # undecided: the rows of every plan
def test_intake_that_no_row_names_waits_for_the_longest_of_the_plans_own_rows(plan, hours):
    protocol = with_rows(("light meal", 6, {"sedation", "general"}), ("fatty meal", 8, {"general"}))
    facts, end = replace(FACTS, anesthesia=plan), START - hours * HOUR
    assert outcome("fasting", facts, eaten(("haggis", end)), protocol=protocol) == OK
    assert outcome("fasting", facts, eaten(("haggis", end + SECOND)), protocol=protocol)[0] == "too_early"


def test_fast_is_a_day_where_the_protocol_has_no_row():
    assert outcome("fasting", evidence=eaten(("tea", START - 24 * HOUR)), protocol=with_rows()) == OK
    early = outcome("fasting", evidence=eaten(("tea", START - 24 * HOUR + SECOND)), protocol=with_rows())
    assert early == ("too_early", "fast_too_short")


def test_sip_with_a_medicine_of_the_patients_own_list_is_no_intake():
    sip = eaten(("sip of water with levothyroxine", START - HOUR))
    assert outcome("fasting", taking("Levothyroxine"), sip) == OK
    assert outcome("fasting", taking("lisinopril"), sip)[0] == "too_early"


# ---- ride


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"available": True, "adult": True}, OK),
        ({"available": True, "adult": True, "transport": "taxi"}, OK),
        ({"available": True, "transport": "ride_share"}, ("failed", "no_adult")),
        ({"available": True, "adult": False}, ("failed", "no_adult")),
        ({"available": True, "transport": "car"}, ("overdue", "adult_unknown")),
        ({"available": False}, ("failed", "no_ride")),
        ({"available": False, "exempt": True}, ("review", "ride_exempt")),
    ],
)
def test_ride(value, expected):
    assert outcome("ride", evidence=noted("ride", value)) == expected


@pytest.mark.parametrize("no", [{"available": True, "adult": False}, {"available": True, "transport": "taxi"}])
def test_driver_alone_is_a_recorded_no_that_a_later_word_of_the_patient_does_not_lift(no):
    notes, coming = Notes(), {"available": True, "adult": True}
    seen = notes.add("ride", no, START - 5 * HOUR, Authority.NURSE)
    notes.add("ride", coming, START - 4 * HOUR, Authority.PATIENT, (seen.id,))
    assert outcome("ride", evidence=notes.all) == ("failed", "no_adult")
    notes.add("ride", coming, START - 3 * HOUR, Authority.NURSE, (seen.id,))
    assert outcome("ride", evidence=notes.all) == OK


# ---- infection


@pytest.mark.parametrize(
    ("temperature", "unit", "expected"),
    [
        (37.4, "C", OK),
        (37.5, "C", ("review", "temperature_raised")),
        (37.9, "C", ("review", "temperature_raised")),
        (38.0, "C", ("failed", "fever")),
        (100.4, "F", ("failed", "fever")),
        (100.3, "F", ("review", "temperature_raised")),
    ],
)
def test_temperature(temperature, unit, expected):
    value = {**CHECK, "temperature": temperature, "unit": unit}
    assert outcome("infection_check", evidence=noted("infection_check", value)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"answers": {**NO_ANSWERS, "cough_or_cold": "yes"}}, ("failed", "yes_cough_or_cold")),
        ({"answers": {**NO_ANSWERS, "covid_contact": "yes"}}, ("review", "yes_covid_contact")),
        ({"answers": {**NO_ANSWERS, "vaccine": "yes"}}, OK),
        ({"answers": {**NO_ANSWERS, "cough_or_cold": "not_sure"}}, ("pending", "answer_not_sure")),
        ({"answers": {}}, ("pending", "answer_missing")),
        ({"skin": "not_clear"}, ("failed", "skin_not_clear")),
        ({"outcome": "infection"}, ("failed", "infection_found")),
    ],
)
def test_infection_check(change, expected):
    assert outcome("infection_check", evidence=noted("infection_check", {**CHECK, **change})) == expected


def test_infection_check_counts_for_twelve_hours():
    assert outcome("infection_check", evidence=noted("infection_check", CHECK, START - 12 * HOUR)) == OK
    old = noted("infection_check", CHECK, START - 12 * HOUR - INSTANT)
    assert outcome("infection_check", evidence=old) == ("pending", "check_expired")


def test_infection_stands_until_a_clinician_assesses_it():
    notes = Notes()
    found = notes.add("infection_check", {**CHECK, "outcome": "infection"}, authority=Authority.NURSE)
    assert finding("infection_check", evidence=notes.all).recorded
    notes.add("infection_check", CHECK, START - HOUR / 2, Authority.NURSE)
    assert outcome("infection_check", evidence=notes.all) == ("failed", "infection_found")
    assessed = {**CHECK, "outcome": "assessed_not_infection", "temperature": 38.2, "reason": "hay fever"}
    notes.add("infection_check", assessed, START - HOUR / 3, Authority.NURSE, (found.id,))
    assert outcome("infection_check", evidence=notes.all) == ("failed", "assessment_needs_clinician")
    notes.add("infection_check", assessed, START - HOUR / 4, Authority.CLINICIAN, (found.id,))
    assert outcome("infection_check", evidence=notes.all) == OK


def test_yes_of_a_patient_blocks_until_superseded():
    notes = ready_notes()
    yes = notes.add(
        "infection_prescreen", {"answers": {**NO_ANSWERS, "cough_or_cold": "yes"}}, START - 15 * HOUR, Authority.PATIENT
    )
    assert outcome("infection_prescreen", evidence=notes.all) == ("failed", "yes_cough_or_cold")
    notes.add("infection_prescreen", {"answers": NO_ANSWERS}, START - 14 * HOUR, Authority.PATIENT)
    assert outcome("infection_prescreen", evidence=notes.all)[0] == "failed"
    notes.add("infection_prescreen", {"answers": NO_ANSWERS}, START - 13 * HOUR, Authority.NURSE, (yes.id,))
    assert outcome("infection_prescreen", evidence=notes.all) == OK


MORNING = at("2027-03-10 00:00")  # of START's day
AT_HOME = replace(FACTS, arrived_at=None)


@pytest.mark.parametrize(
    ("said_at", "now", "facts", "code"),
    [
        (MORNING - 9 * HOUR, MORNING - INSTANT, AT_HOME, "satisfied"),
        (MORNING - 9 * HOUR, MORNING, AT_HOME, "prescreen_to_repeat"),
        (MORNING, MORNING + HOUR, AT_HOME, "satisfied"),
        (MORNING - 9 * HOUR, START - HOUR, FACTS, "satisfied"),  # who has arrived is asked by the nurse
    ],
)
def test_patient_is_asked_again_in_the_morning_and_nothing_waits_for_it(said_at, now, facts, code):
    notes = Notes()
    notes.add("infection_prescreen", {"answers": NO_ANSWERS}, said_at, Authority.PATIENT)
    assert outcome("infection_prescreen", facts, notes.all, now=now) == ("satisfied", code)
    asked = {question.item: question for question in questions(PROTOCOL, facts, notes.all, START, now)}
    assert asked["infection_prescreen"].is_done is (code == "satisfied")


def test_yes_in_the_morning_stops_what_was_clear_the_day_before():
    notes = Notes()
    notes.add("infection_prescreen", {"answers": NO_ANSWERS}, MORNING - 9 * HOUR, Authority.PATIENT)
    notes.add("infection_prescreen", {"answers": {**NO_ANSWERS, "cough_or_cold": "yes"}}, MORNING, Authority.PATIENT)
    assert outcome("infection_prescreen", AT_HOME, notes.all, now=MORNING + HOUR) == ("failed", "yes_cough_or_cold")
