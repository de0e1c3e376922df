"""One cell of levels as spellings that the engine's parser reads."""

import re
import unicodedata

from checklists.rules.levels import LevelError, parse_levels
from scheduler.rules.referrals.complaints import CellError

LABEL = re.compile(r"^levels?\b[:\s]*", re.IGNORECASE)
RANGE = re.compile(r"\s*(?:[-‐‑‒–—]|\b(?:to|thru|through)\b)\s*", re.IGNORECASE)
BETWEEN = re.compile(r"[/,;+&|\n]|\band\b", re.IGNORECASE)


def read_levels(text: str) -> tuple[str, ...]:
    """Coded levels, head to foot. A dash is a range with both ends inside: T12-L1 is two levels, T11-L1 three."""
    plain = RANGE.sub("-", LABEL.sub("", unicodedata.normalize("NFKC", text)))
    spellings = tuple(" ".join(part.split()) for part in BETWEEN.split(plain) if part.strip())
    try:
        return parse_levels(spellings)
    except LevelError as error:
        raise CellError(f"{error} Several: T12/L1 or T11-L1.") from None
