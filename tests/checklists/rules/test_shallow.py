"""Brackets that nest deeper than any document needs end the reading where they do."""

import pytest
from ruamel.yaml.scanner import ScannerError

from checklists.protocols.loader import ProtocolError, load_text
from checklists.rules.case_document import CaseDocumentError, parse_case
from checklists.rules.shallow import DEEPEST, shallow_yaml

WRONG = f"more than {DEEPEST} brackets are open at once"


@pytest.mark.parametrize("opening", ["[", "{a: ", "[{a: "])
def test_one_bracket_too_many_ends_the_reading_before_the_next_word(opening: str) -> None:
    """Nothing behind it is looked at, however long it is."""
    signs = "".join(sign for sign in opening if sign in "[{")
    with pytest.raises(ScannerError) as refused:
        shallow_yaml().compose("a: 1\nb: " + opening * 100_000)
    mark = refused.value.problem_mark
    whole, rest = divmod(DEEPEST, len(signs))
    assert (refused.value.problem, mark.line, mark.column) == (WRONG, 1, 3 + whole * len(opening) + rest)


def test_as_many_as_are_allowed_are_read() -> None:
    nested: object = "x"
    for _ in range(DEEPEST):
        nested = [nested]
    assert shallow_yaml().load("[" * DEEPEST + "x" + "]" * DEEPEST) == nested
    assert len(shallow_yaml().load("[" + "[x], " * 100 + "]")) == 100


def test_bracket_is_known_by_its_kind() -> None:
    """In a list a colon without a space behind it is a part of the word."""
    assert shallow_yaml().load("[a:b]") == ["a:b"]


def test_protocol_and_case_name_the_line() -> None:
    nested = "[" * 5000
    with pytest.raises(ProtocolError) as protocol:
        load_text(f"protocol: ours\nholds: {nested}", origin="ours.yaml")
    said = f"ours.yaml:2: document: this is not YAML ({WRONG}): correct the line or the one before"
    assert str(protocol.value) == said
    with pytest.raises(CaseDocumentError) as case:
        parse_case(f"facts: {{}}\nevidence: {nested}", "case.yaml")
    assert case.value.problems == (f"case.yaml:2: document: {WRONG}: correct the YAML or JSON.",)
