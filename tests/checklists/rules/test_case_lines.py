"""A stream of cases: one to a line, or one document; a bad case is told and does not stop the rest."""

import json
from datetime import timedelta
from io import BytesIO

import pytest

from checklists.rules.case_lines import LONGEST, is_lines, lines_of, read_cases
from checklists.rules.facts_json import facts_to_json
from tests.checklists.rules.cases import FACTS, HOUR, START

CASE = {
    "facts": facts_to_json(FACTS),
    "evidence": [{"item": "ride", "observed_at": START.isoformat(), "value": {"available": True}}],
}
LINE = json.dumps(CASE).encode()
MARK = b"\xef\xbb\xbf"  # how some programs begin a text
LONG = "document: has more than 1,000,000 characters: shorten it to one case."
TOO_LONG = b"[" * (LONGEST + 1)


def told(content, origin="cases.jsonl", now=None):
    """Line, whether a case was read, and what is wrong with it."""
    found = read_cases(BytesIO(content), origin, now)
    return [(case.line, case.facts == FACTS and len(case.evidence), list(case.problems)) for case in found]


@pytest.mark.parametrize("content", [LINE + b"\n" + LINE, LINE + b"\r\n\r\n" + LINE + b"\r\n"])
def test_each_line_is_a_case_and_an_empty_one_is_none(content):
    assert [case[1:] for case in told(content)] == [(1, [])] * 2


def test_cases_are_numbered_by_their_lines():
    assert [case[0] for case in told(b"\n" + LINE + b"\n \n" + LINE + b"\n" + LINE)] == [2, 4, 5]


def test_bad_case_is_told_by_its_line_and_the_others_are_read():
    broken = json.dumps({**CASE, "facts": {**CASE["facts"], "procedure": "surgery"}}).encode()
    wrong = "cases.jsonl:2: facts.procedure: 'surgery': use one of kyphoplasty, vertebroplasty."
    assert told(b"\n".join((LINE, broken, LINE))) == [(1, 1, []), (2, False, [wrong]), (3, 1, [])]


@pytest.mark.parametrize("content", [b"", b"\n\n  \n"])
def test_stream_without_a_case_says_so(content):
    assert told(content) == [
        (1, False, ["cases.jsonl:1: document: is empty. Write one case in JSON on each line."]),
    ]


@pytest.mark.parametrize(
    ("opening", "origin", "lines"),
    [
        ([LINE], "-", True),
        ([b"\n", LINE], "-", True),
        ([MARK + LINE], "-", True),
        ([b"facts:\n", b"  site:\n"], "-", False),
        ([b"{\n", b'"facts": 1\n'], "-", False),
        ([b'{"x": 1}'], "-", False),
        ([b"[" * 5000], "-", False),
        ([b"facts:\n"], "cases.jsonl", True),
        ([], "-", False),
    ],
)
def test_stream_is_lines_by_its_name_or_by_a_whole_case_on_one_of_the_first(opening, origin, lines):
    assert is_lines(opening, origin) is lines


def test_document_over_many_lines_is_one_case():
    written = json.dumps(CASE, indent=1).encode()
    assert told(written, "case.json") == [(0, 1, [])]
    assert told(MARK + written, "case.json") == [(0, 1, [])]
    broken = written.replace(b"kyphoplasty", b"surgery")
    at = broken[: broken.index(b"procedure")].count(b"\n") + 1
    wrong = f"case.json:{at}: facts.procedure: 'surgery': use one of kyphoplasty, vertebroplasty."
    assert told(broken, "case.json") == [(0, False, [wrong])]


def test_what_is_dated_after_now_is_told():
    ((_, _, (late,)),) = told(LINE, now=START - HOUR)
    assert late.startswith("cases.jsonl:1: evidence.0.observed_at: ")
    written = json.dumps(CASE, indent=1).encode()
    assert len(told(written, "case.json", START - HOUR)[0][2]) == 1
    assert told(written, "case.json", START) == [(0, 1, [])]
    assert told(LINE, now=START) == told(LINE, now=START + timedelta(days=1)) == [(1, 1, [])]


def test_text_that_is_not_utf_8_is_told_with_its_line():
    wrong = "document: is not UTF-8 text. Save it as UTF-8."
    assert told(LINE + b"\n\xff\n" + LINE) == [(1, 1, []), (2, False, [f"cases.jsonl:2: {wrong}"]), (3, 1, [])]
    assert told(b"a:\n\n  b\xff", "case.yaml") == [(0, False, [f"case.yaml:3: {wrong}"])]
    assert told(b"\xff", "case.yaml") == [(0, False, [f"case.yaml:1: {wrong}"])]


def test_line_that_is_too_long_is_told_and_the_next_is_read():
    found = told(b"\n".join((LINE, TOO_LONG * 3, LINE)))
    assert found == [(1, 1, []), (2, False, [f"cases.jsonl:2: {LONG}"]), (3, 1, [])]
    first = told(b"\n".join((TOO_LONG, LINE)))
    assert first == [(1, False, [f"cases.jsonl:1: {LONG}"]), (2, 1, [])]
    assert told(TOO_LONG, "case.yaml") == [(0, False, [f"case.yaml:1: {LONG}"])]


def test_line_of_the_greatest_length_is_whole_and_one_byte_more_is_too_long():
    padded = LINE + b" " * (LONGEST - len(LINE))
    for longest in (padded, padded[:-1]):
        found = told(b"\n".join((LINE, LINE, longest, LINE)))
        assert [(line, LONG in str(problems)) for line, _, problems in found] == [(n, n == 3) for n in (1, 2, 3, 4)]
    assert "characters" in told(padded)[0][2][0]


def test_only_the_beginning_of_a_line_that_is_too_long_is_held():
    found = list(lines_of(BytesIO(TOO_LONG + b"x" * 9 + b"\nnext\n"), []))
    assert [len(line) for line in found] == [LONGEST + 1, 5]
