"""Prescriber clearance: nobody stops a drug before its prescriber has agreed."""

from collections.abc import Iterable

from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    pending,
    review,
    said,
)
from checklists.rules.doses import (
    AGREED,
    drug_plans,
    last_dose,
    needs_clearance,
    plans_of,
    rows_for,
    stop_time,
    wait_of,
)
from checklists.rules.ledger import latest
from checklists.rules.shapes import DATE, NOT_SURE, TEXT, Shape, choice, parse_date
from checklists.rules.sitetime import dose_on
from checklists.rules.values import Evidence, Status


def items(context: Context) -> Iterable[Item]:
    rule = context.rule("prescriber_clearance")
    drugs = dict.fromkeys(plan.drug for plan in drug_plans(context) if needs_clearance(context, plan.drug))
    return [Item(f"prescriber_clearance:{drug}", rule, drug) for drug in drugs] if rule else []


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by the prescriber's agreement, checked against the time the protocol wants."""
    drug = item.subject
    standing = context.standing(item.key)
    if last_dose(context, drug).not_taking:
        unused = Check(Status.NOT_APPLICABLE, "not_taken", f"{drug} is not taken, so nobody need agree.")
        return Answer((unused,), grounds=(drug, "not taken"))
    agreed = latest(entry for entry in standing if entry.value["answer"] == AGREED)
    checks: tuple[Check, ...] = ()
    if agreed:
        checks = tuple(check for entry in agreed for check in conflicts(context, drug, entry))
    elif standing:
        checks = (
            pending(
                "clearance_asked", f"The prescriber of {drug} has not answered yet. Call again and record the answer."
            ),
        )
    else:
        ask = f"Ask the prescriber of {drug} whether it may be stopped or has to go on, and record the answer."
        checks = (pending("clearance_missing", ask),)
    return Answer(
        checks=checks,
        confirmed=f"The prescriber of {drug} agreed.",
        basis=agreed,
        grounds=(drug, [dict(entry.value) for entry in agreed]),
        anchors={"stop_time": stop_time(context, drug)},
    )


def conflicts(context: Context, drug: str, entry: Evidence) -> list[Check]:
    """An agreed last dose that leaves less time than the protocol wants."""
    if "last_dose_on" not in entry.value:
        return []
    agreed_dose = dose_on(parse_date(entry.value["last_dose_on"]), context.facts.site.tz)
    waits = [
        wait
        for plan in plans_of(context, drug)
        if plan.match.rows and (rows := rows_for(context, plan.match)) and (wait := wait_of(rows.plans_by, plan.match))
    ]
    if all(context.start.at_least(agreed_dose + wait) for wait in waits):
        return []
    day = entry.value["last_dose_on"]
    sentence = f"The prescriber named {day} as the last day of {drug}, later than the protocol allows"
    return [review("clearance_conflicts", f"{sentence}: a clinician decides.")]


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    if evidence.value.get("answer") != "refused":
        return None
    drug = evidence.item.partition(":")[2]
    refusal = f"The prescriber does not want {drug} stopped. Call the clinician, who decides how to go on."
    return said("clearance_refused", refusal)


CLEARANCE = Kind(
    name="prescriber_clearance",
    items=items,
    answer=answer,
    said_no=said_no,
    shapes=(
        Shape(
            {
                "answer": choice("asked", AGREED, "refused"),
                "prescriber": TEXT,
                "how": choice("phone", "letter", "fax", "message"),
            },
            {"last_dose_on": DATE},
        ),
        NOT_SURE,
    ),
)
