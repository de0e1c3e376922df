"""A case with everything recorded: each item of the reference, eight drugs, every result; it may start."""

from collections.abc import Sequence
from datetime import timedelta

from checklists.rules.values import Evidence, Facts, Medication
from tests.checklists.rules.cases import HOUR, START, taking
from tests.checklists.rules.notes import Notes
from tests.checklists.rules.test_reference import REFERENCE, reference_notes

DRUGS = ("apixaban", "warfarin", "clopidogrel", "cilostazol", "ibuprofen", "naproxen", "metformin", "aspirin")
CLEARED = DRUGS[:4]
MEDICATIONS = (*DRUGS[:-1], Medication("aspirin", dose_tier="primary prevention or analgesic"))
TIMED = tuple(dict.fromkeys(row.drug for row in REFERENCE.holds if row.action == "timed_hold" and not row.route))


def full_case() -> tuple[Facts, tuple[Evidence, ...]]:
    notes = prepared(DRUGS, CLEARED)
    return taking(*MEDICATIONS), tuple(notes.all)


def case_of(number: int) -> tuple[Facts, tuple[Evidence, ...]]:
    """The same with so many drugs, each agreed to and stopped."""
    drugs = TIMED[:number]
    assert len(drugs) == number
    return taking(*drugs), tuple(prepared(drugs, drugs).all)


def prepared(drugs: Sequence[str], cleared: Sequence[str]) -> Notes:
    """Everything recorded; each drug stopped, the cleared ones agreed to."""
    notes = reference_notes()
    for analyte, value, unit, ago in (
        ("creatinine", 0.8, "mg/dL", timedelta(days=3)),
        ("INR", 1.0, "ratio", 5 * HOUR),
        ("glucose", 120, "mg/dL", HOUR),
    ):
        notes.add("labs", {"analyte": analyte, "value": value, "unit": unit}, START - ago)
    for drug in cleared:
        agreed = {"answer": "agreed", "prescriber": "Dr. Ready", "how": "phone"}
        notes.add(f"prescriber_clearance:{drug}", agreed, START - timedelta(days=13))
    for drug in drugs:
        notes.add(f"hold:{drug}", {"last_dose_at": (START - timedelta(days=12)).isoformat()})
    return notes
