"""What differs between two resolved documents, rule by rule in words, each value with its source."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from checklists.protocols.problems import Where, dotted
from checklists.protocols.text import ROW_KEYS
from checklists.protocols.wording import listed, part_words, row_words, rule_words, value_words

CITING = ("source", "confidence")
GROUPS: frozenset[Where] = frozenset({(), ("names",), ("sources",), ("minutes",)})
Cited = tuple[str, str]  # source and confidence, of the old and of the new value alike


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of one rule. `old` None: the part is new; `new` None: it is gone."""

    path: str
    rule: str
    part: str  # "" where the rule is about nothing else
    old: str | None
    new: str | None
    old_cited: Cited = ("", "")
    new_cited: Cited = ("", "")

    @property
    def sentence(self) -> str:
        what = f"{self.rule}, {self.part}" if self.part else self.rule
        if self.old is None:
            return f"{what}: {self.new}{bracket(self.new_cited)} is new"
        if self.new is None:
            return f"{what}: {self.old}{bracket(self.old_cited)} is no longer there"
        return f"{what}: {self.old}{bracket(self.old_cited)} becomes {self.new}{bracket(self.new_cited)}"


def differences(one: dict[str, Any], other: dict[str, Any]) -> tuple[Difference, ...]:
    """One entry for each value that is not equal; rows are compared by key, in whatever order."""
    return tuple(of_group(as_mapping(one), as_mapping(other), ()))


def of_group(one: dict[str, Any], other: dict[str, Any], where: Where) -> Iterator[Difference]:
    """A mapping whose values are rules, or single words such as the title."""
    for key in [*one, *(key for key in other if key not in one)]:
        here = (*where, key)
        old, new = by_key(one.get(key), here), by_key(other.get(key), here)
        if same(old, new):
            continue
        if here in GROUPS or here in ROW_KEYS:
            yield from of_group(as_mapping(old), as_mapping(new), here)
        elif isinstance(old, dict) and isinstance(new, dict):
            yield from of_rule(old, new, here)
        elif isinstance(old, dict) or isinstance(new, dict):
            yield whole(old, new, here)
        else:
            rule, part = (rule_words(here, {}), "") if where else ("the protocol", part_words(here, key))
            yield Difference(dotted(here), rule, part, said(old), said(new))


def of_rule(one: dict[str, Any], other: dict[str, Any], where: Where) -> Iterator[Difference]:
    rule, cited = rule_words(where, one), (citing(one), citing(other))
    changed = [key for key in [*one, *(k for k in other if k not in one)] if not same(one.get(key), other.get(key))]
    own = [key for key in changed if key not in CITING and (*where, key) not in ROW_KEYS]
    for key in own:
        old, new = (value_words(where, key, row[key]) if row.get(key) is not None else None for row in (one, other))
        yield Difference(dotted((*where, key)), rule, part_words(where, key), old, new, *cited)
    if not own and cited[0] != cited[1]:
        old, new = map(origin, cited)
        yield Difference(dotted((*where, "source")), rule, "where it comes from", old, new)
    for key in changed:
        rows = (*where, key)
        if rows in ROW_KEYS:
            yield from of_group(as_mapping(by_key(one.get(key), rows)), as_mapping(by_key(other.get(key), rows)), rows)


def whole(old: Any, new: Any, where: Where) -> Difference:
    """A rule that is new, gone, or no mapping on one side."""
    rule = rule_words(where, old if isinstance(old, dict) else new)
    before, after = (row_words(where, row, CITING) if isinstance(row, dict) else said(row) for row in (old, new))
    return Difference(dotted(where), rule, "", before, after, citing(old), citing(new))


def said(value: Any) -> str | None:
    return None if value is None else listed(value)


def same(one: Any, other: Any) -> bool:
    """Equal also in kind: true is not 1."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def citing(rule: Any) -> Cited:
    named = isinstance(rule, dict) and rule.keys() >= {*CITING}
    return (str(rule["source"]), str(rule["confidence"])) if named else ("", "")


def origin(cited: Cited) -> str:
    source, confidence = cited
    return f"{source} ({confidence} confidence)" if source else "nowhere"


def bracket(cited: Cited) -> str:
    return f" [{'; '.join(cited)}]" if cited[0] else ""


def by_key(rows: Any, where: Where) -> Any:
    """A list of rows as a mapping from each row's key; anything else as it is."""
    name = ROW_KEYS.get(where)
    if name is None or not isinstance(rows, list) or not all(isinstance(row, dict) and name in row for row in rows):
        return rows
    return {str(row[name]): row for row in rows}


def as_mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
