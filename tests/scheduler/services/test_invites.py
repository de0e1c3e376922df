"""Everybody's calendar agrees with the schedule, and no message says what or whom it is about."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.encryption import keyed_hash
from notifications.models import Message
from scheduler.models import Booking, Case, Contact, Record, Resource, User
from scheduler.services import bookings
from scheduler.services.demonstration import STEPS, Story
from tests.scheduler.services.mailing import decoded, invites_of, send_all
from tests.scheduler.services.steps import BY, end_it

pytestmark = pytest.mark.django_db
HERE, THERE = ("Room 1", "Chris Clinician", "Bay 1"), ("Room 2", "Sam Second", "Bay 2")
CHRIS, SAM = "clinician@demo.example", "second@demo.example"


def go(case: Case, act: Callable[..., bookings.Booked], now: datetime, **more: Any) -> None:
    case.refresh_from_db()
    act(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        seen_version=case.version,
        by=BY,
        now=now,
        **more,
    )
    case.refresh_from_db()


def patient_of(case: Case) -> str:
    return str(case.patient.contacts.get(kind="patient").email)


@pytest.fixture
def to(resources: dict[str, Resource]) -> Callable[..., dict[str, bookings.Slot]]:
    return lambda start, names=HERE: {"slot": bookings.Slot(start, *(resources[name].pk for name in names))}


def test_each_attendee_hears_request_update_and_cancel_of_one_uid(
    tell: Callable[..., Case], to: Callable[..., Any], now: datetime
) -> None:
    case = tell("booked", start=now + timedelta(days=7))
    box, _ = send_all(now - timedelta(days=6))
    go(case, bookings.move_booking, now, **to(now + timedelta(days=8)))
    send_all(now, box)
    go(case, bookings.release_booking, now, reason="r")
    send_all(now, box)
    invites = invites_of(case)
    assert len({invite.uid for invite in invites}) == 1
    for person in (patient_of(case), CHRIS):
        mine = [(i.sequence, i.method, i.start) for i in invites if i.to == person]
        first, second = now + timedelta(days=7), now + timedelta(days=8)
        assert mine == [(0, "REQUEST", first), (1, "REQUEST", second), (2, "CANCEL", second)]
        assert box.to.count(person) == 3
    stamps = [invite.stamp for invite in invites if invite.to == CHRIS]
    assert stamps == sorted(set(stamps))


def test_moves_within_one_second_have_rising_stamps(
    tell: Callable[..., Case], to: Callable[..., Any], now: datetime
) -> None:
    case = tell("booked", start=now + timedelta(days=7))
    for days in (8, 9):
        go(case, bookings.move_booking, now, **to(now + timedelta(days=days)))
    stamps = [invite.stamp for invite in invites_of(case) if invite.to == CHRIS]
    assert len(stamps) == 3
    assert stamps[2] - stamps[1] == timedelta(seconds=1)
    assert stamps[1] > stamps[0]


def test_changed_proceduralist_gets_a_cancel_and_the_new_one_a_request(
    tell: Callable[..., Case], to: Callable[..., Any], now: datetime
) -> None:
    case, start = tell("booked", start=now + timedelta(days=7)), now + timedelta(days=7)
    send_all(now - timedelta(days=6))
    go(case, bookings.move_booking, now, **to(start, THERE))
    box, _ = send_all(now)
    assert sorted(box.to) == sorted([CHRIS, SAM, patient_of(case)])
    last = {invite.to: (invite.method, invite.sequence) for invite in invites_of(case)}
    assert last == {CHRIS: ("CANCEL", 1), SAM: ("REQUEST", 1), patient_of(case): ("REQUEST", 1)}
    go(case, bookings.release_booking, now, reason="r")
    box, _ = send_all(now)
    assert sorted(box.to) == sorted([SAM, patient_of(case)])


def test_proceduralist_who_comes_back_is_invited_and_cancelled_again(
    tell: Callable[..., Case], to: Callable[..., Any], now: datetime
) -> None:
    case, start = tell("booked", start=now + timedelta(days=7)), now + timedelta(days=7)
    send_all(now - timedelta(days=6))
    for names in (THERE, HERE):
        go(case, bookings.move_booking, now, **to(start, names))
        send_all(now)
    go(case, bookings.release_booking, now, reason="r")
    send_all(now)
    assert [(i.method, i.sequence) for i in invites_of(case) if i.to == CHRIS] == [
        ("REQUEST", 0),
        ("CANCEL", 1),
        ("REQUEST", 2),
        ("CANCEL", 3),
    ]
    assert [(i.method, i.sequence) for i in invites_of(case) if i.to == SAM] == [("REQUEST", 1), ("CANCEL", 2)]


def test_old_address_of_a_patient_is_cancelled_when_the_booking_moves(
    tell: Callable[..., Case], to: Callable[..., Any], now: datetime
) -> None:
    case = tell("booked", start=now + timedelta(days=7))
    send_all(now - timedelta(days=6))
    old, new = patient_of(case), "new@patients.example"
    Contact.objects.filter(patient=case.patient).update(email=new, email_hash=keyed_hash(case.practice_id, new))
    go(case, bookings.move_booking, now, **to(now + timedelta(days=8)))
    last = {invite.to: invite.method for invite in invites_of(case)}
    assert (last[old], last[new]) == ("CANCEL", "REQUEST")


def test_rebooking_has_a_uid_of_its_own(tell: Callable[..., Case], to: Callable[..., Any], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=7))
    send_all(now - timedelta(days=6))
    go(case, bookings.release_booking, now, reason="r")
    bookings.book_case(
        practice_id=case.practice_id,
        case_id=case.pk,
        seen_version=case.version,
        by=BY,
        now=now,
        **to(now + timedelta(days=9)),
    )
    methods: dict[str, list[tuple[str, int]]] = {}
    for invite in invites_of(case):
        if invite.to == CHRIS:
            methods.setdefault(invite.uid, []).append((invite.method, invite.sequence))
    assert sorted(methods.values()) == [[("REQUEST", 0)], [("REQUEST", 0), ("CANCEL", 1)]]
    assert set(methods) == set(Booking.objects.values_list("uid", flat=True))


def test_request_that_never_left_and_its_cancel_drop_together(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=7))
    go(case, bookings.release_booking, now, reason="r")
    box, _ = send_all(now)
    assert box.to == []


def test_request_overtaken_by_a_move_is_not_sent(
    tell: Callable[..., Case], to: Callable[..., Any], now: datetime
) -> None:
    case = tell("booked", start=now + timedelta(days=7))
    row = Message.objects.get(subject=case.pk, kind="invite:staff")
    go(case, bookings.move_booking, now, **to(now + timedelta(days=8)))
    Message.objects.filter(pk=row.pk).update(state="queued", finished_at=None)  # as if it had escaped
    send_all(now)
    assert list(Message.objects.filter(kind="invite:staff").order_by("sequence").values_list("state", "reason")) == [
        ("skipped", "the booking has changed"),
        ("sent", ""),
    ]


@pytest.mark.parametrize("ending", ["cancelled", "no_show", "withdrew", "not_candidate"])
def test_ending_cancels_every_invite(tell: Callable[..., Case], now: datetime, ending: str) -> None:
    case = tell("booked", start=now + timedelta(days=7))
    send_all(now - timedelta(days=6))
    end_it(case, ending, now=now)
    box, _ = send_all(now)
    assert sorted(box.to) == sorted([CHRIS, patient_of(case)])
    assert {i.to: i.method for i in invites_of(case)} == dict.fromkeys([CHRIS, patient_of(case)], "CANCEL")


SECRET_WORDS = (
    "zebrafamily",
    "zebragiven",
    "555-0100",
    "apixaban",
    "eliquis",
    "anticoagulant",
    "kyphoplasty",
    "vertebroplasty",
    "osteoporosis",
    "fracture",
    "sedation",
    "l1",
    "prescriber",
    "infection",
    "fasting",
    "labs",
    "hold",
    "drug",
    "zebrareason",
    "1950",
)


@pytest.fixture
def canary_case(story: Callable[..., Story], staff: dict[str, User], now: datetime) -> Case:
    """A case of a patient whose every field is a word of its own, reached at an address that tells nothing."""
    told = story(drugs=("apixaban",), start=now + timedelta(days=5))
    told.person = type(told.person)("Zebrafamily", "Zebragiven", told.person.born_on, "female", ("apixaban",))
    case = told.open()
    inbox = "inbox@patients.example"
    Contact.objects.update(email=inbox, email_hash=keyed_hash(case.practice_id, inbox))
    for step in STEPS[1 : STEPS.index("tested") + 1]:
        case.refresh_from_db()
        getattr(told, step)(case)
    case.refresh_from_db()
    return case


def test_no_message_says_whom_or_what_it_is_about(canary_case: Case, to: Callable[..., Any], now: datetime) -> None:
    case = canary_case
    send_all(now - timedelta(days=6))
    go(case, bookings.move_booking, now, **to(now + timedelta(days=8), THERE))
    send_all(now)
    go(case, bookings.release_booking, now, reason="Zebrareason")
    send_all(now)
    rows = list(Message.objects.all())
    assert {row.kind for row in rows} == {
        "invite:patient",
        "invite:staff",
        "cancel:patient",
        "cancel:staff",
        "reminder:patient",
    }
    for row in rows:
        text = f"{decoded(row.payload)}\n{row.summary}\n{row.message_id}".casefold()
        said = [word for word in SECRET_WORDS if re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", text)]
        assert said == [], f"{row.kind} says {said}"
        assert case.patient.record_number.casefold() not in text
        assert case.patient.born_on.isoformat() not in text


def test_no_row_of_the_record_holds_a_value(canary_case: Case, to: Callable[..., Any], now: datetime) -> None:
    case = canary_case
    go(case, bookings.release_booking, now, reason="Zebrareason")
    rows = Record.objects.filter(practice_id=case.practice_id)
    assert rows.count() > 10
    for row in rows:
        text = f"{row.by} {row.action} {row.subject} {sorted(row.fields.values())}".casefold()
        said = [word for word in SECRET_WORDS if re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", text)]
        assert said == [], f"{row.action} says {said}"
        assert all(re.fullmatch(r"[0-9a-f]{32}", digest) for digest in row.fields.values())
