"""Laboratory values as exact numbers, the bands of a row, and how long a sample counts."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.lab_values import (
    Result,
    age_at_start,
    band_of,
    exact,
    holds,
    hours,
    in_unit,
    is_plausible,
    is_valid,
    latest_results,
)
from checklists.rules.protocol import Bound
from tests.checklists.rules.cases import FACTS, HOUR, INSTANT, PROTOCOL, SECOND, SITE, START, at, lab
from tests.checklists.rules.notes import Notes

DAY = timedelta(days=1)


def context(*notes, facts=FACTS, start=START, lead=None):
    clock = Clock(START - 60 * DAY)
    return context_of(PROTOCOL, facts, notes, Start(start, clock, lead))


def drawn(analyte, value, unit, observed_at=START - DAY, **more):
    return Notes().add("labs", {"analyte": analyte, "value": value, "unit": unit, **more}, observed_at)


@pytest.mark.parametrize(
    ("value", "written", "wanted", "analyte", "exactly"),
    [
        (0.1, "ratio", "ratio", "INR", Fraction(1, 10)),
        (85_000, "/uL", "10^9/L", "platelets", Fraction(85)),
        (85, "10^9/L", "/uL", "platelets", Fraction(85_000)),
        (13.5, "g/dL", "g/L", "haemoglobin", Fraction(135)),
        (10, "mmol/L", "g/dL", "haemoglobin", Fraction("16.114")),
        (88.42, "umol/L", "mg/dL", "creatinine", Fraction(1)),
        (10, "mmol/L", "mg/dL", "glucose", Fraction("180.16")),
        (2, "g/L", "mg/dL", "fibrinogen", Fraction(200)),
        (0.5, "mg/dL", "mg/L", "CRP", Fraction(5)),
        (6.5, "%", "percent", "HbA1c", Fraction(13, 2)),
        (3, "parts", "parts", "an analyte of a practice", Fraction(3)),
    ],
)
def test_value_is_read_in_another_unit_exactly(value, written, wanted, analyte, exactly):
    assert in_unit(value, written, wanted, analyte) == exactly


@pytest.mark.parametrize(
    ("written", "wanted", "analyte"),
    [("mmol/L", "mg/dL", "INR"), ("g/dL", "mg/dL", "creatinine"), ("mg/dL", "g/dL", "creatinine"), ("a", "b", "luck")],
)
def test_units_that_do_not_convert_are_refused(written, wanted, analyte):
    with pytest.raises(ValueError, match=f"^{analyte} in '{written}' cannot be read as '{wanted}'$"):
        in_unit(1, written, wanted, analyte)


def test_number_is_the_one_that_was_typed():
    assert (exact(0.1), exact(1.45)) == (Fraction(1, 10), Fraction(29, 20))
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match=str(number)):
            exact(number)


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "possible"),
    [
        ("INR", 0.5, "ratio", True),
        ("INR", 0.49, "ratio", False),
        ("INR", 30, "ratio", True),
        ("INR", 30.1, "ratio", False),
        ("platelets", 3_000_000, "/uL", True),
        ("platelets", 3_000_001, "/uL", False),
        ("CRP", 10**6, "mg/L", True),  # nothing is known of it
    ],
)
def test_what_a_patient_can_have_includes_its_limits(analyte, value, unit, possible):
    assert is_plausible(analyte, value, unit) is possible


@pytest.mark.parametrize(
    ("band", "inside", "outside"),
    [
        (Bound(low=50, high=100), (50, 75, 100), (49.9, 100.1)),
        (Bound(low=50, high=100, low_open=True), (50.1, 100), (50, 49)),
        (Bound(low=50, high=100, high_open=True), (50, 99.9), (100, 101)),
        (Bound(low=1.8, low_open=True), (1.81, 1000), (1.8, 0)),
        (Bound(high=1.5), (0, 1.5), (1.51,)),
        (Bound(), (0, 1000), ()),
    ],
)
def test_band_holds_its_ends_unless_they_are_open(band, inside, outside):
    assert [holds(band, exact(value)) for value in (*inside, *outside)] == [True] * len(inside) + [False] * len(outside)


PLATELETS = next(row for row in PROTOCOL.labs if row.analyte == "platelets")
APTT = replace(lab("aPTT", "s", (), fails=(Bound(low=60),)), lab_range=True)


@pytest.mark.parametrize(
    ("row", "value", "printed", "band"),
    [
        (PLATELETS, 100, {}, "pass"),
        (PLATELETS, 99.9, {}, "review"),
        (PLATELETS, 50, {}, "review"),
        (PLATELETS, 49.9, {}, "fail"),
        # What a row says nothing about is looked at.
        (replace(PLATELETS, reviews=()), 75, {}, "review"),
        # A fail wins over a pass that overlaps it.
        (replace(PLATELETS, fails=(Bound(low=400),)), 400, {}, "fail"),
        # A laboratory prints its own upper limit, which counts where the row says so.
        (APTT, 36, {"reference_high": 36}, "pass"),
        (APTT, 36.1, {"reference_high": 36}, "fail"),
        (APTT, 36, {}, "review"),
        (APTT, 60, {}, "fail"),
        (replace(APTT, lab_range=False), 36, {"reference_high": 36}, "review"),
    ],
)
def test_value_falls_into_a_band_of_its_row(row, value, printed, band):
    entry = drawn(row.analyte, value, row.unit, **printed)
    assert band_of(row, Result(exact(value), entry)) == band


def test_printed_limit_is_read_in_the_unit_of_the_result():
    row = replace(lab("creatinine", "mg/dL", ()), lab_range=True)
    entry = drawn("creatinine", 88.42, "umol/L", reference_high=88.42)
    assert [band_of(row, Result(Fraction(value), entry)) for value in (1, 2)] == ["pass", "fail"]


@pytest.mark.parametrize(
    ("row", "drawn_at", "valid"),
    [
        (PLATELETS, at("2027-02-08 00:00"), True),  # the thirtieth day before, by the calendar of the site
        (PLATELETS, at("2027-02-08 00:00") - SECOND, False),
        (PLATELETS, START, True),
        (PLATELETS, START + INSTANT, False),
        (replace(PLATELETS, validity_days=None, validity_within=4 * HOUR), START - 4 * HOUR, True),
        (replace(PLATELETS, validity_days=None, validity_within=4 * HOUR), START - 4 * HOUR - INSTANT, False),
        (replace(PLATELETS, validity_within=4 * HOUR), START - 5 * HOUR, False),
    ],
)
def test_sample_counts_for_days_of_the_site_or_elapsed_hours(row, drawn_at, valid):
    assert is_valid(context(), row, Result(Fraction(200), drawn("platelets", 200, "10^9/L", drawn_at))) is valid


def test_last_day_of_a_sample_ends_with_the_sites_day():
    late = at("2027-03-09 22:00")  # the 10th by UTC; the thirtieth day after 7 February is the 9th
    result = Result(Fraction(200), drawn("platelets", 200, "10^9/L", at("2027-02-07 10:00")))
    assert is_valid(context(start=late), PLATELETS, result)


def test_row_without_a_validity_is_named():
    row = replace(PLATELETS, validity_days=None)
    with pytest.raises(LookupError, match=r"^the row platelets-general has no validity$"):
        is_valid(context(), row, Result(Fraction(200), drawn("platelets", 200, "10^9/L")))


def test_last_drawn_results_of_an_analyte_are_those_of_one_instant():
    notes = Notes()
    notes.add("labs", {"stage": "ordered"}, START)
    for name, value, unit, days in (
        ("platelets", 100, "10^9/L", 3),
        ("Platelet count", 110_000, "/uL", 2),
        ("platelets", 120, "10^9/L", 2),
        ("INR", 1.0, "ratio", 1),
    ):
        notes.add("labs", {"analyte": name, "value": value, "unit": unit}, START - days * DAY)
    found = latest_results(context(*notes.all), "platelets", "10^9/L")
    assert [(result.value, result.evidence.id) for result in found] == [(110, 3), (120, 4)]
    assert latest_results(context(*notes.all), "creatinine", "mg/dL") == ()


@pytest.mark.parametrize(
    ("born", "start", "age"),
    [
        (date(1967, 3, 10), "2027-03-10 00:00", 60),
        (date(1967, 3, 10), "2027-03-09 23:59", 59),
        (date(1967, 12, 31), "2027-12-31 08:00", 60),
        (date(1967, 1, 1), "2026-12-31 23:59", 59),
        (date(1967, 1, 1), "2027-01-01 00:00", 60),
        (date(2027, 3, 10), "2027-03-10 10:00", 0),
        (date(2027, 3, 11), "2027-03-10 10:00", None),
        (None, "2027-03-10 10:00", None),
    ],
)
def test_age_is_counted_in_completed_years_on_the_sites_day_of_the_start(born, start, age):
    assert age_at_start(context(facts=replace(FACTS, born_on=born), start=at(start))) == age


TOKYO = replace(FACTS, site=replace(SITE, zone="Asia/Tokyo"))


@pytest.mark.parametrize(
    ("facts", "born", "start", "age", "birthday"),
    [
        (FACTS, date(1967, 3, 20), at("2027-03-10 10:00"), 59, at("2027-03-20 00:00")),
        (FACTS, date(1967, 1, 20), at("2027-03-10 10:00"), 60, at("2028-01-20 00:00")),
        # New Year's morning in Tokyo is still last year by UTC.
        (TOKYO, date(1967, 1, 1), at("2028-01-01 05:00", TOKYO.site.tz), 61, at("2029-01-01 00:00", TOKYO.site.tz)),
    ],
)
def test_next_birthday_is_remembered_where_the_start_moves_with_the_clock(facts, born, start, age, birthday):
    case = context(facts=replace(facts, born_on=born), start=start, lead=timedelta(0))
    assert (age_at_start(case), case.start.clock.next_change) == (age, birthday)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (HOUR / 2, "0.5 hours"),
        (24 * HOUR, "24 hours"),
        (48 * HOUR, "48 hours"),
        (71 * HOUR, "71 hours"),
        (72 * HOUR, "3 days"),
        (73 * HOUR, "73 hours"),
        (120 * HOUR, "5 days"),
    ],
)
def test_three_whole_days_and_more_are_said_in_days(duration, words):
    assert hours(duration) == words
