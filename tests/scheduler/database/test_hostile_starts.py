"""Promise 1: whichever way it is tried, no case enters the procedure unless the gate is open at that instant."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from checklists.models import Evidence, EvidenceError, Facts, GatePass
from checklists.rules.values import Authority, Gate
from checklists.services.checklists import store_decision
from checklists.services.gate import Answer, ask_gate, issue_pass
from scheduler import tasks
from scheduler.models import Case, User
from scheduler.rules.problems import Refused
from scheduler.services import cases, evidence, signing, transitions
from tests.scheduler.database.refusing import ENTER, copy_of, refused_save, refused_sql, run_sql
from tests.scheduler.services.steps import item_version

pytestmark = pytest.mark.django_db
NO_PASS = "case_start_needs_gate_pass: no fresh, unused gate pass names this case, booking and start"


def opened(case: Case, now: datetime) -> Answer:
    answer = ask_gate(checklist=case.checklist, gate=Gate.START, start=now, now=now, by="staff:1", has_booking=True)
    assert answer.decision.answer == "open"
    return answer


def a_pass(case: Case, now: datetime, **wrong: Any) -> GatePass:
    """A pass as the service would issue it, but for what is `wrong`."""
    good = {"subject": case.pk, "booking": case.booking_id, "subject_version": case.version}
    return issue_pass(answer=opened(case, now), by="staff:1", now=now, **{**good, **wrong})


def unchanged(case: Case) -> bool:
    now = Case.objects.get(pk=case.pk)
    return (now.state, now.version, now.started_at) == ("checked_in", case.version, None)


def test_pass_that_fits_opens_even_to_raw_sql(ready: Case, start: datetime) -> None:
    """Without this the refusals below would prove nothing."""
    gate_pass = a_pass(ready, start)
    run_sql(ENTER, start, ready.pk)
    gate_pass.refresh_from_db()
    assert (Case.objects.get(pk=ready.pk).state, gate_pass.used_at) == ("in_procedure", start)


def test_service_refuses_a_failing_case(feverish: Case, start: datetime) -> None:
    with pytest.raises(Refused) as refusal:
        transitions.start(
            practice_id=feverish.practice_id, case_id=feverish.pk, seen_version=feverish.version, by="s", now=start
        )
    assert [(reason.item, reason.code) for reason in refusal.value.errors] == [("infection_check", "fever")]
    assert unchanged(feverish)
    assert GatePass.objects.count() == 0


def test_api_refuses_a_failing_case(
    feverish: Case, api: Callable[..., Client], at: Callable[[datetime], None], start: datetime
) -> None:
    at(start)
    answer = api("nurse").post(
        f"/api/v1/cases/{feverish.pk}/start/",
        {"version": feverish.version},
        content_type="application/json",
        headers={"idempotency-key": "k"},
    )
    assert (answer.status_code, [error["item"] for error in answer.json()["errors"]]) == (409, ["infection_check"])
    assert unchanged(feverish)


def test_task_called_directly_starts_nothing(
    feverish: Case, ready: Case, at: Callable[[datetime], None], start: datetime
) -> None:
    at(start + timedelta(minutes=1))
    tasks.sweep_due_cases()
    assert unchanged(feverish)
    assert unchanged(ready)


RAW = {
    "the state alone": ("UPDATE scheduler_case SET state = 'in_procedure' WHERE id = %s", []),
    "state and time": ("UPDATE scheduler_case SET state = 'in_procedure', started_at = %s WHERE id = %s", ["start"]),
    "state, time and booking": (
        "UPDATE scheduler_case SET state = 'in_procedure', started_at = %s, booking_id = %s WHERE id = %s",
        ["start", "booking"],
    ),
    "everything": (ENTER, ["start"]),
}


@pytest.mark.parametrize("how", RAW)
def test_raw_sql_refused_for_a_failing_case(feverish: Case, start: datetime, how: str) -> None:
    statement, names = RAW[how]
    values = {"start": start, "booking": feverish.booking_id}
    assert refused_sql(statement, *(values[name] for name in names), feverish.pk).startswith(NO_PASS)
    assert unchanged(feverish)


def test_queryset_update_and_save_are_refused(feverish: Case, start: datetime) -> None:
    with pytest.raises(IntegrityError, match=NO_PASS), transaction.atomic():
        Case.objects.filter(pk=feverish.pk).update(state="in_procedure", started_at=start)
    row = Case.objects.get(pk=feverish.pk)
    row.state, row.started_at = "in_procedure", start
    with pytest.raises(IntegrityError, match=NO_PASS), transaction.atomic():
        row.save()
    with pytest.raises(IntegrityError, match=NO_PASS), transaction.atomic():
        Case.objects.bulk_update([row], ["state", "started_at"])
    assert unchanged(feverish)


def test_case_inserted_in_procedure_is_refused(feverish: Case, start: datetime) -> None:
    row = copy_of(feverish, state="in_procedure", started_at=start, booking_id=None)
    assert refused_save(row).startswith("case_opens_referred: ")
    assert unchanged(feverish)


@pytest.mark.parametrize("state", ["recovering", "discharged", "closed"])
def test_step_over_the_procedure_is_refused(feverish: Case, start: datetime, state: str) -> None:
    statement = f"UPDATE scheduler_case SET state = '{state}', started_at = %s WHERE id = %s"
    assert refused_sql(statement, start, feverish.pk).startswith("case_lawful_step: ")
    assert unchanged(feverish)


@pytest.mark.parametrize("state", ["in_procedure", "recovering"])
def test_case_that_is_not_checked_in_does_not_enter(tell: Callable[..., Case], start: datetime, state: str) -> None:
    case = tell("opened")
    statement = f"UPDATE scheduler_case SET state = '{state}', started_at = %s WHERE id = %s"
    # Both triggers refuse; which speaks first is the engine's choice.
    speaks = ("case_lawful_step: ", "case_start_needs_gate_pass: ")
    assert refused_sql(statement, start, case.pk).startswith(speaks)
    assert Case.objects.get(pk=case.pk).state == "referred"


def test_pass_of_another_case_opens_nothing(feverish: Case, ready: Case, start: datetime) -> None:
    a_pass(ready, start)
    assert refused_sql(ENTER, start, feverish.pk).startswith(NO_PASS)
    with pytest.raises(IntegrityError, match="gate_pass_needs_open_gate"), transaction.atomic():
        a_pass(ready, start, subject=feverish.pk, booking=feverish.booking_id, subject_version=feverish.version)
    assert unchanged(feverish)


def test_pass_is_not_bent_to_another_case(feverish: Case, ready: Case, start: datetime) -> None:
    gate_pass = a_pass(ready, start)
    for column, value in (
        ("subject", feverish.pk),
        ("booking", feverish.booking_id),
        ("start", start + timedelta(hours=1)),
        ("subject_version", 99),
        ("last_evidence_id", 10**9),
    ):
        statement = f"UPDATE checklists_gatepass SET {column} = %s WHERE id = %s"
        assert refused_sql(statement, value, gate_pass.pk).startswith("gate_pass_is_immutable: ")
    assert unchanged(feverish)


@pytest.mark.parametrize("wrong", [{"booking": uuid.UUID(int=1)}, {"subject_version": 1}, {"subject_version": 99}])
def test_pass_for_another_booking_or_version_opens_nothing(ready: Case, start: datetime, wrong: Any) -> None:
    a_pass(ready, start, **wrong)
    assert refused_sql(ENTER, start, ready.pk).startswith(NO_PASS)
    assert unchanged(ready)


@pytest.mark.parametrize("apart", [-1, 1])
def test_pass_for_another_moment_opens_nothing(ready: Case, start: datetime, apart: int) -> None:
    a_pass(ready, start)
    assert refused_sql(ENTER, start + timedelta(seconds=apart), ready.pk).startswith(NO_PASS)
    assert unchanged(ready)


def test_used_pass_opens_nothing_again(ready: Case, feverish: Case, start: datetime) -> None:
    used = a_pass(ready, start)
    run_sql(ENTER, start, ready.pk)
    for back in ("checked_in", "booked", "referred"):
        statement = f"UPDATE scheduler_case SET state = '{back}' WHERE id = %s"
        assert refused_sql(statement, ready.pk).startswith("case_lawful_step: ")
    cleared = refused_sql("UPDATE checklists_gatepass SET used_at = NULL WHERE id = %s", used.pk)
    assert cleared.startswith("gate_pass_is_used_once: ")
    assert refused_sql(ENTER, start, feverish.pk).startswith(NO_PASS)
    again = copy_of(used, used_at=None, subject_version=99)
    assert "decision_id" in refused_save(again)  # one pass for one answer of the gate
    assert unchanged(feverish)


def test_pass_made_by_hand_needs_an_open_gate(feverish: Case, start: datetime) -> None:
    answer = ask_gate(checklist=feverish.checklist, gate=Gate.START, start=start, now=start, by="x", has_booking=True)
    assert answer.decision.answer == "refused"
    with pytest.raises(IntegrityError, match="gate_pass_needs_open_gate"), transaction.atomic():
        issue_pass(
            answer=answer,
            subject=feverish.pk,
            booking=feverish.booking_id,
            subject_version=feverish.version,
            by="x",
            now=start,
        )
    assert unchanged(feverish)


def test_open_answer_of_another_gate_carries_no_pass(ready: Case, start: datetime) -> None:
    assessment = opened(ready, start).assessment
    other = store_decision(
        checklist=ready.checklist, assessment=assessment, kind="gate", gate="check_in", answer="open", by="x"
    )
    good = copy_of(a_pass(ready, start, subject_version=99), subject_version=ready.version, decision_id=other.pk)
    assert refused_save(good).startswith("gate_pass_needs_open_gate: ")
    assert unchanged(ready)


def fail_it(case: Case, staff: dict[str, User], now: datetime) -> None:
    evidence.record_evidence(
        practice_id=case.practice_id,
        case_id=case.pk,
        item="ride",
        value={"available": False},
        observed_at=now,
        said_by="staff",
        authority=2,  # type: ignore[arg-type]
        seen_version=2,
        by=staff["nurse"].by,
        now=now,
    )


def strike_it(case: Case, staff: dict[str, User], now: datetime) -> None:
    row = Evidence.objects.filter(checklist=case.checklist, item="infection_check").get()
    EvidenceError.objects.create(evidence=row, practice_id=case.practice_id, reason="r", at=now, by=staff["nurse"].by)


def change_it(case: Case, staff: dict[str, User], now: datetime) -> None:
    cases.note_facts(Case.objects.get(pk=case.pk), by=staff["nurse"].by, now=now, anesthesia="general")


def withdraw_it(case: Case, staff: dict[str, User], now: datetime) -> None:
    signing.withdraw(version=case.checklist.protocol_version, reason="r", by=staff["clinician"].by, now=now)


@pytest.mark.parametrize("since", [fail_it, strike_it, change_it, withdraw_it])
def test_pass_issued_before_a_change_opens_nothing(
    ready: Case, staff: dict[str, User], start: datetime, since: Callable[..., None]
) -> None:
    a_pass(ready, start)
    since(ready, staff, start)
    assert refused_sql(ENTER, start, ready.pk).startswith(NO_PASS)
    assert unchanged(ready)
    assert Facts.objects.filter(checklist=ready.checklist).exists()


def test_case_whose_last_evidence_was_struck_out_still_starts(
    ready: Case, staff: dict[str, User], start: datetime
) -> None:
    fail_it(ready, staff, start)
    row = Evidence.objects.filter(checklist=ready.checklist).latest("pk")
    evidence.mark_entered_in_error(
        practice_id=ready.practice_id,
        public_id=row.public_id,
        reason="wrong case",
        authority=Authority.CLINICIAN,
        seen_version=item_version(row),
        by=staff["nurse"].by,
        now=start,
    )
    moved = transitions.start(
        practice_id=ready.practice_id, case_id=ready.pk, seen_version=ready.version, by="staff:1", now=start
    )
    assert moved.case.state == "in_procedure"
