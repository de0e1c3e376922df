"""The evidence of a case by item: which recorded no still stands, which observation is the latest."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from checklists.rules.values import Evidence

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NONE = frozenset[int]()
SaidNo = Callable[[Evidence], object | None]


class Ledger:
    """Evidence by item, in the order of recording however it was read; a superseded no and `not sure` do not stand."""

    __slots__ = ("_entries", "_standing", "last_id", "newest")

    def __init__(self, evidence: Iterable[Evidence], said_no: SaidNo) -> None:
        by_item: dict[str, list[Evidence]] = {}
        for entry in sorted(evidence, key=lambda entry: entry.id):
            by_item.setdefault(entry.item, []).append(entry)
        self._entries: dict[str, tuple[Evidence, ...]] = {}
        self._standing: dict[str, tuple[Evidence, ...]] = {}
        for item, entries in by_item.items():
            gone = superseded(entries, said_no)
            self._entries[item] = tuple([e for e in entries if e.id not in gone])
            self._standing[item] = tuple([e for e in self._entries[item] if not is_not_sure(e)])
        self.newest = newest_of(by_item.values())
        self.last_id = max([entries[-1].id for entries in by_item.values()], default=0)

    def entries(self, item: str) -> tuple[Evidence, ...]:
        """All evidence of an item except a recorded no that was superseded."""
        return self._entries.get(item, ())

    def items(self) -> tuple[str, ...]:
        """The items that anything was recorded of."""
        return tuple(self._entries)

    def standing(self, item: str) -> tuple[Evidence, ...]:
        return self._standing.get(item, ())


def newest_of(words: Iterable[Sequence[Evidence]]) -> datetime:
    """When anything was observed last; the end of time where one of the times has no offset."""
    try:
        return max([BEGINNING, *[entry.observed_at for entries in words for entry in entries]])
    except TypeError:
        return END


def superseded(entries: list[Evidence], said_no: SaidNo) -> frozenset[int]:
    """The recorded failures that a later entry of the same or a higher authority names."""
    answers = [entry for entry in entries if entry.supersedes and not is_not_sure(entry)]
    if not answers:
        return NONE
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


def never_asked(_entry: Evidence) -> None:
    """For a ledger without entries, or of entries from which what was superseded is gone."""
