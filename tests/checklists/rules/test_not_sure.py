"""What ends a `not sure`: a word that says what is true, and nothing beside it."""

import pytest

from checklists.rules.values import Authority
from tests.checklists.rules.cases import HOUR, START, finding, outcome, taking
from tests.checklists.rules.notes import MRI, ready_notes

OK = ("satisfied", "satisfied")


@pytest.mark.parametrize(
    ("item", "beside", "told"),
    [
        (
            "hold:ibuprofen",
            [{"answers": {"stent": "no"}}, {"decision": "continue", "decided_by": "Dr A"}],
            {"last_dose_at": (START - 30 * HOUR).isoformat()},
        ),
        ("imaging", [{**MRI, "modality": "xray", "stage": "ordered"}], MRI),
        ("labs", [{"stage": "ordered"}], {"stage": "looked_at"}),
        ("authorisation", [{"answer": "asked", "payer": "P"}], {"not_needed": True, "payer": "P"}),
    ],
)
def test_not_sure_stands_until_it_is_told_what_is_true(item, beside, told):
    notes = ready_notes()
    notes.add("hold:ibuprofen", {"last_dose_at": (START - 30 * HOUR).isoformat()}, START - 3 * HOUR)
    facts = taking("ibuprofen")
    assert outcome(item, facts, notes.all) == OK
    notes.add(item, {"answer": "not_sure"}, START - 2 * HOUR, Authority.PATIENT)
    for value in beside:
        notes.add(item, value, START - HOUR)
        assert "not_sure" in [reason.code for reason in finding(item, facts, notes.all).reasons]
    notes.add(item, told, START - HOUR / 2)
    assert outcome(item, facts, notes.all) == OK
