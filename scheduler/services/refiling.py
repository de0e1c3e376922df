"""Filed to the wrong patient: one piece of evidence that belongs to another case, or a whole case to another person."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from checklists.models import Evidence
from checklists.rules.values import Authority
from checklists.services.recording import ANOTHERS_WORD, Observation, mark_entered_in_error
from scheduler.models import Case, Contact, Patient
from scheduler.rules.duties import REFILED, Duty
from scheduler.rules.links import Ended
from scheduler.rules.problems import Invalid, NotFound, Reason, Refused, Stale
from scheduler.rules.transitions import ENDINGS
from scheduler.services.cases import bump, note_facts, seen
from scheduler.services.errors import follow_error, seen_item, started_drugs, word_to_strike
from scheduler.services.evidence import Recorded, record_all
from scheduler.services.links import revoke_links
from scheduler.services.patient_rows import claims_follow, hand_over, lock_patients, reload
from scheduler.services.people import refuse_gone
from scheduler.services.pickups import take_back
from scheduler.services.readiness import end_of_day, locked_case
from scheduler.services.record import Entry, append_records
from scheduler.services.refilings import REFILED as REFILED_CASE
from scheduler.services.tasks import owe_task

# Words about this person by whoever came in on a link or answered the phone: they spoke of somebody else.
OWN_WORDS = ("patient", "caregiver", "escort")


@dataclass(frozen=True, slots=True)
class Refiled:
    """What stood here is struck through; what stands there now, and both cases with what follows for them."""

    struck: Recorded
    recorded: Recorded


@transaction.atomic
def refile_evidence(
    *,
    practice_id: uuid.UUID,
    public_id: uuid.UUID,
    to_case_id: uuid.UUID,
    reason: str,
    seen_versions: tuple[int, int],
    authority: Authority | None,
    by: str,
    now: datetime,
) -> Refiled:
    """Strike it through here and record it there, with its own moment and no more weight, each naming the other.

    `seen_versions`: of the item here and there. Raises Invalid, NotFound, NotPermitted, Refused, Stale.
    """
    word = word_to_strike(practice_id=practice_id, public_id=public_id, authority=authority)
    here, there = _both_cases(practice_id, word.checklist.subject, to_case_id)
    if getattr(word, "error", None) is not None:
        raise Refused("This was struck through before. Look again.", code="struck_before")
    seen_item(here, word.item, seen_versions[0])
    value = _without_contact(here, word)
    observation = Observation(
        item=word.item,
        value=value,
        observed_at=word.observed_at,
        said_by=word.said_by,
        authority=Authority(word.authority),
        seen_version=seen_versions[1],
    )
    recorded = record_all(practice_id=practice_id, case_id=there.pk, observations=[observation], by=by, now=now)
    drugs = started_drugs(here, now)
    mark_entered_in_error(evidence=word, reason=reason, by=by, now=now, refiled_as=recorded.evidence)
    fields = {"evidence": word.public_id, "refiled_as": recorded.evidence.public_id, "reason": reason}
    entries = [Entry("evidence_refiled", here.pk, fields), Entry("evidence_refiled", there.pk, fields)]
    append_records(practice_id=practice_id, entries=entries, by=by, now=now)
    refreshed = follow_error(case=here, word=word, drugs_before=drugs, by=by, now=now)
    return Refiled(Recorded((word,), here, refreshed, released=False), recorded)


def _both_cases(practice_id: uuid.UUID, here_id: uuid.UUID, there_id: uuid.UUID) -> tuple[Case, Case]:
    if here_id == there_id:
        remedy = "Name the case of the other patient. To only strike it through, use entered in error."
        raise Invalid("It is filed there already.", errors=(Reason("same_case", remedy, field="case"),))
    if not Case.objects.filter(practice_id=practice_id, pk=there_id).exists():
        remedy = "Give the id of a case of this practice."
        raise Invalid("There is no such case.", errors=(Reason("case_unknown", remedy, field="case"),))
    found = {case_id: locked_case(practice_id, case_id) for case_id in sorted((here_id, there_id))}
    return found[here_id], found[there_id]


def _without_contact(case: Case, word: Evidence) -> dict[str, Any]:
    """A contact is one patient's: whom the word names is written down anew for the other."""
    value = dict(word.value)
    named = Contact.objects.filter(patient_id=case.patient_id, pk=value.pop("contact", None)).first()
    if named is not None and word.item == "ride":
        told = {"escort_name": named.name, "escort_phone": named.phone, "escort_email": named.email}
        value |= {name: text for name, text in told.items() if text}
    return value


@transaction.atomic
def refile_case(
    *,
    practice_id: uuid.UUID,
    case_id: uuid.UUID,
    to_patient_id: uuid.UUID,
    reason: str,
    seen_version: int,
    by: str,
    now: datetime,
) -> Case:
    """The case was opened for the wrong patient: it is this one's. Before the procedure only.

    What the wrong patient said goes out of the case, their links die, their calendar entry is taken back; whoever is
    right gets an invite. Raises Invalid, NotFound, Refused, Stale.
    """
    from_id = Case.objects.filter(practice_id=practice_id, pk=case_id).values_list("patient_id", flat=True).first()
    if from_id is None:
        raise NotFound("There is no such case in this practice.")
    if not Patient.objects.filter(practice_id=practice_id, pk=to_patient_id).exists():
        remedy = "Give the id of a patient of this practice."
        raise Invalid("There is no such patient.", errors=(Reason("patient_unknown", remedy, field="patient"),))
    cases, patients = lock_patients(practice_id, {from_id, to_patient_id})
    refuse_gone(patients[to_patient_id])
    case = next((each for each in cases if each.pk == case_id and each.patient_id == from_id), None)
    if case is None:
        raise Stale("The case was filed to another patient meanwhile. Look again.")
    seen(case, seen_version)
    if wrong := tuple(_refusals(case, to_patient_id)):
        raise Refused("This case cannot be refiled.", code=wrong[0].code, errors=wrong)
    wrong_patient = patients[from_id]
    drugs = started_drugs(case, now)
    _take_leave(case, wrong_patient, by, now)
    struck = _strike_own_words(case, wrong_patient, reason, by, now)
    _claim_for(case, patients[to_patient_id])
    fields = {"from": from_id, "to": to_patient_id, "reason": reason, "struck": struck}
    entries = [Entry(REFILED_CASE, subject, {**fields, "case": case.pk}) for subject in (case.pk, *patients)]
    append_records(practice_id=practice_id, entries=entries, by=by, now=now)
    (case,) = reload([case])
    note_facts(case, by=by, now=now, arrived_at=None)
    hand_over([case], strangers={case.pk}, reason=Ended.REFILED, by=by, now=now)
    _ask_about_stopped(case, wrong_patient, drugs, by, now)
    if case.state in ENDINGS:
        bump(case)
    return case


def _refusals(case: Case, to_patient_id: uuid.UUID) -> Iterable[Reason]:
    if case.patient_id == to_patient_id:
        yield Reason("same_patient", "The case is this patient's already.", field="patient")
    if case.started_at is not None:
        yield Reason(
            "had_started", "The procedure has begun: what was done was done to this patient. Ask the clinician."
        )
    elif case.state not in ("referred", "booked", *ENDINGS):
        words = case.state.replace("_", " ")
        yield Reason(
            "wrong_state", f"The case is {words}. Send the patient home first, so that nobody is here under two names."
        )
    for other in Case.objects.filter(previous=case):
        yield Reason("has_linked_case", f"Case {other.pk} continues this one. Refile that one first.")


def _take_leave(case: Case, patient: Patient, by: str, now: datetime) -> None:
    """Links and pick-up of the wrong patient's people end before the case is somebody else's."""
    revoke_links(case=case, reason=Ended.REFILED, by=by, now=now)
    for escort in Contact.objects.filter(patient=patient, kind="escort", channel="email"):
        take_back(case, escort, by, now)


def _strike_own_words(case: Case, patient: Patient, reason: str, by: str, now: datetime) -> list[str]:
    contacts = {str(pk) for pk in Contact.objects.filter(patient=patient).values_list("pk", flat=True)}
    struck = []
    for word in Evidence.objects.filter(checklist=case.checklist_id, error=None).order_by("pk"):
        if word.said_by in OWN_WORDS or word.value.get("contact") in contacts:
            mark_entered_in_error(evidence=word, reason=f"{ANOTHERS_WORD} {reason}"[:500], by=by, now=now)
            struck.append(str(word.public_id))
    return struck


def _claim_for(case: Case, patient: Patient) -> None:
    try:
        with transaction.atomic():
            claims_follow([case], patient)
    except IntegrityError as error:
        if "claim_overlap" not in str(error):
            raise
        remedy = "This patient has another booking at that time. Move or release one of the two first."
        raise Refused(
            "One person cannot be at two bookings at once.",
            code="bookings_overlap",
            errors=(Reason("bookings_overlap", remedy, field="patient", owner="scheduler"),),
        ) from error
    previous = case.previous if case.previous is not None and case.previous.patient_id == patient.pk else None
    Case.objects.filter(pk=case.pk).update(patient=patient, previous=previous, arrived_at=None)


def _ask_about_stopped(case: Case, patient: Patient, drugs: Iterable[str], by: str, now: datetime) -> None:
    """Whoever was asked to stop a drug for a procedure that is not theirs must hear from somebody today."""
    for drug in drugs:
        sentence = (
            f"This case was filed to another patient ({patient.pk}), who may have stopped {drug} for it. "
            "Ring them and decide whether they take it again."
        )
        duty = Duty("restart_decision", f"{REFILED}{patient.pk}:{drug}", "clinician", sentence, end_of_day(case, now))
        owe_task(case=case, duty=duty, by=by, now=now)
