"""What a planned start asks of the calendar: until when a dose, a meal, an answer; from when on a sample counts.

For staff who plan. A patient reads of stopping a drug only in the questions, once its prescriber has agreed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from checklists.rules.assess import BEFORE_PROCEDURE, context_of, kinds_of
from checklists.rules.clock import Clock, Start
from checklists.rules.context import Answer, Context, Item, Kind, kind_of
from checklists.rules.fold import answer_of
from checklists.rules.latest.doses import dose_limits
from checklists.rules.latest.fasting import fasting_limits
from checklists.rules.latest.limits import RECORDED_BY, LatestTime, Limit, no_time, until
from checklists.rules.latest.results import (
    authorisation_limits,
    check_limits,
    imaging_limits,
    lab_limits,
    pregnancy_limits,
    prescreen_limits,
    window_limits,
)
from checklists.rules.moments import deadline_at
from checklists.rules.protocol import Protocol
from checklists.rules.values import Evidence, Facts, Status

__all__ = ["LatestTime", "Limit", "latest_times"]

LIMITS: Mapping[str, Callable[[Context, Item], Iterable[LatestTime]]] = {
    "candidacy": window_limits,
    "imaging": imaging_limits,
    "labs": lab_limits,
    "hold": dose_limits,
    "fasting": fasting_limits,
    "infection_prescreen": prescreen_limits,
    "infection_check": check_limits,
    "pregnancy": pregnancy_limits,
    "authorisation": authorisation_limits,
}


def latest_times(
    protocol: Protocol, facts: Facts, evidence: Sequence[Evidence], start: datetime, now: datetime
) -> tuple[LatestTime, ...]:
    """Every limit that this start sets, in the order of the board; `start` may be planned and not yet booked.

    What does not apply to the case sets none. Like `assess` it never raises: a rule that does is said to.
    """
    context = context_of(protocol, facts, evidence, Start(start.astimezone(UTC), Clock(now.astimezone(UTC))))
    return tuple(limit for kind in kinds_of(protocol) for limit in limits_of(context, kind))


def limits_of(context: Context, kind: Kind) -> list[LatestTime]:
    try:
        items = [item for item in kind.items(context) if item.rule.needed_by in BEFORE_PROCEDURE]
        return [limit for item in items for limit in limits_of_item(context, kind, item)]
    except Exception as error:
        unknown = f"No time can be given: the rule for {kind.name} could not be evaluated ({type(error).__name__})."
        return [no_time(kind.name, "rule_error", unknown)]


def limits_of_item(context: Context, kind: Kind, item: Item) -> Iterator[LatestTime]:
    answer = answer_of(context, kind, item)
    if answer.checks and all(check.status is Status.NOT_APPLICABLE for check in answer.checks):
        return
    if kind.name in LIMITS:
        yield from LIMITS[kind.name](context, item)
    yield from recorded_by(context, item, answer)


def recorded_by(context: Context, item: Item, answer: Answer) -> Iterator[LatestTime]:
    """The deadline of what is still owed, where it lies before the start."""
    deadline = deadline_at(context, item, answer)
    owed = any(check.status is Status.PENDING and not check.until_start for check in answer.checks)
    if deadline is None or deadline >= context.start.at or not owed:
        return
    named = RECORDED_BY.get(kind_of(item.key), f"What is owed of {item.key.replace('_', ' ')} is recorded")
    limit = until(context, item.key, "recorded_by", deadline, named.format(subject=item.subject))
    yield replace(limit, missed=context.start.clock.now >= deadline)
