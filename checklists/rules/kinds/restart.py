"""Restart decisions: whoever stopped a drug is told by a person whether and when to take it again."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from checklists.rules.context import Answer, Context, Item, Kind, never_no, pending
from checklists.rules.doses import (
    AGREED,
    CLEARANCE,
    drug_plans,
    goes_on,
    last_dose,
    needs_clearance,
    plans_of,
    stop_agreed,
    stop_time,
)
from checklists.rules.ledger import Ledger, latest, never_asked
from checklists.rules.shapes import DATE, NOT_SURE, Shape, choice
from checklists.rules.values import Evidence, Medication


def items(context: Context) -> Iterable[Item]:
    rule = context.rule("restart_decision")
    if rule is None:
        return []
    listed = [plan.drug for plan in drug_plans(context) if not plan.match.not_applicable]
    agreed = [drug for drug in agreed_to(context) if not plans_of(context, drug)]
    started = [drug for drug in dict.fromkeys((*listed, *agreed)) if hold_began(context, drug) is not None]
    return [Item(f"restart_decision:{drug}", rule, drug) for drug in dict.fromkeys((*started, *put_off(context)))]


def put_off(context: Context) -> tuple[str, ...]:
    """Drugs that were being held when the procedure was put off, whatever is known of their last dose."""
    return context.facts.started_holds if context.facts.not_happening else ()


def agreed_to(context: Context) -> list[str]:
    """Drugs that a prescriber once agreed to stop, on the list or not."""
    asked = [item for item in context.ledger.items() if item.startswith(f"{CLEARANCE}:")]
    agreed = [item for item in asked if any(map(is_agreement, context.standing(item)))]
    return [drug for item in agreed if (drug := item.partition(":")[2])]


def is_agreement(entry: Evidence) -> bool:
    return bool(entry.value.get("answer") == AGREED)


def hold_began(context: Context, drug: str) -> datetime | None:
    """Since when the drug is stopped: its last dose, or the time to stop once it has come; None while it is taken.

    A dose known by its date counts as the day's last minute, but whoever spoke of it spoke after it.
    """
    dose = last_dose(context, drug)
    if dose.at is not None and not goes_on(context, drug):
        return min(dose.at, max(entry.observed_at for entry in dose.evidence))
    return told_to_stop(context, drug) or told_before(context, drug)


def told_to_stop(context: Context, drug: str) -> datetime | None:
    """The time to stop, once it has come: whoever was told to stop has stopped."""
    if last_dose(context, drug).not_taking or not context.start.booked:
        return None
    if needs_clearance(context, drug) and not stop_agreed(context, drug):
        return None
    stop = stop_time(context, drug)
    return stop if stop is not None and context.start.clock.reached(stop) else None


def told_before(context: Context, drug: str) -> datetime | None:
    """The time to stop that came before a later word, or a change of the list, took it back: it was stopped then."""
    if drug not in agreed_to(context):
        return None
    if not plans_of(context, drug) and (stop := told_to_stop(as_before(context, drug, None), drug)) is not None:
        return stop
    for word in words_on(context, drug):
        stop = told_to_stop(as_before(context, drug, word), drug)
        if stop is not None and stop <= word.observed_at:
            return stop
    return None


def words_on(context: Context, drug: str) -> list[Evidence]:
    """What was said of a drug: what prescribers answered, and what was said or decided about taking it."""
    found = (*context.ledger.entries(f"{CLEARANCE}:{drug}"), *context.ledger.entries(f"hold:{drug}"))
    return sorted(found, key=said_order)


def as_before(context: Context, drug: str, word: Evidence | None) -> Context:
    """The case as it stood before a word, None: after all of them, with the drug on its list."""
    words = words_on(context, drug)
    kept = [entry for entry in words if word is None or said_order(entry) < said_order(word)]
    others = (e for item in context.ledger.items() for e in context.ledger.entries(item) if e not in words)
    listed = context.facts.medications
    medications = listed if plans_of(context, drug) else (*listed, Medication(drug))
    facts = replace(context.facts, medications=medications)
    return Context(context.protocol, facts, Ledger((*others, *kept), never_asked), context.start)


def said_order(entry: Evidence) -> tuple[datetime, int]:
    return entry.observed_at, entry.id


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
