"""What is asked and seen on the day: fasting, the ride home, infection; and what is owed after the procedure."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from checklists.rules.values import Authority, Evidence, Gate, OverrideClass, Status, Step
from tests.bench.by_hand.case import DAY, HOUR, NOTHING, Case, Words, begins, latest
from tests.bench.by_hand.finding import (
    CLINICIAN,
    NURSE,
    Check,
    Found,
    Row,
    Value,
    failed,
    finding,
    keys,
    noes_of,
    owed_after,
    pending,
    review,
    said,
    too_early,
    values_of,
)

BOOKING, CHECK_IN, START, DISCHARGE = Gate
ONE, TWO, NEVER = OverrideClass
FASTING = Row(Step.FASTING, "patient", CHECK_IN, TWO, NURSE)
RIDE = Row(Step.RIDE, "patient", CHECK_IN, ONE, NURSE, on_arrival=True)
PRESCREEN = Row(Step.INFECTION, "patient", CHECK_IN, ONE)
CHECK = Row(Step.INFECTION, "nurse", START, NEVER, NURSE)

HARD = keys(
    "fever chills cough_or_cold covid_two_weeks flu_or_virus urinary_infection taking_antibiotic skin_at_site "
    "infection_elsewhere deep_infection vomiting_or_diarrhoea new_deficit"
)
INFO = ("mrsa", "vaccine")
ASKED_OF_PATIENT = keys(
    "fever chills cough_or_cold covid_two_weeks covid_seven_weeks covid_symptoms flu_or_virus virus_just_over "
    "urinary_infection taking_antibiotic antibiotic_for_prevention antibiotic_finished infection_elsewhere old_wound "
    "vomiting_or_diarrhoea new_deficit household_contact"
)
ASKED_OF_NURSE = keys(
    "fever fever_masked chills cough_or_cold covid_two_weeks covid_seven_weeks covid_symptoms flu_or_virus "
    "virus_just_over urinary_infection bacteria_in_urine taking_antibiotic antibiotic_for_prevention "
    "antibiotic_finished infection_elsewhere old_wound deep_infection vomiting_or_diarrhoea immunosuppressed "
    "unexplained_lab new_deficit household_contact"
)
KNOWN = {*ASKED_OF_PATIENT, *ASKED_OF_NURSE}
FASTS = {
    **dict.fromkeys(("clear liquids", "water", "black coffee", "clear tea", "juice without pulp", "sports drink"), 2),
    **dict.fromkeys(("carbohydrate clear liquid", "maltodextrin drink"), 2),
    "breast milk": 4,
    **dict.fromkeys(("infant formula", "non-human milk", "milk", "creamer", "latte", "smoothie", "juice with pulp"), 6),
    **dict.fromkeys(("light meal", "toast and tea"), 6),
    **dict.fromkeys(("fatty or meat meal", "full breakfast", "burger", "unknown"), 8),
    "chewing gum": 0,
}
LONGEST_FAST = 8
SIP = re.compile(r"(?:a )?(?:small )?sips?(?: of)?(?: water)?(?: (?:with|for) (?P<what>.+))?")
MEDICINES = set(
    keys(
        "medicine medicines medication medications med meds pill pills tablet tablets drug drugs my the his her their "
        "and a usual regular daily morning allowed prescribed"
    )
)
AFTER = (
    owed_after(
        "recovery_observation",
        Row(Step.DISCHARGE, "nurse", DISCHARGE, ONE, NURSE),
        "recovery_missing",
        "The observation after the procedure is not recorded. A nurse does it.",
    ),
    owed_after(
        "after_care",
        Row(Step.DISCHARGE, "nurse", DISCHARGE, ONE, NURSE),
        "after_care_missing",
        "Explain to the patient how to live after the procedure, and record what was explained.",
    ),
    owed_after(
        "follow_up",
        Row(Step.DISCHARGE, "scheduler", DISCHARGE, ONE, Authority.SCHEDULER),
        "follow_up_missing",
        "No follow-up is arranged. Arrange it, and record what is arranged.",
    ),
    owed_after(
        "responsible_adult",
        Row(Step.DISCHARGE, "nurse", DISCHARGE, ONE, NURSE),
        "responsible_adult_missing",
        "Record that a responsible adult is there to take the patient home.",
    ),
)


Intakes = list[tuple[str, datetime]]


def intakes_of(case: Case, stated: Words) -> Intakes:
    """What was taken, and the earliest start that it leaves; a sip of water with medicines is nothing."""
    return [
        (intake["intake"], datetime.fromisoformat(intake["at"]) + hours * HOUR)
        for word in stated
        for intake in word.value["intakes"]
        if (hours := fast_of(case, intake["intake"])) is not None
    ]


def fast_of(case: Case, name: str) -> int | None:
    """The hours for an intake; the longest for one that no row names, none for a sip with medicines."""
    hours = FASTS.get(name)
    if hours is not None:
        return hours
    plain = " ".join(name.casefold().split()).strip(" .-/")
    if sip := SIP.fullmatch(plain):
        what = sip["what"] or ""
        if set(what.split()) <= MEDICINES or any(what == one.name for one in case.facts.medications):
            return None
    return FASTS.get(plain, LONGEST_FAST)


def fasting(case: Case, stated: Words, intakes: Intakes) -> Found:
    wrong = []
    for name, ends_at in intakes:
        if not case.at_least(ends_at):
            shown = f"{ends_at.astimezone(case.tz):%A %Y-%m-%d %H:%M %Z}"
            wrong.append(too_early("fast_too_short", f"{name} needs its time: start from {shown} on.", ends_at))
    if not stated:
        wrong.append(pending("fasting_missing", "Ask what was eaten and drunk last, and when, and record it."))
    elif not case.at_most(stated[0].observed_at + LONGEST_FAST * HOUR):
        early = "This was said before the fast began. Ask again what was taken since."
        wrong.append(pending("fasting_stated_early", early))
    else:
        named = [datetime.fromisoformat(word.value["since"]) for word in stated if "since" in word.value]
        if named and not case.at_least(max(named) + LONGEST_FAST * HOUR):
            shown = f"{max(named).astimezone(case.tz):%A %Y-%m-%d %H:%M %Z}"
            part = f"This was said of the time since {shown} only: ask what was eaten and drunk last."
            wrong.append(pending("fasting_said_in_part", part))
    due_at, deadline_at = (case.at - LONGEST_FAST * HOUR, case.at) if case.booked else (None, None)
    grounds = values_of(stated)
    return finding(case, "fasting", FASTING, wrong, stated, "The fast is long enough.", due_at, deadline_at, grounds)


def ride(case: Case) -> Found:
    noes, wrong = noes_of(case, "ride", no_ride)
    stated = latest(case.said.get("ride", NOTHING))
    for word in stated:
        value = word.value
        if value.get("exempt"):
            wrong.append(review("ride_exempt", "A physician's exemption is noted: a clinician signs it."))
        elif not value["available"]:
            wrong.append(failed("no_ride", NO_RIDE))
        elif not value.get("adult"):
            wrong.append(failed("no_adult", NO_ADULT) if is_without_adult(value) else ADULT_UNKNOWN)
    if not stated:
        wrong.append(pending("ride_missing", "Nobody is named to take the patient home. Ask who will."))
    due_at, deadline_at, grounds = case.due[72], case.until[24], values_of(stated)
    confirmed = "A responsible adult takes the patient home."
    return finding(case, "ride", RIDE, wrong, stated, confirmed, due_at, deadline_at, grounds, noes)


NO_RIDE = "Nobody can take the patient home. Arrange an adult who can, or a new date."
NO_ADULT = "A driver alone is no responsible adult. Name an adult who goes along."
ADULT_UNKNOWN = pending("adult_unknown", "Record whether the person who comes along is a responsible adult.")


def is_without_adult(value: Value) -> bool:
    return value.get("adult") is False or (not value.get("adult") and value.get("transport") in ("taxi", "ride_share"))


def no_ride(value: Value) -> Check | None:
    if value.get("exempt"):
        return None
    if value.get("available") is False:
        return said("no_ride", NO_RIDE)
    return said("no_adult", NO_ADULT) if is_without_adult(value) else None


def prescreen(case: Case) -> Found:
    noes, wrong = noes_of(case, "infection_prescreen", prescreen_no)
    stated = latest(case.said.get("infection_prescreen", NOTHING))
    for word in stated:
        wrong += answer_checks(word.value["answers"], ASKED_OF_PATIENT)
    due_at = case.due[24]
    if due_at is not None and any(word.observed_at < due_at - DAY for word in stated):
        early = "The patient was asked long before this start. Ask the questions again."
        wrong.append(pending("prescreen_early", early))
    if not stated:
        wrong.append(pending("prescreen_missing", "The patient has not answered the infection questions. Ask them."))
    settled, confirmed = (Status.SATISFIED, "satisfied"), "The patient reports no sign of infection."
    if len(wrong) == len(noes) and is_asked_again(case, stated):
        settled, confirmed = (Status.SATISFIED, "prescreen_to_repeat"), "The patient is asked again in the morning."
    grounds, until = values_of(stated), case.until[12]
    return finding(
        case, "infection_prescreen", PRESCREEN, wrong, stated, confirmed, due_at, until, grounds, noes, settled
    )


def is_asked_again(case: Case, stated: Words) -> bool:
    """On the day itself, until the patient comes; unanswered it stops nothing."""
    if not case.booked or case.arrived_at is not None or not case.reached(case.midnight):
        return False
    return all(word.observed_at < case.midnight for word in stated)


def answer_checks(answers: Value, asked: Sequence[str]) -> list[Check]:
    """What is not a plain no; every yes counts, also to what was not asked."""
    if list(map(answers.get, asked)).count("no") == len(asked) and "yes" not in answers.values():
        return []
    wrong = yes_checks(answers)
    for key in asked:
        if (answer := answers.get(key)) not in ("yes", "no"):
            code = "answer_not_sure" if answer == "not_sure" else "answer_missing"
            wrong.append(pending(code, f"Ask about {key.replace('_', ' ')}, and record the answer."))
    return wrong


def yes_checks(answers: Value) -> list[Check]:
    wrong = []
    for key in sorted(key for key, answer in answers.items() if answer == "yes" and key not in INFO):
        if key in HARD:
            wrong.append(failed(f"yes_{key}", f"Answered yes: {key.replace('_', ' ')}. Call before going on."))
        elif key in KNOWN:
            wrong.append(review(f"yes_{key}", f"Answered yes: {key.replace('_', ' ')}. A clinician decides."))
        else:
            wrong.append(review("yes_unknown", f"Answered yes to '{key}', which is not asked: a clinician decides."))
    return wrong


def prescreen_no(value: Value) -> Check | None:
    """A yes stays until somebody allowed to clears it; the worst of several counts."""
    if "yes" not in value["answers"].values() or not (given := yes_checks(value["answers"])):
        return None
    worst = next((check for check in given if check.status is Status.FAILED), given[0])
    return worst._replace(recorded=True)


def infection_check(case: Case) -> Found:
    noes, wrong = noes_of(case, "infection_check", infection_found)
    stated = latest(case.said.get("infection_check", NOTHING))
    for word in stated:
        wrong += arrival_checks(word)
    for word in stated:
        if not case.at_most(word.observed_at + 12 * HOUR):
            old = "The infection check is older than 12 hours at the start: repeat it."
            wrong.append(pending("check_expired", old))
    if not stated:
        wrong.append(pending("check_missing", "No infection check on arrival is recorded. A nurse does it."))
    due_at, deadline_at = case.arrival
    grounds = [(word.value, word.observed_at) for word in stated]
    confirmed = "No sign of infection on arrival."
    return finding(case, "infection_check", CHECK, wrong, stated, confirmed, due_at, deadline_at, grounds, noes)


def arrival_checks(word: Evidence) -> list[Check]:
    value = word.value
    if value["outcome"] == "assessed_not_infection":
        if word.authority < CLINICIAN:
            return [failed("assessment_needs_clinician", "Only a clinician can decide that these are no infection.")]
        if not value.get("reason", "").strip():
            return [failed("assessment_without_reason", "Record why these signs are no infection.")]
        return []
    wrong = answer_checks(value["answers"], ASKED_OF_NURSE)
    fever, raised = (38, 37.5) if value["unit"] == "C" else (100.4, 99.5)
    if value["temperature"] >= fever:
        wrong.append(failed("fever", f"The temperature is {value['temperature']}: fever. Call the clinician."))
    elif value["temperature"] >= raised:
        warm = f"The temperature is {value['temperature']}: a clinician decides."
        wrong.append(review("temperature_raised", warm))
    if value["outcome"] != "clear":
        wrong.append(failed("infection_found", INFECTION))
    if value["skin"] != "clear":
        wrong.append(failed("skin_not_clear", "The skin at the entry is not clear. Call the clinician."))
    return wrong


INFECTION = "The check found an infection. Call the clinician; the procedure does not happen now."


def infection_found(value: Value) -> Check | None:
    if value.get("outcome") != "infection":
        return None
    return said("infection_found", f"{INFECTION} Expected to be over: {value.get('over_on', 'a clinician says when')}.")


def infection_over(case: Case) -> list[datetime]:
    """When infections that were found are over, as whoever treats them expects."""
    words = case.said.get("infection_check", NOTHING)
    ends = [word.value["over_on"] for word in words if "over_on" in word.value]
    return [begins(date.fromisoformat(day) + DAY, case.tz) for day in ends]
