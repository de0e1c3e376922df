"""The last dose of each drug that is held, by the row that plans its hold."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from checklists.rules.context import Context, Item
from checklists.rules.doses import (
    Rows,
    clearance_agreed,
    goes_on,
    last_dose,
    needs_clearance,
    plans_of,
    rows_for,
    wait_of,
)
from checklists.rules.drugs import NOT_HELD, Match
from checklists.rules.lab_values import hours
from checklists.rules.latest.limits import LatestTime, no_time, until, until_day
from checklists.rules.protocol import HoldRule
from checklists.rules.sitetime import ONE_DAY, dose_on, local_date, shown_at

LAST_DOSE = "last_dose"
NOT_AGREED = "Its prescriber has not agreed: until then the patient goes on taking it."
IN_DOUBT = "Which row of the protocol holds is in doubt, so the longest hold counts."


def dose_limits(context: Context, item: Item) -> Iterator[LatestTime]:
    """One limit per medication of this drug; none once it is known not to be taken."""
    if last_dose(context, item.subject).not_taking:
        return
    for plan in plans_of(context, item.subject):
        if not plan.match.not_applicable and (plan.match.doubts or not goes_on(context, item.subject)):
            yield dose_limit(context, item.key, plan.match)


def dose_limit(context: Context, key: str, match: Match) -> LatestTime:
    rows = rows_for(context, match) if match.rows else None
    if rows is None:
        unknown = f"The protocol has no row for {match.drug} here: a clinician decides when it is last taken."
        return no_time(key, LAST_DOSE, unknown)
    row, words = rows.plans_by, f"Last dose of {match.drug}"
    if row.action == "hold_day_of":
        day = local_date(context.start.at, context.facts.site.tz) - ONE_DAY
        limit = until_day(key, LAST_DOSE, day, words, notes_on(context, match, rows))
        taken = last_dose(context, match.drug).at
        return replace(limit, missed=taken is not None and local_date(taken, context.facts.site.tz) > day)
    wait = wait_of(row, match)
    if wait is None:
        return no_time(key, LAST_DOSE, undecided(match.drug, row))
    at = context.start.at - wait
    notes = f" That is {hours(wait)} before the start.{short_of(context, row)}{notes_on(context, match, rows)}"
    limit = until(context, key, LAST_DOSE, at, words, last_day(context, at), notes)
    # While no dose is recorded the drug is still taken.
    return replace(limit, missed=(last_dose(context, match.drug).at or context.start.clock.now) > at)


def undecided(drug: str, row: HoldRule) -> str:
    if row.action == "cycle_based":
        return f"Record how many days apart the doses of {drug} are; the time of the last one follows from that."
    if row.action in NOT_HELD:
        return f"The protocol lets {drug} be taken as usual; what is in doubt about it is for a clinician."
    if row.action == "avoid_without_level":
        return f"Time alone does not clear {drug}. It needs: {row.extra_gate or 'a decision by a clinician'}."
    return f"A clinician decides whether {drug} is stopped, and when."


def last_day(context: Context, at: datetime) -> date:
    """The last day whose dose counts as taken in time: one known by its day counts as 23:59."""
    zone = context.facts.site.tz
    day = local_date(at, zone)
    return day if dose_on(day, zone) <= at else day - ONE_DAY


def short_of(context: Context, row: HoldRule) -> str:
    """What else than elapsed time decides."""
    if row.clear_at is None and row.block_below is not None:
        return f" Even then it needs: {row.extra_gate or 'a decision by a clinician'}."
    if row.clear_at is None or row.block_below is None or row.block_below >= row.clear_at:
        return ""
    later = shown_at(context.start.at - row.block_below, context.facts.site.tz)
    return f" After that and up to {later} a clinician decides."


def notes_on(context: Context, match: Match, rows: Rows) -> str:
    notes = []
    if rows.renal is not None and rows.renal.clearance is None:
        notes.append(f"{rows.renal.sentence} Until then the longest hold counts.")
    if match.doubts:
        notes.append(IN_DOUBT)
    if needs_clearance(context, match.drug) and not clearance_agreed(context, match.drug):
        notes.append(NOT_AGREED)
    return "".join(f" {note}" for note in notes)
