"""Open a case, change its plan."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction

from checklists.rules.levels import LevelError, parse_levels
from checklists.rules.values import DateAbout, Facts, Medication
from checklists.services import checklists
from checklists.services.protocols import NotInForce, typed_protocol, version_in_force
from scheduler.models import Booking, Case, Patient, Practice
from scheduler.reads import looked_at_cases
from scheduler.rules.duties import Duty
from scheduler.rules.links import Ended
from scheduler.rules.problems import Erased, Invalid, NotFound, Reason, Refused, Stale
from scheduler.rules.transitions import BEFORE_PROCEDURE, TRANSITIONS, Act
from scheduler.services.links import revoke_links
from scheduler.services.people import NewContact, NewPatient, add_contact, add_patient, refuse_gone
from scheduler.services.readiness import judged_start, locked_case, look_again
from scheduler.services.record import SYSTEM, append_record
from scheduler.services.tasks import drop_tasks, owe_task


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planned and known of a case besides its patient. Dates may be approximate."""

    procedure: str
    levels: tuple[str, ...]
    cause: str | None = None
    anesthesia: str | None = None
    fractured: DateAbout | None = None
    onset: DateAbout | None = None
    diagnosed: DateAbout | None = None
    worsened: DateAbout | None = None  # the last new fall, new pain or new deficit
    weight_kg: float | None = None
    allergies: tuple[str, ...] = ()
    conditions: frozenset[str] = field(default_factory=frozenset)
    conditions_denied: frozenset[str] = field(default_factory=frozenset)  # asked and answered with no
    medications: tuple[Medication, ...] = ()
    medications_known: bool = True  # False: not asked yet, which booking waits for
    keeps: frozenset[str] = field(default_factory=frozenset)  # what a change does not speak of stays as recorded


@transaction.atomic
def open_case(
    *,
    practice: Practice,
    patient_id: uuid.UUID,
    protocol: str,
    plan: Plan,
    by: str,
    now: datetime,
    previous_id: uuid.UUID | None = None,
    import_key: str = "",
) -> Case:
    """A case on the protocol's version in force. Raises Invalid, NotFound, Refused."""
    # Waits for a merge or an erasure of this row that is under way, instead of running into the database's refusal.
    patients = Patient.objects.select_for_update(no_key=True).filter(practice_id=practice.pk, pk=patient_id)
    if (patient := patients.first()) is None:
        raise Invalid(
            "There is no such patient in this practice.",
            errors=(Reason("patient_unknown", "Give the id of a patient of this practice.", field="patient"),),
        )
    refuse_gone(patient)
    if previous_id is not None and not Case.objects.filter(practice_id=practice.pk, pk=previous_id).exists():
        raise Invalid(
            "There is no such earlier case in this practice.",
            errors=(Reason("case_unknown", "Give the id of a case of this practice.", field="previous"),),
        )
    try:
        version = version_in_force(practice_id=practice.pk, name=protocol)
    except NotInForce as error:
        raise Refused(
            str(error),
            code="protocol_not_in_force",
            errors=(Reason("protocol_not_in_force", str(error), field="protocol"),),
        ) from error
    case_id = uuid.uuid4()
    checklist = checklists.open_checklist(
        practice_id=practice.pk,
        subject=case_id,
        version=version,
        facts=_facts(practice, patient, plan),
        by=by,
        now=now,
    )
    case = Case.objects.create(
        id=case_id,
        practice=practice,
        patient=patient,
        checklist=checklist,
        procedure=plan.procedure,
        previous_id=previous_id,
        import_key=import_key,
        opened_at=now,
        opened_by=by,
    )
    append_record(
        practice_id=practice.pk,
        by=by,
        action="case_opened",
        subject=case.pk,
        now=now,
        fields={"patient": patient.pk, "protocol": version.document_hash, "procedure": plan.procedure},
    )
    look_again(case=case, now=now, by=by)
    return case


@transaction.atomic
def open_referral(
    *,
    practice: Practice,
    patient: NewPatient,
    contact: NewContact | None,
    protocol: str,
    plan: Plan,
    by: str,
    now: datetime,
) -> Case:
    """Patient, contact and case in one go: all or nothing."""
    row = add_patient(practice_id=practice.pk, patient=patient, by=by, now=now)
    if contact is not None:
        add_contact(patient=row, contact=contact, by=by, now=now)
    return open_case(practice=practice, patient_id=row.pk, protocol=protocol, plan=plan, by=by, now=now)


def coded_levels(levels: tuple[str, ...]) -> tuple[str, ...]:
    """Levels as coded, from the spellings that people use. Raises Invalid."""
    try:
        return parse_levels(levels)
    except LevelError as error:
        raise Invalid(str(error), errors=(Reason("level_unknown", str(error), field="levels"),)) from error


def _facts(practice: Practice, patient: Patient, plan: Plan) -> Facts:
    return Facts(
        number=1,
        site=practice.site,
        procedure=plan.procedure,
        levels=coded_levels(plan.levels),
        cause=plan.cause,
        anesthesia=plan.anesthesia,
        fractured=plan.fractured,
        onset=plan.onset,
        diagnosed=plan.diagnosed,
        worsened=plan.worsened,
        born_on=patient.born_on,
        sex=patient.sex or None,
        weight_kg=plan.weight_kg,
        allergies=plan.allergies,
        conditions=plan.conditions,
        conditions_denied=plan.conditions_denied,
        medications=plan.medications,
        medications_known=plan.medications_known,
    )


def plan_of(facts: Facts) -> Plan:
    return Plan(
        procedure=facts.procedure,
        levels=facts.levels,
        cause=facts.cause,
        anesthesia=facts.anesthesia,
        fractured=facts.fractured,
        onset=facts.onset,
        diagnosed=facts.diagnosed,
        worsened=facts.worsened,
        weight_kg=facts.weight_kg,
        allergies=facts.allergies,
        conditions=facts.conditions,
        conditions_denied=facts.conditions_denied,
        medications=facts.medications,
        medications_known=facts.medications_known,
    )


def seen(case: Case, seen_version: int) -> None:
    """Raises Stale unless the writer saw the case as it is."""
    if case.version != seen_version:
        raise Stale(
            f"The case is at version {case.version}; you saw version {seen_version}. Look again, then decide.",
            version=case.version,
        )


def allow(case: Case, act: Act, target: str = "") -> None:
    """Raises Refused unless the table of transitions has this act in the case's state (and to this target)."""
    step = TRANSITIONS[act]
    if case.state not in step.sources or (target and target not in step.targets):
        wanted = f"to {act.value.replace('_', ' ')} it must be {' or '.join(step.sources)}."
        sentence = f"The case is {case.state}; {wanted}".replace("_", " ")
        raise Refused(
            sentence,
            code="wrong_state",
            errors=(Reason("wrong_state", sentence, owner=" or ".join(sorted(step.who))),),
            state=case.state,
        )


def bump(case: Case, *fields: str) -> None:
    """Save the named fields and count the case's version up."""
    case.version += 1
    case.save(update_fields=[*fields, "version"])


def note_facts(case: Case, *, by: str, now: datetime, **changes: object) -> None:
    """Append a facts document that differs in `changes`; nothing is written when nothing differs."""
    facts = checklists.current_facts(case.checklist)
    changed = replace(facts, **changes)  # type: ignore[arg-type]
    if changed != facts:
        checklists.write_facts(checklist=case.checklist, facts=changed, by=by, now=now)


def follow_site(case: Case, *, now: datetime) -> None:
    """The practice changed its zone or hours: the facts of a case that is still ahead say so from now on."""
    if case.state in BEFORE_PROCEDURE:
        note_facts(case, by=SYSTEM, now=now, site=case.practice.site)


def put_off(case: Case, *, by: str, now: datetime) -> None:
    """The procedure does not happen for now: note since when, and which drugs are stopped for it; links die.

    Called while the booking still stands, because a hold starts by the clock too.
    """
    revoke_links(case=case, reason=Ended.PUT_OFF, by=by, now=now)
    facts = checklists.current_facts(case.checklist)
    if facts.not_happening:
        return
    verdict = checklists.assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now).verdict
    started = tuple(f.item.partition(":")[2] for f in verdict.findings if f.kind == "restart_decision")
    changes = {"not_happening": True, "put_off_at": now, "started_holds": started, "arrived_at": None}
    note_facts(case, by=by, now=now, **changes)


@transaction.atomic
def change_plan(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, plan: Plan, seen_version: int, by: str, now: datetime
) -> tuple[Case, checklists.Refreshed]:
    """New levels, anesthesia, drugs, ...: a new facts document, and the verdict that follows.

    The claims of a booking keep their length; where the plan now needs another, moving it becomes a task.
    """
    case = locked_case(practice_id, case_id)
    seen(case, seen_version)
    may_change_plan(case)
    facts = checklists.current_facts(case.checklist)
    changed = facts_with(case, facts, plan)
    if changed != facts:
        checklists.write_facts(checklist=case.checklist, facts=changed, by=by, now=now)
    case.procedure = plan.procedure
    bump(case, "procedure")
    ask_for_a_fitting_slot(case, len(changed.levels), by, now)
    append_record(
        practice_id=practice_id,
        by=by,
        action="plan_changed",
        subject=case.pk,
        now=now,
        fields={"facts": case.checklist.facts_number, "levels": plan.levels},
    )
    return case, look_again(case=case, now=now, by=by)


def may_change_plan(case: Case) -> None:
    """Raises Refused once the procedure has begun or will not be."""
    allow(case, Act.PLAN)


def facts_with(case: Case, facts: Facts, plan: Plan) -> Facts:
    """The facts with another plan; what happened to the case stays. Raises Invalid."""
    return replace(
        _facts(case.practice, case.patient, plan_with_kept(plan, facts)),
        number=facts.number,
        arrived_at=facts.arrived_at,
        not_happening=facts.not_happening,
        put_off_at=facts.put_off_at,
        started_holds=facts.started_holds,
    )


def plan_with_kept(plan: Plan, facts: Facts) -> Plan:
    """The plan with what it does not speak of as it is recorded; a condition is either there or denied."""
    if not plan.keeps:
        return plan
    names = plan.keeps | ({"medications_known"} if "medications" in plan.keeps else frozenset())
    whole = replace(plan, **{name: getattr(facts, name) for name in names})
    there, denied = whole.conditions, whole.conditions_denied
    if "conditions" in plan.keeps and "conditions_denied" not in plan.keeps:
        return replace(whole, conditions=there - denied)
    return replace(whole, conditions_denied=denied - there) if "conditions_denied" in plan.keeps else whole


def ask_for_a_fitting_slot(case: Case, levels: int, by: str, now: datetime) -> None:
    """Where plan or protocol now need another length than the booking holds, moving it is a task until it fits."""
    booking = case.booking
    if booking is None:
        return
    needed = timedelta(minutes=typed_protocol(case.checklist.protocol_version).minutes_per_level * levels)
    held = booking.ends_at - booking.starts_at
    if needed == held:
        no_other_length(case, booking, "the booking fits again", by, now)
        return
    minutes = [int(span.total_seconds() // 60) for span in (needed, held)]
    sentence = f"The plan now needs {minutes[0]} minutes and the booking holds {minutes[1]}. Move the booking."
    duty = Duty("reschedule", length_key(booking), "scheduler", sentence, booking.starts_at)
    owe_task(case=case, duty=duty, by=by, now=now)


def length_key(booking: Booking) -> str:
    return f"length:{booking.pk}"


def no_other_length(case: Case, booking: Booking, outcome: str, by: str, now: datetime) -> None:
    """Nobody moves this booking any more because it is too short or too long."""
    drop_tasks(case=case, kinds=("reschedule",), keys=(length_key(booking),), outcome=outcome, by=by, now=now)


def case_of(practice_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """The case for reading. Raises Erased; NotFound for another practice's."""
    case = (
        Case.objects.select_related("practice", "patient", "checklist__protocol_version__protocol", "booking")
        .defer("checklist__protocol_version__document")
        .filter(practice_id=practice_id, pk=case_id)
        .first()
    )
    if case is None:
        raise NotFound("There is no such case in this practice.")
    if case.patient.erased_at is not None:
        raise Erased(case.patient.erased_at)
    looked_at_cases([case])
    return case
