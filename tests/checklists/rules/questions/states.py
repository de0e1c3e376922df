"""Every state in which a question can stand, for the tests that walk all texts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from checklists.protocols import loader
from checklists.rules.protocol import InfectionQuestion, Protocol
from checklists.rules.questions import ESCORT, PATIENT, Question, Text, questions
from checklists.rules.questions.asking import Option
from checklists.rules.values import Authority, Evidence, Facts, Medication
from tests.checklists.rules.cases import FACTS, HOUR, PROTOCOL, START, hold, taking

Said = tuple[str, dict[str, Any], Authority, datetime]  # item, value, whose word, when
DRUGS = ("warfarin", "ibuprofen", "metformin", "sertraline", "aspirin", "adalimumab", "unheard of", "Eliquis 5 mg")
CLEARED = ("warfarin", "apixaban", "eliquis 5 mg")
MOMENTS = (START - 40 * 24 * HOUR, START - 9 * HOUR, START - 7 * HOUR, START - HOUR, START + HOUR)


@cache
def shipped(name: str) -> Protocol:
    return loader.load(name)


def evidence(*said: Said) -> tuple[Evidence, ...]:
    """(item, value, authority, observed at), numbered in this order."""
    return tuple(
        Evidence(
            number, item, at, value, "patient" if authority is Authority.PATIENT else "staff", authority, "staff:1"
        )
        for number, (item, value, authority, at) in enumerate(said, 1)
    )


def agreed(drug: str, at: datetime = START - 20 * 24 * HOUR, **more: str) -> Said:
    value = {"answer": "agreed", "prescriber": "Dr. P", "how": "phone", **more}
    return (f"prescriber_clearance:{drug}", value, Authority.NURSE, at)


def patient(item: str, value: dict[str, Any], at: datetime) -> Said:
    return (item, value, Authority.PATIENT, at)


def asked(
    *said: Said,
    facts: Facts = FACTS,
    protocol: Protocol = PROTOCOL,
    start: datetime | None = START,
    now: datetime = START - HOUR,
    audience: str = PATIENT,
) -> dict[str, Question]:
    found = questions(protocol, facts, evidence(*said), start, now, audience=audience)
    return {question.item: question for question in found}


def words_of(drug: str, now: datetime) -> Iterator[dict[str, Any]]:
    yield {"last_dose_at": (now - 2 * HOUR).isoformat()}
    yield {"last_dose_on": (now - 100 * HOUR).date().isoformat()}
    yield {"took_it": True, "last_dose_at": (now - HOUR).isoformat()}
    yield {"not_taking": True}
    yield {"answer": "not_sure"}


def protocols() -> Iterator[Protocol]:
    yield PROTOCOL
    yield replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, mode="midnight", sip_with_medicines=False))
    solids = tuple(row for row in PROTOCOL.fasting.intakes if row.intake == "fatty meal")
    yield replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, intakes=solids))
    yield replace(PROTOCOL, holds=(*PROTOCOL.holds, hold("day drug", "hold_day_of")))
    yield from map(shipped, loader.shipped())


@cache
def every_question() -> tuple[Question, ...]:
    """Each kind of item, each protocol, each moment, each word that may have been recorded."""
    facts = taking(*DRUGS, Medication("day drug"))
    found = tuple(
        question
        for protocol in protocols()
        for now in MOMENTS
        for said in histories(protocol, now)
        for audience in (PATIENT, *((ESCORT,) if "ride" in {item for item, *_ in said} else ()))
        for question in asked(*said, facts=facts, protocol=protocol, now=now, audience=audience).values()
    )
    return (*found, *of_conditions())


def of_conditions() -> Iterator[Question]:
    """Drugs that are asked about rather than held, and a decision about one that is held."""
    unasked = replace(taking("clopidogrel"), conditions_denied=frozenset())
    yield from asked(facts=unasked, protocol=shipped("demonstration"), now=MOMENTS[0]).values()
    facts = taking(Medication("Ozempic", interval_days=7), "liraglutide", "aspirin", "sertraline")
    protocol = shipped("demonstration")
    for now in MOMENTS:
        for given in ("yes", "no", "not_sure"):
            answers = dict.fromkeys(("stomach_symptoms", "dose_escalation", "gastroparesis"), given)
            said = patient("hold:liraglutide", {"answers": answers}, now)
            yield from asked(said, facts=facts, protocol=protocol, now=now).values()
        decided = {"decision": "stop", "hours": 24, "decided_by": "Dr. P"}
        said = ("hold:aspirin", decided, Authority.CLINICIAN, now)
        yield from asked(said, facts=facts, protocol=protocol, now=now).values()


def questions_for(protocol: Protocol) -> Iterator[InfectionQuestion]:
    return (q for q in protocol.infection.questions if q.kind == "question" and "patient" in q.asked_of)


def histories(protocol: Protocol, now: datetime) -> Iterator[tuple[Said, ...]]:
    """All words for the two protocols that differ in kind, the first states for their variants."""
    cleared = tuple(agreed(drug, at=now - timedelta(days=1)) for drug in CLEARED)
    yield ()
    yield cleared
    if protocol is PROTOCOL or protocol is shipped("demonstration"):
        yield from words(protocol, now, cleared)


def words(protocol: Protocol, now: datetime, cleared: tuple[Said, ...]) -> Iterator[tuple[Said, ...]]:
    for drug in ("warfarin", "ibuprofen", "metformin", "sertraline"):
        for word in words_of(drug, now):
            yield (patient(f"hold:{drug}", word, now),)
            yield (*cleared, patient(f"hold:{drug}", word, now))
    for ride in ({"available": False}, {"available": True}, {"available": True, "adult": True}):
        yield (patient("ride", ride, now),)
    contact = "9b2f8a3e-0d7e-4a49-9a84-9f6f5d3f3f10"
    yield (patient("ride", {"available": True, "adult": True, "contact": contact}, now),)
    yield (patient("ride", {"available": True, "adult": False, "transport": "taxi"}, now),)
    yield (patient("ride", {"available": True, "exempt": True}, now),)
    yield (patient("ride", {"answer": "not_sure"}, now),)
    for intake in ("clear liquids", "light meal", "non-human milk", "fatty or meat meal", "unknown"):
        yield (patient("fasting", {"intakes": [{"intake": intake, "at": (now - HOUR).isoformat()}]}, now),)
    yield (patient("fasting", {"intakes": []}, now),)
    keys = ["fever", *(question.key for question in questions_for(protocol))]
    for given in ("yes", "no", "not_sure"):
        yield (patient("infection_prescreen", {"answers": dict.fromkeys(keys, given)}, now),)


def texts_of(question: Question) -> Iterator[Text]:
    """Every text of a question, the ones inside others too."""
    outer = [question.title, question.ask, question.why, *question.do]
    outer += question.answered.said if question.answered else ()
    for choice in question.choices:
        outer += [choice.text, choice.then]
        for detail in choice.details:
            outer += [detail.label, *(option.text for option in detail.options)]
    for text in outer:
        yield text
        yield from (value for value in text.values.values() if isinstance(value, Text))


def signs_of(question: Question) -> tuple[Option, ...]:
    return next(detail.options for choice in question.choices for detail in choice.details if detail.kind == "many")
