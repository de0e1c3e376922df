"""Medicines: until somebody entitled has decided, the patient reads to stop nothing, and no time at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checklists.rules.asked import code_unknown
from checklists.rules.conditions import is_bridging
from checklists.rules.context import Context
from checklists.rules.doses import (
    AGREED,
    clearance_agreed,
    goes_on,
    last_dose,
    needs_clearance,
    plans_of,
    rows_for,
    stop_time,
    stop_time_of,
)
from checklists.rules.drugs import normalised
from checklists.rules.kinds.clearance import conflicts
from checklists.rules.ledger import latest
from checklists.rules.questions import hold_answers
from checklists.rules.questions.asking import (
    CALL_ME,
    ENDING,
    Answer,
    Asking,
    Choice,
    Detail,
    Question,
    Text,
    Words,
    say,
)
from checklists.rules.questions.hold_answers import NONE, PLAIN, SOME, asked_now, choices, day_of_start, of_the_day
from checklists.rules.shapes import parse_date, parse_instant
from checklists.rules.sitetime import day_begins, dose_on, local_date
from checklists.rules.values import Finding, Status

WANTED = (
    "last_dose_unknown",
    "clearance_first",
    "dose_stated_early",
    "dose_long_ago",
    "not_sure",
    *(code_unknown(code) for code in PLAIN),
)
WHEN = say("When did you take it last? Leave the time empty if you do not know it.")


@dataclass(frozen=True, slots=True)
class Stop:
    """The last moment for a dose; `day`: the drug is only left out on the day of the procedure."""

    at: datetime
    opens_at: datetime
    day_only: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What differs between the ways a medicine is asked about."""

    ask: Text
    do: tuple[Text, ...]
    choices: tuple[Choice, ...]
    opens_at: datetime | None = None
    is_open: bool = False


def ask(context: Context, finding: Finding, _audience: str) -> Question | None:
    drug = finding.item.partition(":")[2]
    if is_bridging(context, drug) and not clearance_agreed(context, drug):
        return None  # it is started, stopped and spoken of only as its prescriber says
    shown = name_of(context, drug)
    asked = _asked(context, finding, drug, shown)
    return Question(
        item=finding.item,
        kind=finding.kind,
        step=finding.step,
        zone=context.facts.site.zone,
        title=say("Your medicine: {drug}", drug=shown),
        ask=asked.ask,
        why=say("To stop too soon can hurt you. To take it too late can hurt you too."),
        do=asked.do,
        choices=(*asked.choices, *(ENDING if asked.is_open else (CALL_ME,))),
        opens_at=asked.opens_at,
        is_open=asked.is_open,
    )


def name_of(context: Context, drug: str) -> str:
    """As it stands on the patient's own list, with the name of the drug where the list says a brand."""
    names = [plan.match.medication.name.strip() for plan in plans_of(context, drug)]
    name = names[0] if names else drug
    return name if drug in normalised(name) else f"{name} ({drug})"


def _asked(context: Context, finding: Finding, drug: str, shown: str) -> Asked:
    dose = last_dose(context, drug)
    if dose.not_taking:
        return _not_taken(context, drug, shown)
    if codes := asked_now(context, finding, drug):
        return _about(codes, shown)
    if goes_on(context, drug):
        return _taken_on(context, drug, shown)
    stop = stop_told(context, finding, drug)
    if stop is None:
        return _noted(shown) if dose.at is not None else _locked(shown)
    return _told(context, stop, shown)


def opens_at(context: Context, drug: str) -> datetime | None:
    """When the day begins on which the drug has to be stopped; None where none is known."""
    stops = [stop for plan in plans_of(context, drug) if (stop := stop_time_of(context, plan.match))]
    zone = context.facts.site.tz
    return max((day_begins(local_date(stop, zone), zone) for stop in stops), default=None)


def stop_told(context: Context, finding: Finding, drug: str) -> Stop | None:
    """When the drug may be taken last; None until its prescriber has agreed and no clinician has yet to decide."""
    at, begins = stop_time(context, drug), opens_at(context, drug)
    if at is None or begins is None or _undecided(context, finding, drug):
        return None
    agreed = agreed_entries(context, drug)
    named = [e.value["last_dose_on"] for e in agreed if "last_dose_on" in e.value]
    last_days = [dose_on(parse_date(day), context.facts.site.tz) for day in named]
    earliest = min([at, *last_days])
    rows = [rows for plan in plans_of(context, drug) if plan.match.rows and (rows := rows_for(context, plan.match))]
    return Stop(
        at=earliest,
        opens_at=begins,
        day_only=earliest == at and all(row.plans_by.action == "hold_day_of" for row in rows),
    )


def _undecided(context: Context, finding: Finding, drug: str) -> bool:
    if any(reason.status is Status.REVIEW for reason in finding.reasons):
        return True
    if not needs_clearance(context, drug):
        return False
    if not clearance_agreed(context, drug):
        return True
    return any(conflicts(context, drug, entry) for entry in agreed_entries(context, drug))


def agreed_entries(context: Context, drug: str) -> tuple[Any, ...]:
    standing = context.standing(f"prescriber_clearance:{drug}")
    return latest(entry for entry in standing if entry.value["answer"] == AGREED)


def _stopped(text: Text, then: Text, *, calls: bool = False) -> Choice:
    return Choice("stopped", text, then, (Detail("last", "day_or_moment", WHEN),), calls=calls)


def _not_taking(shown: str) -> Choice:
    return Choice("not_taking", say("I do not take {drug}", drug=shown), say("Thank you. We will note that."))


def _locked(shown: str) -> Asked:
    told = say("Thank you for telling us. We will call you.")
    return Asked(
        ask=say("Keep taking {drug} as you do now", drug=shown),
        do=(say("Do not stop it unless we tell you."), say("We will tell you what to do, and when.")),
        choices=(_stopped(say("I have stopped it already"), told, calls=True), _not_taking(shown)),
    )


def _noted(shown: str) -> Asked:
    told = say("Thank you for telling us. We will call you.")
    return Asked(
        ask=say("We have noted when you took {drug} last", drug=shown),
        do=(say("Change nothing about it unless we or your doctor tell you."),),
        choices=(_stopped(say("I took it at some other time"), told, calls=True), _not_taking(shown)),
    )


def _not_taken(context: Context, drug: str, shown: str) -> Asked:
    """Asked once more from the day on which it would have to be stopped."""
    told, again_at = say("Thank you for telling us. We will call you."), opens_at(context, drug)
    return Asked(
        ask=say("Do you take {drug}?", drug=shown),
        do=(say("We have noted that you do not take it."),),
        choices=(
            _not_taking(shown),
            Choice("took_it", say("I do take it"), told, (Detail("last", "moment", _LAST),), calls=True),
        ),
        opens_at=again_at,
        is_open=again_at is None or context.start.clock.reached(again_at),
    )


def _about(codes: tuple[str, ...], shown: str) -> Asked:
    return Asked(
        ask=say("{drug}: is any of this true for you?", drug=shown),
        do=(say("Keep taking {drug} as you do now", drug=shown),),
        choices=choices(codes),
        is_open=True,
    )


def _taken_on(context: Context, drug: str, shown: str) -> Asked:
    later = of_the_day(context, drug)
    return Asked(
        ask=say("Keep taking {drug} as you do now", drug=shown),
        do=(
            say("Do not stop it unless we tell you."),
            *((say("On the day, we ask you how you feel."),) if later else ()),
        ),
        choices=(_not_taking(shown),),
        opens_at=day_of_start(context) if later else None,
    )


_LAST = say("When did you take it last?")


def _told(context: Context, stop: Stop, shown: str) -> Asked:
    zone = context.facts.site.tz
    is_open = context.start.clock.reached(stop.opens_at)
    if stop.day_only:
        order = say("Do not take {drug} on {day}.", drug=shown, day=local_date(stop.at, zone))
        before = say("Until then, take it as you do now.")
    else:
        order = say("Take {drug} as you do now, for the last time no later than {at}.", drug=shown, at=stop.at)
        before = say("After that, take no more of it until we tell you.")
    do = (order, before, say("Take your other medicines as we told you."))
    if not is_open:
        told = say("Thank you for telling us. We will call you.")
        early = _stopped(say("I have stopped it already"), told, calls=True)
        return Asked(say("When to stop {drug}", drug=shown), do, (early, _not_taking(shown)), stop.opens_at)
    thanks = say("Thank you. Take no more of it until we tell you.")
    late = say("Thank you for telling us. We will call you if the time has to change.")
    choices = (
        _stopped(say("I have stopped it"), thanks),
        Choice("took_it", say("I took it after that"), late, (Detail("last", "moment", _LAST),)),
        _not_taking(shown),
    )
    return Asked(say("When did you take {drug} last?", drug=shown), do, choices, stop.opens_at, is_open=True)


def value(question: Question, answer: Answer) -> dict[str, Any]:
    if answer.choice in (SOME, NONE):
        return hold_answers.value(question, answer)
    if answer.choice == "not_taking":
        return {"not_taking": True}
    last = answer.details["last"]
    if not isinstance(last, datetime):
        return {"last_dose_on": last.isoformat()}
    taken = {"last_dose_at": last.isoformat()}
    return {"took_it": True, **taken} if answer.choice == "took_it" else taken


def words(_question: Question, value: Mapping[str, Any]) -> Words:
    if value.get("not_taking"):
        return "not_taking", (say("I do not take it"),)
    if "answers" in value:
        return hold_answers.words(value["answers"])
    if "decision" in value:
        return None, (say("It is noted what was decided about it."),)
    if "last_dose_on" in value:
        return "stopped", (say("Taken last: {at}", at=parse_date(value["last_dose_on"])),)
    at = parse_instant(value["last_dose_at"])
    return "took_it" if value.get("took_it") else "stopped", (say("Taken last: {at}", at=at),)


HOLD = Asking(frozenset(WANTED), ask, value, words)
