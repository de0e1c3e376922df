"""Book, move, release: nothing is held twice, and a move that fails changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from checklists.services.checklists import current_facts
from notifications.models import Message
from scheduler.isolation import within
from scheduler.models import Booking, Case, Claim, Record, Resource
from scheduler.rules.problems import Invalid, NotFound, Refused, Stale
from scheduler.services import bookings, transitions
from tests.scheduler.services.steps import BY, end_it

pytestmark = pytest.mark.django_db
HERE, THERE = ("Room 1", "Chris Clinician", "Bay 1"), ("Room 2", "Sam Second", "Bay 2")
IN_A_WEEK = timedelta(days=7)


@pytest.fixture
def places(resources: dict[str, Resource]) -> Callable[..., bookings.Slot]:
    return lambda start, names=HERE: bookings.Slot(start, *(resources[name].pk for name in names))


def book(case: Case, slot: bookings.Slot, now: datetime) -> Booking:
    case.refresh_from_db()
    booked = bookings.book_case(
        practice_id=case.practice_id, case_id=case.pk, slot=slot, seen_version=case.version, by=BY, now=now
    )
    case.refresh_from_db()
    return booked.booking


def move(case: Case, slot: bookings.Slot, now: datetime, version: int | None = None) -> Booking:
    case.refresh_from_db()
    moved = bookings.move_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        slot=slot,
        seen_version=case.version if version is None else version,
        by=BY,
        now=now,
    )
    case.refresh_from_db()
    return moved.booking


def release(case: Case, now: datetime) -> Booking:
    case.refresh_from_db()
    released = bookings.release_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        reason="The room floods.",
        seen_version=case.version,
        by=BY,
        now=now,
    )
    case.refresh_from_db()
    return released.booking


def all_of(case: Case) -> dict[str, Any]:
    """Everything that a failed move must leave as it was."""
    return {
        "case": Case.objects.filter(pk=case.pk).values().get(),
        "bookings": list(Booking.objects.order_by("pk").values()),
        "claims": list(Claim.objects.order_by("pk").values()),
        "messages": list(Message.objects.order_by("pk").values("pk", "state", "sequence", "method")),
        "record": Record.objects.count(),
    }


@pytest.mark.parametrize(
    ("names", "field"),
    [
        (("Room 1", "Sam Second", "Bay 2"), "room"),
        (("Room 2", "Chris Clinician", "Bay 2"), "proceduralist"),
        (("Room 2", "Sam Second", "Bay 1"), "bay"),
    ],
)
def test_slot_of_which_one_is_taken_is_refused(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime, names: Any, field: str
) -> None:
    start = now + IN_A_WEEK
    first, second = tell("imaged"), tell("imaged")
    book(first, places(start), now)
    with pytest.raises(Refused) as refusal:
        book(second, places(start, names), now)
    assert (refusal.value.code, [reason.field for reason in refusal.value.errors]) == ("slot_taken", [field])
    assert (second.state, Booking.objects.count(), Claim.objects.count()) == ("referred", 1, 4)


def test_patient_in_two_places_is_refused(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    first, second = tell("imaged"), tell("imaged")
    Case.objects.filter(pk=second.pk).update(patient=first.patient_id)
    book(first, places(now + IN_A_WEEK), now)
    with pytest.raises(Refused) as refusal:
        book(second, places(now + IN_A_WEEK, THERE), now)
    assert [reason.field for reason in refusal.value.errors] == ["patient"]


def test_slots_that_touch_are_both_booked(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    one, next_one, early_one = (tell("imaged") for _ in range(3))
    first = book(one, places(now + IN_A_WEEK), now)
    claims = {claim.resource and claim.resource.kind: claim for claim in first.claims.select_related("resource")}
    second = book(next_one, places(claims["room"].ends_at, ("Room 1", "Chris Clinician", "Bay 2")), now)
    assert second.starts_at == claims["room"].ends_at
    early = claims["room"].ends_at - timedelta(seconds=1)
    assert [r.field for r in clash(early_one, places(early, ("Room 1", "Sam Second", "Bay 3")), now)] == ["room"]


def clash(case: Case, slot: bookings.Slot, now: datetime) -> Any:
    with pytest.raises(Refused) as refusal:
        book(case, slot, now)
    return refusal.value.errors


def test_claims_last_as_long_as_each_is_needed(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    start = now + IN_A_WEEK
    booking = book(tell("imaged"), places(start), now)
    found = {
        claim.resource.kind if claim.resource else "patient": (claim.starts_at - start, claim.ends_at - start)
        for claim in booking.claims.select_related("resource")
    }
    minutes = {name: timedelta(minutes=m) for name, m in (("end", 45), ("turned", 60), ("recovered", 135))}
    assert found == {
        "room": (timedelta(0), minutes["turned"]),
        "proceduralist": (timedelta(0), minutes["end"]),
        "bay": (minutes["end"], minutes["recovered"]),
        "patient": (timedelta(0), minutes["recovered"]),
    }


def test_move_that_fails_leaves_the_old_booking_standing(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], other_practice: Any, now: datetime
) -> None:
    case, other = tell("imaged"), tell("imaged")
    book(case, places(now + IN_A_WEEK), now)
    taken = now + timedelta(days=8)
    book(other, places(taken), now)
    with within(other_practice.pk):
        theirs = Resource.objects.filter(practice=other_practice, kind="room").first()
    free = places(now + 2 * IN_A_WEEK)
    before = all_of(case)
    for slot, version, code in (
        (places(taken), None, "slot_taken"),
        (free, 1, "stale"),
        (places(now - timedelta(seconds=1)), None, "invalid"),
        (replace(free, room=free.bay), None, "invalid"),
        (replace(free, room=theirs.pk), None, "invalid"),
    ):
        with pytest.raises((Refused, Invalid)) as refusal:
            move(case, slot, now, version=version)
        assert (refusal.value.code, all_of(case)) == (code, before)


def test_move_keeps_the_uid_and_raises_sequence_and_stamp(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    case = tell("imaged")
    first = book(case, places(now + IN_A_WEEK), now)
    seen = [(first.uid, first.sequence, first.stamped_at)]
    for days in (8, 9):  # both in the same second
        moved = move(case, places(now + timedelta(days=days)), now)
        seen.append((moved.uid, moved.sequence, moved.stamped_at))
    released = release(case, now)
    seen.append((released.uid, released.sequence, released.stamped_at))
    assert {uid for uid, _, _ in seen} == {first.uid}
    assert [sequence for _, sequence, _ in seen] == [0, 1, 2, 3]
    assert [stamp - seen[0][2] for _, _, stamp in seen] == [timedelta(seconds=n) for n in range(4)]
    again = book(case, places(now + IN_A_WEEK), now)
    assert (again.uid != first.uid, again.sequence) == (True, 0)


def test_move_frees_the_old_slot_and_holds_the_new(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    case, start = tell("imaged"), now + IN_A_WEEK
    book(case, places(start), now)
    # Into its own old time: only half an hour later.
    moved = move(case, places(start + timedelta(minutes=30)), now)
    assert (moved.starts_at, moved.claims.filter(is_active=True).count()) == (start + timedelta(minutes=30), 4)
    move(case, places(start + timedelta(days=1)), now)
    assert book(tell("imaged"), places(start), now).starts_at == start


def test_release_frees_the_slot_and_refers_the_case_again(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    case, start = tell("imaged"), now + IN_A_WEEK
    booking = book(case, places(start), now)
    release(case, now)
    booking.refresh_from_db()
    assert (case.state, case.booking_id, case.checked_in_at, case.arrived_at) == ("referred", None, None, None)
    assert (booking.released_at, booking.released_by, booking.release_reason) == (now, BY, "The room floods.")
    assert booking.claims.filter(is_active=True).count() == 0
    assert current_facts(Case.objects.get(pk=case.pk).checklist).not_happening is True
    assert case.tasks.filter(done_at=None, kind="reschedule").count() == 1
    assert book(tell("imaged"), places(start), now).starts_at == start


def test_arrival_is_forgotten_with_the_booking_it_was_for(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("arrived", now=start)
    assert case.arrived_at is not None
    release(case, start)
    assert (case.arrived_at, current_facts(Case.objects.get(pk=case.pk).checklist).arrived_at) == (None, None)


def test_released_booking_is_neither_moved_nor_released_again(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    case = tell("imaged")
    booking = book(case, places(now + IN_A_WEEK), now)
    release(case, now)
    before = all_of(case)
    slot = places(now + IN_A_WEEK)
    arguments = {"practice_id": case.practice_id, "booking_id": booking.pk, "seen_version": case.version}
    with pytest.raises(Refused, match="was released"):
        bookings.move_booking(slot=slot, by=BY, now=now, **arguments)
    with pytest.raises(Refused, match="was released"):
        bookings.release_booking(reason="again", by=BY, now=now, **arguments)
    assert all_of(case) == before


def test_booking_of_another_practice_is_not_found(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], other_practice: Any, now: datetime
) -> None:
    case = tell("imaged")
    booking = book(case, places(now + IN_A_WEEK), now)
    with pytest.raises(NotFound):
        bookings.release_booking(
            practice_id=other_practice.pk, booking_id=booking.pk, reason="r", seen_version=1, by=BY, now=now
        )
    with pytest.raises(NotFound):
        transitions.arrive(practice_id=other_practice.pk, case_id=case.pk, by=BY, now=now)
    assert Booking.objects.get().released_at is None


def test_second_booking_of_a_case_is_refused(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    case = tell("imaged")
    book(case, places(now + IN_A_WEEK), now)
    with pytest.raises(Refused) as refusal:
        book(case, places(now + IN_A_WEEK, THERE), now)
    assert (refusal.value.code, Booking.objects.count()) == ("wrong_state", 1)
    with pytest.raises(Stale):
        move(case, places(now + IN_A_WEEK, THERE), now, version=case.version - 1)


def test_case_that_ended_is_not_booked(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], now: datetime
) -> None:
    case = tell("imaged")
    end_it(case, "withdrew", now=now)
    with pytest.raises(Refused) as refusal:
        book(case, places(now + IN_A_WEEK), now)
    assert (refusal.value.code, Booking.objects.count()) == ("wrong_state", 0)


def test_booking_forgets_who_had_arrived_before_it(
    tell: Callable[..., Case], places: Callable[..., bookings.Slot], start: datetime, now: datetime
) -> None:
    case = tell("imaged")
    transitions.arrive(practice_id=case.practice_id, case_id=case.pk, by=BY, now=now)
    book(case, places(start + IN_A_WEEK), now)
    assert (case.arrived_at, current_facts(case.checklist).arrived_at) == (None, None)
