"""Vertebral levels T1 to L5, parsed from the spellings that people use."""

import re
from collections.abc import Iterable

LEVELS = tuple([f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)])
_ONE = re.compile(r"(?:(TH|T|D|L)\s*\.?\s*0?(\d{1,2}))", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|\u2010|\u2011|–|—|\bto\b)\s*", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*(?:[/,;+&]|\band\b|\by\b)\s*|\s+(?=[TDL]H?\s*\.?\s*\d)", re.IGNORECASE)


class LevelError(ValueError):
    """A spelling that names no level from T1 to L5."""


def parse_levels(spellings: Iterable[str]) -> tuple[str, ...]:
    """Coded levels, head to foot, each once: "T12/L1", "L 1", "th12", "T11-L1" (a range, both ends inside).

    Raises LevelError naming the spelling and the remedy.
    """
    found = {level for spelling in spellings for level in _levels_of(spelling)}
    if not found:
        raise LevelError("No level is given. Name at least one, e.g. T12 or L1.")
    return tuple(level for level in LEVELS if level in found)


def _levels_of(spelling: str) -> Iterable[str]:
    for part in _SEPARATOR.split(_RANGE.sub("-", spelling.strip())):
        ends = [_level(end, spelling) for end in part.split("-")]
        if len(ends) > 2:
            raise LevelError(f"'{spelling}' is no level or range. Write T12, or T11-L1 for a range.")
        first, last = LEVELS.index(ends[0]), LEVELS.index(ends[-1])
        if first > last:
            raise LevelError(f"'{spelling}' runs upwards. Write the upper level first, e.g. T11-L1.")
        yield from LEVELS[first : last + 1]


def _level(text: str, spelling: str) -> str:
    match = _ONE.fullmatch(text.strip())
    if match:
        level = f"{'L' if match[1].upper() == 'L' else 'T'}{int(match[2])}"
        if level in LEVELS:
            return level
    raise LevelError(f"'{spelling[:40]}' names no level from T1 to L5. Write it as T12 or L1.")
