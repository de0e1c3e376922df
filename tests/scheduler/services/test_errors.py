"""Entered in error: what the struck word had caused is mended, corrected, or handed to a person."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from checklists.models import Evidence
from notifications.models import Message
from scheduler.models import Case, Task
from tests.scheduler.services.mailing import decoded, send_all
from tests.scheduler.services.steps import record, refusals
from tests.scheduler.services.test_evidence import FOUND, NO_RIDE, RIDE, strike

pytestmark = pytest.mark.django_db


def open_tasks(case: Case, kind: str) -> list[Task]:
    return list(Task.objects.filter(case=case, kind=kind, done_at=None, is_derived=False).order_by("created_at"))


def first_reminder(case: Case) -> tuple[Message, datetime]:
    about = Message.objects.filter(subject=case.pk, kind="reminder:patient", occasion__contains=":ride:")
    due = about.filter(state="queued").order_by("not_before").first()
    assert due is not None and due.not_before is not None
    return due, due.not_before


def test_booking_released_for_an_infection_in_error_becomes_the_desks_work_at_once(
    tell: Callable[..., Case], start: datetime
) -> None:
    case = tell("checked_in", now=start)
    word = record(case, "infection_check", FOUND, now=start).evidence
    case.refresh_from_db()
    assert (case.state, case.booking) == ("referred", None)
    before = [task.key for task in open_tasks(case, "reschedule")]
    strike(case, word, start + timedelta(minutes=5))
    (task,) = open_tasks(case, "reschedule")
    assert before != [task.key] == [f"error:{word.public_id}"]
    assert "entered in error" in task.sentence and "10:00" in task.sentence
    case.refresh_from_db()
    assert case.booking is None


def test_hold_that_rested_on_an_answer_in_error_owes_a_restart_decision_and_a_call(
    tell: Callable[..., Case], now: datetime
) -> None:
    case = tell("held", start=now + timedelta(hours=30), drugs=("apixaban",))
    dose = Evidence.objects.get(checklist=case.checklist, item="hold:apixaban")
    word = Evidence.objects.get(checklist=case.checklist, item="prescriber_clearance:apixaban")
    strike(case, dose, now)
    assert open_tasks(case, "restart_decision") == []  # the hold began by the clock: its finding still asks
    strike(case, word, now)
    tasks = [*open_tasks(case, "restart_decision"), *open_tasks(case, "call")]
    owed = [(task.kind, task.key, task.queue) for task in tasks]
    assert ("restart_decision", "error:apixaban", "clinician") in owed
    assert ("call", f"error:{word.public_id}", "scheduler") in owed


def test_procedure_that_began_on_a_word_in_error_goes_to_the_clinician(
    tell: Callable[..., Case], start: datetime
) -> None:
    case = tell("started", now=start)
    word = Evidence.objects.filter(checklist=case.checklist, item="labs").first()
    assert word is not None
    strike(case, word, start + timedelta(minutes=5))
    (task,) = [task for task in open_tasks(case, "mend") if task.key == f"error:{word.public_id}"]
    assert task.queue == "clinician"


def test_start_is_refused_again_without_the_word_that_carried_it(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("checked_in", now=start)
    word = Evidence.objects.filter(checklist=case.checklist, item="consent").get()
    strike(case, word, start)
    assert {item for item, _ in refusals(case, start)} == {"consent"}


def test_reminder_that_left_because_of_it_is_corrected_once(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("tested", start=now + timedelta(days=5))
    record(case, "ride", RIDE, now=now)
    no = record(case, "ride", NO_RIDE, now=now + timedelta(minutes=1)).evidence
    due, at = first_reminder(case)
    send_all(at)
    due.refresh_from_db()
    assert due.state == "sent"
    later = at + timedelta(hours=1)
    for _ in range(2):
        strike(case, no, later)
    (correction,) = Message.objects.filter(subject=case.pk, kind="correction:patient")
    assert (correction.recipient, correction.state) == (due.recipient, "queued")
    text = decoded(correction.payload)
    assert "That was our mistake" in text
    assert [word for word in ("ride", "escort", case.patient.family_name, case.procedure) if word in text] == []


def test_reminder_of_before_the_error_is_not_corrected(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("tested", start=now + timedelta(days=5))
    _, at = first_reminder(case)
    send_all(at)
    yes = record(case, "ride", RIDE, now=at + timedelta(minutes=1)).evidence
    strike(case, yes, at + timedelta(minutes=2))
    assert Message.objects.filter(kind="correction:patient").count() == 0
