"""The case's way through the day: arrive, check in, start, finish, discharge, close, and the endings."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from checklists.services import checklists
from checklists.services.gate import ask_gate, issue_pass
from scheduler import messages
from scheduler.models import Case
from scheduler.rules.duties import DIED, Duty
from scheduler.rules.links import Ended
from scheduler.rules.problems import Refused
from scheduler.rules.recorded import recorded_item
from scheduler.rules.transitions import BEFORE_PROCEDURE, ENDED_BY, TRANSITIONS, Act
from scheduler.services.bookings import release_booking_of
from scheduler.services.cases import allow, bump, no_other_length, note_facts, put_off, seen
from scheduler.services.gate_trail import trail_of
from scheduler.services.gates import refuse_unless_open
from scheduler.services.home import tell_at_home
from scheduler.services.links import revoke_links
from scheduler.services.readiness import judged_start, locked_case, look_again
from scheduler.services.record import append_record
from scheduler.services.restarts import refuse_while_restart_owed
from scheduler.services.tasks import drop_tasks, owe_task

DONE = {
    Act.CHECK_IN: "checked in",
    Act.START: "started",
    Act.FINISH: "finished",
    Act.DISCHARGE: "discharged",
    Act.CLOSE: "closed",
}


@dataclass(frozen=True, slots=True)
class Moved:
    case: Case
    refreshed: checklists.Refreshed
    overridden: tuple[str, ...] = ()


@transaction.atomic
def arrive(*, practice_id: uuid.UUID, case_id: uuid.UUID, by: str, now: datetime) -> Moved:
    """A fact, never refused: the patient is here. The first arrival stands."""
    case = locked_case(practice_id, case_id)
    allow(case, Act.ARRIVE)
    if checklists.current_facts(case.checklist).arrived_at is None:
        note_facts(case, by=by, now=now, arrived_at=now)
        case.arrived_at = now
        bump(case, "arrived_at")
        append_record(practice_id=practice_id, by=by, action="arrived", subject=case.pk, now=now)
    return Moved(case, look_again(case=case, now=now, by=by))


@transaction.atomic
def check_in(*, practice_id: uuid.UUID, case_id: uuid.UUID, seen_version: int, by: str, now: datetime) -> Moved:
    return _go(Act.CHECK_IN, practice_id, case_id, seen_version, by, now)


@transaction.atomic
def start(*, practice_id: uuid.UUID, case_id: uuid.UUID, seen_version: int, by: str, now: datetime) -> Moved:
    """Judged by the real moment, under the row lock; the database demands the pass that is issued here."""
    return _go(Act.START, practice_id, case_id, seen_version, by, now)


@transaction.atomic
def finish(*, practice_id: uuid.UUID, case_id: uuid.UUID, seen_version: int, by: str, now: datetime) -> Moved:
    return _go(Act.FINISH, practice_id, case_id, seen_version, by, now)


@transaction.atomic
def discharge(*, practice_id: uuid.UUID, case_id: uuid.UUID, seen_version: int, by: str, now: datetime) -> Moved:
    return _go(Act.DISCHARGE, practice_id, case_id, seen_version, by, now)


@transaction.atomic
def close(*, practice_id: uuid.UUID, case_id: uuid.UUID, seen_version: int, by: str, now: datetime) -> Moved:
    """A case closes only when no restart decision is owed, however it ended."""
    return _go(Act.CLOSE, practice_id, case_id, seen_version, by, now)


def _go(act: Act, practice_id: uuid.UUID, case_id: uuid.UUID, seen_version: int, by: str, now: datetime) -> Moved:
    case = locked_case(practice_id, case_id)
    allow(case, act)
    seen(case, seen_version)
    step = TRANSITIONS[act]
    overridden: tuple[str, ...] = ()
    trail: dict[str, Any] = {}
    if step.gate is not None:
        at = now if act == Act.START else judged_start(case, now)
        answer = ask_gate(
            checklist=case.checklist, gate=step.gate, start=at, now=now, by=by, has_booking=case.booking is not None
        )
        refuse_unless_open(answer, DONE[act])
        if act == Act.CHECK_IN and case.arrived_at is None:
            # What the patient's word carries until arrival is verified by staff from then on.
            raise Refused("The patient is not noted as here. Note the arrival, then check in.", code="not_arrived")
        overridden = answer.decision.overridden
        if act == Act.START:
            assert case.booking is not None
            issued = issue_pass(
                answer=answer,
                subject=case.pk,
                booking=case.booking.pk,
                subject_version=case.version,
                by=by,
                now=now,
            )
            trail = trail_of(issued)
            no_other_length(case, case.booking, "the procedure began", by, now)
    if act == Act.CLOSE:
        refuse_while_restart_owed(case, now)
    case.state = step.targets[0]
    stamp = step.stamp
    if stamp is not None:
        setattr(case, stamp, now)
    bump(case, "state", *([stamp] if stamp else []))
    append_record(
        practice_id=practice_id,
        by=by,
        action=act.value,
        subject=case.pk,
        now=now,
        codes=[*map(recorded_item, overridden)],
        fields={"state": case.state, **trail},
    )
    if act == Act.DISCHARGE:
        tell_at_home(case=case, by=by, now=now)
    return Moved(case, look_again(case=case, now=now, by=by), overridden)


@transaction.atomic
def end_case(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, ending: str, reason: str, seen_version: int, by: str, now: datetime
) -> Moved:
    """cancelled, no_show, not_candidate, withdrew, died, or aborted: booking released, messages settled."""
    case = locked_case(practice_id, case_id)
    act = ENDED_BY[ending]
    allow(case, act, ending)
    seen(case, seen_version)
    if case.booking is not None and case.state in TRANSITIONS[Act.RELEASE].sources:
        release_booking_of(case=case, reason=reason, by=by, now=now, becomes=ending)
    else:
        put_off(case, by=by, now=now)
    case.state = case.ending = ending
    case.ending_reason = reason
    bump(case, "state", "ending", "ending_reason")
    messages.silence(case=case, now=now)
    over = ("call", "reschedule", "undelivered") if ending == "died" else ("reschedule",)
    drop_tasks(case=case, kinds=over, outcome=f"the case ended: {ending}", by=by, now=now)
    if ending == "died":
        revoke_links(patient_id=case.patient_id, reason=Ended.DIED, by=by, now=now)
        ask_to_end_other_cases(case, by, now)
    append_record(
        practice_id=practice_id,
        by=by,
        action=act.value,
        subject=case.pk,
        now=now,
        fields={"ending": ending, "reason": reason},
    )
    return Moved(case, look_again(case=case, now=now, by=by))


def ask_to_end_other_cases(case: Case, by: str, now: datetime) -> None:
    """Nobody rings the family about another appointment: the desk ends what else is open."""
    others = Case.objects.filter(patient_id=case.patient_id, state__in=BEFORE_PROCEDURE).exclude(pk=case.pk)
    for other in others.select_related("practice"):
        duty = Duty("reschedule", f"{DIED}{case.pk}", "scheduler", "The patient died. End this case as well.", None)
        owe_task(case=other, duty=duty, by=by, now=now)


@transaction.atomic
def reopen(*, practice_id: uuid.UUID, case_id: uuid.UUID, seen_version: int, by: str, now: datetime) -> Moved:
    """An ended case is referred again; what was recorded stands, and time has gone on."""
    case = locked_case(practice_id, case_id)
    allow(case, Act.REOPEN)
    seen(case, seen_version)
    if case.started_at is not None:
        raise Refused("A procedure that had begun is not reopened. Open a linked case.", code="had_started")
    case.state, case.ending, case.ending_reason = "referred", "", ""
    bump(case, "state", "ending", "ending_reason")
    append_record(practice_id=practice_id, by=by, action="reopen", subject=case.pk, now=now)
    return Moved(case, look_again(case=case, now=now, by=by))
