"""From when on samples, studies and screens count, and which days must be covered."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, timedelta

from checklists.rules.context import Context, Item
from checklists.rules.doses import last_dose
from checklists.rules.kinds.imaging import counts_from
from checklists.rules.kinds.infection import prescreen_opens_at
from checklists.rules.kinds.lab_contexts import applicable
from checklists.rules.kinds.window import last_day, window_anchor
from checklists.rules.lab_values import analyte_name, hours
from checklists.rules.latest.limits import LatestTime, Limit, no_time, since, since_day
from checklists.rules.protocol import LabRule
from checklists.rules.sitetime import day_begins, local_date, shown_at, shown_on


def lab_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    """The earliest draw of each analyte that this case owes, by the row that counts for the shortest time."""
    rules = [rule for rule in applicable(context) if rule.required != "optional"]
    for rule in rules:
        if not any(outlasts(rule, other) for other in rules):
            yield draw_limit(context, item, rule)


def outlasts(rule: LabRule, other: LabRule) -> bool:
    """Whether the row counts for more days than another one of the same analyte."""
    same = analyte_name(other.analyte) == analyte_name(rule.analyte)
    days, fewer = rule.validity_days, other.validity_days
    return same and days is not None and fewer is not None and fewer < days


def draw_limit(context: Context, item: Item, rule: LabRule) -> LatestTime:
    """By the row's validity, and after the last dose of the drug that the row names."""
    start, zone, what = context.start.at, context.facts.site.tz, "blood_drawn"
    words = f"A result of {analyte_name(rule.analyte)} counts if drawn"
    if rule.validity_within is not None:
        return since(context, item.key, what, start - rule.validity_within, words)
    if rule.validity_days is None:
        return no_time(item.key, what, f"The protocol does not say how long {rule.analyte} counts.")
    day = local_date(start, zone) - timedelta(days=rule.validity_days)
    if rule.after_last_dose_of is None:
        return since_day(item.key, what, day, words)
    drug = rule.after_last_dose_of
    dose = last_dose(context, drug)
    if dose.at is None:
        limit = since_day(item.key, what, day, words)
        after = f" It must be after the last dose of {drug}, which is not recorded."
        return replace(limit, sentence=limit.sentence + after)
    if dose.at < day_begins(day, zone):
        return since_day(item.key, what, day, words)
    first = f"{words} after the last dose of {drug}, {shown_at(dose.at, zone)}."
    return LatestTime(item.key, what, Limit.EARLIEST, first, dose.at.astimezone(UTC) + timedelta(seconds=1))


def imaging_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    """The oldest study that counts: inside its validity, and not from before the fracture."""
    imaging, begun = context.protocol.imaging, counts_from(context) or date.min
    start_day = local_date(context.start.at, context.facts.site.tz)
    valid = start_day - timedelta(days=imaging.validity_days)
    yield since_day(item.key, "imaging_done", max(valid, begun), "Imaging counts if done")
    if imaging.xray_proves_acuity and imaging.valid_for("xray") < imaging.validity_days:
        valid = start_day - timedelta(days=imaging.valid_for("xray"))
        yield since_day(item.key, "xray_done", max(valid, begun), "An X-ray counts if done")


def pregnancy_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    if rule := context.protocol.pregnancy:
        start_day = local_date(context.start.at, context.facts.site.tz)
        day = start_day - timedelta(days=rule.validity_days)
        yield since_day(item.key, "pregnancy_test", day, "A negative pregnancy test counts if done")


def prescreen_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    if opens_at := prescreen_opens_at(context, item):
        words = "The patient's answers about infection count if given"
        yield since(context, item.key, "prescreen_opens", opens_at, words)


def check_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    valid_within = context.protocol.infection.valid_within
    words = f"The nurse's infection check counts for {hours(valid_within)} if done"
    yield since(context, item.key, "infection_check", context.start.at - valid_within, words)


def authorisation_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    day = local_date(context.start.at, context.facts.site.tz)
    covers = f"The payer's authorisation must cover {shown_on(day)}."
    yield LatestTime(item.key, "authorisation_covers", Limit.ON, covers, on=day)


def window_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    """The last day of the window itself, and the last one on which a clinician may still decide for it."""
    facts, rule = context.facts, context.protocol.window
    day = last_day(facts, rule)
    if day is None:
        return
    start_day = local_date(context.start.at, facts.site.tz)
    within = f"The treatment window ends with {shown_on(day)}."
    yield LatestTime(item.key, "window_ends", Limit.LATEST, within, on=day, missed=start_day > day)
    anchor = window_anchor(facts, rule)
    if anchor is not None and rule.review_days is not None:
        last = anchor.earliest + timedelta(days=rule.review_days)
        later = f"With marrow oedema on MRI a clinician may decide for a start up to {shown_on(last)}."
        yield LatestTime(item.key, "window_review_ends", Limit.LATEST, later, on=last, missed=start_day > last)
