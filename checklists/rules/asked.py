"""Conditions that are asked of whoever takes certain drugs; the protocol's rows say which, and when."""

from collections.abc import Mapping

# code: what staff read. What a patient reads stands in questions/hold.py.
ASKED_CODES: Mapping[str, str] = {
    "stomach_symptoms": "nausea, vomiting, bloating or belly pain",
    "dose_escalation": "a dose that is still being raised",
    "higher_dose": "a dose in the upper part of the drug's range",
    "gastroparesis": "a stomach that is known to empty slowly",
    "stent": "a stent, with its date and type",
}
UNKNOWN = "_unknown"


def condition_named(code: str) -> str:
    """The condition alone, without what is asked about it."""
    return ASKED_CODES[code].partition(",")[0]


def code_unknown(code: str) -> str:
    """The reason's code while nobody has answered."""
    return f"{code}{UNKNOWN}"


def codes_wanted(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Which conditions the reasons of a finding ask for, by the codes of the reasons."""
    return tuple(code for code in ASKED_CODES if code_unknown(code) in reasons)
