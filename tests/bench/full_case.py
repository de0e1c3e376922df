"""A case with everything recorded: each item of the reference, eight drugs, every result; it may start."""

from datetime import timedelta

from checklists.rules.values import Evidence, Facts, Medication
from tests.checklists.rules.cases import HOUR, START, taking
from tests.checklists.rules.test_reference import reference_notes

DRUGS = ("apixaban", "warfarin", "clopidogrel", "cilostazol", "ibuprofen", "naproxen", "metformin", "aspirin")
CLEARED = DRUGS[:4]
MEDICATIONS = (*DRUGS[:-1], Medication("aspirin", dose_tier="primary prevention or analgesic"))


def full_case() -> tuple[Facts, tuple[Evidence, ...]]:
    notes = reference_notes()
    for analyte, value, unit, ago in (
        ("creatinine", 0.8, "mg/dL", timedelta(days=3)),
        ("INR", 1.0, "ratio", 5 * HOUR),
        ("glucose", 120, "mg/dL", HOUR),
    ):
        notes.add("labs", {"analyte": analyte, "value": value, "unit": unit}, START - ago)
    for drug in CLEARED:
        agreed = {"answer": "agreed", "prescriber": "Dr. Ready", "how": "phone"}
        notes.add(f"prescriber_clearance:{drug}", agreed, START - timedelta(days=13))
    for drug in DRUGS:
        notes.add(f"hold:{drug}", {"last_dose_at": (START - timedelta(days=12)).isoformat()})
    return taking(*MEDICATIONS), tuple(notes.all)
