"""What a kind of item is given and what it answers; the engine folds answers into findings."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

from checklists.rules.clock import Start
from checklists.rules.compiled import once_for_protocol
from checklists.rules.ledger import Ledger
from checklists.rules.protocol import ItemRule, Protocol
from checklists.rules.shapes import Problem, Shape
from checklists.rules.sitetime import day_begins, day_ends
from checklists.rules.values import Evidence, Facts, Status

T = TypeVar("T")
NOT_YET: Any = object()
About = TypeVarTuple("About")
NO_ANCHORS: Mapping[str, datetime | None] = MappingProxyType({})


class Check(NamedTuple):
    """One thing that was looked at. `until_start`: pending up to the start, whatever the item's deadline.

    `owner`: whose next step it is, where that is not the item's owner.
    """

    status: Status
    code: str
    sentence: str
    clear_at: datetime | None = None
    recorded: bool = False
    until_start: bool = False
    owner: str = ""


class Item(NamedTuple):
    key: str
    rule: ItemRule
    subject: str = ""  # the drug of `hold:<drug>`


class Answer(NamedTuple):
    """A kind's judgement of one item.

    grounds: plain values the judgement rests on, digested into the finding's inputs.
    due_by: in place of the protocol's due.
    """

    checks: tuple[Check, ...] = ()
    confirmed: str = "Done."
    basis: tuple[Evidence, ...] = ()
    grounds: tuple[Any, ...] = ()
    anchors: Mapping[str, datetime | None] = NO_ANCHORS
    shows_due: bool = True
    due_by: datetime | None = None


class Postponed(NamedTuple):
    """The earliest start that time allows one item, as an instant and as a distance from now."""

    floor: datetime | None = None
    lead: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Context:
    """What a kind may look at. Two memos hold what several kinds derive alike: for this start, and for every start."""

    protocol: Protocol
    facts: Facts
    ledger: Ledger
    start: Start
    memo: dict[Hashable, Any] = field(default_factory=dict, compare=False)
    case_memo: dict[Hashable, Any] = field(default_factory=dict, compare=False)

    def at(self, start: Start) -> "Context":
        """The same case at another start."""
        return Context(self.protocol, self.facts, self.ledger, start, {}, self.case_memo)

    def rule(self, kind: str) -> ItemRule | None:
        return once_for_protocol(self.protocol, "rules", rules_by_kind).get(kind)

    def single(self, kind: str) -> tuple[Item, ...]:
        """The one item of a kind that every case has."""
        rule = self.rule(kind)
        return (Item(kind, rule),) if rule else ()

    def standing(self, key: str) -> tuple[Evidence, ...]:
        return self.ledger.standing(key)

    def dated_before(self, instant: datetime) -> bool:
        """Whether an observation of `instant` precedes the start or coincides with it."""
        return self.start.at_least(instant)

    def within_days(self, day: date, days: int) -> bool:
        """Whether the start's date is at most `days` calendar days of the site after `day`."""
        return self.start.before(day_ends(day + timedelta(days=days), self.facts.site.tz))

    def from_day(self, day: date) -> bool:
        """Whether the start falls on the site's `day` or later."""
        return self.start.at_least(day_begins(day, self.facts.site.tz))


def once_for_case(derive: Callable[[Context, *About], T]) -> Callable[[Context, *About], T]:
    """`derive`, worked out at most once for a case: for what depends neither on the start nor on the clock."""

    def derived(context: Context, /, *about: *About) -> T:
        key = (derive, *about)
        found: T = context.case_memo.get(key, NOT_YET)
        if found is NOT_YET:
            found = context.case_memo[key] = derive(context, *about)
        return found

    return derived


def once_for_start(derive: Callable[[Context, *About], T]) -> Callable[[Context, *About], T]:
    """As `once_for_case`, at most once for each start."""

    def derived(context: Context, /, *about: *About) -> T:
        key = (derive, *about)
        found: T = context.memo.get(key, NOT_YET)
        if found is NOT_YET:
            found = context.memo[key] = derive(context, *about)
        return found

    return derived


def no_further_problems(_value: Mapping[str, Any]) -> list[Problem]:
    return []


def no_problems_when_said(_value: Mapping[str, Any], _said_at: datetime) -> list[Problem]:
    return []


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of item: which items a case has, what follows for each, what a no is, what a value is."""

    name: str
    items: Callable[[Context], Iterable[Item]]
    answer: Callable[[Context, Item], Answer]
    said_no: Callable[[Context, Evidence], Check | None]
    shapes: tuple[Shape, ...]
    postpones: Callable[[Context, Item], Postponed] | None = None  # None: waiting mends nothing of it
    problems: Callable[[Mapping[str, Any]], list[Problem]] = no_further_problems  # beyond its shapes
    problems_when_said: Callable[[Mapping[str, Any], datetime], list[Problem]] = no_problems_when_said


def rules_by_kind(protocol: Protocol) -> dict[str, ItemRule]:
    """The first rule of each kind."""
    return {kind_of(rule.kind): rule for rule in reversed(protocol.items)}


def kind_of(item: str) -> str:
    """The kind of an item's key: `hold:apixaban` is a `hold`."""
    return item.partition(":")[0]


def never_no(_context: Context, _evidence: Evidence) -> None:
    """For kinds whose failures are all computed."""


def satisfied(code: str, sentence: str) -> Check:
    return Check(Status.SATISFIED, code, sentence)


def pending(code: str, sentence: str, *, until_start: bool = False, owner: str = "") -> Check:
    return Check(Status.PENDING, code, sentence, until_start=until_start, owner=owner)


def review(code: str, sentence: str, *, owner: str = "") -> Check:
    return Check(Status.REVIEW, code, sentence, owner=owner)


def failed(code: str, sentence: str) -> Check:
    return Check(Status.FAILED, code, sentence)


def too_early(code: str, sentence: str, clear_at: datetime) -> Check:
    return Check(Status.TOO_EARLY, code, sentence, clear_at=clear_at)


def said(code: str, sentence: str, status: Status = Status.FAILED, *, owner: str = "") -> Check:
    """A recorded no: stands until evidence that names it supersedes it."""
    return Check(status, code, sentence, recorded=True, owner=owner)
