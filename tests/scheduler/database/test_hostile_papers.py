"""Promise 1, on paper: no pass of a downtime without its clinician, its sheet, a start that is past, and a second."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from checklists.models import GatePass
from checklists.rules.values import Gate
from checklists.services.downtime import AsAt, ask_gate_as_at
from checklists.services.gate import Answer, Paper, issue_pass
from scheduler.models import Case, User
from scheduler.services import signing
from scheduler.services.cases import note_facts
from tests.scheduler.database.refusing import ENTER, copy_of, refused_save, refused_sql, run_sql
from tests.scheduler.services.steps import strike_all

pytestmark = pytest.mark.django_db
NO_PASS = "case_start_needs_gate_pass: "
ALONE = Paper("P-1", "No power.", decided_by="staff:1", signed_by="staff:2")
TWO = replace(ALONE, second_by="staff:3")


def asked(case: Case, start: datetime, now: datetime, beside: tuple[int, ...] = ()) -> Answer:
    past = AsAt(start, start, beside)
    return ask_gate_as_at(checklist=case.checklist, gate=Gate.START, past=past, by="staff:1", now=now)


def a_pass(case: Case, start: datetime, now: datetime, paper: Paper = TWO, **wrong: Any) -> GatePass:
    answer = asked(case, start, now)
    assert case.booking_id is not None
    good = {"subject": case.pk, "booking": case.booking_id, "subject_version": case.version}
    return issue_pass(answer=answer, paper=paper, by="staff:1", now=now, **{**good, **wrong})


@pytest.fixture
def later(start: datetime) -> datetime:
    return start + timedelta(hours=3)


def test_pass_of_paper_opens_its_own_start_once(feverish: Case, start: datetime, later: datetime) -> None:
    """Without this the refusals below would prove nothing."""
    used = a_pass(feverish, start, later)
    run_sql(ENTER, start, feverish.pk)
    used.refresh_from_db()
    assert (Case.objects.get(pk=feverish.pk).state, used.used_at) == ("in_procedure", later)
    cleared = refused_sql("UPDATE checklists_gatepass SET used_at = NULL WHERE id = %s", used.pk)
    assert cleared.startswith("gate_pass_is_used_once: ")


def test_refused_answer_carries_no_pass_of_one_person(feverish: Case, start: datetime, later: datetime) -> None:
    with pytest.raises(IntegrityError, match="gate_pass_needs_open_gate"), transaction.atomic():
        a_pass(feverish, start, later, ALONE)


def test_refused_answer_as_at_the_start_carries_no_pass_of_one_person_beside_an_open_one(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    """The plan was changed after the start: the pass stands on the open answer, and the refused one still counts."""
    case = tell("checked_in", now=start, drugs=("apixaban",))
    strike_all(case, "hold:apixaban", now=start)
    undecided = case.checklist.facts_number
    note_facts(case, by="x", now=later, medications=())
    answer = asked(case, start, later, (undecided,))
    assert (answer.decision.answer, answer.stored.answer) == ("refused", "open")
    opens: Any = {"booking": case.booking_id, "subject": case.pk, "subject_version": case.version}
    with pytest.raises(IntegrityError, match="gate_pass_needs_open_gate"), transaction.atomic():
        issue_pass(answer=answer, paper=ALONE, by="staff:1", now=later, **opens)
    issue_pass(answer=answer, paper=TWO, by="staff:1", now=later, **opens)
    run_sql(ENTER, start, case.pk)


@pytest.mark.parametrize("lacks", ["decided_by", "signed_by", "reference", "reason"])
def test_pass_without_its_clinician_or_paper_is_refused(
    ready: Case, start: datetime, later: datetime, lacks: str
) -> None:
    with pytest.raises(IntegrityError, match="gate_pass_downtime_names"), transaction.atomic():
        a_pass(ready, start, later, replace(TWO, **{lacks: ""}))


def test_pass_of_paper_for_a_start_of_now_is_refused(ready: Case, start: datetime) -> None:
    with pytest.raises(IntegrityError, match="gate_pass_asked_before_the_start"), transaction.atomic():
        a_pass(ready, start, start)


def test_pass_that_is_asked_for_is_not_dated_back(ready: Case, start: datetime, later: datetime) -> None:
    """Without a paper there is no start in the past, whoever writes the row."""
    blank = dict.fromkeys(("decided_by", "signed_by", "second_by", "paper", "reason"), "")
    row = copy_of(a_pass(ready, start, later, subject_version=99), subject_version=ready.version, kind="asked", **blank)
    row.decision = asked(ready, start, later).stored
    assert "gate_pass_asked_before_the_start" in refused_save(row)


def test_second_person_who_is_the_signer_is_refused(feverish: Case, start: datetime, later: datetime) -> None:
    with pytest.raises(IntegrityError, match="gate_pass_second_is_another"), transaction.atomic():
        a_pass(feverish, start, later, replace(TWO, second_by=TWO.signed_by))


@pytest.mark.parametrize("apart", [-1, 1, 3 * 3600])
def test_pass_of_paper_opens_no_other_start(ready: Case, start: datetime, later: datetime, apart: int) -> None:
    a_pass(ready, start, later)
    assert refused_sql(ENTER, start + timedelta(seconds=apart), ready.pk).startswith(NO_PASS)


@pytest.mark.parametrize("wrong", [{"subject_version": 1}, {"subject_version": 99}])
def test_pass_of_paper_for_another_version_opens_nothing(
    ready: Case, start: datetime, later: datetime, wrong: Any
) -> None:
    a_pass(ready, start, later, **wrong)
    assert refused_sql(ENTER, start, ready.pk).startswith(NO_PASS)


def test_pass_of_paper_opens_no_other_case(ready: Case, feverish: Case, start: datetime, later: datetime) -> None:
    a_pass(ready, start, later)
    assert refused_sql(ENTER, start, feverish.pk).startswith(NO_PASS)
    with pytest.raises(IntegrityError, match="gate_pass_needs_open_gate"), transaction.atomic():
        a_pass(ready, start, later, subject=feverish.pk, subject_version=feverish.version)


def test_paper_is_not_written_onto_a_pass_afterwards(ready: Case, start: datetime, later: datetime) -> None:
    kept = a_pass(ready, start, later)
    for column in ("kind", "decided_by", "signed_by", "second_by", "paper", "reason"):
        told = refused_sql(f"UPDATE checklists_gatepass SET {column} = 'x' WHERE id = %s", kept.pk)
        assert told.startswith("gate_pass_is_immutable: ")


def test_version_withdrawn_since_does_not_undo_what_was_done(
    ready: Case, staff: dict[str, User], start: datetime, later: datetime
) -> None:
    signing.withdraw(version=ready.checklist.protocol_version, reason="r", by=staff["clinician"].by, now=later)
    a_pass(ready, start, later)
    run_sql(ENTER, start, ready.pk)
    assert Case.objects.get(pk=ready.pk).state == "in_procedure"
