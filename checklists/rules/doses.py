"""Per drug of a case: its rows, the last dose, and the times that follow from both."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from checklists.rules.context import Context, Item, once_for_case, once_for_start
from checklists.rules.decisions import in_effect
from checklists.rules.drugs import NOT_HELD, Match, in_band, match_medication, most_lenient, strictest
from checklists.rules.fold import is_verified
from checklists.rules.known import is_so, knew_of
from checklists.rules.ledger import latest
from checklists.rules.protocol import HoldRule
from checklists.rules.renal import Renal, renal_function
from checklists.rules.shapes import parse_date, parse_instant
from checklists.rules.sitetime import day_begins, day_ends, dose_on, local_date
from checklists.rules.values import Evidence, Medication

ASKED, AGREED, REFUSED, CONTINUE = "asked", "agreed", "refused", "continue"
CLEARANCE = "prescriber_clearance"


class DrugPlan(NamedTuple):
    drug: str
    match: Match


class Dose(NamedTuple):
    """The last dose as last stated; `evidence` is what states it."""

    at: datetime | None
    not_taking: bool
    evidence: tuple[Evidence, ...]


class Rows(NamedTuple):
    """The row that judges a drug, or the span of rows where kidney function is not known."""

    plans_by: HoldRule  # the strictest: times for planning
    judges_by: HoldRule  # the most lenient: what is too early for it is too early for certain
    renal: Renal | None = None


def _drug_plans(context: Context) -> tuple[DrugPlan, ...]:
    """One plan for each medication that is not simply continued."""
    listed = [match_medication(context.protocol, medication) for medication in context.facts.medications]
    plans = [DrugPlan(match.drug, match) for match in listed if match is not None]
    return (*plans, *no_longer_listed(context, {plan.drug for plan in plans}))


drug_plans = once_for_case(_drug_plans)


def no_longer_listed(context: Context, listed: Collection[str]) -> Iterable[DrugPlan]:
    """Drugs taken off the list after a dose was recorded: the hold still counts, and its restart is still owed."""
    for item in context.ledger.items():
        kind, _, drug = item.partition(":")
        if kind != "hold" or drug in listed or not any(is_dose(entry) for entry in context.standing(item)):
            continue
        match = match_medication(context.protocol, Medication(drug))
        if match is not None and match.rows and match.drug == drug:
            yield DrugPlan(drug, match)


def is_dose(entry: Evidence) -> bool:
    return "last_dose_at" in entry.value or "last_dose_on" in entry.value


def _plans_of(context: Context, drug: str) -> tuple[DrugPlan, ...]:
    return tuple([plan for plan in drug_plans(context) if plan.drug == drug])


plans_of = once_for_case(_plans_of)


def _needs_clearance(context: Context, drug: str) -> bool:
    """Whether a row that may hold for this drug wants the prescriber's answer."""
    return any(row.prescriber_clearance for plan in plans_of(context, drug) for row in plan.match.rows)


needs_clearance = once_for_case(_needs_clearance)


def _goes_on(context: Context, drug: str) -> bool:
    """Whether nothing is stopped: every row that may hold lets the drug be taken on, by itself or as decided."""
    rows = [row for plan in plans_of(context, drug) for row in plan.match.rows]
    return bool(rows) and all(in_effect(context, drug, row).action in NOT_HELD for row in rows)


goes_on = once_for_case(_goes_on)


def clearance_agreed(context: Context, drug: str) -> bool:
    """Whether the prescriber agreed to a stop, knowing of every condition that they have to decide about."""
    return stop_agreed(context, drug) and not unknown_to_prescriber(context, drug)


def _stop_agreed(context: Context, drug: str) -> bool:
    """Whether the prescriber's last answer is an agreement that its verifying role has looked at.

    No refusal may stand. What is noted and not yet verified tells the patient nothing (convention 8).
    """
    item_rule, key = context.rule(CLEARANCE), f"{CLEARANCE}:{drug}"
    standing = context.standing(key)
    if item_rule is None or any(entry.value["answer"] == REFUSED for entry in standing):
        return False
    newest = last_answer(standing)
    if not newest or any(entry.value["answer"] != AGREED for entry in newest):
        return False
    return is_verified(context, Item(key, item_rule), newest)


stop_agreed = once_for_start(_stop_agreed)


def last_answer(standing: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """What the prescriber answered last but for a refusal, which stands by itself."""
    return latest(entry for entry in standing if entry.value["answer"] in (AGREED, CONTINUE))


def _to_be_told(context: Context, drug: str) -> tuple[str, ...]:
    """The conditions of this patient that the drug's prescriber has to know of, by code."""
    rows = (row for plan in plans_of(context, drug) for row in plan.match.rows)
    asked = {code for row in rows if row.review_if for code in row.review_if.cleared}
    return tuple(sorted(code for code in asked if is_so(context, drug, code, on_the_day=False)))


to_be_told = once_for_case(_to_be_told)


def _unknown_to_prescriber(context: Context, drug: str) -> tuple[str, ...]:
    """The conditions that the prescriber who agreed to a stop last did not know of, by code."""
    standing = context.standing(f"{CLEARANCE}:{drug}")
    agreed = [entry for entry in last_answer(standing) if entry.value["answer"] == AGREED]
    asked = [entry for entry in standing if entry.value["answer"] == ASKED]
    told = to_be_told(context, drug)
    return tuple(code for code in told if not all(knew_of(context, drug, each, code, asked) for each in agreed))


unknown_to_prescriber = once_for_case(_unknown_to_prescriber)


def _last_dose(context: Context, drug: str) -> Dose:
    """The dose last stated; a later `not taking` does not undo a dose that was stated before it."""
    # Whatever is no other word is read as a dose, so that one that cannot be read blocks.
    standing = [e for e in context.standing(f"hold:{drug}") if "answers" not in e.value and "decision" not in e.value]
    newest = latest(entry for entry in standing if "not_taking" not in entry.value)
    if newest:
        zone = context.facts.site.tz
        stated = max(dose_instant(entry, zone) for entry in newest)
        return Dose(stated, False, latest(standing))
    return Dose(None, bool(standing), latest(standing))


last_dose = once_for_case(_last_dose)


def dose_instant(entry: Evidence, zone: ZoneInfo) -> datetime:
    """When the dose was taken; 23:59 of the site's day where only the date is known."""
    if "last_dose_at" in entry.value:
        return parse_instant(entry.value["last_dose_at"])
    return dose_on(parse_date(entry.value["last_dose_on"]), zone)


def rows_for(context: Context, match: Match) -> Rows | None:
    """The rows of a match at this start, as decided; None where no row holds for this kidney function."""
    if match.needs_renal_function:
        return rows_by_kidneys(context, match)
    return rows_at_every_start(context, match)


def _rows_at_every_start(context: Context, match: Match) -> Rows:
    row = strictest([in_effect(context, match.drug, row) for row in match.rows])
    return Rows(row, row)


rows_at_every_start = once_for_case(_rows_at_every_start)


def _rows_by_kidneys(context: Context, match: Match) -> Rows | None:
    rows = [in_effect(context, match.drug, row) for row in match.rows]
    renal = renal_function(context)
    if renal.clearance is None:
        return Rows(strictest(rows), most_lenient(rows), renal)
    clearance = renal.clearance
    fitting = [row for row in rows if in_band(row, clearance)]
    row = strictest(fitting) if fitting else None
    return Rows(row, row, renal) if row is not None else None


rows_by_kidneys = once_for_start(_rows_by_kidneys)


def wait_of(row: HoldRule, match: Match) -> timedelta | None:
    """The time from the last dose to the earliest start; None where no elapsed time is stated."""
    if row.action == "cycle_based":
        interval = match.medication.interval_days
        return None if interval is None or row.after_cycle is None else timedelta(days=interval) + row.after_cycle
    if row.action in ("timed_hold", "avoid_without_level"):
        return row.clear_at if row.clear_at is not None else row.block_below
    return row.clear_at if is_looked_at_when_recent(row) else None


def is_looked_at_when_recent(row: HoldRule) -> bool:
    """A drug that a clinician looks at, never a block, and only when taken within the row's hours."""
    return row.action == "class_review" and row.clear_at is not None and not row.prescriber_clearance


def _stop_time(context: Context, drug: str) -> datetime | None:
    """When the drug must have been stopped for this start; the earliest where rows differ."""
    times = [stop for plan in plans_of(context, drug) if (stop := stop_time_of(context, plan.match))]
    return min(times, default=None)


stop_time = once_for_start(_stop_time)


def stop_time_of(context: Context, match: Match) -> datetime | None:
    rows = rows_for(context, match) if match.rows else None
    if rows is None:
        return None
    if rows.plans_by.action == "hold_day_of":
        zone = context.facts.site.tz
        return day_begins(local_date(context.start.at, zone), zone)
    wait = wait_of(rows.plans_by, match)
    return None if wait is None else context.start.at - wait


def next_day(context: Context, instant: datetime) -> datetime:
    zone = context.facts.site.tz
    return day_ends(local_date(instant, zone), zone)
