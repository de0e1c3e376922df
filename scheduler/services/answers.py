"""What the patient, a caregiver or the escort answered: recorded as their word, or as a call that somebody owes."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from checklists.models import Evidence, Item
from checklists.rules.questions import ESCORT, PATIENT, Answer, Question, problems_of, questions, value_of
from checklists.rules.values import Authority
from checklists.services.dossiers import load_dossier
from checklists.services.protocols import typed_protocol
from checklists.services.recording import Observation
from scheduler.models import Case, Contact
from scheduler.rules.duties import Duty
from scheduler.rules.problems import Invalid, Reason, Refused, Stale
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.evidence import record_all
from scheduler.services.readiness import end_of_day, judged_start, locked_case
from scheduler.services.tasks import owe_task

SPEAKERS = ("patient", "caregiver", "escort")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the version of its item: what an answer is recorded against."""

    question: Question
    version: int


@dataclass(frozen=True, slots=True)
class Said:
    """`replaces`: this word stands in place of an earlier no of the patient's own."""

    item: str
    answer: Answer
    seen_version: int
    replaces: bool = False


def asked_of(case: Case, now: datetime, audience: str = PATIENT) -> tuple[Asked, ...]:
    """What is asked at this moment; nothing unless a procedure is booked and ahead."""
    start = judged_start(case, now) if case.state in BEFORE_PROCEDURE else None
    if start is None:
        return ()
    checklist = case.checklist
    dossier = load_dossier(checklist)
    protocol = typed_protocol(checklist.protocol_version)
    found = questions(protocol, dossier.facts, dossier.evidence, start, now, dossier.reviews, audience)
    versions = dict(Item.objects.filter(checklist=checklist).values_list("key", "version"))
    return tuple(Asked(question, versions.get(question.item, 0)) for question in found)


def caregivers(case: Case) -> tuple[Contact, ...]:
    """Caregivers whom the patient has allowed to speak, with the permission on file."""
    mine = Contact.objects.filter(patient_id=case.patient_id, kind="caregiver", ended_at=None).exclude(permission="")
    return tuple(mine.order_by("created_at"))


@transaction.atomic
def record_answers(
    *,
    practice_id: uuid.UUID,
    case_id: uuid.UUID,
    said: Sequence[Said],
    said_by: str,
    by: str,
    now: datetime,
    audience: str = PATIENT,
) -> tuple[str, ...]:
    """Record all of these answers or none. Raises Stale naming every item that changed, Invalid, Refused."""
    case = locked_case(practice_id, case_id)
    _check_speaker(case, said_by)
    asked = {each.question.item: each for each in asked_of(case, now, audience)}
    if not asked:
        raise Refused("Nothing is asked now: no procedure is booked and ahead.", code="nothing_asked")
    _check_answers(asked, said, now)
    _check_versions(asked, said)
    _record(case, asked, said, said_by, by, now)
    return tuple(one.item for one in said)


def record_answer(
    *,
    practice_id: uuid.UUID,
    case_id: uuid.UUID,
    item: str,
    answer: Answer,
    said_by: str,
    seen_version: int,
    by: str,
    now: datetime,
    audience: str = PATIENT,
) -> tuple[str, ...]:
    """One answer, as `record_answers`."""
    said = (Said(item, answer, seen_version),)
    return record_answers(
        practice_id=practice_id, case_id=case_id, said=said, said_by=said_by, by=by, now=now, audience=audience
    )


def _check_speaker(case: Case, said_by: str) -> None:
    if said_by not in SPEAKERS:
        remedy = f"'{said_by[:20]}' is nobody who answers. Use one of {', '.join(SPEAKERS)}."
        raise Invalid("Say who answered.", errors=(Reason("bad_speaker", remedy, field="said_by"),))
    if said_by == "caregiver" and not caregivers(case):
        remedy = "Ask the patient who may speak for them, and add that caregiver with the permission."
        raise Refused(
            "No caregiver may speak for this patient.",
            code="no_permission",
            errors=(Reason("no_permission", remedy, field="said_by"),),
        )


def _check_answers(asked: Mapping[str, Asked], said: Sequence[Said], now: datetime) -> None:
    errors: list[Reason] = []
    for one in said:
        if one.item not in asked:
            remedy = f"Use one of: {', '.join(asked)}."
            errors.append(Reason("not_asked", remedy, field="item", item=one.item))
            continue
        for wrong in problems_of(asked[one.item].question, one.answer, now):
            errors.append(Reason("bad_answer", wrong.text.msgid, field=wrong.field, item=one.item))
    if errors:
        raise Invalid("An answer cannot be recorded as it is.", errors=tuple(errors))


def _check_versions(asked: Mapping[str, Asked], said: Sequence[Said]) -> None:
    stale = tuple(
        Reason(
            "stale",
            f"Somebody recorded on this since you looked (version {asked[one.item].version}, you saw "
            f"{one.seen_version}). Look again, then answer.",
            item=one.item,
        )
        for one in said
        if asked[one.item].version != one.seen_version
    )
    if stale:
        raise Stale("Nothing was saved: somebody else recorded an answer in the meantime.", errors=stale)


def _record(case: Case, asked: Mapping[str, Asked], said: Sequence[Said], said_by: str, by: str, now: datetime) -> None:
    told = [(one, asked[one.item].question) for one in said]
    words = [(one, question, value_of(question, one.answer)) for one, question in told]
    observations = [
        Observation(
            item=one.item,
            value=value,
            observed_at=now,
            said_by=said_by,
            authority=Authority.PATIENT,
            seen_version=one.seen_version,
            supersedes=_noes(question) if one.replaces else (),
        )
        for one, question, value in words
        if value is not None
    ]
    if observations:
        record_all(practice_id=case.practice_id, case_id=case.pk, observations=observations, by=by, now=now)
    for one, question in told:
        choice = question.choice(one.answer.choice)
        if choice is not None and choice.calls:
            owe_task(case=case, duty=_call(case, question, choice.code, said_by, now), by=by, now=now)


def _noes(question: Question) -> list[uuid.UUID]:
    return list(Evidence.objects.filter(pk__in=question.replaceable).values_list("public_id", flat=True))


def call_key(item: str) -> str:
    """Keyed apart from the calls that follow from findings: looking again does not settle it."""
    return f"answer:{item}"


def _call(case: Case, question: Question, code: str, said_by: str, now: datetime) -> Duty:
    about = question.item.replace("_", " ").replace(":", ": ")
    asks = f"Call the {said_by} about {about}: they asked for a call."
    told = f"Call the {said_by} about {about}: they said '{code.replace('_', ' ')}'."
    sentence = asks if code == "call_me" else told
    return Duty("call", call_key(question.item), "scheduler", sentence, end_of_day(case, now))


__all__ = [
    "ESCORT",
    "PATIENT",
    "Asked",
    "Said",
    "asked_of",
    "call_key",
    "caregivers",
    "record_answer",
    "record_answers",
]
