"""Missing numbers are given all at once, each with its source; what results misses nothing and says so."""

from dataclasses import replace
from pathlib import Path

import pytest

from checklists.protocols import loader
from checklists.protocols.differences import differences
from checklists.protocols.filling import Number, child_text, fill, gaps
from checklists.protocols.filling_file import read_numbers, write_filled
from checklists.protocols.loader import ProtocolError
from tests.checklists.protocols.documents import CHILD
from tests.checklists.protocols.test_clinics import ARIZONA, BAY, CLINICS, MISSING, PRO

WORDS = "policy of the practice, 2027"


def given(path: str, **more: str) -> Number:
    value = "6" if "fasting" in path else "96"
    return Number(**{"path": path, "value": value, "source": WORDS, "confidence": "medium", **more})


def all_given(name: str) -> list[Number]:
    return [given(path) for path in MISSING[name]]


@pytest.mark.parametrize("name", CLINICS)
def test_clinic_with_its_numbers_misses_nothing_and_changes_nothing_else(name: str) -> None:
    document = loader.resolve(name)
    assert [gap.path for gap in gaps(document)] == list(MISSING[name])
    filled = fill(document, all_given(name))
    assert loader.from_document(filled.document, signed=False, complete=True).missing == ()
    assert filled.document["based_on"] == [name, "reference-asra"]
    of_itself = {"protocol", "title", "based_on"} | ({"sources.P1"} if MISSING[name] else set())
    assert {one.path for one in differences(document, filled.document)} == of_itself | set(MISSING[name])


@pytest.mark.parametrize("name", CLINICS)
def test_text_is_a_file_that_extends_the_clinic(name: str) -> None:
    filled = fill(loader.resolve(name), all_given(name))
    assert f"extends: {name}\n" in filled.text
    assert loader.resolve_text(filled.text, origin="ours.yaml") == filled.document


def test_rule_keeps_its_source_beside_that_of_the_number_and_its_note_unless_one_is_given() -> None:
    numbers = [replace(number, note="" if "nsaid" in number.path else "ours") for number in all_given(PRO)]
    numbers[0] = replace(numbers[0], source="S1, S2", confidence="low")
    filled = fill(loader.resolve(PRO), numbers).document
    thinner, nsaid = filled["hold_classes"]
    assert (thinner["source"], thinner["confidence"], thinner["note"]) == ("SEED004,S1,S2", "low", "ours")
    assert (nsaid["source"], nsaid["confidence"]) == ("SEED004,P1", "medium")
    assert nsaid["note"] == "Several days, without a number; the wording takes in celecoxib"
    assert filled["sources"]["P1"] == WORDS


def test_gap_says_in_words_what_is_missing() -> None:
    first, *_ = gaps(loader.resolve(ARIZONA))
    assert (first.rule, first.part, first.unit) == ("drugs held together: blood thinner", "", "h")
    (only,) = gaps(loader.resolve(BAY))
    assert (only.rule, only.unit, only.note) == ("minutes in recovery", "minutes", "A short time, without a number")


OTHER_GAPS = """
holds: [{row: MH002, clear_at_h: missing, block_below_h: missing, source: S1, confidence: high}]
labs: [{row: LB01, pass: missing, review: [], fail: ["> 1.8"], source: S1, confidence: high}]
items: [{kind: labs, deadline: {before: start, hours: missing}, reminders_h: [48, missing], source: S1,
  confidence: high}]
"""


def test_numbers_deep_inside_a_rule_and_bands_are_given_too() -> None:
    document = loader.resolve_text(CHILD + OTHER_GAPS, origin="ours.yaml")
    paths = [gap.path for gap in gaps(document)]
    assert sorted(paths) == [
        "holds.MH002.block_below_h",
        "holds.MH002.clear_at_h",
        "items.labs.deadline.hours",
        "items.labs.reminders_h.1",
        "labs.LB01.pass",
    ]
    values = {"labs.LB01.pass": "<= 1.5", "items.labs.reminders_h.1": "12", "holds.MH002.block_below_h": "48.5"}
    sure = {"holds.MH002.clear_at_h": "low", "holds.MH002.block_below_h": "high"}
    numbers = [given(path, value=values.get(path, "60"), confidence=sure.get(path, "medium")) for path in paths]
    filled = fill(document, numbers).document
    row = next(row for row in filled["holds"] if row["row"] == "MH002")
    labs = next(row for row in filled["items"] if row["kind"] == "labs")
    assert (row["clear_at_h"], row["block_below_h"], row["source"], row["confidence"]) == (60, 48.5, "S1,P1", "low")
    assert (labs["deadline"], labs["reminders_h"]) == ({"before": "start", "hours": 60}, [48, 12])
    assert next(row for row in filled["labs"] if row["row"] == "LB01")["pass"] == ["<= 1.5"]


REFUSED = {
    "abc": "'abc' is not a number: write digits, e.g. 48 or 1.5",
    "": "'' is not a number: write digits, e.g. 48 or 1.5",
    "1e3": "'1e3' is not a number: write digits, e.g. 48 or 1.5",
    "nan": "'nan' is not a number: write digits, e.g. 48 or 1.5",
    "٤٨": "'٤٨' is not a number: write digits, e.g. 48 or 1.5",
    "-1": "-1 is below 0: write a number from 0 upwards",
    "99999": "99999 is more than 1440: check the unit that the key names",
    "1.5": "1.5 is not a whole number: write a whole number",
    "9" * 400: f"'{'9' * 56}... is not a number: write digits, e.g. 48 or 1.5",
}


@pytest.mark.parametrize("value", REFUSED)
def test_value_that_is_no_possible_number_is_refused_by_path(value: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        fill(loader.resolve(BAY), [given("minutes.recovery.value", value=value)])
    assert str(refused.value) == f"given: minutes.recovery.value: {REFUSED[value]}"


def test_everything_that_is_wrong_is_told_at_once() -> None:
    numbers = [
        given("hold_classes.blood_thinner.clear_at_h", value="soon", source=" ", confidence="sure"),
        given("hold_classes.nsaid.clear_at_h", value="9000", note="two\nlines"),
        given("hold_classes.nsaid.clear_at_h"),
        given("minutes.turnover.value"),
    ]
    with pytest.raises(ProtocolError) as refused:
        fill(loader.resolve(PRO), numbers)
    assert [(problem.path, problem.wrong) for problem in refused.value.problems] == [
        ("hold_classes.nsaid.clear_at_h", "is given 2 times"),
        ("minutes.turnover.value", "is not a missing number"),
        ("fasting.intakes.FA12.hours", "is still missing"),
        ("hold_classes.blood_thinner.clear_at_h", "'soon' is not a number"),
        ("hold_classes.blood_thinner.clear_at_h.source", "' ' is no source"),
        ("hold_classes.blood_thinner.clear_at_h.confidence", "'sure' is not known"),
        ("hold_classes.nsaid.clear_at_h.note", "'two\\nlines' is no note"),
    ]
    assert all(problem.remedy for problem in refused.value.problems)


@pytest.mark.parametrize(
    "words", ["a: b # c", "- x", "'quoted' \"twice\"", "{inject: 1}", "null", "yes", "&a *b", "12"]
)
def test_words_are_words_whatever_yaml_would_make_of_them(words: str) -> None:
    filled = fill(loader.resolve(BAY), [given("minutes.recovery.value", source=words, note=words)])
    assert filled.document["sources"]["P1"] == words
    assert filled.document["minutes"]["recovery"]["note"] == words
    assert loader.resolve_text(filled.text, origin="ours.yaml") == filled.document


def test_source_already_named_p1_is_not_taken_over() -> None:
    document = loader.resolve(BAY)
    document["sources"]["P1"] = "somebody else's"
    sources = fill(document, [given("minutes.recovery.value")]).document["sources"]
    assert (sources["P1"], sources["P2"]) == ("somebody else's", WORDS)


def test_complete_protocol_has_nothing_to_give() -> None:
    document = loader.resolve("reference-asra")
    assert gaps(document) == ()
    with pytest.raises(ProtocolError, match="nothing is missing in this protocol"):
        fill(document, [given("minutes.recovery.value")])
    assert "extends: reference-asra" in child_text(document, [])


def test_command_line_is_read_with_colons_in_the_source() -> None:
    (number,) = read_numbers(["a.b=48:see: page 3:low"], ["a.b=a=b"])
    assert number == Number("a.b", "48", "see: page 3", "low", "a=b")


@pytest.mark.parametrize("text", ["", "a", "a=48", "a=48:source", "48:source:low"])
def test_command_line_without_the_shape_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="write path=value:source:confidence"):
        list(read_numbers([text], []))
    with pytest.raises(ProtocolError, match="has a note and no number"):
        list(read_numbers([], ["a=b"]))


def test_file_is_written_once_beside_what_it_extends(tmp_path: Path) -> None:
    numbers = [f"minutes.recovery.value=90:{WORDS}:low"]
    out = tmp_path / "ours.yaml"
    write_filled(BAY, numbers, [], out)
    assert loader.load(out).missing == ()
    with pytest.raises(ProtocolError, match="cannot be written"):
        write_filled(BAY, numbers, [], out)
    with pytest.raises(ProtocolError, match="cannot be written"):
        write_filled(BAY, numbers, [], tmp_path / "nowhere" / "ours.yaml")


def test_file_that_extends_a_file_finds_it(tmp_path: Path) -> None:
    numbers, own = [f"minutes.recovery.value=90:{WORDS}:low"], CHILD.replace("reference-asra", BAY)
    for name in ("own.yaml", "theirs.yaml"):
        (tmp_path / name).write_text(own.replace("protocol: ours", "protocol: own"))
    with pytest.raises(ProtocolError, match="does not stand beside"):
        write_filled(str(tmp_path / "own.yaml"), numbers, [], tmp_path.parent / "elsewhere.yaml")
    with pytest.raises(ProtocolError, match=r"call the file own\.yaml"):
        write_filled(str(tmp_path / "theirs.yaml"), numbers, [], tmp_path / "completed.yaml")
    write_filled(str(tmp_path / "own.yaml"), numbers, [], tmp_path / "completed.yaml")
    assert loader.load(tmp_path / "completed.yaml").missing == ()
