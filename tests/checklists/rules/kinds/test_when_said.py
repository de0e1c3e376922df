"""When a last dose was said decides whether it can be meant; a drug that goes on has none to mean."""

from datetime import timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.values import Medication
from tests.checklists.rules.cases import SECOND, START, at, outcome, taking
from tests.checklists.rules.notes import Notes

REFERENCE = load("reference-asra", signed=True)
DAY = timedelta(days=1)


def dose(item, taken, said, notes=None):
    notes = notes or Notes()
    notes.add(item, {"last_dose_at": taken.isoformat()}, said)
    return notes


@pytest.mark.parametrize(
    ("name", "item", "said", "expected"),
    [
        # Fish oil counts for 144 hours: Thursday 4 March 10:00. What was said before that day shows nothing.
        ("fish oil", "hold:fish oil", at("2027-03-04 00:00") - SECOND, ("review", "dose_stated_early")),
        ("fish oil", "hold:fish oil", at("2027-03-04 00:00"), ("satisfied", "satisfied")),
    ],
)
def test_supplement_said_before_its_hours_is_looked_at_and_never_blocks(name, item, said, expected):
    notes = dose(item, START - 30 * DAY, said)
    assert outcome(item, taking(name), notes.all, protocol=REFERENCE) == expected


def test_dose_of_a_drug_that_goes_on_is_not_asked_about_again_after_a_year():
    notes = Notes()
    notes.add("hold:aspirin", {"decision": "continue", "decided_by": "Dr. Weber"}, START - 10 * DAY)
    dose("hold:aspirin", START - 400 * DAY, START - 12 * DAY, notes)
    stented = taking(Medication("aspirin", indication="stent"))
    assert outcome("hold:aspirin", stented, notes.all, protocol=REFERENCE) == ("not_applicable", "goes_on")
