"""Resolving, merging, hashing and reading back."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checklists.protocols import loader
from tests.checklists.protocols.documents import CHILD, problems

HOLD = "holds: [{row: MH002, clear_at_h: 96, source: S1, confidence: low}]\n"


def shuffled(value: object) -> object:
    """The same document with every mapping's keys in the opposite order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", loader.shipped())
def test_document_survives_storage_as_json(name: str) -> None:
    document = loader.resolve(name)
    stored = json.loads(json.dumps(document))
    assert stored == document
    assert loader.from_document(stored, signed=False) == loader.load(name)


SLOWLY = [pytest.param(name, marks=() if name == "demonstration" else pytest.mark.matrix) for name in loader.shipped()]


@pytest.mark.parametrize("name", SLOWLY)
def test_resolved_document_written_as_text_loads_the_same(name: str) -> None:
    document = loader.resolve(name)
    assert loader.load_text(json.dumps(document), origin="stored") == loader.load(name)


def test_shipped_protocol_is_read_once_for_each_way_to_sign() -> None:
    unsigned, signed = (loader.load("reference-asra", signed=signed) for signed in (False, True))
    assert loader.load("reference-asra") is unsigned
    assert (unsigned.signed, signed.signed) == (False, True)


def test_hash_does_not_depend_on_the_order_of_keys() -> None:
    document = loader.resolve("reference-asra")
    other = shuffled(document)
    assert isinstance(other, dict)
    assert list(other) != list(document)
    assert loader.document_hash(other) == loader.document_hash(document)


def test_hash_changes_with_any_number() -> None:
    changed = loader.resolve_text(CHILD + HOLD, origin="ours.yaml")
    same = loader.resolve_text(CHILD + HOLD.replace("96", "97"), origin="ours.yaml")
    assert loader.document_hash(changed) != loader.document_hash(same)


def test_hash_does_not_depend_on_how_a_number_is_spelt() -> None:
    one, other = (loader.load_text(CHILD + HOLD.replace("96", spelt), origin="x") for spelt in ("96", "96.0"))
    assert one.document_hash == other.document_hash


def test_protocol_knows_its_hash_and_signature() -> None:
    document = loader.resolve("demonstration")
    protocol = loader.from_document(document, signed=True)
    assert (protocol.document_hash, protocol.signed) == (loader.document_hash(document), True)


def test_child_changes_one_number_and_keeps_the_rest() -> None:
    ours, parent = loader.load_text(CHILD + HOLD, origin="ours.yaml"), loader.load("reference-asra")
    changed = [
        (one.row, one.clear_at, other.clear_at)
        for one, other in zip(ours.holds, parent.holds, strict=True)
        if one != other
    ]
    assert changed == [("MH002", timedelta(hours=96), timedelta(hours=72))]
    assert (ours.name, ours.items, ours.labs, ours.fasting) == (
        "ours",
        parent.items,
        parent.labs,
        parent.fasting,
    )


def test_note_of_a_changed_row_is_not_inherited() -> None:
    rows = {row["row"]: row for row in loader.resolve_text(CHILD + HOLD, origin="ours.yaml")["holds"]}
    assert ("note" in rows["MH002"], "note" in rows["MH003"]) == (False, True)


def test_child_adds_and_removes_rows() -> None:
    new = "{row: OUR1, drug: reserpine, class: other, action: no_action, source: design, confidence: low}"
    ours = loader.load_text(f"{CHILD}remove: [MH013, LB09]\nholds: [{new}]\n", origin="ours.yaml")
    parent = loader.load("reference-asra")
    rows = [rule.row for rule in parent.holds if rule.row != "MH013"]
    assert [rule.row for rule in ours.holds] == [*rows, "OUR1"]
    assert {rule.row for rule in parent.labs} - {rule.row for rule in ours.labs} == {"LB09"}


def test_two_thresholds_may_be_given() -> None:
    text = CHILD + HOLD.replace("clear_at_h: 96", "block_below_h: 48")
    rule = next(rule for rule in loader.load_text(text, origin="x").holds if rule.row == "MH002")
    assert (rule.block_below, rule.clear_at) == (timedelta(hours=48), timedelta(hours=72))


def test_chain_of_files_is_followed(tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text(CHILD.replace("ours", "middle") + HOLD)
    (tmp_path / "last.yaml").write_text("protocol: last\ntitle: Last\nextends: middle\nremove: [MH013]\n")
    document = loader.resolve(tmp_path / "last.yaml")
    assert document["based_on"] == ["middle", "reference-asra"]
    assert next(row for row in document["holds"] if row["row"] == "MH002")["clear_at_h"] == 96


def test_circle_of_files_is_refused_at_its_line(tmp_path: Path) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        (tmp_path / f"{name}.yaml").write_text(f"protocol: {name}\ntitle: T\nextends: {other}\n")
    with pytest.raises(loader.ProtocolError) as caught:
        loader.resolve(tmp_path / "one.yaml")
    said = "the protocols extend each other in a circle (one -> two -> one): let one of them extend nothing"
    assert [str(one) for one in caught.value.problems] == [f"{tmp_path / 'two.yaml'}:3: extends: {said}"]


def test_circle_under_false_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("protocol: other\ntitle: T\nextends: one\n")
    with pytest.raises(loader.ProtocolError) as caught:
        loader.resolve(tmp_path / "one.yaml")
    assert [problem.wrong for problem in caught.value.problems] == ["the protocols extend each other in a circle (one)"]


def test_fault_in_a_parent_is_told_with_the_parents_line(tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text(CHILD.replace("ours", "middle") + HOLD.replace("96", "-1"))
    (tmp_path / "last.yaml").write_text("protocol: last\ntitle: Last\nextends: middle\n")
    with pytest.raises(loader.ProtocolError) as caught:
        loader.resolve(tmp_path / "last.yaml")
    assert [(problem.origin, problem.line) for problem in caught.value.problems] == [(str(tmp_path / "middle.yaml"), 4)]


def test_text_cannot_extend_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ours.yaml").write_text(CHILD)
    monkeypatch.chdir(tmp_path)
    assert problems("protocol: x\ntitle: X\nextends: ours\n") != []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (HOLD.replace("96", "missing"), "holds.MH002.clear_at_h"),
        ("minutes: {turnover: {value: missing, source: none, confidence: low}}\n", "minutes.turnover.value"),
        ("window: {pass_days: missing, source: none, confidence: low}\n", "window.pass_days"),
        (
            "fasting: {intakes: [{row: FA06, hours: missing, source: SEED000, confidence: high}]}\n",
            "fasting.intakes.FA06.hours",
        ),
        ("labs: [{row: LB01, valid_days: missing, source: none, confidence: low}]\n", "labs.LB01.valid_days"),
        ("labs: [{row: LB01, pass: missing, source: none, confidence: low}]\n", "labs.LB01.pass"),
        ("imaging: {validity_days: missing, source: none, confidence: low}\n", "imaging.validity_days"),
        ("infection: {valid_within_h: missing, source: none, confidence: low}\n", "infection.valid_within_h"),
        (
            "items: [{kind: labs, due: {before: start, hours: missing}, source: none, confidence: low}]\n",
            "items.labs.due.hours",
        ),
        (
            "items: [{kind: labs, reminders_h: [missing], source: none, confidence: low}]\n",
            "items.labs.reminders_h.0",
        ),
    ],
)  # fmt: skip
def test_missing_number_is_reported_and_prevents_nothing(change: str, path: str) -> None:
    assert loader.load_text(CHILD + change, origin="ours.yaml").missing == (path,)


def test_missing_number_never_makes_a_rule_easier() -> None:
    change = (
        HOLD.replace("96", "missing")
        + "fasting: {intakes: [{row: FA01, hours: missing, source: none, confidence: low}]}\n"
        + "labs: [{row: LB01, valid_days: missing, source: none, confidence: low}]\n"
        + "imaging: {validity_days: missing, source: none, confidence: low}\n"
    )
    ours = loader.load_text(CHILD + change, origin="ours.yaml")
    assert next(rule for rule in ours.holds if rule.row == "MH002").clear_at is None
    assert ours.fasting.intakes[0].min_fast == timedelta(days=1)
    assert (ours.labs[0].validity_days, ours.labs[0].validity_within) == (0, None)
    assert ours.imaging.validity_days == 0


def test_unknown_name_and_unreadable_file_are_told(tmp_path: Path) -> None:
    for name in ("no-such-protocol", tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(loader.ProtocolError):
            loader.resolve(name)


def test_document_that_was_tampered_with_is_refused() -> None:
    document = loader.resolve("reference-asra")
    del document["holds"][0]["source"]
    with pytest.raises(loader.ProtocolError) as caught:
        loader.from_document(document, signed=True)
    assert [problem.path for problem in caught.value.problems] == ["holds.MH001.source"]


@pytest.mark.parametrize("document", [{}, {"holds": None}, {"items": [1], "holds": "x"}, {"minutes": float("nan")}])
def test_document_that_is_none_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(loader.ProtocolError):
        loader.from_document(document, signed=False)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries: list[tuple[str | int, object]] = []
    if isinstance(value, dict | list):
        entries = list(value.items() if isinstance(value, dict) else enumerate(value))
    here = [(*path, key) for key, _ in entries]
    return here + [one for key, inner in entries for one in paths(inner, (*path, key))]


JUNK = st.one_of(
    st.sampled_from([None, True, "missing", 10**400]),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.integers() | st.text(max_size=2), max_size=3),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=2),
)


@pytest.mark.matrix
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), junk=JUNK)
def test_any_value_anywhere_is_read_or_refused(data: st.DataObject, junk: object) -> None:
    document = loader.resolve("demonstration")
    *holders, last = data.draw(st.sampled_from(paths(document)))
    place: Any = document
    for key in holders:
        place = place[key]
    place[last] = junk
    try:
        protocol = loader.from_document(document, signed=True)
    except loader.ProtocolError as error:
        assert error.problems != ()
    else:
        assert protocol.missing == () or junk == "missing"


def test_stored_document_is_read_in_a_fraction_of_the_time_of_its_files() -> None:
    def seconds(read: Callable[[], object]) -> float:
        before = time.process_time()
        read()
        return time.process_time() - before

    def from_its_files() -> object:
        loader.read_shipped.cache_clear()
        return loader.resolve("demonstration")

    document = loader.resolve("demonstration")
    from_files = seconds(from_its_files)
    stored = min(seconds(lambda: loader.from_document(document, signed=True)) for _ in range(5))
    assert stored < from_files / 5
