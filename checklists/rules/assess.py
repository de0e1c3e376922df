"""Is this case clear, and if not why? Pure and total: the same arguments give the same verdict."""

import importlib.metadata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from checklists.rules.clock import Clock, Start
from checklists.rules.compiled import once_for_protocol
from checklists.rules.context import Context, Item, Kind, Postponed, kind_of
from checklists.rules.fold import judge, rule_error
from checklists.rules.kinds import KINDS
from checklists.rules.ledger import Ledger, never_asked
from checklists.rules.protocol import ItemRule, Protocol
from checklists.rules.values import (
    BLOCKING,
    Evidence,
    Facts,
    Finding,
    Gate,
    Review,
    State,
    Status,
    Verdict,
)

ENGINE_VERSION = "6"
BEFORE_PROCEDURE = frozenset({Gate.BOOKING, Gate.CHECK_IN, Gate.START})
# Kidney function is judged at the start, and moves it: the start settles in a round or two.
SETTLING_ROUNDS = 4


@cache
def tzdata_version() -> str:
    """The zone database that verdicts were computed with."""
    return importlib.metadata.version("tzdata")


def assess(
    protocol: Protocol,
    facts: Facts,
    evidence: Iterable[Evidence],
    start: datetime | None,
    now: datetime,
    reviews: Sequence[Review] = (),
) -> Verdict:
    """What follows for each item at this start and moment; `start` None judges at the earliest safe start.

    `evidence` holds no entry made in error. State and findings are constant on [now, next_change_at).
    """
    return judged_case(protocol, facts, evidence, start, now, reviews).verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what tells how long it holds: `until` it must not be given again (None: it never changes).

    lead: how far ahead of the clock the earliest safe start is while nothing else holds it back.
    """

    verdict: Verdict
    now: datetime
    until: datetime | None
    lead: timedelta

    def at(self, now: datetime) -> Verdict | None:
        """The verdict of a later moment; None where it has to be judged anew."""
        if now < self.now or (self.until is not None and now >= self.until):
            return None
        earliest = self.verdict.earliest_safe_start
        if earliest is None or earliest >= now + self.lead:
            return self.verdict
        return replace(self.verdict, earliest_safe_start=now + self.lead)


def judged_case(
    protocol: Protocol,
    facts: Facts,
    evidence: Iterable[Evidence],
    start: datetime | None,
    now: datetime,
    reviews: Sequence[Review] = (),
) -> Judged:
    """As `assess`, for callers that keep verdicts."""
    # Arithmetic on an instant of a zone with daylight saving would be done on its wall clock.
    clock = Clock(now.astimezone(UTC))
    # What moves the earliest start is no change of a booked case's verdict.
    own = clock if start is None else Clock(clock.now)
    soonest = Start(clock.now, own, timedelta(0))
    booked = None if start is None else Start(start.astimezone(UTC), clock)
    settled = settled_case(Context(protocol, facts, ledger_of(protocol, facts, evidence, booked or soonest), soonest))
    earliest = settled.start
    context = settled.at(booked) if booked else settled
    findings = tuple(finding for kind in kinds_of(protocol) for finding in findings_of(context, kind, reviews))
    findings += unknown_kinds(context)
    verdict = Verdict(
        state=state_of(findings, booked=start is not None) if findings else State.BLOCKED,
        findings=findings,
        earliest_safe_start=earliest.at,
        next_change_at=clock.next_change,
        signed=protocol.signed,
        shut=protocol.shut,
    )
    changes = [change for change in (clock.next_change, own.next_change) if change is not None]
    return Judged(verdict, clock.now, min(changes, default=None), earliest.lead or timedelta(0))


def item_keys(
    protocol: Protocol, facts: Facts, evidence: Iterable[Evidence], start: datetime | None, now: datetime
) -> tuple[str, ...]:
    """The items that `assess` judges for the same arguments, in its order."""
    clock = Clock(now.astimezone(UTC))
    at = Start(clock.now, clock, timedelta(0)) if start is None else Start(start.astimezone(UTC), clock)
    context = context_of(protocol, facts, evidence, at)
    known = tuple(item.key for kind in kinds_of(protocol) for item in items_of_kind(context, kind)[0])
    return known + tuple(finding.item for finding in unknown_kinds(context))


def context_of(protocol: Protocol, facts: Facts, evidence: Iterable[Evidence], start: Start) -> Context:
    return Context(protocol, facts, ledger_of(protocol, facts, evidence, start), start)


def ledger_of(protocol: Protocol, facts: Facts, evidence: Iterable[Evidence], start: Start) -> Ledger:
    def said_no(entry: Evidence) -> object | None:
        kind = KINDS.get(kind_of(entry.item))
        bare = Context(protocol, facts, Ledger((), never_asked), start)
        try:
            return kind.said_no(bare, entry) if kind else None
        except Exception as error:
            return error

    return Ledger(evidence, said_no)


def kinds_of(protocol: Protocol) -> tuple[Kind, ...]:
    """The kinds of items that a protocol has, in the order of the board."""
    return once_for_protocol(protocol, "kinds", _kinds_of)


def _kinds_of(protocol: Protocol) -> tuple[Kind, ...]:
    wanted = {kind_of(rule.kind) for rule in protocol.items}
    return tuple(kind for name, kind in KINDS.items() if name in wanted)


def strange_rules(protocol: Protocol) -> tuple[ItemRule, ...]:
    return tuple(rule for rule in protocol.items if kind_of(rule.kind) not in KINDS)


def items_of_kind(context: Context, kind: Kind) -> tuple[list[Item], Exception | None]:
    """The items of a kind; where they cannot be told, the one that stands for them and why."""
    try:
        return list(kind.items(context)), None
    except Exception as error:
        rule = context.rule(kind.name)
        return ([Item(kind.name, rule)] if rule else []), error


def findings_of(context: Context, kind: Kind, reviews: Sequence[Review]) -> list[Finding]:
    items, error = items_of_kind(context, kind)
    if error is not None:
        return [rule_error(context, item, error) for item in items]
    return [judge(context, kind, item, reviews) for item in items]


def unknown_kinds(context: Context) -> tuple[Finding, ...]:
    """An item that this engine cannot judge blocks."""
    unknown = LookupError("no such kind of item")
    strange = once_for_protocol(context.protocol, "strange_rules", strange_rules)
    return tuple(rule_error(context, Item(rule.kind, rule), unknown) for rule in strange)


def settled_case(case: Context) -> Context:
    """The case at the latest of now, what last doses and intakes leave, and what drugs still taken demand from now on.

    case: not booked, at this moment.
    """
    clock, at, lead = case.start.clock, case.start.at, timedelta(0)
    for _ in range(SETTLING_ROUNDS):
        waits = list(postponing(case))
        longest = max((wait.lead for wait in waits), default=timedelta(0))
        floors = [wait.floor for wait in waits if wait.floor is not None]
        settled = (max(at, clock.now + longest, *floors), max(lead, longest))
        if settled == (at, lead):
            break
        at, lead = settled
        case = case.at(Start(at, clock, lead))
    return case


def postponing(context: Context) -> Iterator[Postponed]:
    """What only time can mend; a rule that raises is reported by its finding."""
    for kind in kinds_of(context.protocol):
        if kind.postpones is None:
            continue
        for item in items_of(context, kind):
            try:
                wait = kind.postpones(context, item)
            except Exception:  # noqa: S112 - raised again, and reported, where the item is judged
                continue
            yield wait


def items_of(context: Context, kind: Kind) -> list[Item]:
    try:
        return list(kind.items(context))
    except Exception:
        return []


def state_of(findings: Iterable[Finding], *, booked: bool) -> State:
    """Blocked before needs review before pending before ready; discharge items do not count."""
    statuses = {finding.status for finding in findings if finding.needed_by in BEFORE_PROCEDURE}
    if statuses & BLOCKING:
        return State.BLOCKED
    if Status.REVIEW in statuses:
        return State.NEEDS_REVIEW
    if Status.PENDING in statuses or not booked:
        return State.PENDING
    return State.READY
