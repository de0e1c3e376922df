"""What people record of each item in a walk: the good word that lets the case go on, and words that hold it up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from checklists.rules.context import kind_of
from checklists.rules.values import Authority, Facts
from checklists.services.checklists import current_facts
from checklists.services.protocols import typed_protocol
from scheduler.models import Case
from scheduler.services.demonstration.story import ALLERGIES, ARRANGED, DECIDED, FIT, GOING_HOME, RESULTS

Value = dict[str, Any]
CHECK = {"temperature": 36.6, "unit": "C", "skin": "clear", "outcome": "clear"}
RIDE = {"available": True, "adult": True, "transport": "car"}
NOT_SURE: Value = {"answer": "not_sure"}
# Whose word is enough, where it is not the nurse's.
SAID_BY = {
    **dict.fromkeys(("consult", "candidacy", "imaging", "consent", "restart_decision"), Authority.CLINICIAN),
    **dict.fromkeys(("anesthesia_evaluation", "antibiotic_plan"), Authority.CLINICIAN),
    **dict.fromkeys(("authorisation", "follow_up"), Authority.SCHEDULER),
}


def questions_of(case: Case, asked_of: str) -> Value:
    asked = typed_protocol(case.checklist.protocol_version).infection.questions
    keys = (each.key for each in asked if asked_of in each.asked_of and each.kind in ("question", "record"))
    return dict.fromkeys(keys, "no")


def hours_ago(now: datetime, hours: float) -> str:
    return (now - timedelta(hours=hours)).isoformat()


def good_words(case: Case, item: str, now: datetime) -> list[Value]:
    """All that is recorded in one go of this item; empty where nobody knows a good word."""
    facts, kind = current_facts(case.checklist), kind_of(item)
    if kind == "labs":
        return [{"analyte": analyte, "value": value, "unit": unit} for analyte, value, unit in RESULTS]
    made = GOOD.get(kind)
    return [made(case, facts, now)] if made else []


def bad_words(case: Case, item: str, now: datetime) -> list[Value]:
    """Words that hold the case up, each for itself."""
    made = BAD.get(kind_of(item))
    return [*(made(case, now) if made else []), NOT_SURE]


def consulted(_case: Case, facts: Facts, _now: datetime) -> Value:
    return {"outcome": "procedure", "levels": list(facts.levels)}


def seen(_case: Case, facts: Facts, _now: datetime) -> Value:
    levels = list(facts.levels)
    looked = {"modality": "mri", "stage": "reviewed", "fluid_sensitive": True}
    return {**looked, "levels": levels, "oedema_levels": levels}


def authorised(_case: Case, facts: Facts, now: datetime) -> Value:
    dates = {"valid_from": f"{now:%Y-%m-%d}", "valid_until": f"{now + timedelta(days=120):%Y-%m-%d}"}
    return {"payer": "Demonstration Health", "number": "PA-1001", "levels": list(facts.levels), **dates}


def consented(_case: Case, facts: Facts, _now: datetime) -> Value:
    return {"signed": True, "procedure": "kyphoplasty", "levels": list(facts.levels)}


def same(value: Value) -> Callable[[Case, Facts, datetime], Value]:
    return lambda _case, _facts, _now: value


GOOD: dict[str, Callable[[Case, Facts, datetime], Value]] = {
    "consult": consulted,
    "candidacy": same(FIT),
    "imaging": seen,
    "authorisation": authorised,
    "consent": consented,
    "allergies": same(dict(ALLERGIES)),
    "prescriber_clearance": same({"answer": "agreed", "prescriber": "Dr. Prescriber", "how": "phone"}),
    "hold": lambda _case, _facts, now: {"last_dose_at": hours_ago(now, 80)},
    "ride": same({**RIDE, "seen": True}),
    "infection_prescreen": lambda case, _facts, _now: {"answers": questions_of(case, "patient")},
    "infection_check": lambda case, _facts, _now: {**CHECK, "answers": questions_of(case, "nurse")},
    "fasting": lambda _case, _facts, now: {"intakes": [{"intake": "light meal", "at": hours_ago(now, 13)}]},
    "pregnancy": same({"result": "negative"}),
    "restart_decision": same({"decision": "restart"}),
    "follow_up": same(ARRANGED),
    **{item: same(value) for item, value in (*DECIDED, *GOING_HOME)},
}
BAD: dict[str, Callable[[Case, datetime], list[Value]]] = {
    "consult": lambda _case, _now: [{"outcome": "not_candidate"}],
    "candidacy": lambda _case, _now: [{**FIT, "exclusions": ["instability"]}],
    "imaging": lambda _case, _now: [{"modality": "mri", "stage": "ordered"}],
    "consent": lambda _case, _now: [{"refused": True}],
    "labs": lambda _case, _now: [
        {"analyte": "INR", "value": 2.9, "unit": "ratio"},
        {"analyte": "platelets", "value": 40, "unit": "10^9/L"},
        {"analyte": "creatinine", "value": 3.4, "unit": "mg/dL"},
        {"stage": "looked_at"},
    ],
    "prescriber_clearance": lambda _case, _now: [
        {"answer": "refused", "prescriber": "Dr. Prescriber", "how": "phone"},
        {"answer": "continue", "prescriber": "Dr. Prescriber", "how": "phone"},
        {"answer": "asked", "prescriber": "Dr. Prescriber", "how": "letter"},
        {"answer": "agreed", "prescriber": "Dr. Prescriber", "how": "phone", "hold_hours": 120},
    ],
    "hold": lambda _case, now: [
        {"took_it": True, "last_dose_at": hours_ago(now, 2)},
        {"not_taking": True},
        {"last_dose_on": f"{now - timedelta(days=2):%Y-%m-%d}"},
    ],
    "ride": lambda _case, _now: [
        {"available": False},
        {**RIDE, "escort_name": "Eva Escort", "escort_email": "eva@escorts.example"},
        {"available": False, "exempt": True},
    ],
    "infection_prescreen": lambda case, _now: [{"answers": {**questions_of(case, "patient"), "cough_or_cold": "yes"}}],
    "infection_check": lambda case, _now: [
        {**CHECK, "outcome": "infection", "answers": questions_of(case, "nurse")},
        {**CHECK, "temperature": 38.6, "answers": questions_of(case, "nurse")},
    ],
    "fasting": lambda _case, now: [{"intakes": [{"intake": "fatty meal", "at": hours_ago(now, 2)}]}],
    "allergies": lambda _case, _now: [{**ALLERGIES, "contrast": "known", "substances": ["iohexol"]}],
    "anesthesia_evaluation": lambda _case, _now: [{"outcome": "not_fit", "anesthesia": "sedation"}],
    "responsible_adult": lambda _case, _now: [{"present": False}],
    "restart_decision": lambda _case, _now: [{"decision": "do_not_restart"}],
    "follow_up": lambda _case, _now: [{"arranged": ["visit"]}],
}
