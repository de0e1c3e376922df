"""Medication holds: `hold:<drug>` for each drug that must be stopped, weighed or is not known."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from checklists.rules.conditions import condition_checks, condition_grounds, risk_checks
from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    Postponed,
    never_no,
    pending,
    review,
    too_early,
)
from checklists.rules.decisions import CONTINUE, INSTRUCTION, STOP, decision_on
from checklists.rules.doses import (
    Dose,
    Rows,
    clearance_agreed,
    drug_plans,
    goes_on,
    is_looked_at_when_recent,
    last_dose,
    needs_clearance,
    next_day,
    plans_of,
    rows_for,
    stop_time,
    wait_of,
)
from checklists.rules.drug_levels import high_checks, level_checks, level_grounds, short_hold_checks
from checklists.rules.drugs import NOT_HELD, Match
from checklists.rules.known import answers_on
from checklists.rules.lab_values import hours
from checklists.rules.ledger import latest
from checklists.rules.protocol import HoldRule
from checklists.rules.shapes import (
    ANSWERS,
    DATE,
    INSTANT,
    NOT_SURE,
    TEXT,
    Problem,
    Shape,
    always,
    choice,
    number,
    parse_date,
    parse_instant,
)
from checklists.rules.sitetime import local_date, shown_at, shown_on
from checklists.rules.values import Evidence, Status

NOW = timedelta(0)
MOST_HOURS = 24 * 366
MOST_OFFSET = timedelta(hours=14)
# Nearer than any whole year that can be mistyped, further than any dosing interval and its hold.
LONG_AGO = timedelta(days=330)


def items(context: Context) -> Iterable[Item]:
    rule = context.rule("hold")
    drugs = dict.fromkeys(plan.drug for plan in drug_plans(context))
    return [Item(f"hold:{drug}", rule, drug) for drug in drugs] if rule else []


def answer(context: Context, item: Item) -> Answer:
    """All medications of this drug together: each row's verdict on the last dose, and what else it asks about."""
    drug = item.subject
    dose = last_dose(context, drug)
    matches = [plan.match for plan in plans_of(context, drug)]
    if all(match.not_applicable for match in matches):
        route = Check(Status.NOT_APPLICABLE, "route_not_held", f"{drug} by this route is not held.")
        return Answer((route,))
    is_left_alone = goes_on(context, drug)
    waits_for_prescriber = needs_clearance(context, drug) and not is_left_alone and not clearance_agreed(context, drug)
    found = [check for match in matches for check in judged(context, match, dose, waits_for_prescriber)]
    checks = tuple(dict.fromkeys([*found, *said_when(context, matches, dose)]))
    if is_left_alone and not checks and not dose.not_taking:
        checks = (Check(Status.NOT_APPLICABLE, "goes_on", f"{drug} is taken as usual, also for the procedure."),)
    return Answer(
        checks=checks,
        confirmed=f"{drug} is not taken." if dose.not_taking else f"The hold of {drug} is long enough.",
        basis=basis_of(context, drug, dose, is_left_alone),
        grounds=(
            *[grounds_of(match) for match in matches],
            None if is_left_alone else dose.at,
            dose.not_taking,
            *renal_grounds(context, matches),
            *said_grounds(context, drug),
            *value_grounds(context, matches, dose),
        ),
        anchors={"stop_time": stop_time(context, drug)},
        shows_due=not waits_for_prescriber,
    )


def basis_of(context: Context, drug: str, dose: Dose, is_left_alone: bool) -> tuple[Evidence, ...]:
    """What somebody has to verify; the last dose of a drug that goes on says nothing about the procedure."""
    doses = () if is_left_alone and not dose.not_taking else dose.evidence
    answered, decided = answers_on(context, drug), decision_on(context, drug)
    if not answered and decided is None:
        return doses
    own = (decided,) if decided is not None and decided.item == f"hold:{drug}" else ()
    return tuple({entry.id: entry for entry in (*doses, *latest(answered), *own)}.values())


def said_grounds(context: Context, drug: str) -> tuple[object, ...]:
    """Answers and decisions, which a signature rests on like the dose itself; absent in most cases."""
    said = [dict(entry.value["answers"]) for entry in answers_on(context, drug)]
    decided = decision_on(context, drug)
    return (*((said,) if said else ()), *((decided.id,) if decided is not None else ()))


def value_grounds(context: Context, matches: list[Match], dose: Dose) -> tuple[object, ...]:
    """Values and other drugs behind a review, which a signature rests on too; absent in most cases."""
    found = [told for match in matches for told in condition_grounds(context, match)]
    for match in matches:
        rows = rows_for(context, match) if match.rows and dose.at is not None else None
        if rows is not None and dose.at is not None:
            found += level_grounds(context, rows.judges_by, dose.at)
    return (found,) if found else ()


def grounds_of(match: Match) -> tuple[object, ...]:
    medication = match.medication
    told = (medication.dose_tier, medication.route, medication.indication, medication.interval_days)
    more = (medication.rxcui, medication.daily_mg)
    return (medication.name, told, *((more,) if more != (None, None) else ()), rows_of(match))


def rows_of(match: Match) -> list[str]:
    return [row.row for row in match.rows]


def renal_grounds(context: Context, matches: list[Match]) -> tuple[object, ...]:
    banded = [match for match in matches if match.needs_renal_function]
    return tuple([rows.renal.grounds for m in banded if (rows := rows_for(context, m)) and rows.renal])


def judged(context: Context, match: Match, dose: Dose, waits_for_prescriber: bool) -> list[Check]:
    drug = match.drug
    if match.not_applicable:
        return []
    if not match.rows:
        unknown = ("drug_unknown", f"The protocol has no row for {drug}: a clinician decides what to do.")
        return [review(code, sentence) for code, sentence in match.doubts or (unknown,)]
    if dose.not_taking:
        return []
    checks = [review(code, sentence) for code, sentence in match.doubts]
    rows = rows_for(context, match)
    if rows is None:
        return [
            *checks,
            review("no_row", f"No row of the protocol holds for {drug} here: a clinician decides."),
        ]
    if rows.renal is not None and rows.renal.clearance is None:
        checks.append(pending(rows.renal.code, f"{drug}: {rows.renal.sentence}"))
    checks += condition_checks(context, match, rows.plans_by)
    checks += risk_checks(context, match, rows.plans_by)
    if dose.at is None:
        return [*checks, *undated(context, drug, rows, waits_for_prescriber)]
    return [*checks, *by_action(context, match, rows.judges_by, dose.at)]


def undated(context: Context, drug: str, rows: Rows, waits_for_prescriber: bool) -> list[Check]:
    """What is owed while no last dose is recorded."""
    if rows.judges_by.action in NOT_HELD:
        return []
    if is_looked_at_when_recent(rows.judges_by) and not may_be_recent(context, rows.judges_by):
        return [pending("last_dose_unknown", f"Ask until when {drug} was taken; a clinician looks at it if lately.")]
    if decided := decision_checks(drug, rows.judges_by):
        return decided
    if waits_for_prescriber:
        ask = f"The patient goes on taking {drug} until its prescriber has agreed to a stop. Get that answer first."
        return [pending("clearance_first", ask)]
    return [pending("last_dose_unknown", f"The last dose of {drug} is not recorded. Ask for its date and time.")]


def may_be_recent(context: Context, row: HoldRule) -> bool:
    """Whether the time to leave it out has begun, so that nothing recorded means taken."""
    begins = context.start.at - (row.clear_at or NOW)
    return context.start.booked and context.start.clock.reached(begins)


def decision_checks(drug: str, row: HoldRule) -> list[Check]:
    """Rows that a person decides, whatever the last dose."""
    if row.action == "clinician_decision":
        decide = f"{drug}: a clinician decides whether it is stopped, and for how long."
        if row.settled_by:
            decide = (
                f"{drug}: {row.extra_gate or 'a written decision'} has to be recorded; until then, see a clinician."
            )
        return [review("clinician_decision", decide)]
    if row.action == "class_review":
        return [review("class_review", f"{drug}: a clinician looks at it before the procedure.")]
    return []


def by_action(context: Context, match: Match, row: HoldRule, taken_at: datetime) -> list[Check]:
    drug = match.drug
    if is_looked_at_when_recent(row) and row.clear_at is not None and context.start.at_least(taken_at + row.clear_at):
        return []
    if decided := decision_checks(drug, row):
        return decided
    if row.action == "hold_day_of":
        if context.start.at_least(next_day(context, taken_at)):
            return []
        return [review("taken_on_the_day", f"{drug} was taken on the day of the procedure: a clinician decides.")]
    if row.action == "cycle_based":
        return by_cycle(context, match, row, taken_at)
    if row.action in NOT_HELD:
        return []
    return timed(context, drug, row, taken_at)


def by_cycle(context: Context, match: Match, row: HoldRule, taken_at: datetime) -> list[Check]:
    drug = match.drug
    if match.medication.interval_days is None:
        where = "Change the plan and give, in the list of medications,"
        return [pending("interval_missing", f"{where} how many days apart the doses of {drug} are.")]
    wait = wait_of(row, match)
    if wait is None:
        open_end = f"The protocol does not say how long after its dosing interval {drug} is clear"
        return [review("hold_needs_decision", f"{open_end}: a clinician decides.")]
    return elapsed(context, drug, taken_at, wait)


def timed(context: Context, drug: str, row: HoldRule, taken_at: datetime) -> list[Check]:
    """Below block_below too early, from clear_at on clear, between the two a clinician's review."""
    if row.clear_at is not None and context.start.at_least(taken_at + row.clear_at):
        return high_checks(context, drug, row, taken_at)
    if row.block_below is not None and context.start.before(taken_at + row.block_below):
        wait = row.clear_at if row.clear_at is not None else row.block_below
        return elapsed(context, drug, taken_at, wait)
    if row.clear_at is None and row.level is not None:
        return level_checks(context, drug, row, row.level, taken_at)
    if row.clear_at is None:
        needs = row.extra_gate or "a clinician's decision"
        return [review("hold_needs_decision", f"Time alone does not clear {drug}; it needs: {needs}.")]
    short = f"{drug} was held for less than {hours(row.clear_at)}"
    return short_hold_checks(context, drug, row, short, taken_at)


def elapsed(context: Context, drug: str, taken_at: datetime, wait: timedelta) -> list[Check]:
    clear_at = taken_at + wait
    if context.start.at_least(clear_at):
        return []
    shown = shown_at(clear_at, context.facts.site.tz)
    return [
        too_early("hold_too_short", f"{drug} needs {hours(wait)} since the last dose: start from {shown} on.", clear_at)
    ]


def said_when(context: Context, matches: list[Match], dose: Dose) -> list[Check]:
    """Whether what was said can be meant: not before the drug had to be stopped, and not a year ago."""
    drug = matches[0].drug
    if dose.not_taking:
        return not_yet_started(context, matches, dose)
    if dose.at is None or goes_on(context, drug):
        return []
    return [*stated_early(context, matches, dose), *stated_long_ago(context, drug, dose.at, dose)]


def stated_early(context: Context, matches: list[Match], dose: Dose) -> list[Check]:
    """What was said before the day on which the drug had to be stopped does not show that it was."""
    if not is_said_early(context, matches, dose):
        return []
    ask = f"This was said before {matches[0].drug} had to be stopped for this start. Ask when it was last taken."
    if any(is_looked_at_when_recent(row) for match in matches for row in match.rows):
        return [review("dose_stated_early", ask)]
    return [pending("dose_stated_early", ask, until_start=True)]


def is_said_early(context: Context, matches: list[Match], dose: Dose) -> bool:
    said_on_day_until = next_day(context, max([entry.observed_at for entry in dose.evidence]))
    rows = [(row, match) for match in matches if (row := planning_row(context, match)) is not None]
    waits = [NOW if row.action == "hold_day_of" else wait_of(row, match) for row, match in rows]
    shortest = min([wait for wait in waits if wait is not None], default=None)
    return shortest is not None and context.start.at_least(said_on_day_until + shortest)


def not_yet_started(context: Context, matches: list[Match], dose: Dose) -> list[Check]:
    """Who did not take a drug before it would have had to be stopped may well have taken it since."""
    drug = matches[0].drug
    if not is_said_early(context, matches, dose):
        return []
    ask = f"{drug} may have been started since this was said. Ask whether it was taken, and when last."
    return [pending("dose_stated_early", ask, until_start=True)]


def stated_long_ago(context: Context, drug: str, taken_at: datetime, dose: Dose) -> list[Check]:
    """A dose of about a year ago is a mistyped year more often than a dose."""
    said = [entry for entry in dose.evidence if not entry.value.get("confirmed")]
    if not said or taken_at > max(entry.observed_at for entry in said) - LONG_AGO:
        return []
    day = shown_on(local_date(taken_at, context.facts.site.tz))
    ask = f"The last dose of {drug} is recorded as {day}, about a year ago. Check the year and record it again"
    return [pending("dose_long_ago", f"{ask}, or that it is not taken.", until_start=True)]


def postpones(context: Context, item: Item) -> Postponed:
    dose = last_dose(context, item.subject)
    rows = [(planning_row(context, plan.match), plan.match) for plan in plans_of(context, item.subject)]
    floors = [floor for row, match in rows if row and (floor := floor_of(context, row, match, dose)) is not None]
    leads = [lead_of(row, match, dose) for row, match in rows if row]
    return Postponed(max(floors, default=None), max(leads, default=NOW))


def planning_row(context: Context, match: Match) -> HoldRule | None:
    rows = rows_for(context, match) if match.rows else None
    return rows.plans_by if rows else None


def floor_of(context: Context, row: HoldRule, match: Match, dose: Dose) -> datetime | None:
    if dose.at is None or row.action == "class_review":
        return None
    if row.action == "hold_day_of":
        return next_day(context, dose.at)
    wait = wait_of(row, match)
    return None if wait is None else dose.at + wait


def lead_of(row: HoldRule, match: Match, dose: Dose) -> timedelta:
    """How far ahead a start must be while the drug is still taken."""
    if dose.at is not None or dose.not_taking or row.action == "class_review":
        return NOW
    return wait_of(row, match) or NOW


def decision_problems(value: Mapping[str, Any]) -> list[Problem]:
    stops = value.get("decision") == STOP
    if "decision" not in value or stops == ("hours" in value):
        return []
    if stops:
        return [Problem("hours", "is missing. Give the hours since the last dose that were decided.")]
    return [Problem("hours", "belongs to the decision to stop. Leave it out.")]


def dose_problems(value: Mapping[str, Any], said_at: datetime) -> list[Problem]:
    """A dose that lies ahead of what is said about it, or about a year before."""
    key = next((key for key in ("last_dose_at", "last_dose_on") if key in value), None)
    if key is None:
        return []
    if key == "last_dose_at":
        early = late = parse_instant(value[key])
    else:
        day = datetime.combine(parse_date(value[key]), time.min, UTC)
        early, late = day - MOST_OFFSET, day + MOST_OFFSET
    if early > said_at:
        return [Problem(key, f"{value[key]} is after the time at which it was said. Correct the day or the time.")]
    if late <= said_at - LONG_AGO and not value.get("confirmed"):
        remedy = "Correct the year, or add `confirmed: true` where it was asked again"
        return [Problem(key, f"{value[key]} is about a year ago. {remedy}.")]
    return []


HOLD = Kind(
    name="hold",
    items=items,
    answer=answer,
    said_no=never_no,
    shapes=(
        Shape({"last_dose_at": INSTANT}, {"confirmed": always(True)}),
        Shape({"last_dose_on": DATE}, {"confirmed": always(True)}),
        Shape({"took_it": always(True), "last_dose_at": INSTANT}),
        Shape({"not_taking": always(True)}),
        Shape({"answers": ANSWERS}),
        Shape(
            {"decision": choice(CONTINUE, STOP, INSTRUCTION), "decided_by": TEXT},
            {"hours": number(0, MOST_HOURS), "note": TEXT},
        ),
        NOT_SURE,
    ),
    postpones=postpones,
    problems=decision_problems,
    problems_when_said=dose_problems,
)
