"""The whole way of a case through the services."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from checklists.models import Block, Decision, GatePass
from checklists.services.checklists import assess_checklist
from scheduler.models import Case
from scheduler.rules.problems import Refused
from scheduler.services import transitions
from scheduler.services.verification import verify_chain

pytestmark = pytest.mark.django_db


def test_case_with_every_item_done_starts_with_a_used_gate_pass(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("started", now=start)
    gate_pass = GatePass.objects.get(subject=case.pk)
    assert (case.state, case.started_at) == ("in_procedure", start)
    assert (gate_pass.booking, gate_pass.start, gate_pass.used_at) == (case.booking_id, start, start)
    assert gate_pass.decision.answer == "open"
    assert verify_chain(case.practice_id) == []


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("ride", "ride_missing"),
        ("infection_prescreen", "prescreen_missing"),
        ("fasting", "fasting_missing"),
        ("labs", "lab_missing"),
        ("hold:apixaban", "last_dose_unknown"),
        ("prescriber_clearance:apixaban", "clearance_missing"),
        ("infection_check", "check_missing"),
        ("allergies", "allergies_missing"),
        ("anesthesia_evaluation", "evaluation_missing"),
        ("antibiotic_plan", "antibiotic_plan_missing"),
        ("consent", "consent_missing"),
    ],
)
def test_start_without_one_item_is_refused_naming_it(
    tell: Callable[..., Case], start: datetime, item: str, code: str
) -> None:
    missing = {item: None}
    with pytest.raises(Refused) as refusal:
        tell("started", now=start, drugs=("apixaban",), **missing)
    assert (item, code) in {(reason.item, reason.code) for reason in refusal.value.errors}


def test_start_with_a_failed_infection_check_is_refused_and_blocked(tell: Callable[..., Case], start: datetime) -> None:
    fever = {"temperature": 38.0, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}
    case = tell("checked_in", now=start, infection_check=fever)
    with pytest.raises(Refused) as refusal:
        transitions.start(
            practice_id=case.practice_id, case_id=case.pk, seen_version=case.version, by="staff:x", now=start
        )
    assert [reason.item for reason in refusal.value.errors] == ["infection_check"]
    assert list(Block.objects.filter(checklist=case.checklist, lifted_at=None).values_list("item", flat=True)) == [
        "infection_check"
    ]
    case.refresh_from_db()
    assert case.state == "checked_in"


def test_verdict_of_a_ready_case_is_ready_one_hour_before(tell: Callable[..., Case], start: datetime) -> None:
    now = start - timedelta(hours=1)
    case = tell("arrived", now=now)
    assessment = assess_checklist(checklist=case.checklist, start=start, now=now)
    assert [f.item for f in assessment.verdict.findings if not f.passes] == [
        "recovery_observation",
        "after_care",
        "responsible_adult",
    ]
    assert assessment.verdict.state == "ready"


def test_every_change_of_verdict_is_stored_with_what_replays_it(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("started", now=start)
    states = list(Decision.objects.filter(checklist=case.checklist, kind="verdict").order_by("at", "id"))
    assert {d.version_hash for d in states} == {case.checklist.protocol_version.document_hash}
    assert states[-1].answer in ("ready", "pending")
