"""Medication holds: `hold:<drug>` for each drug that must be stopped, weighed or is not known."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    never_no,
    pending,
    review,
    too_early,
)
from checklists.rules.doses import (
    Dose,
    Rows,
    clearance_agreed,
    drug_plans,
    last_dose,
    needs_clearance,
    next_day,
    plans_of,
    rows_for,
    stop_time,
    wait_of,
)
from checklists.rules.drugs import Match
from checklists.rules.lab_values import hours
from checklists.rules.protocol import HoldRule
from checklists.rules.shapes import DATE, INSTANT, NOT_SURE, Shape, always
from checklists.rules.values import Status

NOW = timedelta(0)


def items(context: Context) -> Iterable[Item]:
    rule = context.rule("hold")
    drugs = dict.fromkeys(plan.drug for plan in drug_plans(context))
    return [Item(f"hold:{drug}", rule, drug) for drug in drugs] if rule else []


def answer(context: Context, item: Item) -> Answer:
    """All medications of this drug together: each row's verdict on the last dose."""
    drug = item.subject
    dose = last_dose(context, drug)
    matches = [plan.match for plan in plans_of(context, drug)]
    if all(match.not_applicable for match in matches):
        route = Check(Status.NOT_APPLICABLE, "route_not_held", f"{drug} by this route is not held.")
        return Answer((route,), grounds=tuple(grounds_of(match) for match in matches))
    waits_for_prescriber = needs_clearance(context, drug) and not clearance_agreed(context, drug)
    found = [judged(context, match, dose, waits_for_prescriber) for match in matches]
    asked_early = stated_early(context, matches, dose)
    floors = [floor for match in matches if (floor := floor_of(context, match, dose)) is not None]
    return Answer(
        checks=tuple(dict.fromkeys(check for checks in (*found, asked_early) for check in checks)),
        confirmed=f"{drug} is not taken." if dose.not_taking else f"The hold of {drug} is long enough.",
        basis=dose.evidence,
        grounds=(
            *(grounds_of(m) for m in matches),
            dose.at,
            dose.not_taking,
            *renal_grounds(context, matches),
        ),
        anchors={"stop_time": stop_time(context, drug)},
        floor=max(floors, default=None),
        lead=max((lead_of(context, match, dose) for match in matches), default=NOW),
        shows_due=not waits_for_prescriber,
    )


def grounds_of(match: Match) -> tuple[object, ...]:
    medication = match.medication
    told = (medication.dose_tier, medication.route, medication.indication, medication.interval_days)
    return (medication.name, told, [row.row for row in match.rows])


def renal_grounds(context: Context, matches: list[Match]) -> tuple[object, ...]:
    if not any(match.needs_renal_function for match in matches):
        return ()
    return tuple(rows.renal.grounds for m in matches if (rows := rows_for(context, m)) and rows.renal)


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
    if dose.at is None:
        return [*checks, *undated(drug, rows, waits_for_prescriber)]
    return [*checks, *by_action(context, match, rows.judges_by, dose.at)]


def undated(drug: str, rows: Rows, waits_for_prescriber: bool) -> list[Check]:
    """What is owed while no last dose is recorded."""
    decided = decision_checks(drug, rows.judges_by)
    if decided:
        return decided
    if waits_for_prescriber:
        ask = f"The patient goes on taking {drug} until its prescriber has agreed to a stop. Get that answer first."
        return [pending("clearance_first", ask)]
    return [pending("last_dose_unknown", f"The last dose of {drug} is not recorded. Ask for its date and time.")]


def decision_checks(drug: str, row: HoldRule) -> list[Check]:
    """Rows that a person decides, whatever the last dose."""
    if row.action == "clinician_decision":
        return [review("clinician_decision", f"{drug}: a clinician decides whether it is stopped, and for how long.")]
    if row.action == "class_review":
        return [review("class_review", f"{drug}: a clinician looks at it before the procedure.")]
    return []


def by_action(context: Context, match: Match, row: HoldRule, taken_at: datetime) -> list[Check]:
    drug = match.drug
    if decided := decision_checks(drug, row):
        return decided
    if row.action == "hold_day_of":
        if context.start.at_least(next_day(context, taken_at)):
            return []
        return [review("taken_on_the_day", f"{drug} was taken on the day of the procedure: a clinician decides.")]
    if row.action == "cycle_based":
        wait = wait_of(row, match)
        if wait is None:
            return [pending("interval_missing", f"Record how many days apart the doses of {drug} are.")]
        return elapsed(context, drug, taken_at, wait)
    if row.action in ("continue", "no_action"):
        return []
    return timed(context, drug, row, taken_at)


def timed(context: Context, drug: str, row: HoldRule, taken_at: datetime) -> list[Check]:
    """Below block_below too early, from clear_at on clear, between the two a clinician's review."""
    if row.clear_at is not None and context.start.at_least(taken_at + row.clear_at):
        return []
    if row.block_below is not None and context.start.before(taken_at + row.block_below):
        wait = row.clear_at if row.clear_at is not None else row.block_below
        return elapsed(context, drug, taken_at, wait)
    if row.clear_at is None:
        needs = row.extra_gate or "a clinician's decision"
        return [review("hold_needs_decision", f"Time alone does not clear {drug}; it needs: {needs}.")]
    short = f"{drug} was held for less than {hours(row.clear_at)}"
    return [review("hold_between_thresholds", f"{short}: a clinician decides.")]


def elapsed(context: Context, drug: str, taken_at: datetime, wait: timedelta) -> list[Check]:
    clear_at = taken_at + wait
    if context.start.at_least(clear_at):
        return []
    local = clear_at.astimezone(context.facts.site.tz)
    shown = f"{local:%A} {local.date().isoformat()} {local:%H:%M %Z}"
    return [
        too_early("hold_too_short", f"{drug} needs {hours(wait)} since the last dose: start from {shown} on.", clear_at)
    ]


def stated_early(context: Context, matches: list[Match], dose: Dose) -> list[Check]:
    """What was said before the day on which the drug had to be stopped does not show that it was."""
    if dose.at is None:
        return []
    said_on_day_until = next_day(context, max(entry.observed_at for entry in dose.evidence))
    rows = ((row, match) for match in matches if (row := planning_row(context, match)) is not None)
    waits = [NOW if row.action == "hold_day_of" else wait_of(row, match) for row, match in rows]
    if all(wait is None or context.start.before(said_on_day_until + wait) for wait in waits):
        return []
    ask = f"This was said before {matches[0].drug} had to be stopped for this start. Ask when it was last taken."
    return [pending("dose_stated_early", ask, until_start=True)]


def planning_row(context: Context, match: Match) -> HoldRule | None:
    rows = rows_for(context, match) if match.rows else None
    return rows.plans_by if rows else None


def floor_of(context: Context, match: Match, dose: Dose) -> datetime | None:
    row = planning_row(context, match)
    if row is None or dose.at is None:
        return None
    if row.action == "hold_day_of":
        return next_day(context, dose.at)
    wait = wait_of(row, match)
    return None if wait is None else dose.at + wait


def lead_of(context: Context, match: Match, dose: Dose) -> timedelta:
    """How far ahead a start must be while the drug is still taken."""
    row = planning_row(context, match)
    if row is None or dose.at is not None or dose.not_taking:
        return NOW
    return wait_of(row, match) or NOW


HOLD = Kind(
    name="hold",
    items=items,
    answer=answer,
    said_no=never_no,
    shapes=(
        Shape({"last_dose_at": INSTANT}),
        Shape({"last_dose_on": DATE}),
        Shape({"took_it": always(True), "last_dose_at": INSTANT}),
        Shape({"not_taking": always(True)}),
        NOT_SURE,
    ),
    postpones=True,
)
