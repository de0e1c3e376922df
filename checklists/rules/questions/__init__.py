"""The patient's questions: one for each item that waits for the patient's word, and what an answer becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from checklists.rules.assess import context_of, findings_of, kinds_of
from checklists.rules.clock import Clock, Start
from checklists.rules.context import Context, kind_of
from checklists.rules.kinds import KINDS
from checklists.rules.kinds.medication import LONG_AGO
from checklists.rules.ledger import is_not_sure
from checklists.rules.protocol import Protocol
from checklists.rules.questions.asking import (
    ESCORT,
    FEWEST_DIGITS,
    LONGEST_LINE,
    PATIENT,
    Answer,
    Answered,
    Asking,
    Choice,
    Detail,
    Option,
    Question,
    Text,
    Wrong,
    last_word,
    say,
)
from checklists.rules.questions.fasting import FASTING
from checklists.rules.questions.hold import HOLD
from checklists.rules.questions.infection import INFECTION_PRESCREEN
from checklists.rules.questions.ride import RIDE
from checklists.rules.values import Authority, Evidence, Facts, Finding, Review, Status

__all__ = [
    "ASKED",
    "ESCORT",
    "PATIENT",
    "Answer",
    "Answered",
    "Choice",
    "Detail",
    "Option",
    "Question",
    "Text",
    "Wrong",
    "problems_of",
    "questions",
    "value_of",
]

# None: the patient has nothing to say about it; others record it.
ASKED: Mapping[str, Asking | None] = {
    "consult": None,
    "candidacy": None,
    "conservative_care": None,
    "diagnostic_injection": None,
    "imaging": None,
    "labs": None,
    "prescriber_clearance": None,
    "hold": HOLD,
    "fasting": FASTING,
    "ride": RIDE,
    "infection_prescreen": INFECTION_PRESCREEN,
    "infection_check": None,
    "allergies": None,
    "pregnancy": None,
    "anesthesia_evaluation": None,
    "antibiotic_plan": None,
    "consent": None,
    "authorisation": None,
    "restart_decision": None,
    "recovery_observation": None,
    "after_care": None,
    "follow_up": None,
    "responsible_adult": None,
}
OF_ESCORT = ("ride",)
HELD_UP = (Status.FAILED, Status.TOO_EARLY)


def questions(
    protocol: Protocol,
    facts: Facts,
    evidence: Sequence[Evidence],
    start: datetime | None,
    now: datetime,
    reviews: Sequence[Review] = (),
    audience: str = PATIENT,
) -> tuple[Question, ...]:
    """What is asked at this start and moment, in the order of the seven steps; nothing before a start is booked."""
    if start is None:
        return ()
    context = context_of(protocol, facts, evidence, Start(start, Clock(now)))
    kinds = (kind for kind in kinds_of(protocol) if ASKED[kind.name] is not None)
    findings = (finding for kind in kinds for finding in findings_of(context, kind, reviews))
    asked = (_question(context, finding, audience) for finding in findings)
    return tuple(question for question in asked if question is not None)


def _question(context: Context, finding: Finding, audience: str) -> Question | None:
    asking = ASKED.get(finding.kind)
    if asking is None or finding.status is Status.NOT_APPLICABLE or finding.code == "rule_error":
        return None
    if audience == ESCORT and finding.kind not in OF_ESCORT:
        return None
    question = asking.ask(context, finding, audience)
    if question is None:
        return None
    return replace(
        question,
        is_done=asking.wanted.isdisjoint({finding.code, *(reason.code for reason in finding.reasons)}),
        on_hold=finding.status in HELD_UP,
        answered=_answered(context, question, asking),
        due_at=finding.due_at,
        replaceable=_replaceable(context, question),
    )


def _answered(context: Context, question: Question, asking: Asking) -> Answered | None:
    entry = last_word(context, question.item)
    if entry is None:
        return None
    choice, said = _words(question, asking, entry)
    is_no = KINDS[question.kind].said_no(context, entry) is not None
    return Answered(choice, said, entry.observed_at, entry.said_by, entry.recorded_by, is_no)


def _words(question: Question, asking: Asking, entry: Evidence) -> tuple[str | None, tuple[Text, ...]]:
    if is_not_sure(entry):
        return "not_sure", (say("I am not sure"),)
    return asking.words(question, entry.value)


def _replaceable(context: Context, question: Question) -> tuple[int, ...]:
    """The patient's own standing noes: a word of staff is not cleared by the patient's."""
    said_no = KINDS[question.kind].said_no
    return tuple(
        entry.id
        for entry in context.standing(question.item)
        if entry.authority is Authority.PATIENT and said_no(context, entry) is not None
    )


def problems_of(question: Question, answer: Answer, now: datetime) -> tuple[Wrong, ...]:
    """What is wrong with an answer; empty where `value_of` can take it."""
    choice = question.choice(answer.choice)
    if choice is None:
        return (Wrong("choice", say("Choose one of the answers.")),)
    today = now.astimezone(ZoneInfo(question.zone)).date()
    found = ((detail, _complaint(detail, answer.details.get(detail.name), now, today)) for detail in choice.details)
    return tuple(Wrong(detail.name, text) for detail, text in found if text is not None)


def _complaint(detail: Detail, given: Any, now: datetime, today: date) -> Text | None:
    if given in (None, "", ()):
        return say("This is needed.") if detail.required else None
    if detail.kind in ("moment", "day_or_moment"):
        return _moment_complaint(detail, given, now, today)
    if detail.kind in ("text", "phone"):
        return _line_complaint(detail, given)
    codes = [option.code for option in detail.options]
    chosen = given if detail.kind == "many" else (given,)
    return None if all(code in codes for code in chosen) else say("Choose one of the answers.")


def _moment_complaint(detail: Detail, given: Any, now: datetime, today: date) -> Text | None:
    is_moment = isinstance(given, datetime)
    if not is_moment and detail.kind == "moment":
        return say("Give the day and the time.")
    if given > (now if is_moment else today):
        return say("This is in the future. Check the day and the time.")
    long_ago = given <= now - LONG_AGO if is_moment else given <= today - LONG_AGO
    return say("This is about a year ago. Check the year.") if long_ago else None


def _line_complaint(detail: Detail, given: str) -> Text | None:
    if len(given) > LONGEST_LINE or not given.isprintable():
        return say("Write one short line.")
    if detail.kind == "phone" and sum(sign.isdecimal() for sign in given) < FEWEST_DIGITS:
        return say("This phone number is too short.")
    return None


def value_of(question: Question, answer: Answer) -> dict[str, Any] | None:
    """The evidence value of an answer without problems; None where nothing is recorded and somebody calls."""
    if answer.choice == "call_me":
        return None
    if answer.choice == "not_sure":
        return {"answer": "not_sure"}
    asking = ASKED[kind_of(question.item)]
    assert asking is not None
    return asking.value(question, answer)
