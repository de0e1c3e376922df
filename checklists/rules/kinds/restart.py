"""Restart decisions: whoever stopped a drug is told by a person whether and when to take it again."""

from collections.abc import Iterable
from datetime import datetime

from checklists.rules.context import Answer, Context, Item, Kind, never_no, pending
from checklists.rules.doses import drug_plans, goes_on, last_dose, needs_clearance, stop_agreed, stop_time
from checklists.rules.ledger import latest
from checklists.rules.shapes import DATE, NOT_SURE, Shape, choice


def items(context: Context) -> Iterable[Item]:
    rule = context.rule("restart_decision")
    if rule is None:
        return []
    drugs = dict.fromkeys(plan.drug for plan in drug_plans(context) if not plan.match.not_applicable)
    started = [drug for drug in drugs if hold_began(context, drug) is not None]
    return [Item(f"restart_decision:{drug}", rule, drug) for drug in dict.fromkeys((*started, *put_off(context)))]


def put_off(context: Context) -> tuple[str, ...]:
    """Drugs that were being held when the procedure was put off, whatever is known of their last dose."""
    return context.facts.started_holds if context.facts.not_happening else ()


def hold_began(context: Context, drug: str) -> datetime | None:
    """Since when the drug is stopped: its last dose, or the time to stop once it has come; None while it is taken.

    A dose known by its date counts as the day's last minute, but whoever spoke of it spoke after it.
    """
    dose = last_dose(context, drug)
    if goes_on(context, drug):
        return None
    if dose.at is not None:
        return min(dose.at, max(entry.observed_at for entry in dose.evidence))
    if dose.not_taking or not context.start.booked:
        return None
    # Whoever was told to stop has stopped, whatever came to be known since.
    if needs_clearance(context, drug) and not stop_agreed(context, drug):
        return None
    stop = stop_time(context, drug)
    return stop if stop is not None and context.start.clock.reached(stop) else None


def answer(context: Context, item: Item) -> Answer:
    drug = item.subject
    # A decision is about one interruption: one from before this hold, or before it was put off, is not about this.
    since = [moment for moment in (hold_began(context, drug), context.facts.put_off_at) if moment is not None]
    standing = (entry for entry in context.standing(item.key) if all(entry.observed_at >= moment for moment in since))
    decided = latest(standing)
    checks = []
    if not decided:
        when = "today: the procedure does not happen" if context.facts.not_happening else "before discharge"
        owed = f"{drug} was stopped. A clinician decides about taking it again, {when}."
        checks.append(pending("restart_undecided", owed))
    return Answer(
        checks=tuple(checks),
        confirmed=f"The restart of {drug} is decided.",
        basis=decided,
        grounds=(drug, [dict(entry.value) for entry in decided]),
    )


RESTART = Kind(
    name="restart_decision",
    items=items,
    answer=answer,
    said_no=never_no,
    shapes=(
        Shape(
            {"decision": choice("restart", "do_not_restart", "prescriber_decides")},
            {"restart_on": DATE},
        ),
        NOT_SURE,
    ),
)
