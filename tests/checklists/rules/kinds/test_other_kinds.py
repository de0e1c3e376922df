"""Consult, candidacy, imaging and labs: both sides of each boundary."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.rules.sitetime import day_begins, day_ends
from checklists.rules.values import Authority, DateAbout
from tests.checklists.rules.cases import (
    FACTS,
    HOUR,
    INSTANT,
    NEW_YORK,
    PROTOCOL,
    SECOND,
    START,
    at,
    finding,
    outcome,
    taking,
)
from tests.checklists.rules.notes import CANDIDACY, MRI, Notes, noted, ready_notes, replaced

OK = ("satisfied", "satisfied")
DAY = timedelta(days=1)


# ---- consult and candidacy


def test_consult_must_name_the_planned_levels():
    assert outcome("consult", evidence=noted("consult", {"outcome": "procedure"})) == OK
    differs = noted("consult", {"outcome": "procedure", "levels": ["T12"]})
    assert outcome("consult", evidence=differs) == ("failed", "levels_differ")


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("L1",), OK),
        (("T12", "L1"), OK),
        (("T9", "L2"), ("review", "levels_apart")),
        (("T11", "T12", "L1"), ("review", "many_levels")),
        (("T10", "T11", "T12", "L1"), ("failed", "too_many_levels")),
        (("T1",), OK),
        (("C7",), ("review", "level_outside")),
        (("L5",), OK),
        (("S1",), ("review", "level_outside")),
        (("X9",), ("failed", "level_unknown")),
        ((), ("overdue", "levels_missing")),
    ],
)
def test_levels(levels, expected):
    wide = {**MRI, "levels": list(levels), "oedema_levels": list(levels)}
    evidence = replaced("imaging", wide)
    assert outcome("candidacy", replace(FACTS, levels=levels), evidence, now=START) == expected


@pytest.mark.parametrize(
    ("levels", "stages"),
    [
        (("T9", "L2"), "T9, then L2"),
        (("T11", "T12", "L1"), "T11+T12, then L1"),
        (("T10", "T11", "T12", "L1"), "T10+T11, then T12+L1"),
        (("T7", "T9", "T10", "L3"), "T7, then T9+T10, then L3"),
    ],
)
def test_levels_that_are_not_treated_at_once_are_proposed_in_stages(levels, stages):
    wide = {**MRI, "levels": list(levels), "oedema_levels": list(levels)}
    found = finding("candidacy", replace(FACTS, levels=levels), replaced("imaging", wide), now=START)
    assert f"such as {stages}" in found.sentence


@pytest.mark.parametrize(
    ("days", "oedema", "expected"),
    [
        (56, True, OK),
        (57, True, ("review", "window_late")),
        (84, True, ("review", "window_late")),
        (85, True, ("failed", "window_past")),
        (57, False, ("failed", "window_no_oedema")),
        (57, None, ("overdue", "window_needs_mri")),
    ],
)
def test_window_counts_calendar_days_and_its_last_day_is_inside(days, oedema, expected):
    broken = date(2027, 3, 10) - days * DAY
    study = {key: value for key, value in MRI.items() if key != "oedema_levels"}
    if oedema is not None:
        study["oedema_levels"] = MRI["levels"] if oedema else []
    facts = replace(FACTS, fractured=DateAbout(broken, broken))
    assert outcome("candidacy", facts, replaced("imaging", study), now=START) == expected


def test_signature_on_a_late_window_does_not_cover_another_mri():
    broken = date(2027, 3, 10) - 57 * DAY
    facts, notes = replace(FACTS, fractured=DateAbout(broken, broken)), ready_notes()
    signed = finding("candidacy", facts, notes.all, now=START)
    notes.add("imaging", MRI, START - DAY)
    read_again = finding("candidacy", facts, notes.all, now=START)
    assert signed.code == read_again.code == "window_late"
    assert signed.inputs != read_again.inputs


def test_window_ends_with_the_local_day():
    broken = date(2027, 1, 13)
    facts = replace(FACTS, fractured=DateAbout(broken, broken))
    end = day_ends(broken + 56 * DAY, NEW_YORK)
    evidence = ready_notes().all
    assert outcome("candidacy", facts, evidence, end - SECOND, end - 2 * SECOND) == OK
    assert outcome("candidacy", facts, evidence, end, end - SECOND) == ("review", "window_late")


def test_window_counts_from_onset_where_the_fracture_is_not_dated():
    late = DateAbout(date(2026, 11, 1), date(2026, 11, 1))
    unknown = replace(FACTS, fractured=None)
    assert outcome("candidacy", unknown, ready_notes().all, now=START) == ("overdue", "window_unknown")
    assert outcome("candidacy", replace(unknown, onset=late), ready_notes().all)[1] == "window_past"
    assert outcome("candidacy", replace(unknown, cause="malignancy"), ready_notes().all) == OK


def test_unknown_cause_is_owed_before_booking():
    found = finding("candidacy", replace(FACTS, cause=None), ready_notes().all)
    assert (found.status, found.code) == ("pending", "cause_missing")
    assert (found.owner, found.needed_by) == ("clinician", "booking")
    assert found.sentence == "The cause of the fracture is not recorded. Change the plan and record it."


def test_approximate_date_counts_from_its_earliest_day_and_is_signed():
    about = DateAbout(date(2027, 1, 13), date(2027, 1, 20))
    facts = replace(FACTS, fractured=about)
    assert outcome("candidacy", facts, ready_notes().all) == ("review", "window_approximate")


def test_months_end_on_the_same_day_of_the_month_or_its_last():
    monthly = replace(PROTOCOL.window, pass_days=None, pass_months=2, review_days=None)
    protocol = replace(PROTOCOL, window=monthly)
    facts = replace(FACTS, fractured=DateAbout(date(2026, 12, 31), date(2026, 12, 31)))
    for day, expected in (("2027-02-28 12:00", OK), ("2027-03-01 12:00", ("failed", "window_past"))):
        start = at(day)
        assert outcome("candidacy", facts, ready_notes().all, start, start - SECOND, protocol) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"exclusions": ["pregnancy"]}, ("failed", "excluded_pregnancy")),
        ({"exclusions": ["retropulsion"]}, ("review", "excluded_retropulsion")),
        ({"exclusions": ["never heard of"]}, ("failed", "excluded_never heard of")),
        ({"pain_matches_imaging": False}, ("failed", "pain_elsewhere")),
        ({"can_lie_prone": False}, ("review", "cannot_lie_prone")),
    ],
)
def test_candidacy(change, expected):
    assert outcome("candidacy", evidence=replaced("candidacy", {**CANDIDACY, **change})) == expected


def test_procedure_that_the_protocol_does_not_cover_fails():
    assert (
        outcome("candidacy", replace(FACTS, procedure="sacroplasty"), ready_notes().all)[1] == "procedure_not_covered"
    )


# ---- imaging


def test_later_order_is_not_a_look_at_the_result():
    notes = Notes()
    notes.add("imaging", {**MRI, "stage": "result"}, START - 9 * DAY, Authority.SCHEDULER)
    notes.add("imaging", {**MRI, "modality": "ct", "stage": "ordered"}, START - 8 * DAY)
    assert outcome("imaging", evidence=notes.all) == ("pending", "awaiting_verification")
    notes.add("imaging", {**MRI, "stage": "reviewed"}, START - 9 * DAY)
    assert outcome("imaging", evidence=notes.all) == OK


@pytest.mark.parametrize(
    ("studies", "expected"),
    [
        ([MRI], OK),
        ([{**MRI, "stage": "ordered"}], ("overdue", "imaging_missing")),
        ([{**MRI, "modality": "ct"}], ("overdue", "imaging_missing")),
        ([{**MRI, "modality": "xray"}], ("overdue", "xray_alone")),
        ([{**MRI, "levels": ["T12"]}], ("failed", "level_not_imaged")),
        ([{**MRI, "oedema_levels": ["T12"]}], ("failed", "no_oedema")),
        ([{**MRI, "fluid_sensitive": False}], ("review", "mri_not_fluid_sensitive")),
    ],
)
def test_imaging(studies, expected):
    assert outcome("imaging", evidence=replaced("imaging", *studies)) == expected


@pytest.mark.parametrize(("days", "expected"), [(90, OK), (91, ("overdue", "imaging_expired"))])
def test_imaging_is_valid_for_calendar_days(days, expected):
    facts = replace(FACTS, fractured=None, onset=None)
    performed = at("2027-03-10 00:30") - days * DAY
    assert outcome("imaging", facts, noted("imaging", MRI, performed)) == expected


def test_imaging_before_the_fracture_proves_nothing():
    performed = day_begins(FACTS.fractured.earliest, NEW_YORK)
    assert outcome("imaging", evidence=noted("imaging", MRI, performed)) == OK
    assert outcome("imaging", evidence=noted("imaging", MRI, performed - SECOND))[1] == "imaging_before_fracture"


# ---- labs


def with_lab(analyte, value, unit, drawn=START - 5 * DAY, facts=FACTS):
    notes = ready_notes()
    notes.all = [entry for entry in notes.all if entry.value.get("analyte") != analyte]
    notes.add("labs", {"analyte": analyte, "value": value, "unit": unit}, drawn)
    return outcome("labs", facts, notes.all)


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
        ("platelets", 100000, "/uL", "satisfied"),
        ("WBC", 11, "10^9/L", "satisfied"),
        ("WBC", 11.1, "10^9/L", "review"),
    ],
)
def test_lab_bands(analyte, value, unit, status):
    assert with_lab(analyte, value, unit)[0] == status


@pytest.mark.parametrize(("days", "expected"), [(30, OK), (31, ("overdue", "lab_expired"))])
def test_lab_is_valid_for_calendar_days(days, expected):
    assert with_lab("INR", 1.0, "ratio", at("2027-03-10 00:10") - days * DAY) == expected


def test_optional_lab_that_is_out_of_date_says_nothing():
    assert with_lab("WBC", 20, "10^9/L", START - 40 * DAY) == OK


@pytest.mark.parametrize(
    ("value", "drawn", "expected"),
    [
        (1.2, "2027-03-09 00:00", OK),
        (1.21, "2027-03-09 00:00", ("review", "lab_borderline")),
        (1.51, "2027-03-09 00:00", ("failed", "lab_out_of_range")),
        (1.2, "2027-03-08 23:59", ("pending", "lab_expired")),
    ],
)
def test_inr_after_warfarin_has_its_own_bands_and_lasts_a_day(value, drawn, expected):
    notes = ready_notes()
    notes.add("hold:warfarin", {"last_dose_at": at("2027-03-01 08:00").isoformat()})
    notes.add("labs", {"analyte": "INR", "value": value, "unit": "ratio"}, at(drawn))
    assert outcome("labs", taking("warfarin"), notes.all) == expected


def test_inr_drawn_before_the_last_warfarin_does_not_count():
    notes = ready_notes()
    drawn = at("2027-03-09 09:00")
    notes.add("hold:warfarin", {"last_dose_at": drawn.isoformat()})
    notes.add("labs", {"analyte": "INR", "value": 1.0, "unit": "ratio"}, drawn)
    assert outcome("labs", taking("warfarin"), notes.all)[1] == "drawn_before_last_dose"
    notes.add("labs", {"analyte": "INR", "value": 1.0, "unit": "ratio"}, drawn + SECOND)
    assert outcome("labs", taking("warfarin"), notes.all) == OK


@pytest.mark.parametrize(("drawn", "code"), [(4 * HOUR, "satisfied"), (4 * HOUR + INSTANT, "lab_expired")])
def test_glucose_on_arrival_lasts_four_hours(drawn, code):
    facts = replace(FACTS, conditions=frozenset({"glucose_on_arrival"}))
    assert with_lab("glucose", 100, "mg/dL", START - drawn, facts)[1] == code


def test_latest_drawn_value_counts_and_a_tie_takes_the_worse():
    notes = ready_notes()
    notes.add("labs", {"analyte": "INR", "value": 2.5, "unit": "ratio"}, START - 4 * DAY)
    assert outcome("labs", evidence=notes.all)[0] == "failed"
    notes.add("labs", {"analyte": "INR", "value": 1.0, "unit": "ratio"}, START - 4 * DAY)
    assert outcome("labs", evidence=notes.all)[0] == "failed"
    notes.add("labs", {"analyte": "INR", "value": 1.0, "unit": "ratio"}, START - 3 * DAY)
    assert outcome("labs", evidence=notes.all) == OK


@pytest.mark.parametrize(("born", "code"), [(date(1962, 3, 10), "lab_missing"), (date(1962, 3, 11), "satisfied")])
def test_creatinine_is_needed_from_the_birthday_on(born, code):
    assert outcome("labs", replace(FACTS, born_on=born), ready_notes().all)[1] == code
