"""The small form of a hold: a dose, conditions, or a decision, as the finding asks for them."""

from datetime import timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.kinds import check_value
from checklists.rules.values import Authority, Medication
from scheduler.pages.ward.forms import Bedside
from scheduler.pages.ward.hold_form import HoldForm
from scheduler.services.bedside import Asked
from tests.checklists.rules.cases import NEW_YORK, START, finding, taking

REFERENCE = load("reference-asra")
WEEKLY = Medication("Ozempic", interval_days=7)
STENT = Medication("aspirin", indication="stent")


def form(item, medication, posted=None, authority=Authority.NURSE):
    found = finding(item, taking(medication), protocol=REFERENCE)
    bedside = Bedside(REFERENCE, NEW_YORK, START - timedelta(hours=1), authority)
    return HoldForm(posted, asked=Asked(found, 0, (), (), False, False), bedside=bedside)


@pytest.mark.parametrize(
    ("item", "medication", "authority", "fields"),
    [
        ("hold:ibuprofen", "ibuprofen", Authority.NURSE, ["answer", "day", "at"]),
        ("hold:semaglutide", WEEKLY, Authority.NURSE, ["stomach_symptoms"]),
        ("hold:aspirin", STENT, Authority.CLINICIAN, ["answer", "decided_by", "hours"]),
        ("hold:aspirin", STENT, Authority.NURSE, ["answer", "day", "at"]),
        ("hold:insulin", "Lantus", Authority.NURSE, ["answer", "decided_by"]),
        ("hold:tacrolimus", "Prograf", Authority.CLINICIAN, ["answer", "day", "at"]),
    ],
)
def test_form_asks_for_what_the_finding_asks_for(item, medication, authority, fields):
    assert list(form(item, medication, authority=authority).fields) == fields


@pytest.mark.parametrize(
    ("item", "medication", "posted", "value"),
    [
        ("hold:semaglutide", WEEKLY, {"stomach_symptoms": "no"}, {"answers": {"stomach_symptoms": "no"}}),
        (
            "hold:aspirin",
            STENT,
            {"answer": "continue", "decided_by": "Dr. P", "hours": "24"},
            {"decision": "continue", "decided_by": "Dr. P"},
        ),
        (
            "hold:aspirin",
            STENT,
            {"answer": "stop", "decided_by": "Dr. P", "hours": "96"},
            {"decision": "stop", "decided_by": "Dr. P", "hours": 96},
        ),
        ("hold:ibuprofen", "ibuprofen", {"answer": "taken", "day": "2027-03-08"}, {"last_dose_on": "2027-03-08"}),
    ],
)
def test_what_is_typed_becomes_a_value_of_the_item(item, medication, posted, value):
    filled = form(item, medication, posted, Authority.CLINICIAN)
    assert (filled.is_valid(), filled.value(), check_value(item, value)) == (True, value, [])


@pytest.mark.parametrize(
    ("item", "medication", "posted", "wrong"),
    [
        ("hold:semaglutide", WEEKLY, {}, ["stomach_symptoms"]),
        ("hold:aspirin", STENT, {"answer": "stop", "decided_by": "Dr. P"}, ["hours"]),
        ("hold:aspirin", STENT, {"answer": "instruction", "decided_by": "Dr. P"}, ["answer"]),
        ("hold:aspirin", STENT, {"answer": "continue"}, ["decided_by"]),
    ],
)
def test_what_is_missing_is_named_at_its_field(item, medication, posted, wrong):
    filled = form(item, medication, posted, Authority.CLINICIAN)
    assert (filled.is_valid(), list(filled.errors)) == (False, wrong)
