"""Moving open cases to another version of a protocol: seen first, then done, one case at a time."""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from checklists.models import ProtocolVersion
from checklists.services.protocols import typed_protocol
from scheduler.models import Case
from scheduler.reads import looked_at_cases
from scheduler.rules.problems import Invalid, Problem, Reason, Refused, Stale
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.both_versions import BothSides, Unjudged, judge_both
from scheduler.services.cases import ask_for_a_fitting_slot, bump
from scheduler.services.readiness import locked_case, look_again
from scheduler.services.record import append_record
from scheduler.services.signing import cases_of, others_of

log = logging.getLogger(__name__)
MOST = 200  # cases of one preview; the rest follow when these are moved


@dataclass(frozen=True, slots=True)
class Preview:
    """Whose verdict would change. `total` counts all that wait under the old version."""

    rows: tuple[BothSides, ...]
    unjudged: tuple[Unjudged, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Left:
    """A case that was not moved, and why."""

    case_id: uuid.UUID
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Moved:
    moved: tuple[uuid.UUID, ...]
    left: tuple[Left, ...]


def targets_of(version: ProtocolVersion) -> list[ProtocolVersion]:
    """The versions in force that its cases may be moved to: the newest of the same protocol first."""
    return [other for other in others_of(version) if other.in_force]


def target_of(version: ProtocolVersion, target_id: uuid.UUID | None) -> ProtocolVersion:
    """The version chosen, or the one that new cases open on. Raises Invalid with the remedy."""
    targets = targets_of(version)
    found = next((t for t in targets if target_id in (None, t.pk)), None)
    if found is None:
        words = (
            "Adopt another version and have a clinician sign it, then move the cases."
            if not targets
            else "Choose another signed version of this practice that was not withdrawn."
        )
        reason = Reason("no_version_to_move_to", words, field="to")
        raise Invalid("There is no such version to move the cases to.", errors=(reason,))
    return found


def preview_move(*, version: ProtocolVersion, target: ProtocolVersion, now: datetime, most: int = MOST) -> Preview:
    """What the move would change for each case that waits under `version`, soonest booking first; writes nothing."""
    waiting = cases_of(version)
    soonest = waiting.order_by(F("booking__starts_at").asc(nulls_last=True), "opened_at")[:most]
    cases = list(soonest.select_related("practice", "patient", "booking", "checklist"))
    looked_at_cases(cases)
    for case in cases:
        case.checklist.protocol_version = version
    judged = list(judge_both(cases, typed_protocol(target), now))
    rows = sorted((one for one in judged if isinstance(one, BothSides)), key=_worst_first)
    unjudged = tuple(one for one in judged if isinstance(one, Unjudged))
    return Preview(tuple(rows), unjudged, waiting.count())


def _worst_first(one: BothSides) -> tuple[bool, bool]:
    return (not one.blocks_a_booking, not one.changes)


def move_cases_to_version(
    *,
    version: ProtocolVersion,
    target: ProtocolVersion,
    chosen: Mapping[uuid.UUID, str],
    by: str,
    now: datetime,
) -> Moved:
    """Move the chosen cases, each wholly or not at all, if it still is what the preview showed (`seen`)."""
    moved, left = [], []
    for case_id, seen in chosen.items():
        try:
            move_case(version=version, target=target, case_id=case_id, seen=seen, by=by, now=now)
            moved.append(case_id)
        except Problem as problem:
            left.append(Left(case_id, problem.code, problem.detail))
        except Exception:
            log.exception("case %s could not be moved to another version", case_id)
            left.append(Left(case_id, "not_moved", "The case could not be moved. Tell the administrator; try again."))
    return Moved(tuple(moved), tuple(left))


@transaction.atomic
def move_case(
    *, version: ProtocolVersion, target: ProtocolVersion, case_id: uuid.UUID, seen: str, by: str, now: datetime
) -> Case:
    """Raises NotFound, Refused, or Stale where the case is not what was seen."""
    case = locked_case(version.practice_id, case_id)
    _refuse_unless_movable(case, version, target)
    (both,) = judge_both([case], typed_protocol(target), now)
    if isinstance(both, Unjudged):
        raise Refused(both.why, code="unreadable")
    if both.seen != seen:
        raise Stale("The case or its verdict has changed since the preview. Look again, then decide.")
    case.checklist.protocol_version = target
    case.checklist.save(update_fields=["protocol_version"])
    bump(case)
    append_record(
        practice_id=case.practice_id,
        by=by,
        action="protocol_moved",
        subject=case.pk,
        now=now,
        fields={"from": version.document_hash, "to": target.document_hash},
    )
    ask_for_a_fitting_slot(case, len(both.before.assessment.facts.levels), by, now)
    look_again(case=case, now=now, by=by)
    return case


def _refuse_unless_movable(case: Case, version: ProtocolVersion, target: ProtocolVersion) -> None:
    if case.checklist.protocol_version_id != version.pk:
        raise Refused("The case is not under this version any more. Look again.", code="under_another_version")
    if case.state not in BEFORE_PROCEDURE:
        words = f"The case is {case.state.replace('_', ' ')}; it keeps the version its procedure was done under."
        raise Refused(words, code="under_way")
    # Locked after the case, as withdrawing locks it first and cases never: the two wait, and never for each other.
    locked = (
        ProtocolVersion.objects.select_for_update(no_key=True)
        .defer("document")
        .filter(practice_id=case.practice_id, pk=target.pk)
    )
    if not any(one.in_force for one in locked):
        raise Refused("The version to move to is not in force any more. Choose another.", code="target_not_in_force")
