"""A drug stopped for a procedure that does not happen: somebody decides the same day, or the case stays open."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from checklists.rules.values import Authority
from notifications.models import Message
from scheduler.models import Booking, Case, Claim, Task
from scheduler.rules.problems import Refused
from scheduler.rules.transitions import ENDINGS
from scheduler.services import bookings, transitions
from scheduler.services.delivery import owe_expired
from tests.scheduler.services.mailing import send_all
from tests.scheduler.services.steps import BY, end_it, record

pytestmark = pytest.mark.django_db
DRUG = ("apixaban",)
END_OF_DAY = datetime.fromisoformat("2027-03-01T23:59:00-05:00")
FOUND = {"temperature": 38.9, "unit": "C", "skin": "clear", "outcome": "infection", "answers": {}}


def release(case: Case, now: datetime) -> None:
    bookings.release_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        reason="The room floods.",
        seen_version=case.version,
        by=BY,
        now=now,
    )


def infect(case: Case, now: datetime) -> None:
    assert record(case, "infection_check", FOUND, now=now).released


DOES_NOT_HAPPEN: dict[str, Callable[[Case, datetime], Any]] = {
    "released": release,
    "infection": infect,
    **{
        ending: (lambda case, now, ending=ending: end_it(case, ending, now=now))
        for ending in ("cancelled", "no_show", "not_candidate", "withdrew", "died", "aborted")
    },
}


def decisions(case: Case) -> list[tuple[str, str, datetime | None]]:
    rows = Task.objects.filter(case=case, kind="restart_decision", done_at=None)
    return list(rows.values_list("key", "queue", "due_at"))


def close(case: Case, now: datetime) -> str:
    case.refresh_from_db()
    return transitions.close(
        practice_id=case.practice_id, case_id=case.pk, seen_version=case.version, by=BY, now=now
    ).case.state


def test_every_ending_is_tried_here() -> None:
    assert set(ENDINGS) <= set(DOES_NOT_HAPPEN)


@pytest.mark.parametrize("how", DOES_NOT_HAPPEN)
def test_recorded_hold_is_decided_before_the_case_closes(tell: Callable[..., Case], start: datetime, how: str) -> None:
    case = tell("checked_in", now=start, drugs=DRUG)
    DOES_NOT_HAPPEN[how](case, start)
    case.refresh_from_db()
    assert case.state == ("referred" if how in ("released", "infection") else how)
    assert decisions(case) == [("restart_decision:apixaban", "clinician", END_OF_DAY)]
    if case.state == "referred":
        end_it(case, "cancelled", now=start)
    with pytest.raises(Refused) as refusal:
        close(case, start)
    assert [reason.item for reason in refusal.value.errors] == ["restart_decision:apixaban"]
    record(case, "restart_decision:apixaban", {"decision": "restart"}, now=start, role=Authority.CLINICIAN)
    assert decisions(case) == []
    assert close(case, start) == "closed"


@pytest.mark.parametrize("how", [how for how in DOES_NOT_HAPPEN if how not in ("infection", "aborted")])
def test_hold_whose_time_had_come_is_decided_though_no_last_dose_was_recorded(
    tell: Callable[..., Case], story: Callable[..., Any], now: datetime, how: str
) -> None:
    start = now + timedelta(hours=30)  # apixaban stops 72 h before
    case = tell("held", now=now, start=start, drugs=DRUG, **{"hold:apixaban": None})
    DOES_NOT_HAPPEN[how](case, now)
    assert decisions(case) == [("restart_decision:apixaban", "clinician", END_OF_DAY)]
    case.refresh_from_db()
    if case.state == "referred":
        end_it(case, "cancelled", now=now)
    with pytest.raises(Refused) as refusal:
        close(case, now)
    assert refusal.value.code == "restart_decision_owed"


def test_case_without_a_started_hold_owes_no_decision(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("checked_in", now=start)
    end_it(case, "cancelled", now=start)
    assert decisions(case) == []
    assert close(case, start) == "closed"


def test_hold_that_has_not_begun_owes_no_decision(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("tested", now=now, start=now + timedelta(days=10), drugs=DRUG)
    end_it(case, "cancelled", now=now)
    assert decisions(case) == []
    assert close(case, now) == "closed"


def test_procedure_that_began_and_was_aborted_owes_its_decision(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("started", now=start, drugs=DRUG)
    end_it(case, "aborted", now=start + timedelta(minutes=5))
    assert [key for key, _, _ in decisions(case)] == ["restart_decision:apixaban"]
    with pytest.raises(Refused, match="restart decision"):
        close(case, start + timedelta(minutes=6))


def test_move_to_a_later_day_asks_about_a_started_hold(
    tell: Callable[..., Case], resources: dict[str, Any], now: datetime, start: datetime
) -> None:
    case = tell("held", now=now, drugs=DRUG)
    names = ("Room 1", "Chris Clinician", "Bay 1")
    slot = bookings.Slot(start + timedelta(days=7), *(resources[name].pk for name in names))
    bookings.move_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        slot=slot,
        seen_version=case.version,
        by=BY,
        now=now,
    )
    assert [(key.split(":")[0], queue) for key, queue, _ in decisions(case)] == [("moved", "clinician")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_ending_frees_everything_that_was_claimed(tell: Callable[..., Case], start: datetime, ending: str) -> None:
    case = tell("checked_in", now=start)
    end_it(case, ending, now=start)
    case.refresh_from_db()
    assert (case.state, case.ending, case.booking_id) == (ending, ending, None)
    assert Claim.objects.filter(is_active=True).count() == 0
    assert Booking.objects.get().released_at == start
    assert Task.objects.filter(case=case, kind="reschedule").count() == 0


def test_reopened_case_is_referred_and_books_again(tell: Callable[..., Case], start: datetime) -> None:
    case = end_it(tell("checked_in", now=start), "no_show", now=start)
    arguments = {"practice_id": case.practice_id, "case_id": case.pk, "by": BY, "now": start}
    reopened = transitions.reopen(seen_version=case.version, **arguments).case
    assert (reopened.state, reopened.ending) == ("referred", "")


def test_nothing_reaches_the_address_of_a_patient_who_died(
    tell: Callable[..., Case], story: Callable[..., Any], now: datetime
) -> None:
    case = tell("booked", start=now + timedelta(days=4))
    staged = tell("booked", start=now + timedelta(days=5), slot=("Room 2", "Sam Second", "Bay 2"))
    theirs, other = address(case), address(staged)
    Case.objects.filter(pk=staged.pk).update(patient=case.patient_id)
    staged.patient.contacts.update(patient=case.patient_id)
    before, _ = send_all(now - timedelta(days=6))
    assert theirs in before.to and other in before.to
    assert Message.objects.filter(kind="reminder:patient", state="queued").count() > 0
    end_it(case, "died", now=now)
    for hours in range(0, 24 * 6, 3):
        box, _ = send_all(now + timedelta(hours=hours))
        assert theirs not in box.to and other not in box.to


def test_nothing_queued_before_is_sent_when_the_death_is_closed(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=4))
    row = Message.objects.get(subject=case.pk, kind="invite:patient")
    end_it(case, "died", now=now)
    assert close(case, now) == "closed"
    Message.objects.filter(pk=row.pk).update(state="queued", finished_at=None)  # as if it had escaped
    box, _ = send_all(now)
    assert address(case) not in box.to
    assert Message.objects.get(pk=row.pk).reason == "the patient has died"


def test_staff_hear_of_the_cancellation_when_a_patient_died(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=4))
    send_all(now - timedelta(days=6))
    end_it(case, "died", now=now)
    box, _ = send_all(now)
    assert box.to == ["clinician@demo.example"]


def address(case: Case) -> str:
    contact = case.patient.contacts.get(kind="patient")
    return str(contact.email)


def test_reminder_that_came_too_late_is_nobodys_task(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=4))
    last = now + timedelta(days=5)
    _, report = send_all(last)
    for undelivered in report.expired:
        owe_expired(undelivered=undelivered, now=last)
    kinds = {undelivered.kind for undelivered in report.expired}
    owed = Task.objects.filter(case=case, kind="undelivered")
    assert kinds >= {"reminder:patient", "invite:patient", "invite:staff"}
    assert owed.count() == sum(not late.kind.startswith("reminder") for late in report.expired)
