"""`extends`: a protocol states only what differs from another; here the chain becomes one document."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from checklists.protocols.problems import Place, Problem, ProtocolError, Where, dotted
from checklists.protocols.text import ROW_KEYS, Source

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
# What may be changed in a row without the row's source becoming untrue.
WORDS_ONLY = {"note", "names", "source", "confidence", "rxcui", "rxcui_unverified", "tier_words", "examples"}


@dataclass(slots=True)
class Resolved:
    """The merged document, still with rows by key, and the place of every value."""

    values: dict[str, Any]
    places: dict[Where, Place]
    problems: list[Problem]


def resolve_chain(source: Source, parent_of: Callable[[str], Source | None]) -> Resolved:
    """Merges a text with everything it extends; raises ProtocolError on a circle or an unknown parent.

    Other faults are left in the result, to be told together with those of the whole document.
    """
    chain = [source]
    problems: list[Problem] = []
    while (name := chain[-1].values.get("extends")) is not None:
        parent = next_parent(chain, name, parent_of, problems)
        if parent is None:
            break
        chain.append(parent)
    if problems:
        raise ProtocolError(problems)
    resolved = Resolved({}, {}, problems)
    for link in reversed(chain):
        apply(resolved, link)
    if len(chain) > 1:
        resolved.values["based_on"] = [link.values.get("protocol") for link in chain[1:]]
    return resolved


def next_parent(
    chain: list[Source],
    name: object,
    parent_of: Callable[[str], Source | None],
    problems: list[Problem],
) -> Source | None:
    def refuse(wrong: str, remedy: str) -> None:
        place = chain[-1].places[("extends",)]
        problems.append(Problem(place.origin, place.line, "extends", wrong, remedy))

    if not isinstance(name, str) or not NAME.match(name):
        refuse(
            f"{name!r} is not a protocol's name",
            "use small letters, digits and hyphens, as in reference-asra",
        )
        return None
    visited = [link.values.get("protocol") for link in chain]
    if name in visited:
        circle = " -> ".join(map(str, [*visited[visited.index(name) :], name]))
        refuse(f"the protocols extend each other in a circle ({circle})", "let one of them extend nothing")
        return None
    parent = parent_of(name)
    if parent is None:
        refuse(f"there is no protocol {name!r}", "see `manage.py protocols list` for the names")
    elif parent.origin in {link.origin for link in chain}:
        refuse(f"the protocols extend each other in a circle ({name})", "let one of them extend nothing")
        return None
    return parent


def own_words(link: Source) -> list[Problem]:
    """Each text names itself: an inherited title would say something untrue."""
    if "extends" not in link.values:
        return []
    absent = [key for key in ("protocol", "title") if not link.values.get(key)]
    remedy = "state it in this file; it is not inherited"
    return [Problem(link.origin, 1, key, "is not given", remedy) for key in absent]


def apply(resolved: Resolved, link: Source) -> None:
    values = {key: deepcopy(value) for key, value in link.values.items() if key not in ("extends", "remove")}
    resolved.problems += own_words(link)
    for key in removed(link):
        sets = row_sets(resolved.values) if isinstance(key, str) else {}
        holder = next((where for where, rows in sets.items() if key in rows), None)
        if holder is None:
            place = link.places[("remove",)]
            wrong = f"no inherited row is called {key!r}"
            remedy = "name rows such as MH013"
            resolved.problems.append(Problem(place.origin, place.line, "remove", wrong, remedy))
        else:
            remove_row(resolved, holder, key, link.places[("remove",)])
    resolved.problems += unsourced_changes(resolved.values, values, (), link)
    merge(resolved.values, values)
    resolved.places.update(link.places)


def removed(link: Source) -> list[Any]:
    keys = link.values.get("remove") or []
    return keys if isinstance(keys, list) else [keys]


def remove_row(resolved: Resolved, holder: Where, key: str, place: Place) -> None:
    """Takes the row out; the brands of a drug that has no other row go with it."""
    rows = row_sets(resolved.values)[holder]
    drug = rows.pop(key).get("drug")
    resolved.places[(*holder, key)] = place
    if drug not in {row.get("drug") for row in rows.values()}:
        resolved.values.get("names", {}).pop(drug, None)


def row_sets(values: dict[str, Any]) -> dict[Where, dict[str, Any]]:
    found = {}
    for where in ROW_KEYS:
        rows: Any = values
        for key in where:
            rows = rows.get(key, {}) if isinstance(rows, dict) else {}
        if isinstance(rows, dict):
            found[where] = rows
    return found


def merge(base: dict[str, Any], changes: dict[str, Any]) -> None:
    """Mappings (and rows, by key) merge, all else replaces; a note does not outlive what it explains."""
    if "source" in changes and "note" not in changes:
        base.pop("note", None)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


def unsourced_changes(base: Any, changes: dict[str, Any], where: Where, link: Source) -> list[Problem]:
    problems = []
    if "source" in base and not {"source", "confidence"} <= changes.keys():
        own = {"row", "kind"} | WORDS_ONLY
        changed = [key for key in changes if key not in own and (*where, key) not in ROW_KEYS]
        for key in changed:
            place = link.places[(*where, key)]
            wrong = "the value is changed but still carries the source of the inherited one"
            remedy = "add this row's own `source` and `confidence`"
            problems.append(Problem(place.origin, place.line, dotted((*where, key)), wrong, remedy))
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            problems += unsourced_changes(base[key], value, (*where, key), link)
    return problems
