"""A contact ends, or the patient reads another language: links, mails, calendars and calls follow."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.encryption import keyed_hash
from notifications.models import Message
from scheduler import messages
from scheduler.models import Case, Contact, Link, Patient, Record, Resource
from scheduler.rules.links import TRIES, digest_of
from scheduler.rules.problems import Invalid, NotFound, Refused, Stale
from scheduler.services.bookings import Slot, move_booking
from scheduler.services.contacts import add_person, change_language, end_contact
from scheduler.services.link_mails import send_link
from scheduler.services.links import open_link
from scheduler.services.people import NewContact
from tests.scheduler.pages.my.visiting import add, link_of, token
from tests.scheduler.services.mailing import decoded, send_all
from tests.scheduler.services.steps import BY, record
from tests.scheduler.walks.calendars import Calendars

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def case(tell: Callable[..., Case], now: datetime) -> Case:
    return tell("booked", start=now + timedelta(days=6))


def again(contact: Contact, now: datetime) -> None:
    """The same address, noted anew."""
    new = NewContact(email=contact.email)
    who = {"practice_id": contact.practice_id, "patient_id": contact.patient_id, "by": BY, "now": now}
    add_person(contact=new, **who)


def move_later(case: Case, now: datetime) -> None:
    case.refresh_from_db()
    assert case.booking is not None
    names = ("Room 1", "Chris Clinician", "Bay 1")
    ids = [Resource.objects.get(practice=case.practice, name=name).pk for name in names]
    slot = Slot(now + 7 * DAY, *ids)
    who = {"practice_id": case.practice_id, "booking_id": case.booking.pk, "seen_version": case.version}
    move_booking(slot=slot, by=BY, now=now, **who)


def end(contact: Contact, now: datetime, **changed: Any) -> Contact:
    version = Patient.objects.values_list("version", flat=True).get(pk=contact.patient_id)
    said = {"why": "not_theirs", "seen_version": version, "practice_id": contact.practice_id}
    return end_contact(**{**said, "contact_id": contact.pk, "by": BY, "now": now, **changed})


def say(patient: Patient, language: str, now: datetime, **changed: Any) -> Patient:
    said = {"practice_id": patient.practice_id, "patient_id": patient.pk, "seen_version": patient.version}
    return change_language(**{**said, "language": language, "by": BY, "now": now, **changed})


def opens(link: Link, now: datetime) -> bool:
    return open_link(digest=digest_of(token(link)), now=now) is not None


def waiting(case: Case, *kinds: str) -> list[str]:
    mine = Message.objects.filter(subject=case.pk, state="queued", kind__in=kinds)
    return sorted(mine.values_list("kind", flat=True))


def calls(case: Case) -> list[str]:
    return list(case.tasks.filter(kind="call", done_at=None).values_list("sentence", flat=True))


def test_ended_address_has_no_link_no_reminder_and_no_entry_and_the_patient_is_rung(case: Case, now: datetime) -> None:
    send_all(now - timedelta(days=5))
    link = link_of(case)
    assert waiting(case, "reminder:patient")
    end(link.contact, now)
    assert (opens(link, now), waiting(case, *messages.TO_CONTACTS)) == (False, [])
    box, _ = send_all(now)
    last = Message.objects.filter(subject=case.pk, kind__endswith=":patient", state="sent").latest("sent_at")
    assert (box.to, last.method) == ([link.contact.email], "CANCEL")
    assert calls(case) == ["Tell the patient that the appointment stands: no e-mail address."]
    assert list(Record.objects.filter(action="contact_ended").values_list("codes", flat=True)) == [["not_theirs"]]


def test_invite_that_waits_is_not_sent_to_an_address_that_ended_after_the_check_in(
    tell: Callable[..., Case], start: datetime
) -> None:
    case = tell("checked_in", now=start - timedelta(minutes=20))
    contact = case.patient.contacts.get(kind="patient")
    assert waiting(case, "invite:patient")
    end(contact, start - timedelta(minutes=10))
    box, _ = send_all(start - timedelta(minutes=5))
    assert contact.email not in box.to


def test_patient_with_another_address_is_not_rung_and_keeps_the_entry_there(case: Case, now: datetime) -> None:
    old, second = link_of(case).contact, add(case, "patient", now)
    end(old, now)
    assert calls(case) == []
    hashes = Message.objects.filter(subject=case.pk, state="queued", kind="reminder:patient")
    assert set(hashes.values_list("recipient_hash", flat=True)) == {keyed_hash(case.practice_id, second.email)}


def test_reminder_that_was_written_without_a_link_is_withdrawn_too(case: Case, now: datetime) -> None:
    """The link was locked before: revoking it anew reaches no mail."""
    link = link_of(case)
    Link.objects.filter(pk=link.pk).update(wrong_answers=TRIES, revoked_at=now)
    assert waiting(case, "reminder:patient")
    end(link.contact, now)
    assert waiting(case, "reminder:patient") == []


def test_mail_that_was_on_its_way_is_held_by_the_last_question(case: Case, now: datetime) -> None:
    send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=link_of(case).contact_id, by=BY, now=now)
    reminder = Message.objects.filter(kind="reminder:patient", state="queued").earliest("not_before")
    at = reminder.not_before
    assert at is not None
    assert messages.still_true(reminder, at) is None
    Contact.objects.filter(pk=link_of(case).contact_id).update(ended_at=now)
    assert messages.still_true(reminder, at) == "the contact was ended"


def test_caregiver_whose_permission_was_withdrawn_hears_nothing_more_and_the_patient_does(
    case: Case, now: datetime
) -> None:
    caregiver = add(case, "caregiver", now)
    send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=caregiver.pk, by=BY, now=now)
    link = link_of(case, "caregiver")
    assert waiting(case, "link:caregiver", "reminder:caregiver")
    end(caregiver, now, why="permission_withdrawn")
    assert (opens(link, now), opens(link_of(case), now)) == (False, True)
    assert waiting(case, "link:caregiver", "reminder:caregiver") == []
    assert waiting(case, "reminder:patient")
    assert calls(case) == []


def test_escort_whom_the_ride_counts_on_is_ended_once_the_ride_says_otherwise(case: Case, now: datetime) -> None:
    escort = add(case, "escort", now)
    record(case, "ride", {"available": True, "adult": True, "contact": str(escort.pk)}, now=now)
    send_all(now)
    with pytest.raises(Refused) as refused:
        end(escort, now)
    assert (refused.value.code, refused.value.errors[0].item) == ("takes_home", "ride")
    escort.refresh_from_db()
    assert escort.ended_at is None
    record(case, "ride", {"available": False}, now=now + timedelta(minutes=1))
    end(escort, now + timedelta(minutes=2))
    assert waiting(case, "pickup:escort", "pickup_cancelled:escort") == ["pickup_cancelled:escort"]


def test_contact_is_ended_once_by_who_saw_the_patient_as_they_are(
    case: Case, now: datetime, other_practice: Any
) -> None:
    contact = link_of(case).contact
    with pytest.raises(Stale):
        end(contact, now, seen_version=0)
    with pytest.raises(Invalid):
        end(contact, now, why="because")
    with pytest.raises(NotFound):
        end(contact, now, practice_id=other_practice.pk)
    assert opens(link_of(case), now)
    end(contact, now)
    with pytest.raises(Refused) as refused:
        end(contact, now)
    assert refused.value.code == "contact_ended"


def test_language_is_that_of_what_is_written_from_now_on_and_of_reminders_that_wait(case: Case, now: datetime) -> None:
    send_all(now - timedelta(days=5))
    before = waiting(case, "reminder:patient")
    patient = say(case.patient, "es", now)
    reminders = Message.objects.filter(subject=case.pk, state="queued", kind="reminder:patient")
    assert waiting(case, "reminder:patient") == before != []
    assert ["falta un paso" in decoded(mail.payload) for mail in reminders] == [True] * len(before)
    assert (patient.language, patient.version) == ("es", case.patient.version + 1)
    assert Record.objects.filter(action="language_changed", subject=str(patient.pk)).count() == 1
    assert say(patient, "es", now).version == patient.version + 1


def test_reminder_that_is_due_at_this_moment_is_not_lost_by_the_change(case: Case, now: datetime) -> None:
    due = Message.objects.filter(subject=case.pk, state="queued", kind="reminder:patient").earliest("not_before")
    assert due.not_before is not None
    say(case.patient, "es", due.not_before)
    due.refresh_from_db()
    assert due.state == "queued"


def test_language_that_we_do_not_write_or_a_stale_one_changes_nothing(
    case: Case, now: datetime, other_practice: Any
) -> None:
    with pytest.raises(Invalid):
        say(case.patient, "fr", now)
    with pytest.raises(Stale):
        say(case.patient, "es", now, seen_version=0)
    with pytest.raises(NotFound):
        say(case.patient, "es", now, practice_id=other_practice.pk)
    case.patient.refresh_from_db()
    assert case.patient.language == "en"


def test_calendar_at_an_ended_address_takes_the_cancellation_and_a_return_for_new(case: Case, now: datetime) -> None:
    old, calendars = link_of(case).contact, Calendars()
    for moment, change in ((-5 * DAY, None), (0 * DAY, end), (DAY, again)):
        if change is not None:
            change(old, now + moment)
        box, _ = send_all(now + moment)
        for recipient, payload in box.received:
            calendars.receive(recipient, payload)
        held = {address for address, *_ in calendars.standing(now)}
        assert (old.email in held) == (change is not end)
    move_later(case, now + DAY)
    for recipient, payload in send_all(now + DAY)[0].received:
        calendars.receive(recipient, payload)
    assert {start for _, _, start in calendars.standing(now)} == {now + 8 * DAY}
