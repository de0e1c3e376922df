"""The last meal, drink and sip before a start, by the anesthesia plan."""

from collections.abc import Iterator

from checklists.rules.context import Context, Item
from checklists.rules.kinds.fasting import MIDNIGHT, fast_of, fast_start, intake_rules, longest
from checklists.rules.lab_values import hours
from checklists.rules.latest.limits import LatestTime, Limit, since, until, until_day
from checklists.rules.sitetime import ONE_DAY, local_date, shown_at

INTAKE, SIP = "last_intake", "sip_with_medicines"
UNKNOWN = "unknown"  # a row of the clinical table: nobody can say what it was


def fasting_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    """Intakes by their hours, the longest first; by the wall clock nothing on the day itself."""
    rule = context.protocol.fasting
    rules = intake_rules(context)
    if rule.mode == MIDNIGHT:
        day = local_date(context.start.at, context.facts.site.tz) - ONE_DAY
        nothing = " Nothing from midnight on."
        yield until_day(item.key, INTAKE, day, "Food and drink", nothing)
    else:
        # An intake that several rows name waits for the longest of them, as where a drug slows the stomach.
        waits = {row.intake: fast_of(rules, row.intake) for row in rules if row.intake != UNKNOWN}
        for wait in sorted({*waits.values(), longest(rules)}, reverse=True):
            named = [name for name, own in waits.items() if own == wait]
            named += ["anything else"] if wait == longest(rules) else []
            words, ahead = ", ".join(named), f" That is {hours(wait)} before the start." if wait else ""
            yield until(context, item.key, INTAKE, context.start.at - wait, words[:1].upper() + words[1:], notes=ahead)
    yield sip_limit(context, item)
    asked = "What was eaten and drunk last counts if said"
    yield since(context, item.key, "fasting_asked", fast_start(context, rule, rules), asked)


def sip_limit(context: Context, item: Item) -> LatestTime:
    start, zone = context.start.at, context.facts.site.tz
    if context.protocol.fasting.sip_with_medicines:
        allowed = f"A sip of water with medicines is allowed until the start, {shown_at(start, zone)}."
        return LatestTime(item.key, SIP, Limit.LATEST, allowed, start)
    return LatestTime(item.key, SIP, Limit.NONE, "A sip of water with medicines counts as a drink.")
