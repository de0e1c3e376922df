"""What nurses do at the bedside besides recording: make sure who it is, and send somebody home."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from scheduler.models import Case
from scheduler.rules.duties import Duty
from scheduler.rules.problems import Invalid, Reason, Refused
from scheduler.rules.transitions import Act
from scheduler.services.bookings import release_booking_of
from scheduler.services.cases import allow, seen
from scheduler.services.readiness import locked_case, look_again
from scheduler.services.record import append_record
from scheduler.services.tasks import owe_task
from scheduler.services.transitions import Moved, end_case

# Both, each stated by the patient or read from the wristband: a name alone picks the wrong one of two namesakes.
IDENTIFIERS: Mapping[str, str] = {"name": "full name", "birth_date": "date of birth"}


@transaction.atomic
def confirm_identity(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, matched: Collection[str], by: str, now: datetime
) -> None:
    """Enter in the record that two identifiers matched. Raises Invalid naming those that did not."""
    case = locked_case(practice_id, case_id)
    missing = tuple(
        Reason("identifier_missing", f"Match the {words} with what the patient says or wears.", field=words)
        for identifier, words in IDENTIFIERS.items()
        if identifier not in matched
    )
    if missing:
        raise Invalid(
            "Two identifiers are needed. Where one does not match, stop: this may be another patient.",
            code="identity_incomplete",
            errors=missing,
        )
    append_record(
        practice_id=practice_id,
        by=by,
        action="identity_confirmed",
        subject=case.pk,
        now=now,
        fields={"matched": sorted(IDENTIFIERS)},
    )


@transaction.atomic
def send_home(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, reason: str, seen_version: int, by: str, now: datetime
) -> Moved:
    """The procedure does not happen today: the booking is released, or the procedure that began is aborted.

    The case stays open for a new date unless its procedure had begun. The desk rings whoever takes the patient home.
    """
    case = locked_case(practice_id, case_id)
    allow(case, Act.SEND_HOME)
    seen(case, seen_version)
    _ask_to_tell_the_escort(case, reason, by, now)
    if case.state == "in_procedure":
        return end_case(
            practice_id=practice_id,
            case_id=case_id,
            ending="aborted",
            reason=reason,
            seen_version=seen_version,
            by=by,
            now=now,
        )
    if case.arrived_at is None:
        raise Refused("The patient has not arrived. The desk releases this booking, or moves it.", code="not_arrived")
    release_booking_of(case=case, reason=reason, by=by, now=now)
    return Moved(case, look_again(case=case, now=now, by=by))


def _ask_to_tell_the_escort(case: Case, reason: str, by: str, now: datetime) -> None:
    sentence = f"The patient goes home without the procedure ({reason}) Tell whoever takes them home, and the bay."
    owe_task(case=case, duty=Duty("call", f"sent_home:{case.version}", "scheduler", sentence, now), by=by, now=now)
