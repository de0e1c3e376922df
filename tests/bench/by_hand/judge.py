"""The limit of W5a: what somebody would write who judges this one kind of case under this one protocol, by hand.

It gives the verdict of `assess` under reference-asra for the patient of the full case: a woman of 57, sedation, a
dated fracture of T12 and L1 from osteoporosis, no condition, a stent denied, eight drugs. Numbers and rows stand in the
code; no protocol is asked. It understands what can be said of that case before its procedure: what the full case has,
and its noes, doubts, corrections and wrong dates, at any start or without one. It leaves out what cannot occur there:
other drugs and conditions, imaging but MRI, dated signs of infection, decisions and answers recorded with a hold, words
about what follows the procedure, values that no form accepts, and reviews.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from checklists.rules.values import BLOCKING, Evidence, Facts, State, Status
from tests.bench.by_hand import day, decided
from tests.bench.by_hand.case import NOTHING, Case, latest
from tests.bench.by_hand.drugs import (
    DRUGS,
    NO_TIME,
    WARFARIN,
    clearance,
    dose_of,
    hold,
    prescriber_of,
    prescriber_refuses,
    restart_is_owed,
)
from tests.bench.by_hand.finding import Check, Found, Judged
from tests.bench.by_hand.labs import drawn_by_analyte, kidneys_of, labs


def by_hand(facts: Facts, evidence: Sequence[Evidence], start: datetime | None, now: datetime) -> Judged:
    now = now.astimezone(UTC)
    case = Case(facts, evidence, now, said_no)
    said = case.said
    taken = [(drug, dose_of(case, drug), prescriber_of(case, drug)) for drug in DRUGS]
    drawn = drawn_by_analyte(case)
    fasted = latest(said.get("fasting", NOTHING))
    intakes = day.intakes_of(case, fasted)
    given, numbered = decided.authorised(case)

    # What is still taken puts the start off by its whole time from now; the rest ends at an instant.
    lead = max([drug.wait for drug, dose, _ in taken if dose.at is None and not dose.not_taking], default=NO_TIME)
    floors = [dose.clear_at for _, dose, _ in taken if dose.clear_at is not None]
    floors += [ends_at for _, ends_at in intakes]
    floors += [begins_at for _, begins_at in numbered]
    earliest = max(now, now + lead, *floors, *day.infection_over(case))

    if start is not None:
        case.starts(start.astimezone(UTC))
    else:
        # A start that waits for nothing but the clock: what the kidneys are then is asked too.
        case.starts(now, NO_TIME)
        kidneys_of(case, drawn)
        case.starts(earliest, lead)
    kidneys, mri, allergic = kidneys_of(case, drawn), decided.read_mri(case), latest(said.get("allergies", NOTHING))
    warfarin = next(dose for drug, dose, _ in taken if drug is WARFARIN)
    findings: list[Found] = [
        decided.consult(case),
        decided.candidacy(case, mri),
        *decided.NOT_REQUIRED,
        decided.imaging(case, mri),
        labs(case, drawn, warfarin.at, no_warfarin=warfarin.not_taking),
        *[clearance(case, drug, dose, answers) for drug, dose, answers in taken if drug.asks],
        *[hold(case, drug, dose, answers, kidneys, drawn) for drug, dose, answers in taken],
        day.fasting(case, fasted, intakes),
        day.ride(case),
        day.prescreen(case),
        day.infection_check(case),
        decided.allergies(case, allergic),
        decided.pregnancy(case),
        decided.anesthesia(case),
        decided.antibiotic_plan(case, allergic),
        decided.consent(case),
        decided.authorisation(case, given, numbered),
    ]
    state = state_of({found.status for found in findings}, booked=start is not None)
    findings += [drug.restart for drug, dose, answers in taken if restart_is_owed(case, drug, dose, answers)]
    findings += day.AFTER
    return Judged(state, findings, earliest, case.next_change)


def state_of(statuses: set[Status], *, booked: bool) -> State:
    if statuses & BLOCKING:
        return State.BLOCKED
    if Status.REVIEW in statuses:
        return State.NEEDS_REVIEW
    return State.PENDING if Status.PENDING in statuses or not booked else State.READY


NOES = {
    "consult": decided.not_candidate,
    "prescriber_clearance": prescriber_refuses,
    "ride": day.no_ride,
    "infection_prescreen": day.prescreen_no,
    "infection_check": day.infection_found,
    "allergies": decided.cement_known,
    "anesthesia_evaluation": decided.not_fit,
    "consent": decided.consent_refused,
    "authorisation": decided.payer_refuses,
}


def said_no(word: Evidence) -> Check | None:
    """What in a word is a recorded no, by the kind of the item that it was recorded for."""
    find = NOES.get(word.item.partition(":")[0])
    return None if find is None else find(word.value)
