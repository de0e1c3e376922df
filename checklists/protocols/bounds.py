"""Half lines and bands of numbers as a clinician writes them: "<= 1.5", "> 1.5 and <= 1.8", "any"."""

import re

from checklists.protocols.blocks import Block, shown
from checklists.rules.protocol import Bound

TERM = re.compile(r"(<=|>=|<|>) ?(\d+(?:\.\d+)?)\Z")


def read_bounds(block: Block, key: str) -> tuple[Bound, ...]:
    """The bands under `key`; none where it is absent or `missing`, so that no value passes by them."""
    if block.is_missing(key):
        block.number(key)
        return ()
    bounds = (read_bound(block, key, text) for text in block.sequence(key, optional=True))
    return tuple(bound for bound in bounds if bound is not None)


def read_bound(block: Block, key: str, text: object) -> Bound | None:
    if text == "any":
        return Bound()
    low = high = None
    terms = [TERM.match(term) for term in text.split(" and ")] if isinstance(text, str) else [None]
    for term in terms:
        if term is None or (term[1][0] == ">" and low) or (term[1][0] == "<" and high):
            block.refuse(key, f"{shown(text)} is not a band", 'write it like "<= 1.5", "> 1.5 and <= 1.8" or "any"')
            return None
        low, high = (term, high) if term[1][0] == ">" else (low, term)
    bound = Bound(
        low=float(low[2]) if low else None,
        high=float(high[2]) if high else None,
        low_open=low is not None and low[1] == ">",
        high_open=high is not None and high[1] == "<",
    )
    if is_empty(bound):
        block.refuse(key, f"{shown(text)} holds no number", "exchange the two ends")
    return bound


def is_empty(bound: Bound) -> bool:
    if bound.low is None or bound.high is None:
        return False
    return bound.low > bound.high or (bound.low == bound.high and (bound.low_open or bound.high_open))


def overlap(one: Bound, other: Bound) -> bool:
    lows = [(bound.low, bound.low_open) for bound in (one, other) if bound.low is not None]
    highs = [(bound.high, not bound.high_open) for bound in (one, other) if bound.high is not None]
    if not lows or not highs:
        return True
    (low, low_open), (high, high_closed) = max(lows), min(highs)
    return not is_empty(Bound(low, high, low_open, not high_closed))
