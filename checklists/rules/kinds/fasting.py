"""Fasting: hours since each intake, or nothing from midnight of the site on."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from checklists.rules.conditions import stomach_is_slow
from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    Postponed,
    failed,
    never_no,
    once_for_case,
    once_for_start,
    pending,
    too_early,
)
from checklists.rules.doses import next_day
from checklists.rules.drugs import normalised, rows_named, words_of
from checklists.rules.lab_values import hours
from checklists.rules.ledger import latest
from checklists.rules.protocol import FastingRule, IntakeRule
from checklists.rules.shapes import INSTANT, NOT_SURE, TEXT, Shape, listed, nested, parse_instant
from checklists.rules.sitetime import day_begins, local_date, shown_at
from checklists.rules.values import Evidence, Status

MIDNIGHT = "midnight"
# With medicines, of water or not named; a sip of anything else, or with anything else, is an intake.
SIP = re.compile(r"(?:a )?(?:small )?sips?(?: of)?(?: water)?(?: (?:with|for) (?P<what>.+))?")
MEDICINES = words_of(
    "medicine medicines medication medications med meds pill pills tablet tablets drug drugs my the his her their and "
    "a usual regular daily morning allowed prescribed"
)


def answer(context: Context, item: Item) -> Answer:
    """The latest statement of what was eaten and drunk, judged intake by intake."""
    rule = context.protocol.fasting
    if not applies(context, rule):
        local = Check(Status.NOT_APPLICABLE, "no_fast", "This anesthesia plan needs no fasting.")
        return Answer((local,), grounds=(context.facts.anesthesia,))
    rules, stated = intake_rules(context), latest(context.standing(item.key))
    intakes = intakes_of(context, item.key)
    checks = [check for name, at in intakes for check in intake_checks(context, rule, rules, name, at)]
    checks += statement_checks(context, rule, rules, stated)
    return Answer(
        checks=tuple(checks),
        confirmed="The fast is long enough.",
        basis=stated,
        grounds=(context.facts.anesthesia, [dict(entry.value) for entry in stated]),
        anchors={"fast_start": fast_start(context, rule, rules)},
    )


def _intakes_of(context: Context, key: str) -> list[tuple[str, datetime]]:
    """What was eaten or drunk, and when, as last stated."""
    return [
        (intake["intake"], parse_instant(intake["at"]))
        for entry in latest(context.standing(key))
        for intake in entry.value["intakes"]
        if not is_sip(context, intake)
    ]


intakes_of = once_for_case(_intakes_of)


def postpones(context: Context, item: Item) -> Postponed:
    rule = context.protocol.fasting
    if not applies(context, rule):
        return Postponed()
    rules = intake_rules(context)
    ends = [fast_end(context, rule, rules, name, at) for name, at in intakes_of(context, item.key)]
    return Postponed(max(ends, default=None))


def applies(context: Context, rule: FastingRule) -> bool:
    """An undecided anesthesia plan counts as the strictest."""
    return context.facts.anesthesia is None or context.facts.anesthesia in rule.applies_to


def _intake_rules(context: Context) -> tuple[IntakeRule, ...]:
    plan, slow = context.facts.anesthesia, stomach_is_slow(context)
    rows = (row for row in context.protocol.fasting.intakes if slow or not row.slow_stomach)
    return tuple(row for row in rows if plan is None or plan in row.anesthesia)


intake_rules = once_for_start(_intake_rules)


def is_sip(context: Context, intake: Mapping[str, Any]) -> bool:
    """A sip of water with medicines, by their name or as such; `sip with breakfast` is a breakfast."""
    found = SIP.fullmatch(normalised(intake["intake"]))
    if found is None or not context.protocol.fasting.sip_with_medicines:
        return False
    what = found["what"] or ""
    listed = {normalised(medication.name) for medication in context.facts.medications}
    return MEDICINES.issuperset(what.split()) or what in listed or bool(rows_named(context.protocol, what))


def fast_of(rules: Iterable[IntakeRule], name: str) -> timedelta:
    """The hours for an intake; the longest of all for one that no row names."""
    wanted = normalised(name)
    named = [row.min_fast for row in rules if any(wanted == normalised(word) for word in (row.intake, *row.examples))]
    return max(named) if named else longest(rules)


def longest(rules: Iterable[IntakeRule]) -> timedelta:
    return max((row.min_fast for row in rules), default=timedelta(days=1))


def intake_checks(
    context: Context, rule: FastingRule, rules: tuple[IntakeRule, ...], name: str, at: datetime
) -> list[Check]:
    end = fast_end(context, rule, rules, name, at)
    if context.start.at_least(end):
        return []
    if rule.mode == MIDNIGHT:
        return [failed("intake_after_midnight", f"{name} was taken after midnight of the procedure day.")]
    shown, wait = shown_at(end, context.facts.site.tz), hours(fast_of(rules, name))
    return [too_early("fast_too_short", f"{name} needs {wait} before the start: start from {shown} on.", end)]


def fast_end(context: Context, rule: FastingRule, rules: tuple[IntakeRule, ...], name: str, at: datetime) -> datetime:
    return next_day(context, at) if rule.mode == MIDNIGHT else at + fast_of(rules, name)


def statement_checks(
    context: Context, rule: FastingRule, rules: tuple[IntakeRule, ...], stated: tuple[Evidence, ...]
) -> list[Check]:
    """A statement made before the fast began, or about a part of it only, says nothing about the fast."""
    if not stated:
        return [pending("fasting_missing", "Ask what was eaten and drunk last, and when, and record it.")]
    said_at = stated[0].observed_at
    if rule.mode == MIDNIGHT:
        in_time = context.start.before(next_day(context, said_at))
    else:
        in_time = context.start.at_most(said_at + longest(rules))
    if not in_time:
        return [pending("fasting_stated_early", "This was said before the fast began. Ask again what was taken since.")]
    return part_checks(context, rule, rules, stated)


def part_checks(
    context: Context, rule: FastingRule, rules: tuple[IntakeRule, ...], stated: tuple[Evidence, ...]
) -> list[Check]:
    """`Nothing since two o'clock` is not enough for a start whose fast began before two."""
    named = [parse_instant(entry.value["since"]) for entry in stated if "since" in entry.value]
    if not named:
        return []
    since = max(named)
    before_it = next_day(context, since - timedelta.resolution)
    if context.start.at_least(before_it if rule.mode == MIDNIGHT else since + longest(rules)):
        return []
    shown = shown_at(since, context.facts.site.tz)
    ask = f"This was said of the time since {shown} only, and the fast for this start begins earlier."
    return [pending("fasting_said_in_part", f"{ask} Ask what was eaten and drunk last, and when.")]


def fast_start(context: Context, rule: FastingRule, rules: tuple[IntakeRule, ...]) -> datetime:
    if rule.mode == MIDNIGHT:
        zone = context.facts.site.tz
        return day_begins(local_date(context.start.at, zone), zone)
    return context.start.at - longest(rules)


FASTING = Kind(
    name="fasting",
    items=lambda context: context.single("fasting"),
    answer=answer,
    said_no=never_no,
    shapes=(Shape({"intakes": listed(nested(Shape({"intake": TEXT, "at": INSTANT})))}, {"since": INSTANT}), NOT_SURE),
    postpones=postpones,
)
