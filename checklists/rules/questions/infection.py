"""Signs of illness: the protocol's questions to the patient, on one list."""

from collections.abc import Mapping
from typing import Any

from checklists.rules.codes import code_in_words
from checklists.rules.context import Context, Item
from checklists.rules.kinds.infection import TO_REPEAT, prescreen_opens_at, questions_for
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
from checklists.rules.questions.signs import FEVER, PLAIN
from checklists.rules.values import Finding

WANTED = (TO_REPEAT, "prescreen_missing", "prescreen_early", "answer_missing", "answer_not_sure", "not_sure")


def ask(context: Context, finding: Finding, _audience: str) -> Question:
    rule = context.rule(finding.kind)
    opens_at = prescreen_opens_at(context, Item(finding.item, rule)) if rule else None
    is_open = opens_at is None or context.start.clock.reached(opens_at)
    sign = Detail("signs", "many", say("Choose each one that is true for you."), options=_signs(context))
    told = say("Thank you for telling us. We will call you. If you feel very sick, call 911 right away.")
    sick = Choice("yes", say("I have one or more of these"), told, (sign,))
    none = Choice("no", say("I have none of these"), say("Thank you. Tell us at once if this changes."))
    return Question(
        item=finding.item,
        kind=finding.kind,
        step=finding.step,
        zone=context.facts.site.zone,
        title=say("Signs of illness"),
        ask=say("Do you have any of these?") if is_open else say("Tell us at once if you get sick"),
        why=say("If you are sick, it may be safer to wait."),
        do=(say("Be open with us. You do nothing wrong if you are sick."),),
        choices=(none, sick, *ENDING) if is_open else (sick, CALL_ME),
        opens_at=opens_at,
        is_open=is_open,
    )


def _signs(context: Context) -> tuple[Option, ...]:
    asked = questions_for(context, "patient")
    fever = () if any(question.key == FEVER for question in asked) else (Option(FEVER, say("A fever")),)
    return (*fever, *(Option(question.key, plain(question.text)) for question in asked))


def plain(text: str) -> Text:
    """A shipped question in plain words; a practice's own question as the practice wrote it."""
    return PLAIN.get(text) or Text(text)


def value(question: Question, answer: Answer) -> dict[str, Any]:
    """What was not chosen from the whole list is a no; before the list is asked it is nothing."""
    listed = [option.code for choice in question.choices for d in choice.details for option in d.options]
    chosen = answer.details.get("signs", ()) if answer.choice == "yes" else ()
    asked = listed if question.is_open else chosen
    return {"answers": {key: "yes" if key in chosen else "no" for key in asked}}


def words(question: Question, value: Mapping[str, Any]) -> Words:
    answers = value["answers"]
    texts = {option.code: option.text for choice in question.choices for d in choice.details for option in d.options}
    signs = tuple(texts.get(key, Text(code_in_words(key))) for key, given in answers.items() if given == "yes")
    if signs:
        return "yes", signs
    if "not_sure" in answers.values():
        return "not_sure", (say("I am not sure"),)
    return "no", (say("I have none of these"),)


INFECTION_PRESCREEN = Asking(frozenset(WANTED), ask, value, words)
