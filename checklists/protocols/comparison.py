"""The shipped protocols side by side: the text of docs/protocols.md, made from the files."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checklists.protocols.loader import from_document, resolve
from checklists.protocols.problems import Where, dotted
from checklists.protocols.reading import TOPICS
from checklists.protocols.summary import (
    candidacy_words,
    cited,
    clearance_words,
    exclusion_words,
    fasting_words,
    hold_class_words,
    hours,
    infection_words,
    item_words,
    lab_words,
    number_words,
    pain_words,
    pathway_words,
    pregnancy_words,
    topic_words,
)
from checklists.protocols.text import ROW_KEYS
from checklists.rules.protocol import HoldRule, Protocol, Sourced

BASE = "reference-asra"
REFERENCES = ("reference-sir", "reference-two-threshold")
CLINICS = (
    "pain-experts-of-arizona",
    "bay-area-spine",
    "one-tree-health",
    "interventional-pain-center",
    "pro-spine-pain",
)
# The order of the rules on the page; within a section by row.
SECTIONS: tuple[Where, ...] = (
    ("procedures",),
    ("window",),
    ("levels",),
    ("imaging",),
    ("imaging", "suspicion"),
    ("exclusions",),
    ("pain",),
    ("hold_classes",),
    ("holds",),
    ("labs",),
    ("fasting",),
    ("fasting", "intakes"),
    ("items",),
    ("pregnancy",),
    ("pathway",),
    ("infection",),
    ("infection", "questions"),
    ("minutes",),
    ("after_care",),
    ("follow_up",),
)
OF_CANDIDACY: tuple[Where, ...] = (("window",), ("levels",), ("imaging",), ("imaging", "suspicion"))
SAME, NONE, MISSING = "=", "no such row", "**missing**"
# Shown for the clinics although none of them differs: what people look for first.
KEPT: frozenset[Where] = frozenset(
    {
        ("procedures",),
        ("window",),
        ("levels",),
        ("imaging",),
        ("fasting",),
        ("infection",),
        ("items", "labs"),
        ("items", "ride"),
        ("items", "infection_check"),
        ("labs", "LB01"),
        ("labs", "LB02"),
        ("labs", "LB04"),
        ("labs", "LB07"),
        ("labs", "LB08"),
    }
)
HEAD = """\
# The shipped protocols, side by side

Made from the files in `checklists/protocols` by `manage.py protocols table`; a test holds it against them. None of
these protocols is signed, and none is advice to a patient: a practice adopts one, a clinician gives what is missing
and signs. Every number stands with its source and confidence in brackets; what a source is stands under `sources` of
the file. `manage.py protocols show NAME` prints the whole of one, `manage.py protocols diff A B` what B changes in A.
"""
FOR_CLINICS = """\
## Five clinics

Each states only what its own page states; `=` is where the page is silent and the rule of `reference-asra` holds.
**missing** is where the page names a rule without a number. A class of drugs is held for at least its number, and a
drug of it for longer where its own row asks for more.
"""
FOR_MISSING = """\
## What is missing

Each must be given before the protocol can be signed. Until then no drug of such a class clears by time alone, such a
fast counts as a day, such minutes as none, and such an age excludes nobody.
"""
FOR_STATED = """\
## What the pages say beyond the rules

Shown to the clinician who signs, judged by no rule.
"""
FOR_REFERENCES = """\
## Three references

Medication holds, in hours since the last dose, and laboratory limits in which they differ.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    words: str
    sourced: Sourced | None


@dataclass(frozen=True, slots=True)
class Column:
    """One protocol, its rules as they stand in its own rows."""

    name: str
    protocol: Protocol
    document: dict[str, Any]
    entries: Mapping[Where, Entry]


def page() -> Iterator[str]:
    """The lines of docs/protocols.md."""
    base, clinics = column(BASE), [column(name) for name in CLINICS]
    yield from HEAD.splitlines()
    yield from ("", *FOR_CLINICS.splitlines(), "")
    yield from table(base, clinics, lambda where, differs: differs or where in KEPT)
    yield from ("", *FOR_MISSING.splitlines(), "")
    yield from missing_table(clinics)
    yield from ("", *FOR_STATED.splitlines(), "")
    yield from stated_table(clinics)
    yield from ("", *FOR_REFERENCES.splitlines(), "")
    of_drugs = ("holds", "labs")
    yield from table(
        base, [column(name) for name in REFERENCES], lambda where, differs: differs and where[0] in of_drugs
    )


def column(name: str) -> Column:
    document = resolve(name)
    apart = {key: value for key, value in document.items() if key != "hold_classes"}
    protocol = from_document(document, signed=False)
    own = from_document(apart, signed=False)
    return Column(name, protocol, document, dict(entries(own, protocol, document)))


def entries(own: Protocol, protocol: Protocol, document: dict[str, Any]) -> Iterator[tuple[Where, Entry]]:
    """Every rule by its place in the document; holds as their own rows say, before their class is counted."""
    yield ("procedures",), Entry("procedures", ", ".join(protocol.procedures), None)
    for where, line in zip(OF_CANDIDACY, candidacy_words(protocol), strict=False):
        yield where, split(*line)
    for excluded in protocol.exclusions:
        yield ("exclusions", excluded.row), split(exclusion_words(excluded), excluded.sourced)
    for one in protocol.hold_classes:
        label, _, words = hold_class_words(one).partition(": ")
        yield ("hold_classes", one.name), Entry(f"drugs held together: {topic_words(label)}", words, one.sourced)
    for rule in own.holds:
        tier = f" ({rule.dose_tier})" if rule.dose_tier else ""
        yield ("holds", rule.row), Entry(f"{rule.row} {rule.drug}{tier}", hold_hours(rule), rule.sourced)
    for lab in protocol.labs:
        yield ("labs", lab.row), split(lab_words(lab), lab.sourced)
    (words, sourced), *intakes = fasting_words(protocol, document)
    yield ("fasting",), Entry("fast", words, sourced)
    for row, (words, sourced) in zip(document["fasting"]["intakes"], intakes, strict=True):
        yield ("fasting", "intakes", row["row"]), split(words, sourced)
    for item in protocol.items:
        label, _, words = item_words(item).partition(": ")
        yield ("items", item.kind), Entry(f"item: {topic_words(label)}", words, item.sourced)
    if protocol.pain:
        yield from ((("pain",), split(*line)) for line in pain_words(protocol.pain))
    if protocol.pregnancy:
        yield from ((("pregnancy",), split(*line)) for line in pregnancy_words(protocol.pregnancy))
    if protocol.pathway:
        yield from ((("pathway",), split(*line)) for line in pathway_words(protocol.pathway))
    (words, sourced), *questions = infection_words(protocol)
    yield ("infection",), Entry("infection", words.partition(": ")[2], sourced)
    for question, (words, sourced) in zip(protocol.infection.questions, questions, strict=True):
        yield ("infection", "questions", question.row), Entry(question.row, words, sourced)
    for section, rows in (("after_care", protocol.after_care), ("follow_up", protocol.follow_up)):
        for row in rows:
            yield (
                (section, row.topic),
                Entry(f"{topic_words(section)}: {topic_words(row.topic)}", row.says, row.sourced),
            )
    numbers = list(number_words(document))[1:]
    for name, (words, sourced) in zip(document["minutes"], numbers, strict=True):
        yield ("minutes", name), Entry(f"minutes: {topic_words(name)}", words.removeprefix(f"{name} "), sourced)


def split(words: str, sourced: Sourced) -> Entry:
    label, _, rest = words.partition(": ")
    return Entry(label, rest, sourced)


def hold_hours(rule: HoldRule) -> str:
    """Action and hours of one row, without its further words."""
    band = f"{words}: " if (words := clearance_words(rule)) else ""
    return band + ", ".join(said_of_hours(rule))


def said_of_hours(rule: HoldRule) -> Iterator[str]:
    if rule.action == "continue":
        yield "not held"
        return
    if rule.action not in ("timed_hold", "clinician_decision"):
        yield rule.action.replace("_", " ")
    if rule.block_below is not None and rule.block_below != rule.clear_at:
        yield f"not below {hours(rule.block_below)}"
    yield f"clear at {hours(rule.clear_at)}" if rule.clear_at is not None else "a clinician decides"


def table(base: Column, others: Sequence[Column], keep: Callable[[Where, bool], bool]) -> Iterator[str]:
    yield from heading("rule", [base.name, *(one.name for one in others)])
    for where in in_order([base, *others]):
        cells = [cell(one, base, where) for one in others]
        if keep(where, any(text != SAME for text in cells)):
            first = next(one.entries[where] for one in (base, *others) if where in one.entries)
            known = base.entries.get(where)
            yield line([first.label, by_drug(where) if known is None else shown(known), *cells])


def in_order(columns: Iterable[Column]) -> list[Where]:
    places = {where for one in columns for where in one.entries}
    return sorted(places, key=lambda where: (SECTIONS.index(where if where in SECTIONS else where[:-1]), where))


def by_drug(where: Where) -> str:
    return "each drug by its own row" if where[0] == "hold_classes" else NONE


def cell(one: Column, base: Column, where: Where) -> str:
    entry = one.entries.get(where)
    if entry == base.entries.get(where):
        return SAME
    if entry is None:
        return NONE
    if dotted(where) in {path.rpartition(".")[0] for path in one.protocol.missing}:
        return f"{MISSING} {bracket(entry.sourced)}"
    return shown(entry)


def shown(entry: Entry) -> str:
    return " ".join(part for part in (entry.words, bracket(entry.sourced)) if part)


def bracket(sourced: Sourced | None) -> str:
    return "" if sourced is None else f"[{sourced.source}; {sourced.confidence}]"


def missing_table(columns: Iterable[Column]) -> Iterator[str]:
    yield from heading("protocol", ["number", "what its page says"])
    for one in columns:
        for path in one.protocol.missing:
            block = holder(one.document, path)
            yield line([one.name, f"`{path}`", f"{block.get('note', '')} {bracket(cited(block))}".strip()])
        if not one.protocol.missing:
            yield line([one.name, "none", "the page names no rule without a number"])


def holder(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The mapping that a missing number stands in, with its source and note."""
    found: Any = document
    for number, key in enumerate(path.split(".")[:-1]):
        if isinstance(found, list):
            row_key = ROW_KEYS[tuple(path.split(".")[:number])]
            found = next(row for row in found if row[row_key] == key)
        else:
            found = found[key]
    return dict(found)


def stated_table(columns: Sequence[Column]) -> Iterator[str]:
    yield from heading("topic", [one.name for one in columns])
    said = [{statement.topic: statement for statement in one.protocol.stated} for one in columns]
    for topic in (topic for topic in TOPICS if any(topic in one for one in said)):
        cells = [f"{one[topic].says} {bracket(one[topic].sourced)}" if topic in one else "" for one in said]
        yield line([topic_words(topic), *cells])


def heading(first: str, names: Sequence[str]) -> Iterator[str]:
    yield line([first, *names])
    yield line(["---"] * (len(names) + 1))


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
