"""The rows of a protocol that stand behind one finding, and no others."""

from datetime import UTC, datetime

import pytest

from checklists.protocols.loader import load
from checklists.protocols.says import says
from checklists.rules.assess import assess
from checklists.rules.protocol import Protocol
from checklists.rules.values import Authority, Evidence, Facts, Finding, Medication, Site

NOW = datetime(2027, 3, 1, 13, tzinfo=UTC)
START = datetime(2027, 3, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load("demonstration", signed=True)


def finding(protocol: Protocol, item: str, kind: str, value: dict[str, object], *drugs: str) -> Finding:
    facts = Facts(
        number=1,
        site=Site("America/New_York", (None,) * 7),
        procedure="kyphoplasty",
        levels=("L1",),
        anesthesia="sedation",
        medications=tuple(Medication(drug) for drug in drugs),
    )
    evidence = [Evidence(1, item, NOW, value, "staff", Authority.NURSE, "staff:1")] if value else []
    found = assess(protocol, facts, evidence, START, NOW).finding(item)
    assert found is not None
    assert found.kind == kind
    return found


def test_hold_is_judged_by_the_rows_of_its_drug(protocol: Protocol) -> None:
    lines = says(protocol, finding(protocol, "hold:apixaban", "hold", {}, "apixaban", "warfarin"))
    assert lines
    assert all(" apixaban" in line and line.endswith("]") for line in lines)


def test_lab_is_judged_by_the_rows_of_the_analyte_that_is_named(protocol: Protocol) -> None:
    low = {"analyte": "platelets", "value": 80, "unit": "10^9/L"}
    lines = says(protocol, finding(protocol, "labs", "labs", low))
    assert any(" platelets (general" in line for line in lines)
    assert not any(" glucose " in line for line in lines)


def test_screen_is_judged_by_the_questions_that_were_answered_yes(protocol: Protocol) -> None:
    asked = next(q for q in protocol.infection.questions if "patient" in q.asked_of and q.action == "clinician_review")
    value: dict[str, object] = {"answers": {asked.key: "yes"}}
    (line,) = says(protocol, finding(protocol, "infection_prescreen", "infection_prescreen", value))
    assert line.startswith(f"{asked.row} {asked.text}")


def test_fever_is_judged_by_the_measured_rows(protocol: Protocol) -> None:
    value: dict[str, object] = {
        "temperature": 38.5, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {},
    }  # fmt: skip
    lines = says(protocol, finding(protocol, "infection_check", "infection_check", value))
    measured = {q.row for q in protocol.infection.questions if q.kind == "measured"}
    assert {line.partition(" ")[0] for line in lines} == measured


def test_any_other_item_shows_its_own_row(protocol: Protocol) -> None:
    (line,) = says(protocol, finding(protocol, "ride", "ride", {"available": False}))
    assert line.startswith("ride: patient, needed by check-in")
