"""Every number that is shipped says where it comes from; those of the references are those of the clinical table."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from checklists.protocols import loader
from checklists.rules.protocol import HoldRule, Protocol
from tests.checklists.protocols.published import HOLDS

ASRA, SIR, TWO = (loader.load(name) for name in ("reference-asra", "reference-sir", "reference-two-threshold"))
CONFIDENCES = {"high", "medium", "low"}
# A limit in words (`>= 70 and <= 180`), or a number that is named and not given.
THRESHOLD = re.compile(r"\s*[<>]=?\s*\d|missing\Z")
# Numbers that are codes of a drug, looked up and not decided.
CODES = {"rxcui"}


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Each shipped file as it stands, before anything that it extends is merged in."""
    read = YAML(typ="safe").load
    return {name: read((loader.FOLDER / f"{name}.yaml").read_text(encoding="utf-8")) for name in loader.shipped()}


def is_number(value: Any) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)) or (
        isinstance(value, str) and THRESHOLD.match(value) is not None
    )


def numbers(value: Any, path: tuple[str, ...] = (), said: Any = None) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each number or threshold with its path and what the nearest row around it says of itself."""
    if isinstance(value, dict):
        nearest = value if "source" in value or "confidence" in value else said
        for key, inner in value.items():
            if key not in CODES:
                yield from numbers(inner, (*path, str(key)), nearest)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from numbers(inner, (*path, str(place)), said)
    elif is_number(value):
        yield path, said


def unexplained(document: dict[str, Any], known: set[str]) -> list[str]:
    """The numbers of a file without a confidence, or with a source that nobody explains."""
    return [
        ".".join(path)
        for path, said in numbers(document)
        if said is None
        or said.get("confidence") not in CONFIDENCES
        or not set(str(said.get("source", "?")).split(",")) <= known
    ]


@pytest.mark.parametrize("name", loader.shipped())
def test_every_number_of_a_file_names_in_its_own_rows_an_explained_source_and_a_confidence(name: str) -> None:
    known = set(loader.resolve(name)["sources"])
    assert unexplained(documents()[name], known) == []
    assert len(list(numbers(documents()[name]))) >= 2


@pytest.mark.parametrize(
    "row",
    [
        {"row": "MH001", "clear_at_h": 120},
        {"row": "MH001", "clear_at_h": 120, "source": "S1"},
        {"row": "MH001", "clear_at_h": 120, "confidence": "high"},
        {"row": "MH001", "clear_at_h": 120, "source": "S1,hearsay", "confidence": "high"},
        {"row": "MH001", "clear_at_h": 120, "source": "S1", "confidence": "sure"},
        {"row": "LB01", "pass": ["<= 1.5"]},
        {"row": "MH001", "clear_at_h": "missing"},
    ],
)
def test_number_without_its_source_is_found(row: dict[str, Any]) -> None:
    assert len(unexplained({"holds": [row]}, {"S1"})) == 1


# One row without hours; each of its parts has hours and sources of its own.
HERBS = {"MH076"}


def hours(time: timedelta | None) -> float | None:
    return None if time is None else time / timedelta(hours=1)


def rows_of(protocol: Protocol, row: str) -> list[HoldRule]:
    """The rule of a row, or the parts into which the protocol divides it (MH018a, MH018b)."""
    return [rule for rule in protocol.holds if rule.row.rstrip("abcdefghij") == row]


@pytest.mark.parametrize("published", HOLDS, ids=lambda published: published[0])
def test_reference_hold_is_that_of_the_clinical_table(published: tuple[Any, ...]) -> None:
    row, low, high, action, block, clear, prescriber, *_, confidence = published
    parts = rows_of(ASRA, row)
    found = {(rule.crcl_min, rule.crcl_max, rule.action, rule.prescriber_clearance) for rule in parts}
    assert found == {(low, high, action, prescriber)}
    # One threshold: the longer one; what goes to a clinician's look has none to block by.
    only = None if action == "class_review" else block if clear is None else clear
    assert row in HERBS or {(hours(rule.block_below), hours(rule.clear_at)) for rule in parts} == {(only, clear)}
    # A part of a row may be known less surely than the row, never more.
    assert {rule.sourced.confidence for rule in parts} <= {confidence, "low"}


@pytest.mark.parametrize("published", [row for row in HOLDS if row[7] is not None], ids=lambda published: published[0])
def test_sir_hold_is_the_upper_end_of_what_sir_publishes(published: tuple[Any, ...]) -> None:
    row, sir = published[0], published[7]
    for rule in rows_of(SIR, row):
        longest = rule.clear_at if rule.clear_at is not None else rule.block_below
        # Aspirin after a stent is decided by a person whatever the hours.
        assert hours(longest) == (None if row == "MH030" else sir)


@pytest.mark.parametrize("published", HOLDS, ids=lambda published: published[0])
def test_two_thresholds_are_the_shorter_and_the_longer_of_the_clinical_table(published: tuple[Any, ...]) -> None:
    row, _, _, action, block, clear, *_ = published
    shorter = None if action == "class_review" else block
    found = {(hours(rule.block_below), hours(rule.clear_at)) for rule in rows_of(TWO, row)}
    assert row in HERBS or found == {(shorter, clear)}


def test_a_hold_that_clears_by_time_is_never_shorter_than_what_either_source_publishes() -> None:
    shorter = [
        row for row, *_, clear, _, sir, asra, _ in HOLDS if clear is not None and clear < max(sir or 0, asra or 0)
    ]
    # 40 mg of enoxaparin: SIR counts one dose, 12 h, or 24 h where it is taken once a day.
    assert shorter == ["MH016"]
