"""The CASE document: facts and evidence of one case as YAML or JSON text, each error with its line."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from checklists.rules.facts_json import (
    EVIDENCE,
    FACTS,
    Path,
    evidence_from_json,
    evidence_problems,
    evidence_to_json,
    facts_from_json,
    facts_problems_at,
    facts_to_json,
)
from checklists.rules.kinds import KINDS, value_schema
from checklists.rules.shallow import shallow_yaml
from checklists.rules.shapes import ANYTHING, Problem, Shape, check_shapes, listed, nested
from checklists.rules.values import Evidence, Facts
from checklists.rules.verdict_json import verdict_to_json

__all__ = [
    "CaseDocumentError",
    "case_schema",
    "evidence_from_json",
    "evidence_to_json",
    "facts_from_json",
    "facts_to_json",
    "parse_case",
    "verdict_to_json",
]

LONGEST_DOCUMENT = 1_000_000  # characters
MOST_EVIDENCE = 1000
DIALECT = "https://json-schema.org/draft/2020-12/schema"
CASE = Shape({"facts": nested(FACTS)}, {"evidence": listed(nested(EVIDENCE), at_most=MOST_EVIDENCE)})


class CaseDocumentError(ValueError):
    """A document that is not a case; `problems` holds one line `file:line: field: value: remedy` each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class TextTimes(RoundTripConstructor):
    """Times stay as they were written: their offset is part of what is judged."""


TextTimes.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


def parse_case(
    text: str, origin: str = "-", line: int = 1, now: datetime | None = None
) -> tuple[Facts, tuple[Evidence, ...]]:
    """Facts and evidence of a CASE document that begins on `line` of `origin`, none observed after `now`.

    CaseDocumentError names file, line, field, value and remedy.
    """
    plain = good_json(text, now)
    if plain is None:
        document = read_text(text, origin, line)
        found = sorted(problems_at(document, now), key=line_of)
        if found:
            raise CaseDocumentError([f"{origin}:{line + at - 1}: {problem}" for at, problem in found])
        plain = plain_of(document)
    entries = enumerate(plain.get("evidence", ()), 1)
    return facts_from_json(plain["facts"]), tuple(evidence_from_json(e, number) for number, e in entries)


def good_json(text: str, now: datetime | None = None) -> Any:
    """A faultless document in JSON, read fast; None where only the slower reader can say which line is wrong."""
    if len(text) > LONGEST_DOCUMENT:
        return None
    try:
        document = json.loads(text, object_pairs_hook=without_duplicates, parse_constant=refused)
    except (ValueError, RecursionError):
        return None
    return None if any(problems_at(document, now)) else document


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def read_text(text: str, origin: str, line: int) -> Any:
    if len(text) > LONGEST_DOCUMENT:
        many = f"has more than {LONGEST_DOCUMENT:,} characters: shorten it to one case."
        raise CaseDocumentError([f"{origin}:{line}: document: {many}"])
    reader = shallow_yaml()
    reader.Constructor = TextTimes
    try:
        return reader.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = line + (mark.line if mark else 0)
        what = str(error.problem or error.context or "not YAML").splitlines()[0]
        raise CaseDocumentError([f"{origin}:{at}: document: {what}: correct the YAML or JSON."]) from None
    except (YAMLError, RecursionError, ValueError) as error:
        what = type(error).__name__
        raise CaseDocumentError([f"{origin}:{line}: document: cannot be read ({what}): correct it."]) from None


def line_of(found: tuple[int, Problem]) -> int:
    return found[0]


def problems_at(document: Any, now: datetime | None = None) -> Iterator[tuple[int, Problem]]:
    """Each problem with the line of its field."""
    if not isinstance(document, Mapping):
        yield 1, Problem("document", "is not a mapping. Write `facts:` and `evidence:`.")
        return
    plain = plain_of(document)
    outer = Shape(dict.fromkeys(CASE.required, ANYTHING), dict.fromkeys(CASE.optional, ANYTHING))
    for problem in check_shapes((outer,), plain):
        yield line_at(document, (), problem.field), problem
    if "facts" in plain:
        for path, problem in facts_problems_at(plain["facts"]):
            place = ".".join(str(part) for part in ("facts", *path, problem.field))
            yield line_at(document, ("facts", *path), problem.field), Problem(place, problem.sentence)
    if "evidence" not in plain:
        return
    if not isinstance(plain["evidence"], list):
        yield (
            line_at(document, (), "evidence"),
            Problem("evidence", "is not a list. Start each entry with a dash."),
        )
        return
    if len(plain["evidence"]) > MOST_EVIDENCE:
        many = f"has {len(plain['evidence'])} entries. Give at most {MOST_EVIDENCE}."
        yield line_at(document, (), "evidence"), Problem("evidence", many)
    yield from evidence_problems_at(document, plain["evidence"], now)


def evidence_problems_at(document: Any, entries: list[Any], now: datetime | None) -> Iterator[tuple[int, Problem]]:
    seen: set[Any] = set()
    for place, entry in enumerate(entries):
        path: Path = ("evidence", place)
        for problem in evidence_problems(entry) or problems_of_time(entry, now):
            inner, _, key = problem.field.rpartition(".")
            line = line_at(document, (*path, inner) if inner else path, key)
            yield line, Problem(f"evidence.{place}.{problem.field}", problem.sentence)
        number = entry.get("id", place + 1) if isinstance(entry, Mapping) else None
        if number is not None and isinstance(number, int) and number in seen:
            again = Problem(f"evidence.{place}.id", f"{number} is used before. Give each entry its own id.")
            yield line_at(document, path, "id"), again
        if isinstance(number, int):
            seen.add(number)


def problems_of_time(entry: Mapping[str, Any], now: datetime | None = None) -> list[Problem]:
    """Nothing is observed before it happens."""
    if now is None or datetime.fromisoformat(entry["observed_at"]) <= now:
        return []
    ahead = f"{entry['observed_at']} is after now, {now.isoformat()}. Correct it, or judge at a later moment (--now)."
    return [Problem("observed_at", ahead)]


def line_at(document: Any, path: Path, key: str) -> int:
    """The line of a key, or of the nearest thing around it that is there."""
    node, line = document, 1
    for part in (*path, key):
        try:
            if isinstance(node, CommentedMap):
                line = node.lc.key(part)[0] + 1
            elif isinstance(node, CommentedSeq):
                line = node.lc.item(part)[0] + 1
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return line
    return line


def plain_of(node: Any) -> Any:
    """Plain JSON types, without what the reader remembers of the text."""
    if isinstance(node, Mapping):
        return {str(key): plain_of(content) for key, content in node.items()}
    if isinstance(node, list):
        return [plain_of(entry) for entry in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return str(node)


def case_schema() -> dict[str, Any]:
    """The JSON Schema of the CASE document; `$defs` holds the evidence values of each kind of item."""
    document = CASE.schema
    entry = document["properties"]["evidence"]["items"]
    by_kind = [
        {
            "if": {"properties": {"item": {"pattern": f"^{kind}(:.+)?$"}}},
            "then": {"properties": {"value": {"$ref": f"#/$defs/{kind}"}}},
        }
        for kind in KINDS
    ]
    known = {"pattern": f"^({'|'.join(KINDS)})(:.+)?$", **entry["properties"]["item"]}
    entry = {**entry, "properties": {**entry["properties"], "item": known}, "allOf": by_kind}
    evidence = {**document["properties"]["evidence"], "items": entry}
    return {
        "$schema": DIALECT,
        "title": "CASE document: facts and evidence of one case",
        **document,
        "properties": {**document["properties"], "evidence": evidence},
        "$defs": {kind: titled(kind) for kind in KINDS},
    }


def kind_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind's evidence values, by itself; KeyError for a kind that is not there."""
    return {"$schema": DIALECT, **titled(kind)}


def titled(kind: str) -> dict[str, Any]:
    return {"title": f"Evidence value of {kind}", **value_schema(kind)}
