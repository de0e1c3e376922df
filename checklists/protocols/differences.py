"""What differs between two resolved documents, in words, path by path, each value with its source."""

from collections.abc import Iterator
from typing import Any

from checklists.protocols.problems import Where, dotted
from checklists.protocols.text import ROW_KEYS

CITING = ("source", "confidence")


def differences(one: dict[str, Any], other: dict[str, Any]) -> tuple[str, ...]:
    """One line for each path that is not equal; rows are compared by key, in whatever order."""
    return tuple(compared(one, other, (), ("", "")))


def compared(one: Any, other: Any, where: Where, cited: tuple[str, str]) -> Iterator[str]:
    if one == other and type(one) is type(other):
        return
    if where in ROW_KEYS:
        one, other = by_key(one, ROW_KEYS[where]), by_key(other, ROW_KEYS[where])
    if not (isinstance(one, dict) and isinstance(other, dict)):
        yield f"{dotted(where)}: {worded(one)}{cited[0]} becomes {worded(other)}{cited[1]}"
        return
    cited = (bracket(one) or cited[0], bracket(other) or cited[1])
    if any(one.get(key) != other.get(key) for key in {*one, *other} - {*CITING, "note"}):
        # The lines of the values say both sources; lines of the sources alone would say them again.
        one, other = ({key: value for key, value in row.items() if key not in CITING} for row in (one, other))
    else:
        cited = ("", "")
    for key in [*one, *(key for key in other if key not in one)]:
        here = (*where, key)
        if key not in other:
            yield f"{dotted(here)}: {worded(one[key])}{cited[0]} is no longer there"
        elif key not in one:
            yield f"{dotted(here)}: {worded(other[key])}{cited[1]} is new"
        else:
            yield from compared(one[key], other[key], here, cited)


def bracket(row: dict[str, Any]) -> str:
    return f" [{row['source']}; {row['confidence']}]" if row.keys() >= {*CITING} else ""


def by_key(rows: Any, key: str) -> Any:
    return {row[key]: row for row in rows} if isinstance(rows, list) else rows


def worded(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {worded(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(worded, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    return str(value)
