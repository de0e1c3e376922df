# ruff: noqa: E501  (tables of whole sentences)
"""Which line of a CASE document each problem is told with, however deep it is."""

import json
from datetime import UTC, datetime

import pytest

from checklists.rules.case_document import CaseDocumentError, good_json, parse_case, plain_of, read_text
from tests.checklists.rules.test_case_document import CASE

WEEK = '    hours: [["08:00", "17:00"], null, null, null, null, null, null]\n'
RIDE = """\
  - item: ride
    observed_at: 2027-03-01T09:30:00-05:00
    value: {available: true}
"""


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("- 1\n", ["1: document: is not a mapping. Write `facts:` and `evidence:`."]),
        ("\n\n5\n", ["1: document: is not a mapping. Write `facts:` and `evidence:`."]),
        (CASE + "hat: 1\n", ["16: hat: is not known here. Use facts, evidence."]),
        ("evidence: []\n", ["1: facts: is missing. Add 'facts' to the value."]),
        (
            CASE.split("evidence:")[0] + "\nevidence: 3\n",
            ["12: evidence: is not a list. Start each entry with a dash."],
        ),
        (
            CASE.replace("[T12]", "\n    - T12\n    - L9"),
            ["6: facts.levels: entry 2: 'L9': use one of C1, C2, C3, C4, C5, C6, C7, T1, T2, T3, T4, T5, T6, T7, T8, "
             "T9, T10, T11, T12, L1, L2, L3, L4, L5, S1, S2, S3, S4, S5."],
        ),
        (
            CASE.replace("dose_tier: treatment dose", "dose_tier: 7").replace("kyphoplasty", "surgery"),
            [
                "5: facts.procedure: 'surgery': use one of kyphoplasty, vertebroplasty.",
                "10: facts.medications.0.dose_tier: 7 is not a text. Write a few words.",
            ],
        ),
        (
            CASE.replace("    - name: Eliquis\n", "    - name: Eliquis\n    - name: 5\n").replace("      dose_tier: treatment dose\n", ""),
            ["10: facts.medications.1.name: 5 is not a text. Write a few words."],
        ),
        (
            CASE + RIDE.replace("item: ride", "items: ride"),
            [
                "16: evidence.1.item: is missing. Add 'item' to the value.",
                "16: evidence.1.items: is not known here. Use item, observed_at, value, id, said_by, authority, "
                "recorded_by, supersedes.",
            ],
        ),
        (
            CASE + RIDE.replace("available: true", "available: 1"),
            ["18: evidence.1.value.available: 1 is not true or false. Write true or false."],
        ),
    ],
)  # fmt: skip
def test_problem_is_told_with_the_line_of_its_field(text, problems):
    with pytest.raises(CaseDocumentError) as refused:
        parse_case(text, "c.yaml")
    assert list(refused.value.problems) == [f"c.yaml:{problem}" for problem in problems]


def test_lines_are_counted_from_that_of_the_document_in_its_file():
    with pytest.raises(CaseDocumentError) as refused:
        parse_case("\n- 1\n", "c.yaml", 7)
    assert list(refused.value.problems) == ["c.yaml:7: document: is not a mapping. Write `facts:` and `evidence:`."]
    with pytest.raises(CaseDocumentError) as refused:
        parse_case(CASE.replace("kyphoplasty", "surgery"), "c.yaml", 7)
    assert str(refused.value) == "c.yaml:11: facts.procedure: 'surgery': use one of kyphoplasty, vertebroplasty."


def test_more_entries_than_a_case_may_have_are_told_once():
    entries = RIDE * 1001
    with pytest.raises(CaseDocumentError) as refused:
        parse_case(CASE.split("evidence:")[0] + "evidence:\n" + entries)
    assert list(refused.value.problems) == ["-:11: evidence: has 1001 entries. Give at most 1000."]
    (ride,) = plain_of(read_text(f"evidence:\n{RIDE}", "-", 1))["evidence"]
    facts = plain_of(read_text(CASE, "-", 1))["facts"]
    assert len(parse_case(json.dumps({"facts": facts, "evidence": [ride] * 1000}))[1]) == 1000


def test_case_without_evidence_has_none_and_ids_are_those_of_the_places():
    assert parse_case(CASE.split("evidence:")[0])[1] == ()
    assert [entry.id for entry in parse_case(CASE + RIDE + RIDE)[1]] == [1, 2, 3]


@pytest.mark.parametrize(
    "text", ['{"facts": 1, "facts": 2}', '{"facts": NaN}', '{"facts": Infinity}', '{"facts": ', "[1]", "facts: 1"]
)
def test_what_json_does_not_allow_is_left_to_the_reader_that_knows_lines(text):
    assert good_json(text) is None


def test_key_that_stands_twice_or_a_number_that_is_none_spoils_a_good_document():
    written = json.dumps(plain_of(read_text(CASE, "-", 1)))
    assert good_json(written) is not None
    assert good_json(written.replace('"levels"', '"levels": ["T11"], "levels"')) is None
    assert good_json(written.replace('"born_on"', '"weight_kg": NaN, "born_on"')) is None


def test_what_the_reader_remembers_of_the_text_is_left_out_of_the_values():
    read = read_text("a: [1, 1.5, yes, null, 'x', 2027-03-01]\n2: 'b'", "-", 1)
    plain = plain_of(read)
    assert plain == {"a": [1, 1.5, "yes", None, "x", "2027-03-01"], "2": "b"}
    assert [type(value) for value in plain["a"]] == [int, float, str, type(None), str, str]
    assert plain_of([True, datetime(2027, 3, 1, tzinfo=UTC)]) == [True, "2027-03-01 00:00:00+00:00"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "a: 1\na: 2\n",
            '6: document: found duplicate key "a" with value "2" (original value: "1"): correct the YAML or JSON.',
        ),
        ("facts:\n  a: [1\nb: 2\n", "7: document: expected ',' or ']', but got ':': correct the YAML or JSON."),
        ("\n\na: 1\n  b: 2\n", "8: document: mapping values are not allowed here: correct the YAML or JSON."),
        ("x: &a [*b]\n", "5: document: found undefined alias 'b': correct the YAML or JSON."),
        ("a: \x00", "5: document: cannot be read (ReaderError): correct it."),
        ("[" * 1000, "5: document: more than 30 brackets are open at once: correct the YAML or JSON."),
        ("- " * 1000, "5: document: cannot be read (RecursionError): correct it."),
        ("x" * 1_000_001, "5: document: has more than 1,000,000 characters: shorten it to one case."),
    ],
)
def test_text_that_cannot_be_read_is_told_with_the_line_on_which_reading_ended(text, problem):
    with pytest.raises(CaseDocumentError) as refused:
        read_text(text, "c.yaml", 5)
    assert list(refused.value.problems) == [f"c.yaml:{problem}"]


def test_every_problem_is_on_a_line_of_its_own():
    with pytest.raises(CaseDocumentError) as refused:
        parse_case("hat: 1\n", "c.yaml")
    told = [
        "c.yaml:1: facts: is missing. Add 'facts' to the value.",
        "c.yaml:1: hat: is not known here. Use facts, evidence.",
    ]
    assert (str(refused.value), list(refused.value.problems)) == ("\n".join(told), told)
