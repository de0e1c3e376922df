"""What follows from a protocol alone: derived once, and kept for the protocols last used."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from checklists.rules.protocol import Protocol

T = TypeVar("T")
MOST_PROTOCOLS = 32
# Hashing a protocol costs more than judging a case, so it is found by identity; it is kept with what was derived, so
# that its id cannot pass to another.
_kept: dict[int, tuple[Protocol, dict[Hashable, Any]]] = {}


def once_for_protocol(protocol: Protocol, name: Hashable, derive: Callable[[Protocol], T]) -> T:
    """The derived value, which depends on nothing but the protocol; one that raises is derived again."""
    kept = _kept.get(id(protocol))
    if kept is None or kept[0] is not protocol:
        if len(_kept) >= MOST_PROTOCOLS:
            _kept.clear()
        kept = _kept[id(protocol)] = (protocol, {})
    memo = kept[1]
    if name not in memo:
        memo[name] = derive(protocol)
    found: T = memo[name]
    return found
