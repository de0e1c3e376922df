"""reference-sir and reference-two-threshold, typed here by hand from the clinical tables."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from checklists.protocols import loader
from checklists.rules.lab_values import exact, holds
from checklists.rules.protocol import HoldRule, Protocol
from tests.checklists.protocols.test_reference import unsourced

ASRA, SIR, TWO = (loader.load(name) for name in ("reference-asra", "reference-sir", "reference-two-threshold"))

# row, clearance from, below, action, blocked below, clear at: the upper end of SIR's range for high bleeding risk
SIR_HOLDS = [
    ("MH001", None, None, "timed_hold", 120, 120),
    ("MH002", 50, None, "timed_hold", 48, 48),
    ("MH003", 30, 50, "timed_hold", 72, 72),
    ("MH004", 15, 30, "timed_hold", 72, 72),
    ("MH004a", None, 15, "timed_hold", 72, None),
    ("MH005", 30, None, "timed_hold", 48, 48),
    ("MH006", 15, 30, "timed_hold", 72, 72),
    ("MH007", None, 15, "clinician_decision", None, None),
    ("MH008", 30, None, "timed_hold", 48, 48),
    ("MH009", None, 30, "timed_hold", 48, None),
    ("MH010", 50, None, "timed_hold", 48, 48),
    ("MH011", 30, 50, "timed_hold", 96, 96),
    ("MH012", 15, 30, "timed_hold", 96, 96),
    ("MH012a", None, 15, "timed_hold", 96, None),
    ("MH013", None, None, "timed_hold", 72, 72),
    ("MH014", None, None, "timed_hold", 6, 6),
    ("MH015", None, None, "timed_hold", 6, 6),
    ("MH016", 30, None, "timed_hold", 24, 24),
    ("MH017", 30, None, "timed_hold", 24, 24),
    ("MH018a", None, 30, "timed_hold", 24, None),
    ("MH018b", None, 30, "timed_hold", 24, None),
    ("MH019", None, None, "timed_hold", 24, 24),
    ("MH020", 50, None, "timed_hold", 72, 72),
    ("MH021", None, 50, "timed_hold", 120, 120),
    ("MH022", None, None, "timed_hold", 4, None),
    ("MH023", None, None, "timed_hold", 4, None),
    ("MH024", None, None, "timed_hold", 120, 120),
    ("MH025", None, None, "timed_hold", 168, 168),
    ("MH026", None, None, "timed_hold", 120, 120),
    ("MH028", None, None, "clinician_decision", 1, None),
    ("MH029", None, None, "timed_hold", 120, 120),
    ("MH030", None, None, "clinician_decision", None, None),
    ("MH032", None, None, "timed_hold", 120, 120),
    ("MH033", None, None, "continue", 0, 0),
    ("MH034", None, None, "clinician_decision", 24, None),
    ("MH035a", None, None, "clinician_decision", 8, None),
    ("MH035b", None, None, "clinician_decision", 8, None),
    *((f"MH{number:03}", None, None, "continue", 0, 0) for number in range(38, 49)),
    ("MH049a", None, None, "clinician_decision", None, None),
]
# row, blocked below, clear at: the rows whose published hours differ
TWO_HOLDS = [
    ("MH002", 48, 72),
    ("MH005", 48, 72),
    ("MH008", 48, 72),
    ("MH010", 48, 96),
    ("MH011", 72, 144),
    ("MH014", 4, 6),
    ("MH015", 6, 24),
    ("MH020", 48, 96),
    ("MH021", 72, 120),
    ("MH024", 120, 168),
    ("MH025", 168, 240),
    ("MH027", 240, 336),
    ("MH029", 72, 144),
    ("MH032", 72, 144),
    ("MH033", 0, 48),
]


def hold(protocol: Protocol, row: str) -> HoldRule:
    return next(rule for rule in protocol.holds if rule.row == row)


def hours(time: timedelta | None) -> float | None:
    return None if time is None else time / timedelta(hours=1)


@pytest.mark.parametrize("expected", SIR_HOLDS, ids=lambda expected: expected[0])
def test_sir_row_carries_the_upper_end_of_the_published_range(expected: tuple[Any, ...]) -> None:
    rule = hold(SIR, expected[0])
    found = (rule.row, rule.crcl_min, rule.crcl_max, rule.action, hours(rule.block_below), hours(rule.clear_at))
    assert found == expected


def test_sir_keeps_the_rows_it_does_not_address() -> None:
    addressed = {row for row, *_ in SIR_HOLDS}
    kept = {rule.row: rule for rule in ASRA.holds if rule.row not in addressed}
    assert {rule.row: rule for rule in SIR.holds if rule.row not in addressed} == kept
    assert {"MH027", "MH031", "MH036a", "MH055", "MH077", "MH087", "MH093", "NA001"} <= kept.keys()


def test_sir_changes_cite_sir_alone() -> None:
    before = {rule.row: rule for rule in ASRA.holds}
    changed = [rule for rule in SIR.holds if rule != before.get(rule.row)]
    assert {rule.sourced.source for rule in changed} == {"S1"}


def test_sir_stops_no_drug_without_its_prescriber() -> None:
    needs = {rule.row for rule in ASRA.holds if rule.prescriber_clearance} - {"MH033"}
    assert needs <= {rule.row for rule in SIR.holds if rule.prescriber_clearance}
    assert hold(SIR, "MH004a").prescriber_clearance and hold(SIR, "MH012a").prescriber_clearance


@pytest.mark.parametrize(
    ("row", "value", "judged"),
    [
        ("LB02", 1.8, "pass"), ("LB02", 1.81, "fail"), ("LB02", 1.3, "pass"),
        ("LB04", 50, "pass"), ("LB04", 49.9, "fail"), ("LB04", 99, "pass"),
        ("LB01", 1.51, "review"), ("LB05", 30, "fail"),
    ],
)  # fmt: skip
def test_sir_lab_value_at_the_edge_falls_into_its_band(row: str, value: float, judged: str) -> None:
    rule = next(rule for rule in SIR.labs if rule.row == row)
    bands = {"pass": rule.passes, "review": rule.reviews, "fail": rule.fails}
    assert [name for name, bounds in bands.items() if any(holds(bound, exact(value)) for bound in bounds)] == [judged]
    assert rule.validity_days == {"LB02": 1}.get(row, 30)


def test_sir_changes_two_laboratory_rows() -> None:
    changed = [one.row for one, other in zip(SIR.labs, ASRA.labs, strict=True) if one != other]
    assert changed == ["LB02", "LB04"]


@pytest.mark.parametrize("expected", TWO_HOLDS, ids=lambda expected: expected[0])
def test_two_threshold_row_carries_both_limits_of_the_clinical_table(expected: tuple[str, float, float]) -> None:
    rule, one = hold(TWO, expected[0]), hold(ASRA, expected[0])
    assert (rule.row, hours(rule.block_below), hours(rule.clear_at)) == expected
    assert (rule.clear_at, rule.action, rule.sourced) == (one.clear_at, one.action, one.sourced)


def test_two_threshold_leaves_the_other_rows_with_one_limit() -> None:
    changed = [one.row for one, other in zip(TWO.holds, ASRA.holds, strict=True) if one != other]
    assert changed == [row for row, *_ in TWO_HOLDS]


@pytest.mark.parametrize("protocol", [SIR, TWO], ids=lambda protocol: protocol.name)
def test_reference_differs_from_the_first_in_nothing_else(protocol: Protocol) -> None:
    own = {"name", "title", "document_hash", "holds", *(["labs"] if protocol is SIR else [])}
    others = [field.name for field in fields(Protocol) if field.name not in own]
    assert {name: getattr(protocol, name) for name in others} == {name: getattr(ASRA, name) for name in others}
    assert (protocol.missing, protocol.signed) == ((), False)


@pytest.mark.parametrize("name", loader.shipped())
def test_every_number_of_a_shipped_protocol_has_a_source_that_is_explained_and_a_confidence(name: str) -> None:
    document = loader.resolve(name)
    assert list(unsourced(document, "", cited=False)) == []
    cited = [(source, confidence) for block in blocks(document) for source, confidence in said(block)]
    assert {source for source, _ in cited} <= document["sources"].keys()
    assert {confidence for _, confidence in cited} == {"high", "medium", "low"}


def said(block: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "source" in block:
        yield from ((source, block["confidence"]) for source in block["source"].split(","))


def blocks(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from blocks(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from blocks(inner)
