"""Worked cases of the kinds that wait for the day, under the shipped reference: both sides of each boundary."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.values import Authority, DateAbout, State
from tests.checklists.rules.cases import (
    FACTS,
    HOUR,
    INSTANT,
    PHOENIX,
    SECOND,
    SITE,
    START,
    at,
    finding,
    judge,
    outcome,
    taking,
)
from tests.checklists.rules.notes import ALLERGIES, AUTHORISED, CANDIDACY, CONSENT, EVALUATION, MRI, Notes, replaced
from tests.checklists.rules.test_reference import reference_notes

REFERENCE = load("reference-asra", signed=True)
MIDNIGHT = load("one-tree-health")
OK = ("satisfied", "satisfied")
DAY = timedelta(days=1)


def judged(item, value, on=START - HOUR, facts=FACTS, start=START, protocol=REFERENCE, authority=Authority.CLINICIAN):
    notes = Notes()
    notes.add(item, value, on, authority)
    return outcome(item, facts, notes.all, start, start - SECOND, protocol)


# ---- nothing that was observed after the start counts for it


@pytest.mark.parametrize("item", sorted({entry.item for entry in reference_notes().all} - {"labs"}))
def test_what_is_dated_after_the_start_says_nothing_about_it(item):
    entries = [
        replace(entry, observed_at=START + INSTANT) if entry.item == item else entry for entry in reference_notes().all
    ]
    found = finding(item, evidence=entries, now=START, protocol=REFERENCE)
    assert found.status == "overdue"
    assert "dated_after_start" in [reason.code for reason in found.reasons]
    assert judge(evidence=entries, now=START, protocol=REFERENCE).state is State.BLOCKED


# ---- laboratory


def lab(analyte, value, unit, on=START - HOUR, facts=FACTS, start=START):
    notes = reference_notes()
    notes.add("labs", {"analyte": analyte, "value": value, "unit": unit}, on)
    return outcome("labs", facts, notes.all, start, start - SECOND, REFERENCE)


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "status"),
    [
        ("INR", 1.5, "ratio", "satisfied"),
        ("INR", 1.51, "ratio", "review"),
        ("INR", 1.8, "ratio", "review"),
        ("INR", 1.81, "ratio", "failed"),
        ("platelets", 100, "10^9/L", "satisfied"),
        ("platelets", 99.9, "10^9/L", "review"),
        ("platelets", 50, "10^9/L", "review"),
        ("platelets", 49.9, "10^9/L", "failed"),
        ("platelets", 100_000, "/uL", "satisfied"),
        ("platelets", 99_999, "/uL", "review"),
        ("platelets", 50_000, "/uL", "review"),
        ("platelets", 49_999, "/uL", "failed"),
        ("platelets", 100, "10^3/uL", "satisfied"),
        ("platelets", 49.9, "K/uL", "failed"),
        ("haemoglobin", 9, "g/dL", "satisfied"),
        ("haemoglobin", 8.9, "g/dL", "review"),
        ("haemoglobin", 7, "g/dL", "review"),
        ("haemoglobin", 6.9, "g/dL", "failed"),
        ("haemoglobin", 90, "g/L", "satisfied"),
        ("haemoglobin", 69, "g/L", "failed"),
        ("WBC", 11, "10^9/L", "satisfied"),
        ("WBC", 11.1, "10^9/L", "review"),
        ("WBC", 4, "10^9/L", "satisfied"),
        ("WBC", 3_999, "/uL", "review"),
        ("eGFR", 30, "mL/min/1.73m2", "satisfied"),
        ("eGFR", 29.9, "mL/min/1.73m2", "review"),
        ("CRP", 10, "mg/L", "satisfied"),
        ("CRP", 10.1, "mg/L", "review"),
        ("CRP", 1.1, "mg/dL", "review"),
        ("HbA1c", 7.9, "percent", "satisfied"),
        ("HbA1c", 8, "%", "review"),
    ],
)
def test_value_is_judged_in_its_unit_exactly_also_where_it_was_not_owed(analyte, value, unit, status):
    assert lab(analyte, value, unit)[0] == status


DIABETIC = replace(FACTS, conditions=frozenset({"diabetes"}), born_on=date(1970, 1, 1))


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (53.9, "failed"),
        (54, "review"),
        (69.9, "review"),
        (70, "satisfied"),
        (180, "satisfied"),
        (180.1, "review"),
        (300, "review"),
        (300.1, "failed"),
    ],
)
def test_glucose_on_arrival(value, status):
    notes = reference_notes()
    notes.add("labs", {"analyte": "creatinine", "value": 0.9, "unit": "mg/dL"}, START - DAY)
    notes.add("labs", {"analyte": "glucose", "value": value, "unit": "mg/dL"}, START - HOUR)
    assert outcome("labs", DIABETIC, notes.all, protocol=REFERENCE)[0] == status


@pytest.mark.parametrize(("ago", "expected"), [(4 * HOUR, OK), (4 * HOUR + INSTANT, ("pending", "lab_expired"))])
def test_glucose_counts_for_four_elapsed_hours(ago, expected):
    notes = reference_notes()
    notes.add("labs", {"analyte": "creatinine", "value": 0.9, "unit": "mg/dL"}, START - DAY)
    notes.add("labs", {"analyte": "glucose", "value": 100, "unit": "mg/dL"}, START - ago)
    assert outcome("labs", DIABETIC, notes.all, protocol=REFERENCE) == expected


@pytest.mark.parametrize(
    ("on", "expected"),
    [("2027-02-08 00:00", OK), ("2027-02-07 23:59:59", ("overdue", "lab_expired"))],  # 30 days before 10 March
)
def test_creatinine_of_the_thirtieth_day_counts_and_of_the_day_before_does_not(on, expected):
    facts = replace(FACTS, born_on=date(1950, 1, 1))
    assert lab("creatinine", 0.9, "mg/dL", at(on), facts) == expected


@pytest.mark.parametrize(
    ("value", "on", "expected"),
    [
        (1.2, "2027-03-09 00:00", OK),
        (1.21, "2027-03-09 00:00", ("review", "lab_borderline")),
        (1.5, "2027-03-09 00:00", ("review", "lab_borderline")),
        (1.51, "2027-03-09 00:00", ("failed", "lab_out_of_range")),
        (1.0, "2027-03-08 23:59:59", ("pending", "lab_expired")),
    ],
)
def test_inr_after_warfarin_is_of_the_day_or_the_day_before(value, on, expected):
    notes = reference_notes()
    notes.add("hold:warfarin", {"last_dose_at": (START - 6 * DAY).isoformat()}, START - 5 * DAY)
    notes.add("labs", {"analyte": "INR", "value": value, "unit": "ratio"}, at(on))
    assert outcome("labs", taking("warfarin"), notes.all, protocol=REFERENCE) == expected


# ---- fasting


def ate(intake, when, start=START, facts=FACTS, protocol=REFERENCE):
    value = {"intakes": [{"intake": intake, "at": when.isoformat()}]}
    return judged("fasting", value, start - HOUR, facts, start, protocol)


@pytest.mark.parametrize(
    ("intake", "hours"),
    [
        ("clear liquids", 2),
        ("black coffee", 2),
        ("carbohydrate clear liquid", 2),
        ("breast milk", 4),
        ("infant formula", 6),
        ("latte", 6),
        ("light meal", 6),
        ("burger", 8),
        ("unknown", 8),
        ("beer", 8),
    ],
)
def test_intake_needs_its_hours_equality_included(intake, hours):
    assert ate(intake, START - hours * HOUR) == OK
    assert ate(intake, START - hours * HOUR + SECOND) == ("too_early", "fast_too_short")


def test_chewing_gum_and_a_sip_of_water_with_medicines_delay_nothing():
    assert ate("chewing gum", START) == OK
    assert ate("sip of water with medicines", START) == OK


@pytest.mark.parametrize(
    ("ate_at", "start", "expected"),
    [
        # 2027-03-14: 23:30 to 06:30 are six hours in New York and seven in Phoenix
        ("2027-03-13 23:30", "2027-03-14 06:30", OK),
        ("2027-03-13 23:31", "2027-03-14 06:30", ("too_early", "fast_too_short")),
        # 2027-11-07: 00:30 to 05:30 are six hours
        ("2027-11-07 00:30", "2027-11-07 05:30", OK),
        ("2027-11-07 00:31", "2027-11-07 05:30", ("too_early", "fast_too_short")),
    ],
)
def test_fast_counts_elapsed_hours_in_nights_of_23_and_25(ate_at, start, expected):
    assert ate("light meal", at(ate_at), at(start)) == expected


@pytest.mark.parametrize(
    ("site", "ate_at", "start", "expected"),
    [
        (SITE, "2027-03-13 23:59:59", "2027-03-14 09:00", OK),
        (SITE, "2027-03-14 00:00", "2027-03-14 09:00", ("failed", "intake_after_midnight")),
        (SITE, "2027-11-06 23:59:59", "2027-11-07 09:00", OK),
        (SITE, "2027-11-07 00:00", "2027-11-07 09:00", ("failed", "intake_after_midnight")),
        (PHOENIX, "2027-03-13 23:59:59", "2027-03-14 09:00", OK),
        (PHOENIX, "2027-03-14 00:00", "2027-03-14 09:00", ("failed", "intake_after_midnight")),
    ],
)
def test_nothing_from_midnight_of_the_site_on(site, ate_at, start, expected):
    facts = replace(FACTS, site=site)
    assert ate("water", at(ate_at, site.tz), at(start, site.tz), facts, MIDNIGHT) == expected


# ---- window


def fractured(day, latest=None):
    return replace(FACTS, fractured=DateAbout(day, latest or day))


def windowed(facts, start=START, protocol=REFERENCE, mri=MRI):
    notes = Notes()
    notes.add("imaging", mri, start - 3 * DAY)
    notes.add("candidacy", CANDIDACY, start - 3 * DAY)
    return outcome("candidacy", facts, notes.all, start, start - SECOND, protocol)


@pytest.mark.parametrize(
    ("days", "with_oedema", "without"),
    [
        (56, OK, OK),
        (57, ("review", "window_late"), ("failed", "window_no_oedema")),
        (84, ("review", "window_late"), ("failed", "window_no_oedema")),
        (85, ("failed", "window_past"), ("failed", "window_past")),
    ],
)
def test_window_of_the_reference(days, with_oedema, without):
    facts = fractured(date(2027, 3, 10) - days * DAY)
    assert windowed(facts) == with_oedema
    assert windowed(facts, mri={**MRI, "oedema_levels": ["T12"]}) == without
    assert windowed(replace(facts, cause="malignancy")) == OK


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2027-03-14 23:59:59", OK), ("2027-03-15 00:00", ("review", "window_late"))],  # 56 days from 17 January
)
def test_window_ends_with_the_last_second_of_the_sites_day(start, expected):
    assert windowed(fractured(date(2027, 1, 17)), at(start)) == expected


@pytest.mark.parametrize(
    ("protocol", "diagnosed", "last_day", "after"),
    [
        ("bay-area-spine", date(2026, 8, 31), date(2026, 10, 31), "review"),
        ("bay-area-spine", date(2026, 12, 31), date(2027, 2, 28), "review"),
        ("bay-area-spine", date(2027, 12, 31), date(2028, 2, 29), "review"),
        ("one-tree-health", date(2027, 1, 1), date(2027, 2, 26), "review"),
        ("pain-experts-of-arizona", date(2027, 1, 1), date(2027, 2, 26), "failed"),
    ],
)
def test_window_of_each_page_is_soft_or_strict_after_its_last_day(protocol, diagnosed, last_day, after):
    about = DateAbout(diagnosed, diagnosed)
    asked = FACTS.conditions_denied | {"severe_osteoporosis"}
    facts = replace(FACTS, fractured=about, diagnosed=about, conditions_denied=asked)
    noon = at(f"{last_day.isoformat()} 12:00")
    rules = load(protocol)
    assert windowed(facts, noon, rules) == OK
    assert windowed(facts, noon + DAY, rules) == (after, "window_past")


def test_approximate_fracture_counts_from_its_earliest_day_and_is_signed():
    facts = fractured(date(2027, 3, 10) - 56 * DAY, date(2027, 3, 10) - 20 * DAY)
    assert windowed(facts) == ("review", "window_approximate")
    earlier = fractured(date(2027, 3, 10) - 85 * DAY, date(2027, 3, 10) - 20 * DAY)
    assert windowed(earlier) == ("failed", "window_past")


# ---- payer, consent, pregnancy, anesthesia


@pytest.mark.parametrize(
    ("until", "start", "expected"),
    [
        ("2027-03-10", "2027-03-10 23:59:59", OK),
        ("2027-03-09", "2027-03-10 00:00", ("overdue", "authorisation_expired")),
        ("2027-03-14", "2027-03-14 23:59:59", OK),
        ("2027-03-14", "2027-03-15 00:00", ("overdue", "authorisation_expired")),
    ],
)
def test_authorisation_holds_through_its_last_day(until, start, expected):
    value = {**AUTHORISED, "valid_until": until}
    assert judged("authorisation", value, START - 8 * DAY, start=at(start)) == expected


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["T12", "L1"], OK),
        (["L1", "T12", "L1"], OK),
        (["T12"], ("failed", "consent_levels_differ")),
        (["T12", "L1", "L2"], ("failed", "consent_levels_differ")),
    ],
)
def test_consent_names_exactly_the_booked_levels(levels, expected):
    assert judged("consent", {**CONSENT, "levels": levels}) == expected


@pytest.mark.parametrize(
    ("result", "on", "expected"),
    [
        ("negative", "2027-03-09 00:00", OK),
        ("negative", "2027-03-08 23:59:59", ("pending", "pregnancy_test_expired")),
        ("declined", "2027-03-09 00:00", ("review", "pregnancy_declined")),
        ("indeterminate", "2027-03-09 00:00", ("review", "pregnancy_indeterminate")),
        ("not_possible", "2026-03-09 00:00", OK),
        ("positive", "2027-03-10 08:00", ("failed", "pregnant")),
    ],
)
def test_pregnancy_is_excluded_on_the_day_or_the_day_before(result, on, expected):
    young = replace(FACTS, born_on=date(1990, 6, 1))
    assert judged("pregnancy", {"result": result}, at(on), young) == expected


def test_test_that_was_declined_for_another_day_is_offered_again():
    young = replace(FACTS, born_on=date(1990, 6, 1))
    notes = replaced("pregnancy", {"result": "declined"}, observed_at=START - 9 * DAY)
    codes = [reason.code for reason in finding("pregnancy", young, notes, protocol=REFERENCE).reasons]
    assert codes == ["pregnancy_declined", "pregnancy_test_expired"]


def test_birth_date_after_the_start_is_no_age():
    slip = replace(FACTS, born_on=date(2072, 6, 1))
    assert outcome("pregnancy", slip, protocol=REFERENCE)[1] == "pregnancy_unknown"
    labs = finding("labs", slip, reference_notes().all, protocol=REFERENCE)
    assert [reason.sentence for reason in labs.reasons] == [
        "No result of creatinine is recorded. Draw it and record it."
    ]


@pytest.mark.parametrize(
    ("planned", "evaluated", "expected"),
    [
        (None, "general", OK),
        (None, "sedation", ("pending", "evaluated_for_less")),
        ("sedation", "sedation", OK),
        ("sedation", "local", ("pending", "evaluated_for_less")),
        ("local", "general", OK),
    ],
)
def test_undecided_anesthesia_counts_as_the_strictest(planned, evaluated, expected):
    facts = replace(FACTS, anesthesia=planned)
    assert judged("anesthesia_evaluation", {**EVALUATION, "anesthesia": evaluated}, facts=facts) == expected


@pytest.mark.parametrize(
    ("drug", "allergy", "expected"),
    [
        ("cefazolin 2 g", "cefazolin", "failed"),
        ("cefazolin, 2 g IV", "Cefazolin (rash in 2019)", "failed"),
        ("Cefazolin", "hives from CEFAZOLIN", "failed"),
        ("vancomycin 1 g IV", "cefazolin 2 g IV", "review"),
    ],
)
def test_planned_antibiotic_is_compared_with_the_allergies_by_name(drug, allergy, expected):
    notes = Notes()
    notes.add("allergies", {**ALLERGIES, "antibiotic": "known", "substances": [allergy]}, START - 9 * DAY)
    notes.add("antibiotic_plan", {"plan": "antibiotic", "before_iv": drug}, START - 8 * DAY)
    assert outcome("antibiotic_plan", evidence=notes.all, protocol=REFERENCE)[0] == expected
