"""What was done on paper while the system was down, entered afterwards: flagged, signed for, and reviewed."""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.db import transaction

from checklists.models import GatePass
from checklists.rules.values import Gate
from checklists.services.downtime import AsAt, ask_gate_as_at, note_facts_as_at
from checklists.services.gate import Answer, Paper, ask_gate, issue_pass
from notifications.services import outbox
from scheduler import messages
from scheduler.models import Case
from scheduler.rules.downtime import STEPS, PaperTimes, problems_of
from scheduler.rules.papers import is_of_another
from scheduler.rules.problems import Invalid, Reason, Refused
from scheduler.rules.recorded import recorded_item
from scheduler.rules.transitions import BEFORE_PROCEDURE, Act
from scheduler.services.bookings import Slot
from scheduler.services.cases import allow, bump, seen
from scheduler.services.gate_trail import trail_of
from scheduler.services.gates import refuse_unless_open
from scheduler.services.home import tell_at_home
from scheduler.services.paper_claims import book_what_was_done, claim_true_times
from scheduler.services.paper_reviews import ask_for_review, told_of_rest, told_of_start
from scheduler.services.readiness import locked_case, look_again
from scheduler.services.record import append_record
from scheduler.services.tasks import drop_tasks
from scheduler.services.transitions import DONE, Moved

DOWN = "done while the system was down"


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was done: ids of resources of the practice."""

    room: uuid.UUID
    proceduralist: uuid.UUID
    bay: uuid.UUID


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered; the start gate's answer as at the true start, and what could not be claimed any more."""

    moved: Moved
    gate_pass: GatePass | None  # None where the system had let it begin
    taken: tuple[Reason, ...]
    gate_would_have: str | None  # the worst answer as at the true start

    @property
    def case(self) -> Case:
        return self.moved.case


@transaction.atomic
def enter_from_paper(
    *,
    practice_id: uuid.UUID,
    case_id: uuid.UUID,
    paper: Paper,
    times: PaperTimes,
    place: Place | None,
    although_taken: bool,
    seen_version: int,
    by: str,
    now: datetime,
) -> Entered:
    """Bring a case to where the paper says it is, by the times on it. Raises Invalid, Refused, Stale.

    No start is refused for what was not ready, since it has happened: a second person signs, and it is reviewed.
    """
    case = locked_case(practice_id, case_id)
    seen(case, seen_version)
    _check(case, paper, times, place, now)
    if case.state not in BEFORE_PROCEDURE:
        return _enter_rest(case, paper, times, by, now)
    assert times.started_at is not None
    taken = _book(case, times, times.started_at, place, although_taken, by, now)
    past = AsAt(times.started_at, times.started_at, _check_in(case, times, times.started_at, by, now))
    answer = ask_gate_as_at(checklist=case.checklist, gate=Gate.START, past=past, by=by, now=now)
    if not answer.decision.is_open and not paper.second_by:
        raise _second_person(answer)
    issued = _start(case, answer, paper, times.started_at, by, now)
    went_home = _finish(case, times, past, by, now)
    append_record(
        practice_id=practice_id,
        by=by,
        action="entered_from_paper",
        subject=case.pk,
        now=now,
        codes=[recorded_item(finding.item) for finding in answer.decision.refusals],
        fields={
            **{step: times.of(step) for step in STEPS},
            **trail_of(issued),
            "reason": issued.reason,
            "state": case.state,
        },
    )
    outbox.withdraw(subject=case.pk, kinds=messages.REMINDER_KINDS, reason=DOWN, now=now)
    drop_tasks(case=case, kinds=("reschedule",), outcome=DOWN, by=by, now=now)
    told = told_of_start(paper, answer, taken, place is None, went_home)
    ask_for_review(case, str(issued.pk), paper, told, by, now)
    tell_at_home(case=case, by=by, now=now)
    moved = Moved(case, look_again(case=case, now=now, by=by), answer.decision.overridden)
    return Entered(moved, issued, taken, answer.decision.answer)


def _enter_rest(case: Case, paper: Paper, times: PaperTimes, by: str, now: datetime) -> Entered:
    """The system went down during a procedure that it had let begin: the rest by its true times, through its gate."""
    overridden: tuple[str, ...] = ()
    if times.discharged_at is not None:
        answer = ask_gate(
            checklist=case.checklist, gate=Gate.DISCHARGE, start=case.started_at, now=now, by=by, has_booking=True
        )
        refuse_unless_open(answer, DONE[Act.DISCHARGE])
        overridden = answer.decision.overridden
    assert case.started_at is not None
    taken = claim_true_times(case, case.started_at, times)
    _stamp(case, times)
    case.paper = paper.reference
    bump(case, "paper")
    append_record(
        practice_id=case.practice_id,
        by=by,
        action="entered_from_paper",
        subject=case.pk,
        now=now,
        codes=[*map(recorded_item, overridden)],
        fields={**{step: times.of(step) for step in STEPS}, **asdict(paper), "state": case.state},
    )
    told = told_of_rest(case, paper, times, taken)
    ask_for_review(case, f"{case.pk}:{case.version}", paper, told, by, now)
    tell_at_home(case=case, by=by, now=now)
    return Entered(Moved(case, look_again(case=case, now=now, by=by), overridden), None, taken, None)


def _check(case: Case, paper: Paper, times: PaperTimes, place: Place | None, now: datetime) -> None:
    allow(case, Act.FROM_PAPER)
    if is_of_another(paper.reference, case.pk):
        told = f"{paper.reference} is printed on another patient's sheet. Take this patient's, or correct the number."
        raise Invalid("The sheet is not this patient's.", errors=(Reason("another_sheet", told, field="paper"),))
    if case.started_at is not None and place is not None:
        told = "The procedure began where the system says. Leave room, proceduralist and bay out."
        raise Invalid("The place is known.", errors=(Reason("known_already", told, field="place"),))
    wrong = problems_of(times, {step: getattr(case, step) for step in STEPS}, now)
    if wrong:
        raise Invalid("The times on the paper do not fit.", errors=wrong)


def _book(
    case: Case,
    times: PaperTimes,
    start: datetime,
    place: Place | None,
    although_taken: bool,
    by: str,
    now: datetime,
) -> tuple[Reason, ...]:
    """The booking that the procedure was done in: the one that stands, or one at the true place; claimed as it was.

    Answers with what somebody else has at the true times.
    """
    tz, booking = case.practice.site.tz, case.booking
    if place is None:
        if booking is not None and booking.starts_at.astimezone(tz).date() == start.astimezone(tz).date():
            return claim_true_times(case, start, times)
        whose = "was never booked" if booking is None else f"is booked for {booking.starts_at.astimezone(tz):%A %d %B}"
        told = f"The case {whose}. Name what was used, so that it is booked at the time on the paper."
        raise Invalid(
            "Where was it done?",
            errors=tuple(Reason("place_missing", told, field=kind) for kind in ("room", "proceduralist", "bay")),
        )
    slot = Slot(start, place.room, place.proceduralist, place.bay)
    try:
        return book_what_was_done(case=case, slot=slot, times=times, although_taken=although_taken, by=by, now=now)
    except Refused as refused:
        if refused.code == "slot_taken":
            refused.detail += " Check room, people and time; if the paper is right, enter it although it was taken."
        raise


def _check_in(case: Case, times: PaperTimes, start: datetime, by: str, now: datetime) -> tuple[int, ...]:
    """The day as the paper tells it; the numbers of what else was planned at the true start than is now."""
    arrived = times.arrived_at or case.arrived_at
    beside = note_facts_as_at(
        checklist=case.checklist,
        moment=start,
        by=by,
        now=now,
        arrived_at=arrived,
        not_happening=False,
        put_off_at=None,
        started_holds=(),
    )
    case.arrived_at = arrived
    if case.state == "booked":
        case.state, case.checked_in_at = "checked_in", times.checked_in_at
    bump(case, "state", "arrived_at", "checked_in_at")
    return beside


def _second_person(answer: Answer) -> Refused:
    found = tuple(Reason(f.code, f.sentence, item=f.item, owner=f.owner) for f in answer.decision.refusals)
    return Refused(
        f"At the time on the paper the gate would have refused: {len(found)} item(s). It is entered as it happened, "
        "and a second clinician or nurse signs for it (field 'second').",
        code="second_person_needed",
        errors=found,
    )


def _start(case: Case, answer: Answer, paper: Paper, start: datetime, by: str, now: datetime) -> GatePass:
    assert case.booking is not None
    issued = issue_pass(
        answer=answer,
        paper=paper,
        subject=case.pk,
        booking=case.booking.pk,
        subject_version=case.version,
        by=by,
        now=now,
    )
    case.state, case.started_at, case.paper = "in_procedure", start, paper.reference
    bump(case, "state", "started_at", "paper")
    return issued


def _finish(case: Case, times: PaperTimes, past: AsAt, by: str, now: datetime) -> Answer | None:
    """As far as the paper goes; what was owed before the patient went home is asked of it all the same."""
    answer = None
    if times.discharged_at is not None:
        leaving = replace(past, moment=times.discharged_at)
        answer = ask_gate_as_at(checklist=case.checklist, gate=Gate.DISCHARGE, past=leaving, by=by, now=now)
    _stamp(case, times)
    return answer


def _stamp(case: Case, times: PaperTimes) -> None:
    """One lawful step after the other, each at its true time."""
    if times.finished_at is not None and case.state == "in_procedure":
        case.state, case.finished_at = "recovering", times.finished_at
        bump(case, "state", "finished_at")
    if times.discharged_at is not None:
        case.state, case.discharged_at = "discharged", times.discharged_at
        bump(case, "state", "discharged_at")
