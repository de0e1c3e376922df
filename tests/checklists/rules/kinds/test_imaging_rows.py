"""Each way of proving the fracture, for patients who can and who cannot have an MRI, with every boundary."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.values import Authority, DateAbout
from tests.checklists.rules.cases import FACTS, INSTANT, NEW_YORK, PHOENIX, PROTOCOL, SITE, START, at, finding, outcome
from tests.checklists.rules.notes import BONE_SCAN, CT, MRI, Notes

OK = ("satisfied", "satisfied")
DAY = timedelta(days=1)
NO_MRI = replace(FACTS, conditions=frozenset({"mri_contraindicated"}))
SPECT = {**BONE_SCAN, "modality": "spect_ct"}
XRAY = {**CT, "modality": "xray"}
OF_XRAY = load("one-tree-health").imaging


def imaged(*studies, facts=FACTS, on=START - 9 * DAY, start=START, protocol=PROTOCOL):
    notes = Notes()
    for study in studies:
        notes.add("imaging", study, on)
    return outcome("imaging", facts, notes.all, start, max(on, start - DAY), protocol)


def without(study, key):
    return {name: content for name, content in study.items() if name != key}


@pytest.mark.parametrize(
    ("studies", "with_mri", "without_mri"),
    [
        ([CT, BONE_SCAN], ("review", "mri_not_done"), OK),
        ([CT, SPECT], ("review", "mri_not_done"), OK),
        ([CT], ("overdue", "imaging_missing"), ("overdue", "imaging_missing")),
        ([BONE_SCAN], ("overdue", "imaging_missing"), ("overdue", "imaging_missing")),
        ([XRAY], ("overdue", "xray_alone"), ("overdue", "xray_alone")),
        ([MRI], OK, ("review", "mri_impossible")),
        ([MRI, CT, BONE_SCAN], OK, OK),
    ],
)
def test_ct_with_a_tracer_stands_in_where_an_mri_is_not_possible(studies, with_mri, without_mri):
    assert imaged(*studies) == with_mri
    assert imaged(*studies, facts=NO_MRI) == without_mri


def test_ct_with_a_tracer_settles_an_mri_that_was_not_conclusive():
    assert imaged({**MRI, "fluid_sensitive": False}) == ("review", "mri_not_fluid_sensitive")
    assert imaged({**MRI, "fluid_sensitive": False}, CT, BONE_SCAN) == OK


def test_patient_who_cannot_have_an_mri_is_not_sent_for_one():
    found = finding("imaging", NO_MRI, protocol=PROTOCOL)
    ways = "CT with bone scan, or CT with SPECT/CT (this patient cannot have an MRI)"
    assert found.sentence == f"No imaging result is recorded. Arrange {ways}."


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (BONE_SCAN, OK),
        ({**BONE_SCAN, "uptake_levels": ["T11", "T12", "L1"]}, OK),
        ({**BONE_SCAN, "uptake_levels": ["T12"]}, ("failed", "no_uptake")),
        ({**BONE_SCAN, "uptake_levels": []}, ("failed", "no_uptake")),
        (without(BONE_SCAN, "uptake_levels"), ("overdue", "uptake_unknown")),
        ({**BONE_SCAN, "levels": ["T12"]}, ("failed", "level_not_imaged")),
    ],
)
def test_tracer_must_show_uptake_at_each_planned_level(scan, expected):
    assert imaged(CT, scan, facts=NO_MRI) == expected


@pytest.mark.parametrize(
    ("mri", "expected"),
    [
        ({**MRI, "levels": ["T10", "T11", "T12", "L1"]}, OK),
        ({**MRI, "levels": ["T11", "T12"]}, ("failed", "level_not_imaged")),
        ({**MRI, "oedema_levels": ["L1"]}, ("failed", "no_oedema")),
        ({**MRI, "oedema_levels": []}, ("failed", "no_oedema")),
        (without(MRI, "oedema_levels"), ("overdue", "oedema_unknown")),
        (without(MRI, "fluid_sensitive"), ("overdue", "mri_sequence_unknown")),
        ({**MRI, "stage": "done"}, ("overdue", "imaging_missing")),
        ({**MRI, "stage": "ordered"}, ("overdue", "imaging_missing")),
        ({**MRI, "stage": "result"}, OK),
    ],
)
def test_mri_shows_oedema_at_each_planned_level(mri, expected):
    assert imaged(mri) == expected


@pytest.mark.parametrize(
    ("site", "on", "start", "expected"),
    [
        (SITE, at("2026-12-10 00:00"), at("2027-03-10 23:59"), OK),  # 90 days
        (SITE, at("2026-12-09 23:59"), at("2027-03-10 00:00"), ("overdue", "imaging_expired")),
        (SITE, at("2026-12-14 23:59"), at("2027-03-14 23:59"), OK),  # the last day has 23 hours
        (SITE, at("2026-12-14 23:59"), at("2027-03-15 00:00"), ("overdue", "imaging_expired")),
        (
            PHOENIX,
            at("2026-12-10 00:00"),
            at("2027-03-10 23:59"),
            ("overdue", "imaging_expired"),
        ),  # 22:00 the day before
        (PHOENIX, at("2026-12-10 02:00"), at("2027-03-11 01:59"), OK),
    ],
)
def test_study_counts_for_90_days_of_the_sites_calendar(site, on, start, expected):
    facts = replace(FACTS, site=site, fractured=None)
    assert imaged(MRI, facts=facts, on=on, start=start) == expected


@pytest.mark.parametrize(("days", "expected"), [(30, OK), (31, ("overdue", "imaging_expired"))])
def test_xray_counts_for_30_days_where_it_is_proof(days, expected):
    facts = replace(FACTS, fractured=None)
    protocol = replace(PROTOCOL, imaging=OF_XRAY)
    assert imaged(XRAY, facts=facts, on=START - days * DAY, protocol=protocol) == expected
    assert imaged(MRI, facts=facts, on=START - days * DAY, protocol=protocol) == OK


@pytest.mark.parametrize(
    ("fractured", "onset", "expected"),
    [
        (date(2027, 3, 1), None, OK),
        (date(2027, 3, 2), None, ("overdue", "imaging_before_fracture")),
        (None, date(2027, 3, 1), OK),
        (None, date(2027, 3, 2), ("overdue", "imaging_before_fracture")),
        (date(2027, 2, 1), date(2027, 3, 2), ("overdue", "imaging_before_fracture")),
        (date(2027, 3, 2), date(2027, 2, 1), ("overdue", "imaging_before_fracture")),
        (None, None, OK),
    ],
)
def test_study_is_of_the_day_of_fracture_and_first_symptoms_or_later(fractured, onset, expected):
    days = {"fractured": fractured, "onset": onset}
    facts = replace(FACTS, **{name: day and DateAbout(day, day) for name, day in days.items()})
    assert imaged(MRI, facts=facts, on=at("2027-03-01 00:00", NEW_YORK)) == expected


def test_study_dated_after_the_start_proves_nothing():
    assert imaged(MRI, on=START) == OK
    assert imaged(MRI, on=START + INSTANT) == ("overdue", "dated_after_start")


COLD = {**BONE_SCAN, "uptake_levels": []}
ORDERED = {**MRI, "stage": "ordered"}
BY_TRACER = replace(PROTOCOL, imaging=replace(PROTOCOL.imaging, acceptable=(frozenset({"ct", "bone_scan"}),)))


def test_scan_that_shows_an_old_fracture_is_not_hidden_by_an_mri_that_is_only_ordered():
    assert imaged(CT, COLD, ORDERED) == ("failed", "no_uptake")
    assert imaged(CT, COLD, MRI) == OK


def test_mri_that_does_not_count_needs_nobody_to_look_at_it():
    notes = Notes()
    notes.add("imaging", {**MRI, "fluid_sensitive": False}, START - 9 * DAY, Authority.SCHEDULER)
    read = [notes.add("imaging", study, START - 8 * DAY) for study in (CT, BONE_SCAN)]
    found = finding("imaging", evidence=notes.all)
    assert (found.status, set(found.evidence)) == ("satisfied", {study.id for study in read})


def test_mri_is_not_asked_for_where_the_protocol_does_not_want_one():
    assert imaged(CT, BONE_SCAN, protocol=BY_TRACER) == OK
    notes = Notes()
    notes.add("imaging", CT, START - 9 * DAY)
    found = finding("imaging", evidence=notes.all, protocol=BY_TRACER)
    assert [reason.sentence for reason in found.reasons] == ["The bone scan is not recorded. Record the result."]
