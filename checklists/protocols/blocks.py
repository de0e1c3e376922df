"""Reading one mapping of a document: every key is asked for by name and type, the rest is refused."""

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from checklists.protocols.problems import Where, dotted
from checklists.rules.protocol import Sourced

MISSING = "missing"  # the word for a number that is named but not given
CONFIDENCES = ("high", "medium", "low")
NO_SOURCE = Sourced("", "low")
MOST_HOURS = 24 * 366
LARGEST = 1e12


@dataclass(slots=True)
class Reading:
    """What was found wrong, and which numbers are missing, while a document is read."""

    sources: frozenset[str] = frozenset()
    problems: list[tuple[Where, str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def refuse(self, where: Where, wrong: str, remedy: str) -> None:
        self.problems.append((where, wrong, remedy))


class Block:
    """One mapping. Wrong values are reported to the reading and replaced by harmless ones."""

    def __init__(self, reading: Reading, values: object, where: Where) -> None:
        self.reading, self.where = reading, where
        self.asked: set[str] = set()
        self.values: dict[str, Any] = values if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            reading.refuse(where, f"{shown(values)} is not a mapping", "write `key: value` pairs here")

    def refuse(self, key: str, wrong: str, remedy: str) -> None:
        self.reading.refuse((*self.where, key), wrong, remedy)

    def take(self, key: str) -> Any:
        self.asked.add(key)
        return self.values.get(key)

    def given(self, key: str) -> bool:
        return self.values.get(key) is not None

    def is_missing(self, key: str) -> bool:
        return self.values.get(key) == MISSING

    def required(self, key: str, example: str) -> Any:
        value = self.take(key)
        if value is None:
            self.refuse(key, "is not given", f"add `{key}: {example}`")
        return value

    def text(self, key: str, *, example: str = "...") -> str:
        return self.words(key, self.required(key, example))

    def optional_text(self, key: str) -> str | None:
        value = self.take(key)
        return None if value is None else self.words(key, value)

    def words(self, key: str, value: object) -> str:
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value
        if value is not None:
            self.refuse(key, f"{shown(value)} is not words", "write plain words on one line, in quotes if need be")
        return ""

    def choice(self, key: str, allowed: Sequence[str], *, default: str | None = None) -> str:
        value = self.take(key) if default else self.required(key, allowed[0])
        value = default if value is None else value
        if value is not None and value not in allowed:
            self.refuse(key, f"{shown(value)} is not known", "use one of " + ", ".join(allowed))
        return value if isinstance(value, str) and value in allowed else allowed[0]

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        value = self.take(key) if default is not None else self.required(key, "true")
        value = default if value is None else value
        if value is not None and not isinstance(value, bool):
            self.refuse(key, f"{shown(value)} is neither true nor false", "write true or false")
        return value is True

    def number(self, key: str, *, least: float = 0, most: float = math.inf) -> float | None:
        """The number, or None where it is absent or missing."""
        value = self.take(key)
        if value is None:
            return None
        if value == MISSING:
            self.reading.missing.append(dotted((*self.where, key)))
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
            remedy = "write digits, or `missing` where the number is still to be given"
            self.refuse(key, f"{shown(value)} is not a number", remedy)
            return None
        if value < least:
            self.refuse(key, f"{value} is below {least}", f"write a number from {least} upwards")
            return None
        if value > most:
            self.refuse(key, f"{value} is more than {most}", "check the unit that the key names")
            return None
        return value

    def required_number(self, key: str, *, strict: float, least: float = 0, most: float = math.inf) -> float:
        """The number; `strict` stands in where it is missing, so that nothing passes for want of a number."""
        self.required(key, "1")
        value = self.number(key, least=least, most=most)
        return strict if value is None else value

    def count(self, key: str, *, strict: int, most: int) -> int:
        value = self.required_number(key, strict=strict, most=most)
        if value != int(value):
            self.refuse(key, f"{value} is not a whole number", "write a whole number")
        return int(value)

    def optional_count(self, key: str, *, most: int) -> int | None:
        value = self.number(key, most=most)
        if value is not None and value != int(value):
            self.refuse(key, f"{value} is not a whole number", "write a whole number")
        return None if value is None else int(value)

    def hours(self, key: str) -> timedelta | None:
        value = self.number(key, most=MOST_HOURS)
        return None if value is None else timedelta(hours=value)

    def sequence(self, key: str, *, optional: bool = False) -> list[Any]:
        value = self.take(key) if optional else self.required(key, "[...]")
        if value is not None and not isinstance(value, list):
            self.refuse(key, f"{shown(value)} is not a list", "write it in brackets: [a, b]")
        return value if isinstance(value, list) else []

    def word_list(self, key: str, allowed: Sequence[str] = (), *, optional: bool = False) -> tuple[str, ...]:
        found = []
        if self.values.get(key) == [] and not optional:
            self.refuse(key, "the list is empty", "name at least one")
        for word in self.sequence(key, optional=optional):
            if not isinstance(word, str) or not word.strip() or not word.isprintable():
                self.refuse(key, f"{shown(word)} is not a word", "list words only, in quotes if need be")
            elif allowed and word not in allowed:
                self.refuse(key, f"{shown(word)} is not known", "use only " + ", ".join(allowed))
            else:
                found.append(word)
        return tuple(found)

    def block(self, key: str) -> "Block":
        return Block(self.reading, self.take(key) or {}, (*self.where, key))

    def rows(self, key: str, row_key: str, *, optional: bool = False) -> list["Block"]:
        found, seen = [], set[str]()
        for number, values in enumerate(self.sequence(key, optional=optional)):
            name = values.get(row_key) if isinstance(values, dict) else None
            here = name if isinstance(name, str) and name else str(number)
            row = Block(self.reading, values, (*self.where, key, here))
            row.text(row_key)
            if here in seen:
                self.refuse(key, f"the row {here} is given twice", "keep one of the two")
            seen.add(here)
            found.append(row)
        return found

    def sourced(self) -> Sourced:
        """`source` (ids from `sources`, comma-separated) and `confidence` of this block's numbers."""
        source, confidence = self.take("source"), self.take("confidence")
        for key, value, example in (("source", source, "S1"), ("confidence", confidence, "low")):
            if value is None:
                wrong = "is not given: no number stands without saying where it comes from"
                self.refuse(key, wrong, f"add `{key}: {example}`")
        if source is not None:
            self.check_sources(source)
        if confidence is not None and confidence not in CONFIDENCES:
            self.refuse("confidence", f"{shown(confidence)} is not known", "use one of " + ", ".join(CONFIDENCES))
        return Sourced(str(source), str(confidence))

    def check_sources(self, source: object) -> None:
        for name in self.words("source", source).split(","):
            if isinstance(source, str) and name not in self.reading.sources:
                wrong = f"{shown(name)} is not one of the document's sources"
                self.refuse("source", wrong, f"add `{name}: what it is` under sources, or correct it")

    def close(self, *, annotated: bool = False) -> None:
        """Refuses keys that nobody asked for; `annotated` blocks may carry a note for the signer."""
        if annotated:
            self.optional_text("note")
        for key in self.values.keys() - self.asked:
            near = difflib.get_close_matches(key, self.asked, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else "known here: " + ", ".join(sorted(self.asked))
            self.refuse(key, "is not a known key", remedy)


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
