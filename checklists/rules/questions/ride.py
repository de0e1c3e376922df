"""The ride home, asked of the patient, and of the escort in other words."""

from collections.abc import Mapping
from typing import Any

from checklists.rules.context import Context
from checklists.rules.kinds.ride import FOR_HIRE
from checklists.rules.questions.asking import (
    CALL_ME,
    ENDING,
    ESCORT,
    NOT_SURE,
    Answer,
    Asking,
    Choice,
    Detail,
    Question,
    Words,
    say,
)
from checklists.rules.values import Finding

HELP = say("Thank you for telling us. We will call you to find a way.")


def ask(context: Context, finding: Finding, audience: str) -> Question:
    return (_of_escort if audience == ESCORT else _of_patient)(context, finding)


def _of_patient(context: Context, finding: Finding) -> Question:
    contact = _contact(context, finding.item)
    name = (
        say("Name of the adult (leave empty if it is the same person as before)")
        if contact
        else say("Name of the adult")
    )
    details = (
        Detail("name", "text", name, required=not contact),
        Detail("phone", "phone", say("Phone number of the adult, if you know it"), required=False),
    )
    thanks = say("Thank you. Please tell that person the day and the time.")
    return Question(
        item=finding.item,
        kind=finding.kind,
        step=finding.step,
        zone=context.facts.site.zone,
        title=say("Your ride home"),
        ask=say("Will an adult take you home?"),
        why=say("It is not safe to drive or to go home alone on that day."),
        do=(
            say("Ask an adult, 18 or older, to go home with you."),
            say("A taxi or a ride app is fine only if that adult rides with you."),
        ),
        choices=(
            Choice("yes", say("Yes, an adult will take me home"), thanks, details),
            Choice("no_ride", say("I have no ride"), HELP),
            Choice("for_hire", say("Only a taxi or a ride app, with no adult"), HELP),
            *ENDING,
        ),
        known=contact,
    )


def _of_escort(context: Context, finding: Finding) -> Question:
    return Question(
        item=finding.item,
        kind=finding.kind,
        step=finding.step,
        zone=context.facts.site.zone,
        title=say("The ride home"),
        ask=say("Will you pick up the patient and go home with them?"),
        why=say("It is not safe for them to drive or to go home alone on that day."),
        do=(say("You must be 18 or older."), say("If you can not come, tell us as soon as you can.")),
        choices=(
            Choice("yes", say("Yes, I will come, and I am 18 or older"), say("Thank you. We count on you.")),
            Choice("no_ride", say("I can not come"), say("Thank you for telling us. We will find a way.")),
            NOT_SURE,
            CALL_ME,
        ),
        known=_contact(context, finding.item),
    )


def _contact(context: Context, item: str) -> dict[str, str]:
    """The escort named last: another answer about the same person makes no second contact."""
    named = [entry for entry in context.ledger.entries(item) if entry.value.get("contact")]
    return {"contact": str(named[-1].value["contact"])} if named else {}


def value(question: Question, answer: Answer) -> dict[str, Any]:
    """A new name and phone are moved into a contact by whoever records this."""
    if answer.choice == "no_ride":
        return {"available": False}
    if answer.choice == "for_hire":
        return {"available": True, "adult": False, "transport": "taxi"}
    given = {"escort_name": answer.details.get("name", ""), "escort_phone": answer.details.get("phone", "")}
    contact = {"contact": answer.details["contact"]} if "contact" in answer.details else question.known
    named = {key: text for key, text in given.items() if text}
    return {"available": True, "adult": True, **(named or contact)}


def words(_question: Question, value: Mapping[str, Any]) -> Words:
    if value.get("exempt"):
        return None, (say("A doctor noted that no adult has to come."),)
    if value["available"] is False:
        return "no_ride", (say("I have no ride"),)
    if value.get("adult") is False or value.get("transport") in FOR_HIRE:
        return "for_hire", (say("Only a taxi or a ride app, with no adult"),)
    if value.get("adult"):
        return "yes", (say("Yes, an adult will take me home"),)
    return None, (say("There is a ride, but we do not know yet if it is with an adult."),)


RIDE = Asking(frozenset({"ride_missing", "adult_unknown", "not_sure"}), ask, value, words)
