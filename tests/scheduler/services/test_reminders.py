"""One reminder for each open step before it is due, at a decent hour, and none for what is done."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from checklists.models import Evidence
from checklists.rules.values import Authority
from notifications.models import Message
from scheduler import messages
from scheduler.models import Booking, Case, Contact, Practice, Resource
from scheduler.services import bookings, evidence
from tests.scheduler.services.mailing import Mailbox, send_all
from tests.scheduler.services.steps import BY, end_it, item_version, record

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/New_York")
RIDE = {"available": True, "adult": True, "transport": "car"}


def queued(case: Case) -> set[str]:
    """item:lead of each reminder that waits."""
    rows = Message.objects.filter(subject=case.pk, kind="reminder:patient", state="queued")
    return {step_of(occasion) for occasion in rows.values_list("occasion", flat=True)}


def step_of(occasion: str) -> str:
    return ":".join(occasion.partition("#")[0].split(":")[-2:])


@pytest.fixture
def waiting(tell: Callable[..., Case], now: datetime) -> Case:
    return tell("tested", start=now + timedelta(days=6))


def test_each_open_step_of_the_patient_is_reminded_of_before_it_is_due(waiting: Case) -> None:
    assert queued(waiting) == {
        "ride:48h",
        "ride:24h",
        "infection_prescreen:24h",
        "fasting:24h",
        "fasting:12h",
    }
    for row in Message.objects.filter(kind="reminder:patient"):
        assert row.not_before is not None and row.not_after is not None
        assert row.not_before == row.next_attempt_at < row.not_after <= waiting.booking.starts_at


def test_step_that_is_done_is_no_longer_reminded_of(waiting: Case, now: datetime) -> None:
    before = queued(waiting)
    record(waiting, "ride", RIDE, now=now, said_by="patient")
    assert before - queued(waiting) == {"ride:48h", "ride:24h"}
    gone = Message.objects.filter(state="superseded")
    assert set(gone.values_list("reason", flat=True)) == {"no longer called for"}


def test_reminder_whose_moment_has_come_is_not_lost_by_a_look_at_the_case(waiting: Case, now: datetime) -> None:
    due = Message.objects.filter(subject=waiting.pk, kind="reminder:patient").earliest("not_before")
    assert due.not_before is not None
    record(waiting, "infection_prescreen", {"answers": {}}, now=due.not_before, said_by="patient")
    due.refresh_from_db()
    assert (due.state, due.reason) == ("queued", "")


def test_reminders_come_back_when_the_evidence_was_entered_in_error(waiting: Case, now: datetime) -> None:
    before = queued(waiting)
    for _ in range(2):
        recorded = record(waiting, "ride", RIDE, now=now, said_by="patient")
        assert queued(waiting) != before
        evidence.mark_entered_in_error(
            practice_id=waiting.practice_id,
            public_id=recorded.evidence.public_id,
            reason="r",
            authority=Authority.CLINICIAN,
            seen_version=item_version(recorded.evidence),
            by=BY,
            now=now,
        )
        assert queued(waiting) == before
    occasions = list(Message.objects.values_list("occasion", flat=True))
    assert len(occasions) == len(set(occasions))
    assert Evidence.objects.filter(item="ride").count() == 2


def test_looking_again_queues_nothing_twice(waiting: Case, now: datetime) -> None:
    before = Message.objects.count()
    record(waiting, "labs", {"analyte": "INR", "value": 1.1, "unit": "ratio"}, now=now)
    assert Message.objects.count() == before


def test_reminders_follow_a_move_and_leave_with_a_release(
    waiting: Case, resources: dict[str, Resource], now: datetime
) -> None:
    steps, before = queued(waiting), set(Message.objects.filter(state="queued").values_list("pk", flat=True))
    slot = bookings.Slot(
        now + timedelta(days=9), *(resources[name].pk for name in ("Room 1", "Chris Clinician", "Bay 1"))
    )
    case = bookings.move_booking(
        practice_id=waiting.practice_id,
        booking_id=waiting.booking_id,
        slot=slot,
        seen_version=waiting.version,
        by=BY,
        now=now,
    ).case
    assert queued(case) == steps
    moved = Message.objects.filter(state="queued", kind="reminder:patient")
    assert not before & set(moved.values_list("pk", flat=True))
    end_it(case, "cancelled", now=now)
    assert queued(case) == set()


@pytest.mark.parametrize("hour", range(24))
def test_no_reminder_is_planned_outside_contact_hours(practice: Practice, hour: int) -> None:
    moment = datetime(2027, 3, 14, hour, 30, tzinfo=ZONE)
    planned = messages.within_contact_hours(moment, practice)
    local = planned.astimezone(ZONE)
    assert time(8) <= local.time() < time(21)
    assert planned <= moment
    assert (planned == moment) == (8 <= hour < 21)


def test_contact_hours_begin_at_eight_and_end_before_nine(practice: Practice) -> None:
    for hour, minute, decent in ((7, 59, False), (8, 0, True), (20, 59, True), (21, 0, False)):
        assert messages.in_contact_hours(datetime(2027, 3, 1, hour, minute, tzinfo=ZONE), practice) is decent


def sent_through(case: Case, since: datetime, until: datetime, every: timedelta) -> list[datetime]:
    """When reminders went out while a sender looks at the outbox again and again."""
    moment, box = since, Mailbox()
    while moment < until:
        send_all(moment, box)
        moment += every
    rows = Message.objects.filter(subject=case.pk, kind="reminder:patient", state="sent")
    return sorted(row.sent_at for row in rows if row.sent_at)


def test_at_most_one_a_day_and_three_a_week_within_contact_hours(waiting: Case, now: datetime) -> None:
    start = waiting.booking.starts_at
    times = sent_through(waiting, now, start, timedelta(minutes=30))
    days = Counter(moment.astimezone(ZONE).date() for moment in times)
    assert 0 < len(times) <= 3
    assert set(days.values()) == {1}
    assert all(time(8) <= moment.astimezone(ZONE).time() < time(21) for moment in times)


def test_limit_counts_all_cases_of_a_patient(tell: Callable[..., Case], now: datetime) -> None:
    first = tell("tested", start=now + timedelta(days=5))
    second = tell("tested", start=now + timedelta(days=5), slot=("Room 2", "Sam Second", "Bay 2"))
    for rows in (Case.objects.filter(pk=second.pk), Contact.objects.filter(patient=second.patient_id)):
        rows.update(patient=first.patient_id)
    sent_through(first, now, now + timedelta(days=5), timedelta(hours=1))
    rows = Message.objects.filter(kind="reminder:patient", state="sent")
    days = Counter(row.sent_at.astimezone(ZONE).date() for row in rows if row.sent_at)
    assert set(days.values()) == {1}
    assert Message.objects.filter(reason="reminded today").values("subject").distinct().count() == 2


def test_reminder_is_not_sent_after_its_step_is_due(waiting: Case) -> None:
    ride = Message.objects.filter(occasion__contains=":ride:").latest("not_after")
    send_all(ride.not_after)
    ride.refresh_from_db()
    assert (ride.state, ride.reason) == ("skipped", "its moment has passed")


def first_reminder(case: Case) -> Message:
    return Message.objects.filter(subject=case.pk, kind="reminder:patient", state="queued").earliest("not_before")


@pytest.mark.parametrize("since", ["done", "ended", "moved", "nothing"])
def test_reminder_is_asked_again_when_it_is_sent(waiting: Case, now: datetime, since: str) -> None:
    """The row is put back into the queue, as if the change had not found it."""
    row = first_reminder(waiting)
    step = step_of(row.occasion).split(":")[0]
    if since == "done":
        done: dict[str, dict[str, Any]] = {"ride": RIDE}
        record(waiting, step, done[step], now=now, said_by="patient")
    if since == "ended":
        end_it(waiting, "cancelled", now=now)
    if since == "moved":
        later = {name: getattr(waiting.booking, name) + timedelta(days=1) for name in ("starts_at", "ends_at")}
        Booking.objects.filter(pk=waiting.booking_id).update(**later)
    Message.objects.exclude(pk=row.pk).filter(state="queued").update(state="skipped", finished_at=now)
    Message.objects.filter(pk=row.pk).update(state="queued", finished_at=None)
    send_all(row.not_before)
    row.refresh_from_db()
    expected = {
        "done": ("skipped", "the step is done"),
        "ended": ("skipped", "the case is not waiting for its procedure"),
        "moved": ("skipped", "the booking has changed"),
        "nothing": ("sent", ""),
    }
    assert (row.state, row.reason) == expected[since]


def test_reminder_held_up_into_the_night_is_not_sent(waiting: Case) -> None:
    row = first_reminder(waiting)
    night = row.not_before.astimezone(ZONE).replace(hour=22)
    assert row.not_before < night < row.not_after
    box, _ = send_all(night)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("skipped", "nobody is reminded at this hour")
    assert not any(b"One step before" in payload for _, payload in box.received)


def test_instruction_to_stop_a_drug_waits_for_its_prescriber(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("tested", start=now + timedelta(days=12), drugs=("apixaban",))
    assert not any(step.startswith("hold") or "apixaban" in step for step in queued(case))
    cleared = {"answer": "agreed", "prescriber": "Dr. Prescriber", "how": "phone"}
    record(case, "prescriber_clearance:apixaban", cleared, now=now)
    assert {step for step in queued(case) if "apixaban" in step} != set()


def test_nobody_is_reminded_of_a_hold_that_only_waits_for_the_nurse(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("tested", drugs=("ibuprofen",), start=now + timedelta(days=6, hours=4))
    late = case.booking.starts_at - timedelta(hours=28)
    (row,) = Message.objects.filter(subject=case.pk, occasion__contains="hold:ibuprofen:2h")
    assert row.not_before > late and messages.still_true(row, row.not_before) is None
    taken = {"last_dose_at": (late - timedelta(hours=12)).isoformat()}
    recorded = record(case, "hold:ibuprofen", taken, now=late, said_by="patient")
    found = recorded.refreshed.assessment.verdict.finding("hold:ibuprofen")
    assert found and (found.status, [reason.code for reason in found.reasons]) == ("pending", ["awaiting_verification"])
    assert not {step for step in queued(case) if step.startswith("hold:")}
    assert messages.still_true(row, row.not_before) == "the step is done"
