"""The eight drugs: their holds, what their prescribers answered, and whose restart is owed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from checklists.rules.values import Evidence, Gate, OverrideClass, Status, Step
from tests.bench.by_hand.case import (
    DAY,
    HOUR,
    NOTHING,
    Case,
    Words,
    begins,
    is_unsure,
    latest,
    second_working_day_after,
)
from tests.bench.by_hand.finding import (
    CLINICIAN,
    NURSE,
    Check,
    Found,
    Row,
    Value,
    failed,
    finding,
    is_verified,
    noes_of,
    owed_after,
    pending,
    review,
    said,
    too_early,
)
from tests.bench.by_hand.labs import LOW_KIDNEYS, Drawn, Kidneys, Number, amount, is_valid

CLEARANCE = Row(Step.MEDICATION, "scheduler", Gate.START, OverrideClass.TWO, NURSE)
HOLD = Row(Step.MEDICATION, "patient", Gate.CHECK_IN, OverrideClass.TWO, NURSE)
RESTART = Row(Step.DISCHARGE, "clinician", Gate.DISCHARGE, OverrideClass.ONE, CLINICIAN)
NO_TIME, LONG_AGO = timedelta(0), 330 * DAY
# What is left of apixaban, by analyte: at most this passes. Both are valid for one calendar day.
LEVELS: dict[str, Callable[[Number], bool]] = {
    "apixaban level": lambda value: value < 30,
    "anti-Xa": lambda value: value <= 0.1,
}


class Drug(NamedTuple):
    """hours: since the last dose; 0: none on the day of the procedure. asks: its prescriber has to agree.

    measured_by: what a clinician looks at besides; the kidneys clear those drugs.
    """

    name: str
    hours: int
    asks: bool
    wait: timedelta
    hold: str
    clearance: str
    restart: Found
    rows: tuple[str, ...]
    measured_by: tuple[str, ...]


def drug(name: str, hours: int, *rows: str, asks: bool = False, measured_by: tuple[str, ...] = ()) -> Drug:
    stopped = f"{name} was stopped. A clinician decides about taking it again, before discharge."
    restart = owed_after(f"restart_decision:{name}", RESTART, "restart_undecided", stopped)
    hold, clearance = f"hold:{name}", f"prescriber_clearance:{name}"
    return Drug(name, hours, asks, hours * HOUR, hold, clearance, restart, rows, measured_by)


DRUGS = (
    drug("apixaban", 72, "MH002", "MH003", "MH004", asks=True, measured_by=tuple(LEVELS)),
    drug("warfarin", 120, "MH001", asks=True),
    drug("clopidogrel", 168, "MH024", asks=True),
    drug("cilostazol", 48, "MH033", asks=True),
    drug("ibuprofen", 24, "MH038"),
    drug("naproxen", 96, "MH043"),
    drug("metformin", 0, "MH091", measured_by=("eGFR",)),
    drug("aspirin", 144, "MH029"),
)
APIXABAN, WARFARIN, METFORMIN = DRUGS[0], DRUGS[1], DRUGS[6]


@dataclass(slots=True)
class Dose:
    """The last dose as last stated, from when a start is clear of it, and the words that state it."""

    at: datetime | None
    clear_at: datetime | None
    not_taking: bool
    words: Words


NO_DOSE = Dose(None, None, False, NOTHING)


def dose_of(case: Case, drug: Drug) -> Dose:
    """A later `not taking` does not undo a dose that was stated before it."""
    words = case.said.get(drug.hold)
    if not words:
        return NO_DOSE
    at: datetime | None = None
    for word in latest([word for word in words if "not_taking" not in word.value]):
        taken_at = dose_at(case, word)
        if at is None or taken_at > at:
            at = taken_at
    if at is None:
        return Dose(None, None, True, latest(words))
    return Dose(at, at + drug.wait if drug.hours else day_after(case, at), False, latest(words))


def dose_at(case: Case, word: Evidence) -> datetime:
    if "last_dose_at" in word.value:
        return datetime.fromisoformat(word.value["last_dose_at"])
    return last_minute(case, word)


def last_minute(case: Case, word: Evidence) -> datetime:
    """Of the day that was named; the later one where the clock shows it twice."""
    day = date.fromisoformat(word.value["last_dose_on"])
    return datetime.combine(day, time(23, 59), case.tz).replace(fold=1).astimezone(UTC)


def day_after(case: Case, instant: datetime) -> datetime:
    return begins(case.day(instant) + DAY, case.tz)


def stop_time(case: Case, drug: Drug) -> datetime:
    return case.at - drug.wait if drug.hours else case.midnight


@dataclass(slots=True)
class Answers:
    """What a prescriber said, last but for a refusal, and whether that lets the drug be stopped."""

    standing: Words
    newest: Words
    agreed: bool


NOBODY_ASKED = Answers(NOTHING, NOTHING, True)


def prescriber_of(case: Case, drug: Drug) -> Answers:
    return answers_of(case, case.said.get(drug.clearance, NOTHING)) if drug.asks else NOBODY_ASKED


def answers_of(case: Case, standing: Words) -> Answers:
    """Agreed: the last answer is an agreement, verified, and no refusal stands."""
    newest = latest([word for word in standing if word.value["answer"] in ("agreed", "continue")])
    refused = "refused" in [word.value["answer"] for word in standing]
    agreed = bool(newest) and not refused and "continue" not in [word.value["answer"] for word in newest]
    return Answers(standing, newest, agreed and is_verified(case, CLEARANCE, newest, standing))


def clearance(case: Case, drug: Drug, dose: Dose, answers: Answers) -> Found:
    """The prescriber's agreement to a stop, checked against the hours of the table."""
    item, answered = drug.clearance, answers.newest
    noes, wrong = noes_of(case, item, prescriber_refuses)
    if dose.not_taking:
        unused = f"{drug.name} is not taken, so nobody need agree."
        settled = (Status.NOT_APPLICABLE, "not_taken")
        return finding(case, item, CLEARANCE, wrong, NOTHING, unused, None, None, None, noes, settled)
    due_at, deadline_at = case.due[drug.hours + 72], case.until[drug.hours]
    for word in answered:
        wrong += answer_checks(case, drug, word)
    if not answered:
        waits, due_at = waiting(case, drug, answers.standing, due_at, deadline_at)
        wrong.append(waits)
    grounds = [word.value for word in answered]
    agreed = f"The prescriber of {drug.name} agreed."
    return finding(case, item, CLEARANCE, wrong, answered, agreed, due_at, deadline_at, grounds, noes)


def prescriber_refuses(value: Value) -> Check | None:
    if value.get("answer") != "refused":
        return None
    refused = "The prescriber does not want the drug stopped. Call the clinician, who decides how to go on."
    return said("clearance_refused", refused, owner="clinician")


def waiting(
    case: Case, drug: Drug, standing: Words, set_day: datetime | None, deadline_at: datetime | None
) -> tuple[Check, datetime | None]:
    """Whose turn it is while there is no answer, and when: the desk's, to ask and to chase, or a clinician's."""
    asked = [word.observed_at for word in standing if word.value["answer"] == "asked"]
    if not asked:
        return pending("clearance_missing", f"Ask the prescriber of {drug.name} whether it may be stopped."), set_day
    first, last = min(asked), max(asked)
    was_asked = f"The prescriber of {drug.name} was asked on {case.day(last)}"
    chase_at = second_working_day_after(last, case)
    if set_day is not None and deadline_at is not None:
        given = min(max(set_day, second_working_day_after(first, case)), deadline_at)
        if case.reached(given):
            late = f"{was_asked} and has not answered in time. Call them, or decide how to go on."
            return pending("clearance_unanswered", late, owner="clinician"), deadline_at
    if case.reached(chase_at):
        return pending("clearance_chase", f"{was_asked} and has not answered. Ask again now."), chase_at
    waits = f"{was_asked} and has not answered yet. Ask again on {case.day(chase_at)}."
    return pending("clearance_asked", waits), chase_at if set_day is None else min(set_day, chase_at)


def answer_checks(case: Case, drug: Drug, word: Evidence) -> list[Check]:
    value = word.value
    if value["answer"] == "continue":
        goes_on = f"The prescriber wants {drug.name} to go on. A clinician decides about the procedure."
        return [review("clearance_continue", goes_on, owner="clinician")]
    wrong = []
    if "last_dose_on" in value or "hold_hours" in value:
        wrong += conflicts(case, drug, word)
    if value.get("bridging") == "yes":
        bridge = f"The prescriber wants {drug.name} bridged. Add the bridging drug to the list of medications."
        wrong.append(pending("bridge_unlisted", bridge, until_start=True))
    return wrong


def conflicts(case: Case, drug: Drug, word: Evidence) -> list[Check]:
    """Where the prescriber's time is not the table's, or was named for another date."""
    value = word.value
    dated = case.booked and "start_on" in value and "last_dose_on" in value
    if dated and date.fromisoformat(value["start_on"]) != case.on:
        other = f"The prescriber of {drug.name} answered for another date of the procedure. Ask again."
        return [pending("clearance_other_date", other)]
    day_differs = "last_dose_on" in value and not case.at_least(last_minute(case, word) + drug.wait)
    if not day_differs and value.get("hold_hours", drug.hours) == drug.hours:
        return []
    stated = value["last_dose_on"] if day_differs else f"{value['hold_hours']} hours"
    named = f"The prescriber names {stated} for {drug.name}, not the {drug.hours} hours of the protocol"
    return [review("clearance_conflicts", f"{named}: a clinician decides.", owner="clinician")]


def hold(case: Case, drug: Drug, dose: Dose, answers: Answers, kidneys: Kidneys, drawn: Drawn) -> Found:
    wrong: list[Check] = []
    if not dose.not_taking:
        if drug is APIXABAN and kidneys.lacks:
            wrong.append(pending(kidneys.lacks, f"{drug.name}: its hold depends on a valid creatinine. Draw it."))
        if drug is METFORMIN:
            wrong += metformin_checks(case, kidneys, drawn)
        if dose.at is None or dose.clear_at is None:
            wrong.append(undated(drug, answers))
        elif not case.at_least(dose.clear_at):
            wrong.append(too_recent(case, drug, dose.clear_at))
        elif drug is APIXABAN:
            wrong += level_checks(case, kidneys, drawn, dose.at)
    stop = stop_time(case, drug)
    if dose.words:
        wrong += said_when(case, drug, dose, stop)
    due_at = deadline_at = None
    if case.booked:
        due_at, deadline_at = stop if answers.agreed else None, min(stop + 12 * HOUR, case.at)
    measured = [word.value for analyte in drug.measured_by for word in drawn.get(analyte, NOTHING)]
    grounds = (drug.rows, dose.at, dose.not_taking, measured, kidneys.rests_on if drug.measured_by else None)
    confirmed = f"{drug.name} is not taken." if dose.not_taking else f"The hold of {drug.name} is long enough."
    return finding(case, drug.hold, HOLD, wrong, dose.words, confirmed, due_at, deadline_at, grounds)


def undated(drug: Drug, answers: Answers) -> Check:
    if not answers.agreed:
        ask = f"The patient goes on taking {drug.name} until its prescriber agrees to a stop. Get that answer first."
        return pending("clearance_first", ask)
    return pending("last_dose_unknown", f"The last dose of {drug.name} is not recorded. Ask for its date and time.")


def too_recent(case: Case, drug: Drug, clear_at: datetime) -> Check:
    if drug is METFORMIN:
        taken = "metformin was taken on the day of the procedure: a clinician decides."
        return review("taken_on_the_day", taken)
    shown = f"{clear_at.astimezone(case.tz):%A %Y-%m-%d %H:%M %Z}"
    wait = f"{drug.name} needs {drug.hours} hours since the last dose: start from {shown} on."
    return too_early("hold_too_short", wait, clear_at)


def level_checks(case: Case, kidneys: Kidneys, drawn: Drawn, taken_at: datetime) -> list[Check]:
    """What is left of apixaban, where it was measured; with low kidneys no time alone clears it."""
    passed = {
        passes(amount(result))
        for analyte, passes in LEVELS.items()
        for result in drawn.get(analyte, NOTHING)
        if is_valid(case, 1, result.observed_at) and result.observed_at > taken_at
    }
    if False in passed:
        return [failed("level_too_high", "What is left of apixaban is too much. Call the clinician.")]
    if not kidneys.low:
        return []
    if passed:
        return [review("level_to_review", "The level of apixaban is within the limit: a clinician decides.")]
    needs = "Time alone does not clear apixaban with these kidneys: a clinician decides."
    return [review("hold_needs_decision", needs)]


def metformin_checks(case: Case, kidneys: Kidneys, drawn: Drawn) -> list[Check]:
    """The eGFR where one is valid, else the clearance."""
    results = [word for word in drawn.get("eGFR", NOTHING) if is_valid(case, 30, word.observed_at)]
    if not results and kidneys.lacks:
        return [pending("kidney_function_unknown", "metformin waits for an eGFR or a creatinine. Draw it.")]
    if min(map(amount, results)) < LOW_KIDNEYS if results else kidneys.low:
        low = f"metformin with a kidney function below {LOW_KIDNEYS}: a clinician decides."
        return [review("kidney_function_low", low)]
    return []


def said_when(case: Case, drug: Drug, dose: Dose, stop: datetime) -> list[Check]:
    """What was said before the day on which the drug had to be stopped does not show that it was."""
    wrong = []
    said_at = dose.words[0].observed_at
    if not case.booked or said_at < stop:
        until = day_after(case, said_at)
        if case.at_least(until + drug.wait):
            early = f"This was said before {drug.name} had to be stopped for this start. Ask when it was last taken."
            wrong.append(pending("dose_stated_early", early, until_start=True))
    is_old = dose.at is not None and dose.at <= said_at - LONG_AGO
    if is_old and not all(word.value.get("confirmed") for word in dose.words):
        old = f"The last dose of {drug.name} is recorded as about a year ago. Check the year and record it again."
        wrong.append(pending("dose_long_ago", old, until_start=True))
    return wrong


def restart_is_owed(case: Case, drug: Drug, dose: Dose, answers: Answers) -> bool:
    """Whether the drug is stopped: by its last dose, or because the time to stop has come."""
    if dose.at is not None:
        return True
    if not dose.not_taking and is_told(case, drug, answers):
        return True
    return any(word.value["answer"] == "agreed" for word in answers.standing) and was_told(case, drug)


def is_told(case: Case, drug: Drug, answers: Answers) -> bool:
    """Whoever was told to stop has stopped once the time has come."""
    return case.booked and answers.agreed and case.reached(stop_time(case, drug))


def was_told(case: Case, drug: Drug) -> bool:
    """Whether the time to stop came before a later word took it back."""
    items = (drug.clearance, drug.hold)
    words = [word for item in items for word in case.doubted.get(item) or case.said.get(item) or NOTHING]
    words.sort(key=lambda word: (word.observed_at, word.id))
    for place, word in enumerate(words):
        if word.value.get("answer", "asked") == "asked" and "not_taking" not in word.value:
            continue
        earlier = [other for other in words[:place] if not is_unsure(other)]
        if any(other.item == drug.hold for other in earlier):
            continue
        if is_told(case, drug, answers_of(case, earlier)) and stop_time(case, drug) <= word.observed_at:
            return True
    return False
