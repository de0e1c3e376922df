"""Infection: the patient's pre-screen, and the nurse's check on arrival."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from checklists.rules.codes import code_in_words
from checklists.rules.compiled import once_for_protocol
from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    Postponed,
    failed,
    pending,
    review,
    said,
    satisfied,
)
from checklists.rules.lab_values import exact, hours, plain
from checklists.rules.ledger import latest
from checklists.rules.moments import due_at
from checklists.rules.protocol import InfectionQuestion, Protocol, SignDays
from checklists.rules.shapes import ANSWERS, DATE, DATES, NOT_SURE, TEXT, Problem, Shape, choice, number, parse_date
from checklists.rules.sitetime import day_begins, day_ends, local_date, shown_on
from checklists.rules.values import Authority, Evidence, Status

HARD_STOP = "hard_stop"
TO_REPEAT = "prescreen_to_repeat"
REVIEW = "clinician_review"
ASSESSED = "assessed_not_infection"
PLAUSIBLE_CELSIUS = (30, 45)
FOUND = "infection"
INFECTION_FOUND = "The check found an infection. Call the clinician; the procedure does not happen now."
NO_DATE = (
    "For the earliest new date the clinician says when the infection, or its antibiotic, is over; "
    "a nurse records that day with the check."
)


# What is looked at or measured has fields of its own.
ANSWERED = ("question", "record")
CALL_PATIENT, CALL_CLINICIAN = "A nurse or clinician calls the patient.", "Call the clinician before going on."


def questions_for(context: Context, asked: str) -> list[InfectionQuestion]:
    return once_for_protocol(context.protocol, ("questions", asked), lambda protocol: asked_of(protocol, asked))


def asked_of(protocol: Protocol, asked: str) -> list[InfectionQuestion]:
    return [one for one in protocol.infection.questions if one.kind in ANSWERED and asked in one.asked_of]


def prescreen_answer(context: Context, item: Item) -> Answer:
    """Satisfied when the patient answered every question with no."""
    stated = latest(context.standing(item.key))
    checks = [check for entry in stated for check in answer_checks(context, "patient", entry)]
    checks += early_checks(context, item, stated)
    if not stated:
        checks = [
            pending(
                "prescreen_missing",
                "The patient has not answered the infection questions. Ask them and record the answers.",
            )
        ]
    return Answer(
        checks=tuple(checks) or morning_checks(context, stated),
        confirmed="The patient reports no sign of infection.",
        basis=stated,
        grounds=([dict(entry.value) for entry in stated],),
    )


def morning_checks(context: Context, stated: Iterable[Evidence]) -> tuple[Check, ...]:
    """On the day the patient is asked once more; unanswered it stops nothing, for the nurse asks on arrival."""
    zone = context.facts.site.tz
    morning = day_begins(local_date(context.start.at, zone), zone)
    if not context.start.booked or context.facts.arrived_at is not None or not context.start.clock.reached(morning):
        return ()
    if any(entry.observed_at >= morning for entry in stated):
        return ()
    return (satisfied(TO_REPEAT, "The patient reported no sign of infection the day before, and is asked again."),)


def prescreen_opens_at(context: Context, item: Item) -> datetime | None:
    """From the protocol's first reminder on: a sign can come after an early answer. None: not booked."""
    due = due_at(context, item, Answer())
    return None if due is None else due - max(item.rule.reminders_before_due, default=timedelta(0))


def early_checks(context: Context, item: Item, stated: Iterable[Evidence]) -> list[Check]:
    """Answers for a date that was moved say nothing about this one."""
    opens_at = prescreen_opens_at(context, item)
    if opens_at is None or all(entry.observed_at >= opens_at for entry in stated):
        return []
    return [pending("prescreen_early", "The patient was asked long before this start. Ask the questions again.")]


def answers_of(context: Context, entry: Evidence) -> dict[str, Any]:
    """What was answered; a sign whose date is recorded counts as it stands at the start."""
    answers, dates = dict(entry.value["answers"]), entry.value.get("dates", {})
    for question in context.protocol.infection.questions if dates else ():
        if question.days is not None and question.days.after in dates:
            day = parse_date(dates[question.days.after])
            said_yes = answers.get(question.key) == "yes" and not was_there(context, question.days, day, entry)
            answers[question.key] = "yes" if said_yes or is_there(context, question.days, day) else "no"
    return answers


def is_there(context: Context, days: SignDays, day: date) -> bool:
    return context.from_day(day + timedelta(days=days.first)) and context.within_days(day, days.last)


def was_there(context: Context, days: SignDays, day: date, entry: Evidence) -> bool:
    """Whether the date explains a yes at the time it was given; where it does not, the yes stands."""
    passed = (local_date(entry.observed_at, context.facts.site.tz) - day).days
    return days.first <= passed <= days.last


def date_checks(context: Context, entry: Evidence) -> list[Check]:
    said_on = local_date(entry.observed_at, context.facts.site.tz)
    ahead = [key for key, day in sorted(entry.value.get("dates", {}).items()) if parse_date(day) > said_on]
    return [pending("sign_dated_ahead", f"The date of {spoken(key)} lies ahead. Correct it.") for key in ahead]


def spoken(key: str) -> str:
    return code_in_words(key)


def first_day_free(context: Context, stated: Iterable[Evidence]) -> datetime | None:
    """When dated signs that stop the procedure are over: of these time is the only remedy."""
    last_days = last_days_of(context, stated)
    return day_ends(max(last_days), context.facts.site.tz) if last_days else None


def last_days_of(context: Context, stated: Iterable[Evidence]) -> list[date]:
    """The last day of each dated sign, and of an infection as whoever treats it expects."""
    signs = [
        parse_date(entry.value["dates"][question.days.after]) + timedelta(days=question.days.last)
        for entry in stated
        for question in (context.protocol.infection.questions if "dates" in entry.value else ())
        if question.action == HARD_STOP and question.days and question.days.after in entry.value["dates"]
    ]
    return signs + [parse_date(entry.value["over_on"]) for entry in stated if "over_on" in entry.value]


def prescreen_postpones(context: Context, item: Item) -> Postponed:
    return Postponed(first_day_free(context, latest(context.standing(item.key))))


def check_postpones(context: Context, item: Item) -> Postponed:
    """By what was seen last, and by an infection that still stands."""
    standing = context.standing(item.key)
    judged = {e.id: e for e in latest(standing) if e.value["outcome"] != ASSESSED}
    judged |= {e.id: e for e in standing if e.value["outcome"] == FOUND}
    return Postponed(first_day_free(context, judged.values()))


def answer_checks(context: Context, asked: str, entry: Evidence) -> list[Check]:
    """One check per question that is not answered with a plain no."""
    answers = answers_of(context, entry)
    checks = [*yes_checks(context, asked, answers), *date_checks(context, entry)]
    for question in questions_for(context, asked):
        given = answers.get(question.key)
        if given not in ("yes", "no") and question.action in (HARD_STOP, REVIEW):
            code = "answer_not_sure" if given == "not_sure" else "answer_missing"
            checks.append(pending(code, f"Ask and record: {question.text}"))
    return checks


def yes_checks(context: Context, asked: str, answers: Mapping[str, Any]) -> list[Check]:
    """Every yes counts, also to a question that was not due here or that the protocol does not have."""
    told = sorted([key for key, given in answers.items() if given == "yes"])
    if not told:
        return []
    known = {question.key: question for question in context.protocol.infection.questions if question.kind != "measured"}
    call = CALL_PATIENT if asked == "patient" else CALL_CLINICIAN
    return [check for key in told if (check := yes_check(key, known.get(key), call))]


def yes_check(key: str, question: InfectionQuestion | None, call: str) -> Check | None:
    if question is None:
        return review("yes_unknown", f"Answered yes to '{key}', which the protocol does not ask: a clinician decides.")
    if question.action == HARD_STOP:
        return failed(f"yes_{question.key}", f"Answered yes: {question.text} {call}")
    if question.action == REVIEW:
        return review(f"yes_{question.key}", f"Answered yes: {question.text} A clinician decides.")
    return None


def prescreen_no(context: Context, evidence: Evidence) -> Check | None:
    """A yes stays until somebody allowed to clears it; the worst of several counts."""
    given = yes_checks(context, "patient", answers_of(context, evidence)) if "answers" in evidence.value else []
    if not given:
        return None
    worst = min(given, key=lambda check: check.status is not Status.FAILED)
    return said(worst.code, worst.sentence, worst.status)


def check_answer(context: Context, item: Item) -> Answer:
    """The nurse's check: recent, complete, no fever, clear skin, outcome clear."""
    valid_within = context.protocol.infection.valid_within
    stated = latest(context.standing(item.key))
    checks = [check for entry in stated for check in arrival_checks(context, entry)]
    for entry in stated:
        if not context.start.at_most(entry.observed_at + valid_within):
            old = f"The infection check is older than {hours(valid_within)} at the start: repeat it."
            checks.append(pending("check_expired", old))
    if not stated:
        checks = [pending("check_missing", "No infection check on arrival is recorded. A nurse does it.")]
    return Answer(
        checks=tuple(checks),
        confirmed="No sign of infection on arrival.",
        basis=stated,
        grounds=([(dict(entry.value), entry.observed_at) for entry in stated],),
    )


def arrival_checks(context: Context, entry: Evidence) -> list[Check]:
    value = entry.value
    if value["outcome"] == ASSESSED:
        if entry.authority < Authority.CLINICIAN:
            ask = "Only a clinician can decide that these signs are no infection. Call the clinician."
            return [failed("assessment_needs_clinician", ask)]
        if not str(value.get("reason", "")).strip():
            return [failed("assessment_without_reason", "Record why these signs are no infection.")]
        return []
    checks = answer_checks(context, "nurse", entry)
    checks += temperature_checks(context, value["temperature"], value["unit"])
    if value["outcome"] != "clear":
        checks.append(failed("infection_found", INFECTION_FOUND))
    if value["skin"] != "clear":
        checks.append(failed("skin_not_clear", "The skin at the entry is not clear. Call the clinician."))
    return checks


def celsius(temperature: float, unit: str) -> Fraction:
    """Exact degrees Celsius: 100.4 F is 38."""
    if unit == "C":
        return exact(temperature)
    if unit == "F":
        return (exact(temperature) - 32) * Fraction(5, 9)
    raise ValueError(f"temperature in {unit!r}")


def temperature_checks(context: Context, temperature: float, unit: str) -> list[Check]:
    """Shown as it was measured: rounded or converted it could seem to be on the other side of a limit."""
    degrees, shown = celsius(temperature, unit), f"The temperature is {plain(temperature)} {unit}"
    checks: list[Check] = []
    for row in context.protocol.infection.questions:
        if row.kind != "measured" or not in_range(row, degrees):
            continue
        if row.action == HARD_STOP:
            checks.append(failed("fever", f"{shown}: fever. Call the clinician."))
        elif row.action == REVIEW:
            checks.append(review("temperature_raised", f"{shown}: a clinician decides."))
    return checks


def check_problems(value: Mapping[str, Any]) -> list[Problem]:
    """An assessment without its reason, or a temperature that no patient has in this unit."""
    if value.get("outcome") == ASSESSED and "reason" not in value:
        return [Problem("reason", "is missing. Say why these signs are no infection.")]
    if "over_on" in value and value.get("outcome") != FOUND:
        return [Problem("over_on", "belongs to an infection that was found. Leave it out.")]
    if "temperature" not in value:
        return []
    if PLAUSIBLE_CELSIUS[0] <= celsius(value["temperature"], value["unit"]) <= PLAUSIBLE_CELSIUS[1]:
        return []
    shown = f"{plain(value['temperature'])} {value['unit']}"
    return [Problem("temperature", f"{shown} is not a body temperature. Check the number and its unit.")]


def in_range(row: InfectionQuestion, degrees: Fraction) -> bool:
    low, high = row.low, row.high
    return (low is None or degrees >= exact(low)) and (high is None or degrees < exact(high))


def infection_no(context: Context, evidence: Evidence) -> Check | None:
    """A confirmed infection, with the earliest new date or with whose word is missing for it."""
    if evidence.value.get("outcome") != FOUND:
        return None
    day = earliest_new_day(context, [evidence])
    if day is None:
        return said("infection_found", f"{INFECTION_FOUND} {NO_DATE}")
    return said("infection_found", f"{INFECTION_FOUND} Earliest new date: {shown_on(day)}.")


def earliest_new_day(context: Context, checks: Sequence[Evidence]) -> date | None:
    """The first day after these infections are over; None while nobody has said when that is."""
    last_days = last_days_of(context, checks)
    return max(last_days) + timedelta(days=1) if last_days else None


INFECTION_PRESCREEN = Kind(
    name="infection_prescreen",
    items=lambda context: context.single("infection_prescreen"),
    answer=prescreen_answer,
    said_no=prescreen_no,
    shapes=(Shape({"answers": ANSWERS}, {"dates": DATES}), NOT_SURE),
    postpones=prescreen_postpones,
)
INFECTION_CHECK = Kind(
    name="infection_check",
    items=lambda context: context.single("infection_check"),
    answer=check_answer,
    said_no=infection_no,
    shapes=(
        Shape(
            {
                "temperature": number(25, 115),
                "unit": choice("C", "F"),
                "answers": ANSWERS,
                "skin": choice("clear", "not_clear"),
                "outcome": choice("clear", FOUND, ASSESSED),
            },
            # over_on: the last day of the illness or of its antibiotic, as whoever treats it expects.
            {"reason": TEXT, "dates": DATES, "over_on": DATE},
        ),
        NOT_SURE,
    ),
    postpones=check_postpones,
    problems=check_problems,
)
