"""LNK: a link opens one case for one person, tells nothing by itself, and dies when it should."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import serializers
from django.db import connection

from notifications.encryption import keyed_hash
from notifications.models import Message
from scheduler.models import Case, Contact, Link, Record, Resource, Task
from scheduler.rules.links import TRIES, Standing, digest_of, token_of
from scheduler.rules.problems import NotFound, Refused
from scheduler.services import bookings, transitions
from scheduler.services.contacts import replace_contact
from scheduler.services.link_mails import send_link
from scheduler.services.link_visits import answer_birth_date, not_me
from scheduler.services.links import address_of, issue_link, open_link, standing_of
from scheduler.services.people import NewContact
from scheduler.services.verification import verify_chain
from tests.scheduler.pages.my.visiting import add, give_link, link_of, token
from tests.scheduler.services.conftest import at_once
from tests.scheduler.services.mailing import decoded, send_all
from tests.scheduler.services.steps import BY, end_it

pytestmark = pytest.mark.django_db
WRONG = date(1901, 1, 1)
HERE = ("Room 1", "Chris Clinician", "Bay 1")


@pytest.fixture
def case(tell: Callable[..., Case], now: datetime) -> Case:
    return tell("tested", start=now + timedelta(days=6))


def opens(link: Link, now: datetime) -> bool:
    """Whether the token of this link finds it."""
    return open_link(digest=digest_of(token(link)), now=now) is not None


def move(case: Case, to: datetime, resources: dict[str, Resource], now: datetime) -> None:
    case.refresh_from_db()
    bookings.move_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        slot=bookings.Slot(to, *(resources[name].pk for name in HERE)),
        seen_version=case.version,
        by=BY,
        now=now,
    )
    case.refresh_from_db()


def release(case: Case, now: datetime) -> None:
    case.refresh_from_db()
    bookings.release_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        reason="the patient asked",
        seen_version=case.version,
        by=BY,
        now=now,
    )
    case.refresh_from_db()


def texts(kind: str, **more: Any) -> list[str]:
    rows = Message.objects.filter(kind=kind, **more).order_by("created_at", "sequence")
    return [decoded(row.payload) for row in rows]


def test_token_has_256_bits_and_changes_with_key_link_and_generation(case: Case) -> None:
    link = link_of(case)
    made = {
        token_of("k", link.pk, 1),
        token_of("other", link.pk, 1),
        token_of("k", case.pk, 1),
        token_of("k", link.pk, 2),
    }
    assert (len(made), {len(each) for each in made}) == (4, {43})


def test_booking_gives_the_patient_a_link_and_every_mail_of_theirs_carries_it(case: Case) -> None:
    address = address_of(link_of(case))
    assert address == f"{settings.BASE_URL}/my/{token(link_of(case))}/"
    invites, reminders = texts("invite:patient"), texts("reminder:patient", state="queued")
    assert len(invites) == 1 and len(reminders) >= 3
    assert [address in text for text in invites + reminders] == [True] * len(invites + reminders)
    assert [address in text for text in texts("invite:staff")] == [False]


def test_token_is_in_no_table_header_or_summary(case: Case, now: datetime) -> None:
    from django.apps import apps

    send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=link_of(case).contact_id, by=BY, now=now)
    secrets = [token(link) for link in Link.objects.all()]
    assert len(secrets) == 2
    rows = [row for model in apps.get_models() for row in model._default_manager.all()]
    assert any(isinstance(row, Message) for row in rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload, summary, message_id, occasion FROM notifications_message")
        raw = " ".join(str(bytes(row[0])) + str(row[1:]) for row in cursor.fetchall())
    dumped = serializers.serialize("json", (row for row in rows if not isinstance(row, Message)))
    assert [secret for secret in secrets if secret in raw + dumped] == []
    heads = [bytes(message.payload).partition(b"\r\n\r\n")[0].decode() for message in Message.objects.all()]
    assert [secret for secret in secrets if any(secret in head for head in heads)] == []


def test_looking_again_and_moving_keep_the_link(case: Case, resources: dict[str, Resource], now: datetime) -> None:
    before = link_of(case)
    move(case, now + timedelta(days=8), resources, now)
    assert (link_of(case).pk, Link.objects.count(), opens(before, now)) == (before.pk, 1, True)
    assert token(before) in texts("invite:patient")[-1]


def test_fifth_wrong_date_of_birth_locks_the_link_for_good_and_the_desk_is_told(case: Case, now: datetime) -> None:
    link = link_of(case)
    for _ in range(TRIES):
        assert not answer_birth_date(link=link, born_on=WRONG, now=now)
    assert answer_birth_date(link=link, born_on=case.patient.born_on, now=now) is False
    link.refresh_from_db()
    assert (link.wrong_answers, standing_of(link, now), opens(link, now)) == (TRIES, Standing.LOCKED, False)
    owed = Task.objects.get(case=case, kind="call", key=f"link:{link.pk}")
    assert (owed.queue, owed.done_at) == ("scheduler", None)
    actions = Record.objects.filter(by=f"link:{link.pk}", action__startswith="link_").order_by("number")
    assert list(actions.values_list("action", flat=True)) == ["link_wrong_answer"] * TRIES + ["link_locked"]
    assert verify_chain(case.practice_id) == []


def test_four_wrong_ones_leave_the_fifth_chance(case: Case, now: datetime) -> None:
    link = link_of(case)
    for _ in range(TRIES - 1):
        answer_birth_date(link=link, born_on=WRONG, now=now)
    assert answer_birth_date(link=link, born_on=case.patient.born_on, now=now)
    assert not Task.objects.filter(key=f"link:{link.pk}").exists()


def test_date_of_birth_of_another_patient_is_wrong_and_counted(
    case: Case, tell: Callable[..., Case], now: datetime
) -> None:
    other = tell("booked", start=now + timedelta(days=9))
    link = link_of(case)
    assert not answer_birth_date(link=link, born_on=other.patient.born_on, now=now)
    assert answer_birth_date(link=link_of(other), born_on=other.patient.born_on, now=now)
    link.refresh_from_db()
    assert (link.wrong_answers, link_of(other).wrong_answers) == (1, 0)


def test_mails_after_the_lock_carry_no_link_until_a_person_sends_one(case: Case, now: datetime) -> None:
    link = link_of(case)
    for _ in range(TRIES):
        answer_birth_date(link=link, born_on=WRONG, now=now)
    waiting = texts("reminder:patient", state="queued")
    assert len(waiting) >= 3
    assert [text for text in waiting if "/my/" in text] == []
    new = send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=link.contact_id, by=BY, now=now)
    waiting = texts("reminder:patient", state="queued")
    assert [token(new) in text for text in waiting] == [True] * len(waiting)
    assert (opens(new, now), opens(link, now)) == (True, False)
    assert answer_birth_date(link=new, born_on=case.patient.born_on, now=now)


def test_not_me_kills_the_link_and_asks_the_desk_to_call(case: Case, now: datetime) -> None:
    link = link_of(case)
    not_me(link=link, now=now)
    assert not opens(link, now)
    assert not answer_birth_date(link=link, born_on=case.patient.born_on, now=now)
    told = Task.objects.get(case=case, key=f"link:{link.pk}").sentence
    assert told.startswith("Somebody opened the link of the patient and said that it is not theirs")
    waiting = texts("reminder:patient", state="queued")
    assert (len(waiting) >= 3, [text for text in waiting if "/my/" in text]) == (True, [])


def test_sending_again_kills_the_link_before_and_mails_the_new_one_once(case: Case, now: datetime) -> None:
    old = link_of(case)
    new = send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=old.contact_id, by=BY, now=now)
    assert (opens(old, now), opens(new, now), new.generation) == (False, True, 2)
    send_all(now)
    mails = texts("link:patient")
    assert (len(mails), token(new) in mails[0], token(old) in mails[0]) == (1, True, False)


def test_link_mail_overtaken_by_another_is_not_sent(case: Case, now: datetime) -> None:
    send_all(now)
    contact = link_of(case).contact_id
    for _ in range(2):
        send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=contact, by=BY, now=now)
    rows = Message.objects.filter(kind="link:patient").order_by("created_at", "pk")
    assert sorted(rows.values_list("state", flat=True)) == ["queued", "superseded"]
    Message.objects.filter(kind="link:patient").update(state="queued", finished_at=None)  # as if it had escaped
    box, _ = send_all(now)
    assert len(box.to) == 1


def test_link_is_sent_to_nobody_who_must_not_have_one(case: Case, tell: Callable[..., Case], now: datetime) -> None:
    def refusal(contact: Contact, of: Case = case) -> str:
        with pytest.raises((Refused, NotFound)) as refused:
            send_link(practice_id=of.practice_id, case_id=of.pk, contact_id=contact.pk, by=BY, now=now)
        return refused.value.code

    stranger = tell("booked", start=now + timedelta(days=9)).patient.contacts.get()
    assert refusal(stranger) == "not_found"
    assert refusal(add(case, "facility_nurse")) == "not_found"
    caregiver = add(case, "caregiver")
    Contact.objects.filter(pk=caregiver.pk).update(permission="")
    assert refusal(caregiver) == "no_permission"
    silent = link_of(case).contact
    Contact.objects.filter(pk=silent.pk).update(channel="call", email="", email_hash="")
    assert refusal(silent) == "no_email"
    end_it(case, "cancelled", now=now)
    assert refusal(silent) == "wrong_state"


@pytest.mark.parametrize("ending", ["cancelled", "withdrew", "not_candidate", "no_show", "died"])
def test_every_ending_kills_every_link_of_the_case(case: Case, now: datetime, ending: str) -> None:
    links = [link_of(case), give_link(case, "caregiver"), give_link(case, "escort")]
    assert all(opens(link, now) for link in links)
    end_it(case, ending, now=now)
    assert [opens(link, now) for link in links] == [False] * 3


def test_death_kills_the_links_of_the_patients_other_cases_too(
    case: Case, tell: Callable[..., Case], now: datetime
) -> None:
    other = tell("booked", start=now + timedelta(days=9))
    Case.objects.filter(pk=other.pk).update(patient=case.patient)
    assert opens(link_of(other), now)
    end_it(case, "died", now=now)
    assert not opens(link_of(other), now)


def test_released_booking_kills_the_link_and_a_new_booking_gives_a_new_one(
    case: Case, resources: dict[str, Resource], now: datetime
) -> None:
    old = link_of(case)
    release(case, now)
    assert not opens(old, now)
    slot = bookings.Slot(now + timedelta(days=9), *(resources[name].pk for name in HERE))
    bookings.book_case(
        practice_id=case.practice_id, case_id=case.pk, slot=slot, seen_version=case.version, by=BY, now=now
    )
    new = link_of(case)
    assert (new.generation, opens(new, now), opens(old, now)) == (2, True, False)
    assert token(new) in texts("invite:patient")[-1]


def test_another_address_kills_the_link_and_calendars_follow(case: Case, now: datetime) -> None:
    send_all(now - timedelta(days=5))
    old = link_of(case)
    old_address = old.contact.email
    replace_contact(
        practice_id=case.practice_id,
        contact_id=old.contact_id,
        contact=NewContact(email="new@patients.example"),
        by=BY,
        now=now,
    )
    new = link_of(case)
    assert (opens(old, now), opens(new, now), new.contact.email) == (False, True, "new@patients.example")
    box, _ = send_all(now)
    sent = Message.objects.filter(kind__endswith=":patient", state="sent").order_by("created_at", "sequence")
    methods = {row.recipient: row.method for row in sent}
    assert sorted(box.to) == sorted([old_address, "new@patients.example"])
    assert methods == {old_address: "CANCEL", "new@patients.example": "REQUEST"}
    hashes = Message.objects.filter(kind="reminder:patient", state="queued").values_list("recipient_hash", flat=True)
    assert set(hashes) == {keyed_hash(case.practice_id, "new@patients.example")}


def test_replaced_contact_has_no_link_gets_no_reminder_and_is_replaced_once(case: Case, now: datetime) -> None:
    link = link_of(case)
    replaced = {"practice_id": case.practice_id, "contact_id": link.contact_id, "by": BY, "now": now}
    replace_contact(contact=NewContact(phone="555-0170"), **replaced)
    assert not opens(link, now)
    assert not Message.objects.filter(kind="reminder:patient", state="queued").exists()
    with pytest.raises(Refused) as refused:
        replace_contact(contact=NewContact(phone="555-0171"), **replaced)
    assert refused.value.code == "contact_ended"


def test_contact_of_another_practice_is_not_found(case: Case, other_practice: Any, now: datetime) -> None:
    link = link_of(case)
    with pytest.raises(NotFound):
        replace_contact(
            practice_id=other_practice.pk,
            contact_id=link.contact_id,
            contact=NewContact(phone="555-0170"),
            by=BY,
            now=now,
        )
    with pytest.raises(NotFound):
        send_link(practice_id=other_practice.pk, case_id=case.pk, contact_id=link.contact_id, by=BY, now=now)
    assert opens(link, now)


def test_link_outlives_the_end_of_the_case_by_a_day_to_the_second(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("discharged", start=now - timedelta(hours=3))
    link = link_of(case)
    ended = case.discharged_at
    assert ended is not None
    for after, alive in ((timedelta(hours=24) - timedelta(seconds=1), True), (timedelta(hours=24), False)):
        assert opens(link, ended + after) is alive
    transitions.close(
        practice_id=case.practice_id,
        case_id=case.pk,
        seen_version=case.version,
        by=BY,
        now=ended + timedelta(hours=20),
    )
    assert not opens(link, ended + timedelta(hours=30))


def test_link_of_the_demonstration_is_dead_outside_it(case: Case, now: datetime, settings: Any) -> None:
    link = link_of(case)
    settings.DEMO = False
    assert not opens(link, now)


def test_caregiver_is_reminded_through_a_link_of_their_own(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=6))
    add(case, "caregiver")
    send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=link_of(case).contact_id, by=BY, now=now)
    own = texts("reminder:caregiver", state="queued")
    assert len(own) == len(texts("reminder:patient", state="queued")) > 0
    assert [token(link_of(case, "caregiver")) in text for text in own] == [True] * len(own)
    Contact.objects.filter(kind="caregiver").update(permission="")
    release(case, now)
    assert not Message.objects.filter(kind="reminder:caregiver", state="queued").exists()


def test_case_that_is_put_off_again_keeps_its_record_whole(case: Case, now: datetime) -> None:
    release(case, now)
    issue_link(case=case, contact=link_of(case).contact, by=BY, now=now)
    end_it(case, "cancelled", now=now)
    assert not Link.objects.filter(revoked_at=None).exists()
    assert verify_chain(case.practice_id) == []


@pytest.mark.matrix
def test_ten_wrong_dates_at_once_count_five(meeting: None, tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked", start=now + timedelta(days=6))
    link = link_of(case)
    answers = at_once([lambda: answer_birth_date(link=Link.objects.get(pk=link.pk), born_on=WRONG, now=now)] * 10)
    link.refresh_from_db()
    assert (answers, link.wrong_answers) == ([False] * 10, TRIES)
    assert Task.objects.filter(key=f"link:{link.pk}").count() == 1


def test_locked_link_is_not_renewed_by_itself_when_the_case_is_booked_again(
    case: Case, resources: dict[str, Resource], now: datetime
) -> None:
    link = link_of(case)
    for _ in range(TRIES):
        answer_birth_date(link=link, born_on=WRONG, now=now)
    release(case, now)
    case.refresh_from_db()
    slot = bookings.Slot(now + timedelta(days=8), *(resources[name].pk for name in HERE))
    bookings.book_case(
        practice_id=case.practice_id, case_id=case.pk, slot=slot, seen_version=case.version, by=BY, now=now
    )
    box, _ = send_all(now)
    assert (list(Link.objects.filter(case=case)), standing_of(link_of(case), now)) == ([link], Standing.LOCKED)
    assert box.to.count(link.contact.email) > 0
    assert not [m for m in Message.objects.filter(subject=case.pk, state="sent") if "/my/" in decoded(m.payload)]
    again = send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=link.contact_id, by=BY, now=now)
    assert opens(again, now)
