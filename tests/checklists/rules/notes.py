"""Evidence of worked cases, in the order of recording."""

from datetime import datetime, timedelta
from typing import Any

from checklists.rules.values import Authority, Evidence
from tests.checklists.rules.cases import HOUR, START

NO_ANSWERS = dict.fromkeys(("cough_or_cold", "covid_contact", "painkiller", "vaccine"), "no")


class Notes:
    """Evidence in the order of recording."""

    def __init__(self) -> None:
        self.all: list[Evidence] = []

    def add(
        self,
        item: str,
        value: dict[str, Any],
        observed_at: datetime = START - HOUR,
        authority: Authority = Authority.CLINICIAN,
        supersedes: tuple[int, ...] = (),
    ) -> Evidence:
        entry = Evidence(
            len(self.all) + 1, item, observed_at, value, "staff", authority, "staff:1", frozenset(supersedes)
        )
        self.all.append(entry)
        return entry


CONSULT = {"outcome": "procedure", "levels": ["T12", "L1"]}
CANDIDACY = {
    "indication": "painful fracture",
    "exclusions": [],
    "pain_matches_imaging": True,
    "can_lie_prone": True,
}
MRI = {
    "modality": "mri",
    "stage": "reviewed",
    "fluid_sensitive": True,
    "levels": ["T12", "L1"],
    "oedema_levels": ["T12", "L1"],
}
CT = {"modality": "ct", "stage": "reviewed", "levels": ["T12", "L1"]}
BONE_SCAN = {**CT, "modality": "bone_scan", "uptake_levels": ["T12", "L1"]}
CHECK = {"temperature": 36.8, "unit": "C", "answers": NO_ANSWERS, "skin": "clear", "outcome": "clear"}


ALLERGIES = dict.fromkeys(("cement", "contrast", "anesthetic", "antibiotic"), "none")
EVALUATION = {"outcome": "fit", "anesthesia": "sedation"}
PLAN = {"plan": "antibiotic", "before_iv": "cefazolin 2 g"}
CONSENT = {"signed": True, "procedure": "kyphoplasty", "levels": ["T12", "L1"]}

AUTHORISED = {
    "payer": "Payer",
    "number": "PA-7",
    "levels": ["T12", "L1"],
    "valid_from": "2027-02-01",
    "valid_until": "2027-04-30",
}
CARE = {"measures": [{"measure": "rest", "from": "2027-02-11", "until": "2027-02-20"}], "outcome": "not_enough"}
RECOVERED = {"observed_minutes": 60, "vital_signs": "stable", "reactions": "none", "pain": 2}


def ready_notes() -> Notes:
    """Everything that the plain case needs, in the word of a clinician."""
    notes = Notes()
    seen = START - timedelta(days=14)
    notes.add("consult", CONSULT, seen)
    notes.add("candidacy", CANDIDACY, seen)
    notes.add("imaging", MRI, seen)
    for analyte, value, unit in (("INR", 1.0, "ratio"), ("platelets", 200, "10^9/L")):
        notes.add("labs", {"analyte": analyte, "value": value, "unit": unit}, START - timedelta(days=5))
    notes.add("fasting", {"intakes": [{"intake": "light meal", "at": (START - 10 * HOUR).isoformat()}]})
    notes.add("ride", {"available": True, "adult": True, "transport": "car"})
    notes.add("infection_prescreen", {"answers": NO_ANSWERS}, START - 20 * HOUR)
    notes.add("infection_check", CHECK)
    for item, value in (("allergies", ALLERGIES), ("anesthesia_evaluation", EVALUATION), ("antibiotic_plan", PLAN)):
        notes.add(item, value, START - timedelta(days=8))
    notes.add("authorisation", AUTHORISED, START - timedelta(days=8))
    notes.add("consent", CONSENT, START - timedelta(days=2))
    return notes


def noted(item, value, *when, **more):
    notes = Notes()
    notes.add(item, value, *when, **more)
    return notes.all


def replaced(item, *values, **more):
    """The ready case with one item's evidence replaced."""
    notes = ready_notes()
    notes.all = [entry for entry in notes.all if entry.item != item]
    for value in values:
        notes.add(item, value, **more)
    return notes.all
