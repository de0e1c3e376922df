"""Food and drink: the hours in words, and what was taken last."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from checklists.rules.context import Context
from checklists.rules.drugs import normalised
from checklists.rules.kinds.fasting import MIDNIGHT, fast_of, fast_start, intake_rules
from checklists.rules.protocol import IntakeRule
from checklists.rules.questions.asking import (
    CALL_ME,
    ENDING,
    Answer,
    Asking,
    Choice,
    Detail,
    Option,
    Question,
    Text,
    Words,
    say,
)
from checklists.rules.shapes import parse_instant
from checklists.rules.sitetime import local_date
from checklists.rules.values import Finding

CLEAR, LIGHT, MILK, FULL, UNKNOWN = "clear liquids", "light meal", "non-human milk", "fatty or meat meal", "unknown"
# What is said of each intake that patients are asked for; an intake that the protocol does not name counts longest.
FOODS = {
    LIGHT: say("A light meal, such as toast and tea"),
    FULL: say("A full meal, or meat, or fried food"),
    MILK: say("Milk, cream, or juice with pulp"),
    UNKNOWN: say("Something else, or I do not know"),
}


def ask(context: Context, finding: Finding, _audience: str) -> Question:
    rule = context.protocol.fasting
    rules = intake_rules(context)
    begins = fast_start(context, rule, rules)
    is_open = context.start.clock.reached(begins)
    by_midnight = rule.mode == MIDNIGHT
    do = _from_midnight(context) if by_midnight else _by_hours(context, rules, begins)
    if rule.sip_with_medicines:
        do += (say("A small sip of water with the medicines you still take is fine."),)
    return Question(
        item=finding.item,
        kind=finding.kind,
        step=finding.step,
        zone=context.facts.site.zone,
        title=say("Food and drink"),
        ask=say("What did you eat and drink last?") if is_open else say("When to stop eating and drinking"),
        why=say("Food or drink in your stomach can get into your lungs while you sleep."),
        do=do,
        choices=(*_choices(context, begins, by_midnight), *ENDING) if is_open else (CALL_ME,),
        opens_at=begins,
        is_open=is_open,
    )


def _from_midnight(context: Context) -> tuple[Text, ...]:
    day = local_date(context.start.at, context.facts.site.tz)
    return (say("Eat and drink nothing from midnight on: the midnight at which {day} begins.", day=day),)


def _by_hours(context: Context, rules: tuple[IntakeRule, ...], begins: datetime) -> tuple[Text, ...]:
    """Each time is as late as the protocol allows: nobody is asked to fast longer than that."""
    named = {normalised(row.intake) for row in rules}
    until = {name: context.start.at - fast_of(rules, name) for name in (CLEAR, LIGHT, MILK, FULL) if name in named}
    lines: list[Text] = [say("You may eat as usual until {at}.", at=begins)]
    if any(row.slow_stomach for row in rules):
        lines.append(say("From then on take liquids only, no solid food: your medicine keeps food in you for longer."))
    light = min((until[name] for name in (LIGHT, MILK) if name in until), default=begins)
    if LIGHT in until and light > begins:
        lines.append(say("After that, only a light meal, such as toast, until {at}.", at=light))
    if CLEAR in until and until[CLEAR] > begins:
        lines.append(say("You may have clear drinks until {at}.", at=until[CLEAR]))
        lines.append(
            say(
                "Clear drinks are water, black coffee, clear tea, and juice with no pulp. Alcohol is not a clear drink."
            )
        )
        lines.append(say("You need not go thirsty before then. After that, eat and drink nothing."))
    else:
        lines.append(say("After that, eat and drink nothing."))
    return tuple(lines)


def _choices(context: Context, begins: datetime, by_midnight: bool) -> tuple[Choice, ...]:
    thanks = say("Thank you. Keep to these times until you come to us.")
    told = say("Thank you for telling us. We will call you if the time has to change.")
    nothing = (
        say("I have had no food or drink on {day}", day=local_date(context.start.at, context.facts.site.tz))
        if by_midnight
        else say("I have had no food or drink since {at}", at=begins)
    )
    last_drink = say("When did you have your last clear drink?")
    ate = (
        Detail("what", "one", say("What did you eat?"), options=tuple(Option(n, t) for n, t in FOODS.items())),
        Detail("at", "moment", say("When did you eat last?")),
        Detail("drink_at", "moment", say("When did you have your last clear drink, if you had one?"), required=False),
    )
    return (
        Choice("nothing", nothing, thanks),
        Choice("clear", say("I only had clear drinks since then"), thanks, (Detail("at", "moment", last_drink),)),
        Choice("ate", say("I ate"), told, ate),
    )


def value(question: Question, answer: Answer) -> dict[str, Any]:
    """What is said of the time since the fast begins names that time: for an earlier start it is not enough."""
    given = answer.details
    since = {"since": question.opens_at.isoformat()} if question.opens_at and answer.choice != "ate" else {}
    taken: list[tuple[str, datetime]] = []
    if answer.choice == "clear":
        taken = [(CLEAR, given["at"])]
    if answer.choice == "ate":
        drunk = [(CLEAR, given["drink_at"])] if given.get("drink_at") else []
        taken = [(given["what"], given["at"]), *drunk]
    return {"intakes": [{"intake": name, "at": at.isoformat()} for name, at in taken], **since}


def words(_question: Question, value: Mapping[str, Any]) -> Words:
    intakes = [(intake["intake"], parse_instant(intake["at"])) for intake in value["intakes"]]
    if not intakes:
        return "nothing", (say("No food or drink since the fast began"),)
    foods = {**FOODS, CLEAR: say("Clear drinks")}
    said = tuple(say("{what}: {at}", what=foods.get(name, name), at=at) for name, at in intakes)
    return "clear" if all(name == CLEAR for name, _ in intakes) else "ate", said


FASTING = Asking(
    frozenset({"fasting_missing", "fasting_stated_early", "fasting_said_in_part", "not_sure"}), ask, value, words
)
