"""What the patient reads after the procedure: each stopped drug, how to live at home, and when to come back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from checklists.rules.assess import context_of, findings_of
from checklists.rules.clock import Clock, Start
from checklists.rules.context import Context
from checklists.rules.kinds.recovery import AFTER_CARE, FOLLOW_UP
from checklists.rules.kinds.restart import RESTART
from checklists.rules.ledger import latest
from checklists.rules.protocol import Protocol
from checklists.rules.questions.asking import Text, say
from checklists.rules.shapes import parse_date
from checklists.rules.values import Evidence, Facts, Finding, Review

TOPICS = {
    "driving": say("Driving"),
    "lifting": say("Lifting"),
    "alcohol": say("Alcohol"),
    "ice": say("Ice"),
    "brace": say("Brace"),
    "work": say("Work"),
    "red_flags": say("Warning signs"),
}
# What shipped protocols say of these, in plain words; a practice's own sentence is read as the practice wrote it.
PLAIN = {
    "none for 24 hours after sedation, and never while taking an opioid": say(
        "Do not drive for 24 hours after the sedation. Do not drive at all while you take an opioid."
    ),
    "nothing strenuous for six weeks, nothing above 10 lb for three months": say(
        "Do no hard work for six weeks. Lift nothing above 10 pounds for three months."
    ),
    "none until the clinician agrees": say("Do not drink alcohol until the doctor says you may."),
    "call at once on a temperature of 100.4 F (38 C) or more, new weakness or numbness, trouble with bladder or bowel, "
    "chest pain or short breath, or a wound that is red or runs": say(
        "Call us at once for any of these. A fever of 100.4 F (38 C) or more. You feel weak or numb in a new way. "
        "Trouble with your bladder or bowel. Chest pain or short breath. A wound that is red or runs."
    ),
}
AS_TOLD = say("As we told you. Call us if you are not sure.")


@dataclass(frozen=True, slots=True)
class Topic:
    """`says` is what the signed protocol says; None: it was explained in other words."""

    name: Text
    says: Text | None


@dataclass(frozen=True, slots=True)
class Afterwards:
    drugs: tuple[Text, ...]
    topics: tuple[Topic, ...]
    visit: Text | None

    @property
    def is_empty(self) -> bool:
        return not (self.drugs or self.topics or self.visit)


def afterwards(
    protocol: Protocol,
    facts: Facts,
    evidence: Sequence[Evidence],
    start: datetime,
    now: datetime,
    reviews: Sequence[Review] = (),
) -> Afterwards:
    """As far as it is recorded; of a restart that no clinician has decided only that somebody calls."""
    context = context_of(protocol, facts, evidence, Start(start, Clock(now)))
    restarts = findings_of(context, RESTART, reviews)
    return Afterwards(tuple(_drug(context, finding) for finding in restarts), tuple(_topics(context)), _visit(context))


def _drug(context: Context, finding: Finding) -> Text:
    drug = finding.item.partition(":")[2]
    decided = latest(context.standing(finding.item)) if finding.passes else ()
    words = {(entry.value.get("decision"), entry.value.get("restart_on")) for entry in decided}
    if len(words) != 1:
        return say("Take no more of {drug} until we tell you. We will call you.", drug=drug)
    ((decision, day),) = words
    if decision == "do_not_restart":
        return say("Do not take {drug} again unless your doctor tells you to.", drug=drug)
    if decision == "prescriber_decides":
        return say("We ask your doctor about {drug}. Take no more of it until you hear from us.", drug=drug)
    if day is None:
        return say("Take {drug} again, as we told you.", drug=drug)
    return say("Take {drug} again from {day} on.", drug=drug, day=parse_date(day))


def _topics(context: Context) -> Iterator[Topic]:
    said = {row.topic: row.says for row in context.protocol.after_care}
    told = {topic for entry in latest(context.standing(AFTER_CARE.name)) for topic in entry.value.get("explained", ())}
    for topic, name in TOPICS.items():
        if topic in told:
            yield Topic(name, PLAIN.get(said[topic], _own(said[topic])) if topic in said else None)


def _own(sentence: str) -> Text:
    """Begun and ended as a sentence."""
    return Text(sentence[:1].upper() + sentence[1:].rstrip(".") + ".")


def _visit(context: Context) -> Text | None:
    days = {e.value["visit_on"] for e in latest(context.standing(FOLLOW_UP.name)) if "visit_on" in e.value}
    return say("We see you again on {day}.", day=parse_date(days.pop())) if len(days) == 1 else None
