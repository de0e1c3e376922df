"""The evidence of a case by item: which recorded no still stands, which observation is the latest."""

from collections.abc import Callable, Iterable
from datetime import datetime

from checklists.rules.values import Evidence

SaidNo = Callable[[Evidence], object | None]


class Ledger:
    """Evidence by item, in the order of observation; a superseded no and `not sure` are not standing."""

    __slots__ = ("_by_item", "_standing", "_superseded", "last_id")

    def __init__(self, evidence: Iterable[Evidence], said_no: SaidNo) -> None:
        self._by_item: dict[str, list[Evidence]] = {}
        self._superseded: dict[str, frozenset[int]] = {}
        self._standing: dict[str, tuple[Evidence, ...]] = {}
        self.last_id = 0
        for entry in evidence:
            self._by_item.setdefault(entry.item, []).append(entry)
            self.last_id = max(self.last_id, entry.id)
        for item, entries in self._by_item.items():
            gone = superseded(entries, said_no)
            self._superseded[item] = gone
            self._standing[item] = tuple(e for e in entries if e.id not in gone and not is_not_sure(e))

    def entries(self, item: str) -> tuple[Evidence, ...]:
        """All evidence of an item except a recorded no that was superseded."""
        gone = self._superseded.get(item, frozenset())
        return tuple(e for e in self._by_item.get(item, ()) if e.id not in gone)

    def items(self) -> tuple[str, ...]:
        """The items that anything was recorded of."""
        return tuple(self._by_item)

    def standing(self, item: str) -> tuple[Evidence, ...]:
        return self._standing.get(item, ())


def superseded(entries: list[Evidence], said_no: SaidNo) -> frozenset[int]:
    """The recorded failures that a later entry of the same or a higher authority names."""
    answers = [entry for entry in entries if entry.supersedes and not is_not_sure(entry)]
    if not answers:
        return frozenset()
    return frozenset(
        no.id
        for no in entries
        if any(no.id in a.supersedes and a.id > no.id and a.authority >= no.authority for a in answers)
        and said_no(no) is not None
    )


def is_not_sure(entry: Evidence) -> bool:
    return entry.value.get("answer") == "not_sure"


def latest(entries: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The last observed; several where they were observed at the same instant (the worse then counts)."""
    kept: list[Evidence] = []
    newest: datetime | None = None
    for entry in entries:
        if newest is None or entry.observed_at > newest:
            newest, kept = entry.observed_at, [entry]
        elif entry.observed_at == newest:
            kept.append(entry)
    return tuple(kept)
