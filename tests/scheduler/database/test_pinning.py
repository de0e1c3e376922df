"""A case is pinned to its protocol version: raw SQL moves it only to one in force, and only before its procedure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from checklists.models import GatePass, ProtocolVersion
from checklists.rules.values import Gate
from checklists.services.gate import ask_gate, issue_pass
from scheduler.models import Case, Practice
from scheduler.services import signing
from scheduler.services.demonstration import demonstration_document
from tests.remembered import Memory
from tests.scheduler.database.refusing import refused_sql, run_sql

pytestmark = pytest.mark.django_db
BY = "staff:1"
PIN = "UPDATE checklists_checklist SET protocol_version_id = %s WHERE id = %s"
ENTER = "UPDATE scheduler_case SET state = 'in_procedure', started_at = %s WHERE id = %s"


@pytest.fixture
def second(practice: Practice, memory: Memory, now: datetime) -> ProtocolVersion:
    """A second version of the practice's protocol, not yet signed."""
    document = {**demonstration_document(), "title": "DEMONSTRATION, second edition"}
    given = {"name": "demonstration", "document": document, "by": BY, "now": now}
    pk = memory.once(f"adopted {given}", lambda: signing.adopt(practice_id=practice.pk, **given).pk)
    return ProtocolVersion.objects.get(pk=pk)


def test_case_that_waits_is_moved_to_a_version_in_force_only(
    second: ProtocolVersion, tell: Callable[..., Case], other_practice: Practice, now: datetime
) -> None:
    case = tell("opened")
    strange = ProtocolVersion.objects.get(practice_id=other_practice.pk)
    words = [refused_sql(PIN, version.pk, case.checklist_id) for version in (second, strange)]
    refusals = ("checklist_moves_to_version_in_force: ", "checklists_checklist_same_practice_update: ")
    assert [word.startswith(refusals) for word in words] == [True, True]
    signing.sign(version=second, by=BY, now=now)
    run_sql(PIN, second.pk, case.checklist_id)
    first = ProtocolVersion.objects.get(practice_id=case.practice_id, number=1)
    signing.withdraw(version=first, reason="r", by=BY, now=now)
    assert refused_sql(PIN, first.pk, case.checklist_id).startswith("checklist_moves_to_version_in_force: ")
    case.checklist.refresh_from_db()
    assert case.checklist.protocol_version_id == second.pk


@pytest.mark.parametrize("until", ["started", "finished", "discharged"])
def test_case_whose_procedure_began_keeps_its_version(
    second: ProtocolVersion, tell: Callable[..., Case], now: datetime, start: datetime, until: str
) -> None:
    case = tell(until, now=start if until == "started" else start + timedelta(hours=6))
    signing.sign(version=second, by=BY, now=now)
    assert refused_sql(PIN, second.pk, case.checklist_id).startswith("checklist_stays_once_under_way: ")


def test_gate_pass_of_the_version_before_opens_nothing(
    second: ProtocolVersion, tell: Callable[..., Case], start: datetime
) -> None:
    case = tell("checked_in", now=start)
    common: dict[str, Any] = {"by": BY, "now": start}
    answer = ask_gate(checklist=case.checklist, gate=Gate.START, start=start, has_booking=True, **common)
    assert case.booking_id is not None
    issue_pass(answer=answer, subject=case.pk, booking=case.booking_id, subject_version=case.version, **common)
    signing.sign(version=second, by=BY, now=start)
    first = case.checklist.protocol_version_id
    run_sql(PIN, second.pk, case.checklist_id)
    assert refused_sql(ENTER, start, case.pk).startswith("case_start_needs_gate_pass: ")
    run_sql(PIN, first, case.checklist_id)
    run_sql(ENTER, start, case.pk)
    assert GatePass.objects.get().used_at == start
