"""When an item is due and when its absence blocks: a protocol's moments on a case's calendar."""

from datetime import datetime

from checklists.rules.context import Answer, Context, Item, once_for_start
from checklists.rules.protocol import Moment
from checklists.rules.sitetime import human_deadline, rolled_back


def due_at(context: Context, item: Item, answer: Answer) -> datetime | None:
    """When the owner should have done it; None for a case that is not booked."""
    instant = moment_at(context, item.rule.due, answer)
    if instant is None or item.rule.due is None or not item.rule.due.human:
        return instant
    return working(context, instant)


def deadline_at(context: Context, item: Item, answer: Answer) -> datetime | None:
    """When nothing recorded becomes overdue, at most the start; None for a case that is not booked."""
    instant = moment_at(context, item.rule.deadline, answer)
    if instant is None or item.rule.deadline is None:
        return None
    return working_deadline(context, instant) if item.rule.deadline.human else min(instant, context.start.at)


def _working(context: Context, instant: datetime) -> datetime:
    return rolled_back(instant, context.facts.site)


def _working_deadline(context: Context, instant: datetime) -> datetime:
    return human_deadline(instant, context.facts.site, context.protocol.opening_grace, context.start.at)


# Many items share their moments.
working = once_for_start(_working)
working_deadline = once_for_start(_working_deadline)


def moment_at(context: Context, moment: Moment | None, answer: Answer) -> datetime | None:
    if moment is None or not context.start.booked:
        return None
    anchor = anchor_at(context, moment.anchor, answer)
    return None if anchor is None else anchor + moment.offset


def anchor_at(context: Context, anchor: str, answer: Answer) -> datetime | None:
    if anchor in answer.anchors:
        return answer.anchors[anchor]
    if anchor == "arrival" and context.facts.arrived_at is not None:
        return context.facts.arrived_at
    return context.start.at if anchor in ("start", "arrival") else None
