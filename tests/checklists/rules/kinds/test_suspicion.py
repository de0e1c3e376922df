"""Rows IM05 and IM09: what is suspected wants contrast or a biopsy, and what became worse wants new images."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.rules.values import DateAbout, Review
from tests.checklists.rules.cases import FACTS, START, at, finding, outcome
from tests.checklists.rules.notes import BONE_SCAN, CANDIDACY, CT, MRI, Notes
from tests.checklists.rules.test_reference import REFERENCE

OK = ("satisfied", "satisfied")
WANTED = ("review", "contrast_or_biopsy_wanted")
DAY = timedelta(days=1)
MALIGNANT = replace(FACTS, cause="malignancy")
CONTRAST = {**MRI, "contrast": True}
SEEN = START - 9 * DAY


def biopsy(**more):
    return {"modality": "biopsy", "stage": "result", "levels": ["L1"], **more}


def imaged(facts, *studies):
    notes = Notes()
    for value, seen in studies:
        notes.add("imaging", value, seen)
    return outcome("imaging", facts, notes.all, START, START - DAY, REFERENCE)


@pytest.mark.parametrize(
    "facts",
    [
        MALIGNANT,
        replace(FACTS, conditions=frozenset({"suspected_malignancy"})),
        replace(FACTS, conditions=frozenset({"suspected_infection"})),
    ],
)
def test_suspicion_without_contrast_or_biopsy_is_for_a_clinician(facts):
    assert imaged(facts, (MRI, SEEN)) == WANTED
    assert imaged(facts, ({**MRI, "contrast": False}, SEEN)) == WANTED
    assert imaged(facts, (CONTRAST, SEEN)) == OK


def test_nobody_wants_contrast_where_nothing_is_suspected():
    assert imaged(FACTS, (MRI, SEEN)) == OK


@pytest.mark.parametrize(("days", "expected"), [(30, OK), (31, WANTED)])
def test_biopsy_and_contrast_count_for_30_days(days, expected):
    facts = replace(MALIGNANT, fractured=None)
    assert imaged(facts, (MRI, SEEN), (biopsy(shows="malignancy"), START - days * DAY)) == expected
    assert imaged(facts, (CONTRAST, START - days * DAY)) == expected


@pytest.mark.parametrize(
    ("shows", "expected"),
    [
        ({"shows": "malignancy"}, OK),
        ({"shows": "benign"}, OK),
        ({"shows": "not_conclusive"}, WANTED),
        ({"shows": "infection"}, ("failed", "biopsy_infection")),
        ({}, WANTED),  # and pending, until somebody writes what it shows
    ],
)
def test_biopsy_counts_by_what_it_shows(shows, expected):
    found = imaged(MALIGNANT, (MRI, SEEN), (biopsy(**shows), SEEN))
    assert found == (expected if shows else ("overdue", "biopsy_unknown"))


@pytest.mark.parametrize(
    ("study", "levels", "expected"),
    [
        (biopsy(shows="benign"), ["T12"], OK),
        (biopsy(shows="malignancy"), ["L4"], WANTED),
        (CONTRAST, ["T11", "T12", "L1"], OK),
        (CONTRAST, ["T12"], WANTED),
        (CONTRAST, ["L4"], WANTED),
    ],
)
def test_study_of_other_levels_tells_nothing_of_the_planned_ones(study, levels, expected):
    earlier = SEEN - DAY
    assert imaged(MALIGNANT, (MRI, SEEN), ({**study, "levels": levels}, earlier)) == expected


def test_biopsy_of_a_fracture_thought_benign_is_heard():
    assert imaged(FACTS, (MRI, SEEN), (biopsy(shows="malignancy"), SEEN)) == ("review", "biopsy_malignancy")
    assert imaged(FACTS, (MRI, SEEN), (biopsy(shows="infection"), SEEN)) == ("failed", "biopsy_infection")
    assert imaged(FACTS, (MRI, SEEN), (biopsy(shows="benign"), SEEN)) == OK


@pytest.mark.parametrize("clock", ["00:00", "23:30"])  # of the site's day
@pytest.mark.parametrize(
    ("worsened", "expected"),
    [
        (None, OK),
        (DateAbout(date(2027, 3, 1), date(2027, 3, 1)), OK),
        (DateAbout(date(2027, 3, 2), date(2027, 3, 2)), "before_change"),
        (DateAbout(date(2027, 2, 20), date(2027, 3, 2)), "before_change"),  # the latest it can have been
    ],
)
def test_image_and_assessment_from_before_a_new_fall_do_not_count(worsened, expected, clock):
    facts, notes = replace(FACTS, worsened=worsened), Notes()
    for item, value in (("imaging", MRI), ("candidacy", CANDIDACY)):
        notes.add(item, value, at(f"2027-03-01 {clock}"))
    for item, what in (("imaging", "imaging"), ("candidacy", "assessment")):
        found = outcome(item, facts, notes.all, START, START - 8 * DAY, REFERENCE)
        assert found == (OK if expected == OK else ("pending", f"{what}_{expected}"))


def test_new_fall_asks_for_nothing_where_the_protocol_says_so():
    facts = replace(FACTS, worsened=DateAbout(START.date(), START.date()))
    lenient = replace(REFERENCE, imaging=replace(REFERENCE.imaging, repeat_after_worsening=False))
    notes = Notes()
    notes.add("imaging", MRI, SEEN)
    assert outcome("imaging", facts, notes.all, START, START - 8 * DAY, REFERENCE)[1] == "imaging_before_change"
    assert outcome("imaging", facts, notes.all, START, START - 8 * DAY, lenient) == OK


def test_signature_on_one_suspicion_does_not_cover_another():
    notes = Notes()
    notes.add("imaging", MRI, SEEN)
    suspected = replace(FACTS, conditions=frozenset({"suspected_malignancy"}))
    asked = (notes.all, START, START - DAY, REFERENCE)
    signed = [Review("imaging", finding("imaging", suspected, *asked).inputs, START, START, "clinician:7")]
    assert outcome("imaging", suspected, *asked, reviews=signed) == ("satisfied", "signed")
    both = replace(FACTS, conditions=frozenset({"suspected_malignancy", "suspected_infection"}))
    assert outcome("imaging", both, *asked, reviews=signed) == WANTED


def test_contrast_from_before_the_fracture_shows_no_suspicion_of_it():
    facts = replace(MALIGNANT, fractured=DateAbout(date(2027, 3, 5), date(2027, 3, 5)))
    late = at("2027-03-08 12:00")
    assert imaged(facts, (MRI, late), (CONTRAST, at("2027-03-04 23:30"))) == WANTED  # 5 March in UTC
    assert imaged(facts, (MRI, late), (CONTRAST, at("2027-03-05 00:00"))) == OK


def test_mri_from_before_a_new_fall_does_not_dispute_what_later_studies_show():
    facts = replace(FACTS, worsened=DateAbout(date(2027, 3, 5), date(2027, 3, 5)))
    dry = ({**MRI, "oedema_levels": []}, at("2027-03-04 12:00"))
    late = at("2027-03-08 12:00")
    assert imaged(facts, dry, (CT, late), (BONE_SCAN, late)) == OK
    assert imaged(FACTS, dry, (CT, late), (BONE_SCAN, late)) == ("review", "imaging_disagrees")


def test_older_study_with_contrast_is_looked_at_too():
    notes = Notes()
    contrast = notes.add("imaging", CONTRAST, START - 9 * DAY)
    plain = notes.add("imaging", MRI, START - 3 * DAY)
    found = finding("imaging", MALIGNANT, notes.all, START, START - DAY, REFERENCE)
    assert (found.status, set(found.evidence)) == ("satisfied", {contrast.id, plain.id})
