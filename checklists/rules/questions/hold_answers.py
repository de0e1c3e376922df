"""What is asked besides the last dose: conditions that a drug's rows name, once or on the day itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from checklists.rules.asked import codes_wanted
from checklists.rules.codes import code_in_words
from checklists.rules.context import Context
from checklists.rules.doses import plans_of, rows_for
from checklists.rules.questions.asking import Answer, Choice, Detail, Option, Question, Text, Words, say
from checklists.rules.sitetime import day_begins, local_date
from checklists.rules.values import Finding

SOME, NONE, LISTED = "some", "none", "listed"
# In a patient's words. What is missing here is for staff to find out.
PLAIN = {
    "stomach_symptoms": say("Today you feel sick, throw up, feel full, or your belly hurts"),
    "dose_escalation": say("Your dose still goes up step by step"),
    "gastroparesis": say("A doctor told you that your stomach is slow"),
    "stent": say("You have a stent (a small tube in a blood vessel)"),
}


def asked_now(context: Context, finding: Finding, drug: str) -> tuple[str, ...]:
    """The conditions that the patient can answer at this moment."""
    wanted = [code for code in codes_wanted(tuple(reason.code for reason in finding.reasons)) if code in PLAIN]
    if not wanted or context.start.clock.reached(day_of_start(context)):
        return tuple(wanted)
    later = of_the_day(context, drug)
    return tuple(code for code in wanted if code not in later)


def day_of_start(context: Context) -> datetime:
    zone = context.facts.site.tz
    return day_begins(local_date(context.start.at, zone), zone)


def of_the_day(context: Context, drug: str) -> frozenset[str]:
    rows = (rows_for(context, plan.match) for plan in plans_of(context, drug) if plan.match.rows)
    named = (found.plans_by.review_if for found in rows if found is not None)
    return frozenset[str]().union(*(when.on_the_day for when in named if when is not None))


def choices(codes: tuple[str, ...]) -> tuple[Choice, ...]:
    listed = Detail(
        LISTED,
        "many",
        say("Choose each one that is true for you."),
        options=tuple(Option(code, PLAIN[code]) for code in codes),
    )
    told = say("Thank you for telling us. We will call you.")
    return (
        Choice(NONE, say("None of these is true for me"), say("Thank you. Tell us at once if this changes.")),
        Choice(SOME, say("Some of this is true for me"), told, (listed,), calls=True),
    )


def value(question: Question, answer: Answer) -> dict[str, Any]:
    """What was not chosen from the list is a no."""
    options = [option.code for choice in question.choices for d in choice.details for option in d.options]
    chosen = answer.details.get(LISTED, ()) if answer.choice == SOME else ()
    return {"answers": {code: "yes" if code in chosen else "no" for code in options}}


def words(given: Mapping[str, Any]) -> Words:
    said = tuple(PLAIN.get(code, Text(code_in_words(code))) for code, word in given.items() if word == "yes")
    if said:
        return SOME, said
    if "not_sure" in given.values():
        return "not_sure", (say("I am not sure"),)
    return NONE, (say("None of these is true for me"),)
