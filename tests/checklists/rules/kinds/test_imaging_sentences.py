# ruff: noqa: E501  (tables of whole sentences)
"""What imaging and the treatment window tell the person who has to act."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.values import DateAbout
from tests.checklists.rules.cases import FACTS, HOUR, PROTOCOL, START, finding
from tests.checklists.rules.kinds.test_sentences import notes_of, told
from tests.checklists.rules.notes import BONE_SCAN, CANDIDACY, CT, MRI, Notes, ready_notes

DAY = timedelta(days=1)
REFERENCE = load("reference-asra", signed=True)
NO_MRI = replace(FACTS, conditions=frozenset({"mri_contraindicated"}))
SUSPECTED = replace(FACTS, conditions=frozenset({"suspected_malignancy"}))
UNREAD = {key: value for key, value in MRI.items() if key not in ("fluid_sensitive", "oedema_levels")}
BIOPSY = {"modality": "biopsy", "stage": "result", "levels": ["L1"]}


def fractured(day):
    return replace(FACTS, fractured=DateAbout(day, day))


@pytest.mark.parametrize(
    ("study", "facts", "seen", "code", "sentence"),
    [
        (
            UNREAD,
            FACTS,
            START - 8 * DAY,
            "mri_sequence_unknown",
            "Record whether the MRI has fluid-sensitive sequences (STIR or fat-suppressed T2).",
        ),
        (
            {**UNREAD, "fluid_sensitive": True},
            FACTS,
            START - 8 * DAY,
            "oedema_unknown",
            "Record at which levels the MRI shows marrow oedema.",
        ),
        (
            MRI,
            replace(FACTS, fractured=None),
            START - 100 * DAY,
            "imaging_expired",
            "The MRI of Mon 30 Nov 2026 is older than 90 days at the start. Repeat it.",
        ),
        (
            MRI,
            fractured(date(2027, 3, 9)),
            START - 8 * DAY,
            "imaging_before_fracture",
            "The MRI was done before the fracture. Repeat it.",
        ),
        (
            MRI,
            replace(FACTS, worsened=DateAbout(date(2027, 3, 8), date(2027, 3, 9))),
            START - 8 * DAY,
            "imaging_before_change",
            "The MRI was done before the new fall, pain or deficit of Tue 9 Mar 2027. Repeat it.",
        ),
        (
            MRI,
            SUSPECTED,
            START - 8 * DAY,
            "contrast_or_biopsy_wanted",
            "Malignancy or infection is suspected, and neither an MRI with contrast nor a biopsy "
            "of these levels in the last 30 days is recorded: a clinician decides.",
        ),
    ],
)
def test_study_says_what_is_missing_or_too_old(study, facts, seen, code, sentence):
    assert told("imaging", code, study, facts=facts, protocol=REFERENCE, seen=seen) == sentence


@pytest.mark.parametrize(
    ("shows", "code", "sentence"),
    [
        ({}, "biopsy_unknown", "Record what the biopsy shows."),
        ({"shows": "infection"}, "biopsy_infection", "The biopsy shows an infection. Call the clinician."),
        (
            {"shows": "malignancy"},
            "biopsy_malignancy",
            "The biopsy shows malignancy, and the plan names another cause or none: a clinician decides.",
        ),
    ],
)
def test_biopsy_says_what_follows(shows, code, sentence):
    assert told("imaging", code, {**BIOPSY, **shows}, MRI, protocol=REFERENCE) == sentence


@pytest.mark.parametrize(
    ("scan", "code", "sentence"),
    [
        (
            {key: value for key, value in BONE_SCAN.items() if key != "uptake_levels"},
            "uptake_unknown",
            "Record at which levels the bone scan shows uptake.",
        ),
        (
            {**BONE_SCAN, "uptake_levels": ["L2"]},
            "no_uptake",
            "The bone scan shows no uptake at L1, T12, as in an old fracture. Call the clinician.",
        ),
    ],
)
def test_scan_with_a_tracer_says_what_is_missing(scan, code, sentence):
    assert told("imaging", code, CT, scan, facts=NO_MRI) == sentence


ARRANGE = "Arrange MRI, or CT with bone scan, or CT with SPECT/CT."
TRACER = "CT with bone scan, or CT with SPECT/CT (this patient cannot have an MRI)"
SCAN = {**BONE_SCAN, "stage": "ordered"}
NO_REASON = "No MRI is recorded, nor why there is none: a clinician decides whether CT with a tracer is enough."


@pytest.mark.parametrize(
    ("studies", "facts", "sentences"),
    [
        ([{**CT, "modality": "xray"}], FACTS, [f"An X-ray cannot prove that the fracture is fresh. {ARRANGE}"]),
        ([CT], FACTS, [f"What is recorded cannot prove that the fracture is fresh. {ARRANGE}"]),
        ([CT], NO_MRI, [f"What is recorded cannot prove that the fracture is fresh. Arrange {TRACER}."]),
        ([{**MRI, "stage": "ordered"}], FACTS, ["The MRI is ordered or done, its result is missing. Record the result."]),
        ([CT, {**MRI, "stage": "done"}], FACTS, ["The MRI is ordered or done, its result is missing. Record the result."]),
        ([CT, SCAN], NO_MRI, ["The bone scan is ordered or done, its result is missing. Record the result."]),
        ([CT, SCAN], FACTS, [NO_REASON, "The bone scan is ordered or done, its result is missing. Record the result."]),
        ([CT, BONE_SCAN], FACTS, [NO_REASON]),
    ],
)  # fmt: skip
def test_study_that_is_no_proof_says_which_is(studies, facts, sentences):
    found = finding("imaging", facts, notes_of("imaging", *studies), now=START - 8 * DAY)
    assert [reason.sentence for reason in found.reasons] == sentences


def test_mri_of_this_fracture_without_oedema_is_for_a_clinician_whatever_the_scan_shows():
    disputed = "The MRI shows no marrow oedema at a planned level although the other studies fit: a clinician decides."
    assert told("imaging", "imaging_disagrees", CT, BONE_SCAN, {**MRI, "oedema_levels": []}) == disputed


def test_patient_without_mri_is_for_the_clinician_where_the_protocol_knows_no_other_proof():
    mri_alone = replace(PROTOCOL, imaging=replace(PROTOCOL.imaging, acceptable=(frozenset({"mri"}),)))
    found = finding("imaging", NO_MRI, protocol=mri_alone)
    way = "what the clinician decides (this patient cannot have an MRI)"
    assert found.sentence == f"No imaging result is recorded. Arrange {way}."


@pytest.mark.parametrize(
    ("days", "oedema", "code", "sentence"),
    [
        (57, MRI["levels"], "window_late", "More than 56 days since Tue 12 Jan 2027, with marrow oedema on MRI: a clinician decides."),
        (57, [], "window_no_oedema", "More than 56 days since Tue 12 Jan 2027, and the MRI shows no marrow oedema. Call the clinician."),
        (57, None, "window_needs_mri", "More than 56 days since Tue 12 Jan 2027: record whether the MRI shows marrow oedema."),
        (85, [], "window_past", "More than 84 days since Tue 15 Dec 2026: outside the window. A clinician decides on another treatment."),
        (-1, [], "window_not_begun", "The fracture is dated after the start. Correct the date."),
    ],
)  # fmt: skip
def test_window_says_since_when_and_what_follows(days, oedema, code, sentence):
    facts, notes = fractured(date(2027, 3, 10) - days * DAY), Notes()
    notes.add("candidacy", CANDIDACY, START - HOUR)
    if oedema is not None:
        notes.add("imaging", {**MRI, "oedema_levels": oedema}, START - HOUR)
    found = finding("candidacy", facts, notes.all)
    assert [reason.sentence for reason in found.reasons if reason.code == code] == [sentence]


def test_window_that_is_not_certain_says_what_it_counts_from():
    told_candidacy = {"facts": replace(FACTS, fractured=None), "seen": START - HOUR}
    unknown = told("candidacy", "window_unknown", CANDIDACY, **told_candidacy)
    assert unknown == "The date of the fracture or first symptoms is not known. Ask for it and record it."
    about = replace(FACTS, fractured=DateAbout(date(2027, 2, 11), date(2027, 3, 1)))
    assert told("candidacy", "window_approximate", CANDIDACY, facts=about) == (
        "The date of the fracture is approximate; the window counts from Thu 11 Feb 2027. A clinician signs it."
    )


@pytest.mark.parametrize(("strict", "status"), [(True, "failed"), (False, "review")])
def test_window_that_nobody_may_prolong_says_that_it_has_ended(strict, status):
    ended = replace(PROTOCOL, window=replace(PROTOCOL.window, review_days=None, strict=strict))
    found = finding("candidacy", fractured(date(2027, 1, 12)), notes_of("candidacy", CANDIDACY), protocol=ended)
    said = "The treatment window since Tue 12 Jan 2027 has ended: a clinician must decide on another treatment."
    assert (found.status, found.sentence) == (status, said)


def test_window_of_months_is_told_in_months():
    monthly = replace(PROTOCOL, window=replace(PROTOCOL.window, pass_days=None, pass_months=2))
    found = finding("candidacy", fractured(date(2027, 1, 9)), ready_notes().all, protocol=monthly)
    assert found.sentence == "More than 2 months since Sat 9 Jan 2027, with marrow oedema on MRI: a clinician decides."
