"""The numbers that a protocol names and does not give: which they are, and the child document that gives them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from checklists.protocols import loader
from checklists.protocols.blocks import CONFIDENCES, shown
from checklists.protocols.inherit import resolve_chain
from checklists.protocols.problems import Problem, ProtocolError, Where
from checklists.protocols.text import ROW_KEYS, Source, read_text
from checklists.protocols.wording import part_words, rule_words, unit_words

ORIGIN = "given"
BANDS = ("pass", "review", "fail")
DIGITS = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?\Z")
LONGEST = 300
HEAD = """\
# What {name} names without a number, given by the practice: each with its source and confidence.
# A clinician reads and signs it after it is adopted.
"""


@dataclass(frozen=True, slots=True)
class Number:
    """One number as somebody gives it. `source`: ids of the document's sources, or words for a new one."""

    path: str
    value: str  # digits, or bands such as "<= 1.5 or > 3"
    source: str
    confidence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """One number that is missing, in words, with what the source says of it."""

    path: str
    rule: str
    part: str
    unit: str
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Filled:
    """`text`: a YAML file that extends the protocol; `document`: what it resolves to, with nothing missing."""

    text: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a missing number stands: the rule with the source, and the way from there."""

    where: Where
    rule: dict[str, Any]
    inside: tuple[str, ...]


def gaps(document: dict[str, Any]) -> tuple[Gap, ...]:
    """Every missing number, in the order of the document; raises ProtocolError."""
    return tuple(gap(document, path) for path in loader.from_document(document, signed=False).missing)


def gap(document: dict[str, Any], path: str) -> Gap:
    spot = spot_of(document, path)
    first, *_ = spot.inside
    return Gap(
        path,
        rule_words(spot.where, spot.rule),
        part_words(spot.where, first),
        unit_words(spot.where, spot.inside[-1] if len(spot.inside) > 1 else first),
        str(spot.rule.get("note", "")),
        str(spot.rule.get("source", "")),
    )


def fill(document: dict[str, Any], numbers: Sequence[Number]) -> Filled:
    """The child that gives all that is missing; raises ProtocolError naming every path, value and remedy at once."""
    missing = loader.from_document(document, signed=False).missing
    wrong = [*unplaced(missing, numbers), *(problem for number in numbers for problem in faults(number))]
    blamed = {problem.path for problem in wrong}
    parts = ("", ".source", ".confidence", ".note")
    good = [n for n in numbers if n.path in missing and not blamed & {f"{n.path}{part}" for part in parts}]
    text = child_text(document, good)
    try:
        filled = resolved(document, text)
    except ProtocolError as error:
        wrong += [Problem(ORIGIN, None, one.path, one.wrong, one.remedy) for one in error.problems]
    if wrong:
        raise ProtocolError(wrong)
    return Filled(text, filled)


def unplaced(missing: Sequence[str], numbers: Iterable[Number]) -> Iterator[Problem]:
    given = Counter(number.path for number in numbers)
    for path, times in given.items():
        if path not in missing:
            remedy = f"missing are: {', '.join(missing)}" if missing else "nothing is missing in this protocol"
            yield Problem(ORIGIN, None, path[:LONGEST], "is not a missing number", remedy)
        elif times > 1:
            yield Problem(ORIGIN, None, path, f"is given {times} times", "keep one of them")
    for path in missing:
        if path not in given:
            remedy = "give it too, with its source and confidence"
            yield Problem(ORIGIN, None, path, "is still missing", remedy)


def faults(number: Number) -> Iterator[Problem]:
    def problem(part: str, wrong: str, remedy: str) -> Problem:
        return Problem(ORIGIN, None, f"{number.path[:LONGEST]}{part}", wrong, remedy)

    is_band = number.path.rpartition(".")[2] in BANDS
    if not is_band and not DIGITS.match(number.value.strip()):
        yield problem("", f"{shown(number.value)} is not a number", "write digits, e.g. 48 or 1.5")
    if not is_line(number.source):
        remedy = "say on one line where the number comes from, or name the document's sources"
        yield problem(".source", f"{shown(number.source)} is no source", remedy)
    if number.confidence not in CONFIDENCES:
        remedy = "use one of " + ", ".join(CONFIDENCES)
        yield problem(".confidence", f"{shown(number.confidence)} is not known", remedy)
    if number.note and not is_line(number.note):
        yield problem(".note", f"{shown(number.note)} is no note", f"write one line of at most {LONGEST} characters")


def is_line(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) <= LONGEST


def child_text(document: dict[str, Any], numbers: Iterable[Number]) -> str:
    """The YAML file: only what is given, each number in its row beside the sources of the rule itself."""
    name, sources = str(document["protocol"]), dict[str, str]()
    child: dict[str, Any] = {
        "protocol": f"{name}-completed",
        "title": f"{document['title']} (completed)",
        "extends": name,
        "sources": sources,
    }
    for number in numbers:
        spot = spot_of(document, number.path)
        row = row_in(child, spot.where)
        first, *rest = spot.inside
        row[first] = with_value(row.get(first, spot.rule.get(first)), rest, value_of(number))
        row["source"] = joined(row.get("source", spot.rule["source"]), source_ids(number.source, document, sources))
        row["confidence"] = min(row.get("confidence", CONFIDENCES[0]), number.confidence, key=sureness)
        if note := number.note or row.get("note") or spot.rule.get("note"):
            row["note"] = note
    if not sources:
        del child["sources"]
    out = StringIO()
    yaml = YAML()
    yaml.default_flow_style, yaml.width = False, 110
    yaml.dump(loader.with_row_lists(child), out)
    return HEAD.format(name=name) + out.getvalue()


def sureness(confidence: str) -> int:
    return -CONFIDENCES.index(confidence)


def value_of(number: Number) -> Any:
    text = number.value.strip()
    if number.path.rpartition(".")[2] in BANDS:
        return [band.strip() for band in text.split(" or ")]
    value = float(text)
    return int(value) if value.is_integer() else value


def with_value(old: Any, inside: Sequence[str], value: Any) -> Any:
    """What stood there with the value at its place: lists are stated whole, mappings only where they change."""
    if not inside:
        return value
    first, *rest = inside
    if isinstance(old, list):
        return [with_value(one, rest, value) if str(n) == first else one for n, one in enumerate(old)]
    kept = old if isinstance(old, dict) else {}
    return {**kept, first: with_value(kept.get(first), rest, value)}


def source_ids(given: str, document: Mapping[str, Any], sources: dict[str, str]) -> str:
    """The ids of the document's own sources, else a new id for these words."""
    words = ",".join(part.strip() for part in given.split(","))
    if all(part in document["sources"] for part in words.split(",")):
        return words
    known = {text: name for name, text in sources.items()}
    if given.strip() in known:
        return known[given.strip()]
    number = 1
    while f"P{number}" in {*document["sources"], *sources}:
        number += 1
    sources[f"P{number}"] = given.strip()
    return f"P{number}"


def joined(old: str, new: str) -> str:
    """Both sources: the rule is still the page's, only the number is new."""
    return ",".join(dict.fromkeys([*old.split(","), *new.split(",")]))


def row_in(child: dict[str, Any], where: Where) -> dict[str, Any]:
    """The mapping of the child at this place, made where there is none; rows by their key."""
    holder = child
    for depth, key in enumerate(where):
        row_key = ROW_KEYS.get(where[:depth])
        holder = holder.setdefault(key, {row_key: key} if row_key else {})
    return holder


def spot_of(document: dict[str, Any], path: str) -> Spot:
    """The rule around a missing number: the deepest mapping on the way that says its source."""
    value: Any = document
    where: Where = ()
    rest = path.split(".")
    found = Spot((), document, tuple(rest))
    while rest:
        rows = keyed(value, where)
        length = next(n for n in range(len(rest), 0, -1) if ".".join(rest[:n]) in rows)
        where, rest = (*where, ".".join(rest[:length])), rest[length:]
        value = rows[where[-1]]
        if isinstance(value, dict) and "source" in value:
            found = Spot(where, value, tuple(rest))
    return found


def keyed(value: Any, where: Where) -> dict[str, Any]:
    """A mapping as it is, rows by their key, other lists by position."""
    if isinstance(value, dict):
        return value
    name = ROW_KEYS.get(where)
    return {str(row[name]) if name else str(number): row for number, row in enumerate(value)}


def resolved(document: dict[str, Any], text: str) -> dict[str, Any]:
    """The child merged into this very document, whatever the shipped file says by now; raises ProtocolError."""
    parent = Source(str(document["protocol"]), by_rows(document, ()))
    chain = resolve_chain(read_text(text, ORIGIN), lambda _: parent)
    chain.values["based_on"] = [document["protocol"], *document.get("based_on", ())]
    return loader.checked(chain)


def by_rows(value: Any, where: Where) -> Any:
    """The document with its lists of rows as mappings by row key, as texts are merged."""
    if isinstance(value, list) and where in ROW_KEYS:
        return {key: by_rows(row, (*where, key)) for key, row in keyed(value, where).items()}
    if isinstance(value, dict):
        return {key: by_rows(inner, (*where, key)) for key, inner in value.items()}
    return value
