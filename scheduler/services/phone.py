"""The phone check: the desk reads the questions to whoever is on the line and records what they say."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from checklists.rules.sitetime import shown_at
from scheduler.models import Case, Task
from scheduler.rules.duties import Duty
from scheduler.rules.recorded import recorded_item
from scheduler.rules.transitions import Act
from scheduler.services.answers import Said, call_key, record_answers
from scheduler.services.cases import allow
from scheduler.services.readiness import end_of_day, locked_case
from scheduler.services.record import append_record
from scheduler.services.tasks import drop_tasks, owe_task

AGAIN = "phone_check"  # the key of the call that is owed after one that reached nobody
ANSWERED = "answered in the phone check"


class Unreached(StrEnum):
    NO_ANSWER = "no answer"
    VOICEMAIL = "left a message to call back"
    LATER = "asked to be called later"
    WRONG_NUMBER = "wrong number"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who was on the line; a caregiver by the contact that carries the permission."""

    said_by: str
    contact_id: uuid.UUID | None = None


@transaction.atomic
def record_phone_check(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, speaker: Speaker, said: Sequence[Said], by: str, now: datetime
) -> tuple[str, ...]:
    """Record all answers or none, and settle the calls that asked for them. The caller checked who was speaking."""
    case = locked_case(practice_id, case_id)
    allow(case, Act.PHONE)
    # Before recording: an answer may itself make a call owed about the same item.
    answered = [call_key(one.item) for one in said if one.answer.choice != "call_me"]
    drop_tasks(case=case, kinds=("call",), keys=(*answered, AGAIN), outcome=ANSWERED, by=by, now=now)
    items = record_answers(practice_id=practice_id, case_id=case_id, said=said, said_by=speaker.said_by, by=by, now=now)
    append_record(
        practice_id=practice_id,
        by=by,
        action="phone_check",
        subject=case.pk,
        now=now,
        fields={"said_by": speaker.said_by, "contact": speaker.contact_id, "identity": "full name and date of birth"},
        codes=[*map(recorded_item, items)],
    )
    return items


@transaction.atomic
def note_unreached(*, practice_id: uuid.UUID, case_id: uuid.UUID, outcome: Unreached, by: str, now: datetime) -> Task:
    """Nobody was reached: the record keeps each try, and one call stays owed."""
    case = locked_case(practice_id, case_id)
    allow(case, Act.PHONE)
    append_record(
        practice_id=practice_id,
        by=by,
        action="call_not_reached",
        subject=case.pk,
        now=now,
        fields={"outcome": outcome.value},
        codes=[outcome.name.lower()],
    )
    return owe_task(case=case, duty=_again(case, outcome, now), by=by, now=now)


def _again(case: Case, outcome: Unreached, now: datetime) -> Duty:
    tried_at = shown_at(now, case.practice.site.tz)
    remedy = " Find the right number first." if outcome is Unreached.WRONG_NUMBER else ""
    sentence = f"Call again for the phone check. Last try {tried_at}: {outcome}.{remedy}"
    return Duty("call", AGAIN, "scheduler", sentence, end_of_day(case, now))
