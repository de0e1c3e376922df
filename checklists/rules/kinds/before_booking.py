"""What some protocols want before booking: conservative care that did not help, an injection that proved the pain."""

from collections.abc import Mapping
from typing import Any

from checklists.rules.context import Answer, Check, Context, Item, Kind, failed, pending, said
from checklists.rules.kinds.imaging import before_change, before_fracture
from checklists.rules.ledger import latest
from checklists.rules.shapes import DATE, LEVEL, NOT_SURE, Problem, Shape, choice, listed, nested, parse_date
from checklists.rules.sitetime import local_date
from checklists.rules.values import Evidence

MEASURES = ("medication", "physical_therapy", "bracing", "rest")
HELPED = "The conservative care helps. Call the clinician: the procedure may not be needed."
NOT_CONFIRMED = "The injection did not confirm the level as the source of the pain. Call the clinician."


def care_answer(context: Context, item: Item) -> Answer:
    """Satisfied by at least one dated measure that did not help enough."""
    found = latest(context.standing(item.key))
    checks = [check for entry in found for check in care_checks(context, entry)]
    checks += before_fracture(context, found, "care")
    if not found:
        ask = "No conservative care is recorded. Record what was tried, from when to when, and whether it helped."
        checks = [pending("conservative_care_missing", ask)]
    return Answer(
        checks=tuple(checks),
        confirmed="Conservative care was tried and did not help enough.",
        basis=found,
        grounds=([dict(entry.value) for entry in found],),
    )


def care_checks(context: Context, entry: Evidence) -> list[Check]:
    value = entry.value
    if value["outcome"] == "ongoing":
        return [pending("conservative_care_ongoing", "The conservative care goes on. Record whether it helped.")]
    if value["outcome"] == "helped":
        return [failed("conservative_care_helped", HELPED)]
    if value["outcome"] != "not_enough":
        raise ValueError(f"outcome {value['outcome']!r}")
    said_on = local_date(entry.observed_at, context.facts.site.tz)
    if not any(parse_date(measure["from"]) <= said_on for measure in value["measures"]):
        return [pending("no_measure_tried", "No measure had been tried by then. Record what was, with its dates.")]
    return []


def measure_problems(value: Mapping[str, Any]) -> list[Problem]:
    backwards = (
        measure
        for measure in value.get("measures", ())
        if "until" in measure and parse_date(measure["until"]) < parse_date(measure["from"])
    )
    return [
        Problem("measures", f"{measure['measure']} ends on {measure['until']}, before it begins. Exchange the dates.")
        for measure in backwards
    ]


def care_no(_context: Context, evidence: Evidence) -> Check | None:
    return said("conservative_care_helped", HELPED) if evidence.value.get("outcome") == "helped" else None


def injection_answer(context: Context, item: Item) -> Answer:
    """Satisfied by an injection that confirmed every planned level as the source of the pain."""
    standing = context.standing(item.key)
    found = latest(entry for entry in standing if "stage" not in entry.value and entry.value["result"] == "confirmed")
    checks = [check for entry in found for check in level_checks(context, entry)]
    checks += before_change(context, found, "injection")
    if not found:
        what = "is ordered, its result is missing" if standing else "is not recorded. Arrange it"
        checks = [pending("injection_missing", f"The diagnostic injection {what}. Record the result.")]
    return Answer(
        checks=tuple(checks),
        confirmed="A diagnostic injection confirmed the planned levels.",
        basis=found,
        grounds=(sorted(set(context.facts.levels)), [dict(entry.value) for entry in found]),
    )


def level_checks(context: Context, entry: Evidence) -> list[Check]:
    if not (unproved := sorted(set(context.facts.levels) - set(entry.value["levels"]))):
        return []
    lacks = f"The injection did not test {', '.join(unproved)}"
    return [failed("injection_levels", f"{lacks}. Test it, or correct the levels.")]


def injection_no(_context: Context, evidence: Evidence) -> Check | None:
    return said("injection_not_confirmed", NOT_CONFIRMED) if evidence.value.get("result") == "not_confirmed" else None


CONSERVATIVE_CARE = Kind(
    name="conservative_care",
    items=lambda context: context.single("conservative_care"),
    answer=care_answer,
    said_no=care_no,
    shapes=(
        Shape(
            {
                "measures": listed(nested(Shape({"measure": choice(*MEASURES), "from": DATE}, {"until": DATE}))),
                "outcome": choice("not_enough", "helped", "ongoing"),
            }
        ),
        NOT_SURE,
    ),
    problems=measure_problems,
)
DIAGNOSTIC_INJECTION = Kind(
    name="diagnostic_injection",
    items=lambda context: context.single("diagnostic_injection"),
    answer=injection_answer,
    said_no=injection_no,
    shapes=(
        Shape({"result": choice("confirmed", "not_confirmed"), "levels": listed(LEVEL, at_least=1)}),
        Shape({"stage": choice("ordered")}),
        NOT_SURE,
    ),
)
