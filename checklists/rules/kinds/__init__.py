"""The kinds of items, in the order of the board, and what an evidence value of each may hold."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from checklists.rules.context import Kind, kind_of
from checklists.rules.kinds.allergies import ALLERGIES
from checklists.rules.kinds.anesthesia import ANESTHESIA_EVALUATION
from checklists.rules.kinds.antibiotics import ANTIBIOTIC_PLAN
from checklists.rules.kinds.authorisation import AUTHORISATION
from checklists.rules.kinds.before_booking import CONSERVATIVE_CARE, DIAGNOSTIC_INJECTION
from checklists.rules.kinds.candidacy import CANDIDACY
from checklists.rules.kinds.clearance import CLEARANCE
from checklists.rules.kinds.consent import CONSENT
from checklists.rules.kinds.consult import CONSULT
from checklists.rules.kinds.fasting import FASTING
from checklists.rules.kinds.imaging import IMAGING
from checklists.rules.kinds.infection import INFECTION_CHECK, INFECTION_PRESCREEN
from checklists.rules.kinds.labs import LABS
from checklists.rules.kinds.medication import HOLD
from checklists.rules.kinds.pregnancy import PREGNANCY
from checklists.rules.kinds.recovery import AFTER_CARE, FOLLOW_UP, RECOVERY
from checklists.rules.kinds.responsible_adult import RESPONSIBLE_ADULT
from checklists.rules.kinds.restart import RESTART
from checklists.rules.kinds.ride import RIDE
from checklists.rules.shapes import Problem, check_shapes, words

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        CONSULT,
        CANDIDACY,
        CONSERVATIVE_CARE,
        DIAGNOSTIC_INJECTION,
        IMAGING,
        LABS,
        CLEARANCE,
        HOLD,
        FASTING,
        RIDE,
        INFECTION_PRESCREEN,
        INFECTION_CHECK,
        ALLERGIES,
        PREGNANCY,
        ANESTHESIA_EVALUATION,
        ANTIBIOTIC_PLAN,
        CONSENT,
        AUTHORISATION,
        RESTART,
        RECOVERY,
        AFTER_CARE,
        FOLLOW_UP,
        RESPONSIBLE_ADULT,
    )
}


def check_value(kind: str, value: Mapping[str, Any], said_at: datetime | None = None) -> list[Problem]:
    """What is wrong with an evidence value of a kind or an item such as `hold:apixaban`; empty if nothing.

    `said_at`: when it was observed, where the times in the value are to be held against it.
    """
    known = KINDS.get(kind_of(kind))
    if known is None:
        return [Problem("item", f"{kind!r} is not a kind of item. Use one of {words(KINDS)}.")]
    if kind.endswith(":"):
        return [Problem("item", f"{kind!r} names no drug. Write its name after the colon.")]
    problems = check_shapes(known.shapes, value)
    problems = problems or known.problems(value)
    return problems if problems or said_at is None else known.problems_when_said(value, said_at)


def value_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind's evidence values."""
    return {"oneOf": [shape.schema for shape in KINDS[kind].shapes]}
