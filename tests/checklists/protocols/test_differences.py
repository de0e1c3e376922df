"""What one version changes in another, in words a nurse reads, nothing left out."""

from copy import deepcopy
from typing import Any

import pytest

from checklists.protocols import loader
from checklists.protocols.differences import differences
from tests.checklists.protocols.documents import CHILD

REFERENCE = loader.resolve("reference-asra")


def child(change: str) -> dict[str, Any]:
    return loader.resolve_text(CHILD + change, origin="ours.yaml")


def told(change: str, subject: str) -> list[str]:
    """The sentences about one subject."""
    lines = [one.sentence for one in differences(REFERENCE, child(change))]
    return [line for line in lines if line.startswith(subject)]


CHANGES = {
    "holds: [{row: MH002, clear_at_h: 48, source: S1, confidence: low}]": [
        "apixaban (treatment dose), kidney clearance 50 and over: 72 h [S1,S2,S3,S6; high] becomes 48 h [S1; low]",
        "apixaban (treatment dose), kidney clearance 50 and over, note: SIR 48 h, ASRA 72 h [S1,S2,S3,S6; high] "
        "is no longer there",
    ],
    "holds: [{row: MH013, source: S24, confidence: low, note: Withdrawn in the US}]": [
        "betrixaban, where it comes from: S1 (medium confidence) becomes S24 (low confidence)",
    ],
    "holds: [{row: MH002, clear_at_h: missing, source: S1, confidence: low}]": [
        "apixaban (treatment dose), kidney clearance 50 and over: 72 h [S1,S2,S3,S6; high] becomes "
        "a number still missing [S1; low]",
        "apixaban (treatment dose), kidney clearance 50 and over, note: SIR 48 h, ASRA 72 h [S1,S2,S3,S6; high] "
        "is no longer there",
    ],
    'labs: [{row: LB01, pass: ["<= 1.4"], review: ["> 1.4 and <= 1.8"], source: S1, confidence: low}]': [
        "INR, passes: <= 1.5 [S1; low] becomes <= 1.4 [S1; low]",
        "INR, goes to review: > 1.5 and <= 1.8 [S1; low] becomes > 1.4 and <= 1.8 [S1; low]",
        "INR, note: Threshold high, validity low; draw again after any change of antithrombotic drugs [S1; low] "
        "is no longer there",
    ],
    "labs: [{row: LB04, valid_days: 7, source: S1, confidence: low, note: x}]": [
        "platelets, counts for: 30 days [S1; low] becomes 7 days [S1; low]",
        "platelets, note: 50 high, 100 low; 7 days under chemotherapy, heparin or with known low counts [S1; low] "
        "becomes x [S1; low]",
    ],
    "fasting: {intakes: [{row: FA03, hours: 6, source: S12, confidence: low}]}": [
        "fast after breast milk: 4 h [S12; high] becomes 6 h [S12; low]",
    ],
    "minutes: {turnover: {value: 20, source: S1, confidence: low}}": [
        "minutes between two procedures: 15 minutes [design; low] becomes 20 minutes [S1; low]",
    ],
    "items: [{kind: labs, deadline: {before: start, hours: 24}, source: S1, confidence: low}]": [
        "item labs, deadline: 48 h before start [SEED001,SEED002; high] becomes 24 h before start [S1; low]",
    ],
    "pregnancy: {until: 60, source: S1, confidence: low, note: y}": [
        "pregnancy test, until age: 55 years [S15,S22,SEED000; low] becomes 60 years [S1; low]",
        "pregnancy test, note: That it is asked is medium; no source gives the ages, they are a proposal "
        "[S15,S22,SEED000; low] becomes y [S1; low]",
    ],
    "names: {betrixaban: [Bevyxxa, Other]}": ["other names of betrixaban: Bevyxxa becomes Bevyxxa, Other"],
    "remove: [FA03]": [
        "fast after breast milk: 4 h; anesthesia local, sedation, general [S12; high] is no longer there"
    ],
    "after_care: [{topic: driving, says: none, source: S24, confidence: low}]": [
        "after care: driving: none for 24 hours after sedation, and never while taking an opioid [S24; high] "
        "becomes none [S24; low]",
    ],
    "stated: [{topic: ride, says: by bus, source: S24, confidence: low}]": [
        "said by the source on ride: by bus [S24; low] is new"
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_told_in_words_with_source_and_confidence(change: str) -> None:
    expected = CHANGES[change]
    assert told(change + "\n", expected[0].partition(":")[0].split(",")[0]) == expected


def test_what_the_document_says_of_itself_is_told_too() -> None:
    lines = [one.sentence for one in differences(REFERENCE, child(""))]
    assert lines == [
        f"the protocol, name: reference-asra becomes {child('')['protocol']}",
        f"the protocol, title: {REFERENCE['title']} becomes {child('')['title']}",
        "the protocol, based on: reference-asra is new",
    ]


def test_order_of_keys_and_rows_is_no_difference() -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(inner) for inner in value] if isinstance(value, list) else value

    other = turned(REFERENCE)
    other["holds"] = other["holds"][::-1]
    assert (differences(REFERENCE, REFERENCE), differences(REFERENCE, other)) == ((), ())


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of the document that is no mapping and no list of rows."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in leaves(inner, (*path, key))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [found for number, inner in enumerate(value) for found in leaves(inner, (*path, number))]
    return [path]


@pytest.mark.parametrize("each", [49, pytest.param(7, marks=pytest.mark.matrix)])
def test_no_change_of_a_value_is_left_out(each: int) -> None:
    silent = []
    for path in leaves(REFERENCE)[::each]:
        other: Any = deepcopy(REFERENCE)
        holder = other
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = "something else"
        if not differences(REFERENCE, other):
            silent.append(path)
    assert silent == []


@pytest.mark.parametrize("other", [{}, {"holds": "none"}, {"holds": [1, {"row": 2}]}, {"minutes": [], "window": 7}])
def test_document_of_another_shape_is_compared_without_an_error(other: dict[str, Any]) -> None:
    found = [*differences(REFERENCE, other), *differences(other, REFERENCE)]
    assert all(isinstance(one.sentence, str) and one.path for one in found)
    assert found != []
