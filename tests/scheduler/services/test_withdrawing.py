"""A protocol version is withdrawn: its gates shut at once, whoever had the procedure still goes home."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from checklists.models import Checklist
from scheduler.models import Case, Practice, Task
from scheduler.rules.problems import Refused
from scheduler.services import boards, signing, transitions
from scheduler.services.demonstration import GOING_HOME, Story
from tests.scheduler.services.steps import BY, record

pytestmark = pytest.mark.django_db
FOLLOW_UP = {"arranged": ["visit", "bone_health", "call_24h", "call_72h"]}


@pytest.fixture
def recovering(story: Callable[..., Story], start: datetime) -> Case:
    """In recovery, nothing recorded of going home."""
    return story(now=start + timedelta(hours=1)).tell("finished")


def withdraw(case: Case, now: datetime) -> None:
    signing.withdraw(version=case.checklist.protocol_version, reason="a wrong number", by=BY, now=now)


def go_home(case: Case, now: datetime) -> Case:
    case.refresh_from_db()
    common = {"practice_id": case.practice_id, "case_id": case.pk, "by": BY, "now": now}
    return transitions.discharge(seen_version=case.version, **common).case


def test_discharge_gate_keeps_judging_by_the_withdrawn_version(recovering: Case, start: datetime) -> None:
    later = start + timedelta(hours=3)
    withdraw(recovering, later)
    with pytest.raises(Refused) as refused:
        go_home(recovering, later)
    asked = {reason.item for reason in refused.value.errors}
    assert "recovery_observation" in asked and "protocol" not in asked
    for item, value in (*GOING_HOME, ("follow_up", FOLLOW_UP)):
        record(recovering, item, value, now=later)
    assert go_home(recovering, later).state == "discharged"


def test_case_in_recovery_is_not_shown_as_blocked_and_owes_no_move(
    recovering: Case, practice: Practice, start: datetime
) -> None:
    later = start + timedelta(hours=3)
    withdraw(recovering, later)
    (row,) = boards.pathway(practice, later)
    assert (row.case.pk, row.state != "blocked", [f.item for f in row.open_findings if f.item == "protocol"]) == (
        recovering.pk,
        True,
        [],
    )
    assert not Task.objects.filter(case=recovering, key="protocol").exists()
    assert Checklist.objects.get(pk=recovering.checklist_id).next_change_at is None


def test_case_that_ends_under_a_withdrawn_version_still_ends(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=3))
    withdraw(case, now)
    case.refresh_from_db()
    common = {"practice_id": case.practice_id, "case_id": case.pk, "by": BY, "now": now}
    ended = transitions.end_case(ending="cancelled", reason="r", seen_version=case.version, **common).case
    assert ended.state == "cancelled"
