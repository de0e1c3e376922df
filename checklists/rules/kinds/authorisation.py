"""The payer's authorisation: for these levels, and valid on the day of the start."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from checklists.rules.context import Answer, Check, Context, Item, Kind, Postponed, failed, pending, said, too_early
from checklists.rules.ledger import latest
from checklists.rules.shapes import DATE, LEVEL, NOT_SURE, TEXT, Problem, Shape, always, choice, listed, parse_date
from checklists.rules.sitetime import day_begins
from checklists.rules.values import Evidence

REFUSED = "The payer refuses the procedure. Call the payer and the clinician, who decide how to go on."


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by a number that covers the planned levels on the start's date, or by a payer who wants none."""
    standing = context.standing(item.key)
    given = given_by(standing)
    checks = [check for entry in numbered(given) for check in number_checks(context, entry)]
    if not given and standing:
        asked = "The payer has not authorised the procedure yet. Ask again, and record the answer."
        checks = [pending("authorisation_asked", asked)]
    elif not given:
        ask = "No authorisation is recorded. Ask the payer, and record its number and dates."
        checks = [pending("authorisation_missing", ask)]
    return Answer(
        checks=tuple(checks),
        confirmed="The payer authorises the procedure.",
        basis=given,
        grounds=(sorted(set(context.facts.levels)), [dict(entry.value) for entry in given]),
    )


def given_by(standing: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The payer's last yes."""
    return latest(entry for entry in standing if "answer" not in entry.value and "refused" not in entry.value)


def numbered(given: Iterable[Evidence]) -> list[Evidence]:
    return [entry for entry in given if "not_needed" not in entry.value]


def postpones(context: Context, item: Item) -> Postponed:
    covering = numbered(given_by(context.standing(item.key)))
    return Postponed(max((begins(context, entry) for entry in covering), default=None))


def begins(context: Context, entry: Evidence) -> datetime:
    return day_begins(parse_date(entry.value["valid_from"]), context.facts.site.tz)


def number_checks(context: Context, entry: Evidence) -> list[Check]:
    value = entry.value
    checks: list[Check] = []
    if uncovered := sorted(set(context.facts.levels) - set(value["levels"])):
        lacks = f"The authorisation {value['number']} does not cover {', '.join(uncovered)}"
        checks.append(failed("authorisation_levels", f"{lacks}. Ask the payer anew, or correct the levels."))
    first = begins(context, entry)
    if context.start.before(first):
        not_yet = f"The authorisation {value['number']} begins on {value['valid_from']}: start from that day on."
        checks.append(too_early("authorisation_not_yet", not_yet, first))
    if not context.within_days(parse_date(value["valid_until"]), 0):
        over = f"The authorisation {value['number']} ended on {value['valid_until']}, before the start"
        checks.append(pending("authorisation_expired", f"{over}. Have it renewed."))
    return checks


def date_problems(value: Mapping[str, Any]) -> list[Problem]:
    if "valid_until" in value and parse_date(value["valid_until"]) < parse_date(value["valid_from"]):
        return [Problem("valid_until", f"{value['valid_until']} is before valid_from. Exchange the two.")]
    return []


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    return said("authorisation_refused", REFUSED) if evidence.value.get("refused") is True else None


AUTHORISATION = Kind(
    name="authorisation",
    items=lambda context: context.single("authorisation"),
    answer=answer,
    said_no=said_no,
    shapes=(
        Shape(
            {
                "payer": TEXT,
                "number": TEXT,
                "levels": listed(LEVEL, at_least=1),
                "valid_from": DATE,
                "valid_until": DATE,
            }
        ),
        Shape({"not_needed": always(True), "payer": TEXT}),
        Shape({"refused": always(True), "payer": TEXT}, {"reason": TEXT}),
        Shape({"answer": choice("asked"), "payer": TEXT}),
        NOT_SURE,
    ),
    postpones=postpones,
    problems=date_problems,
)
