"""The escort's page and mails: when, where, yes or no; nothing about whom they take home."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence
from notifications.encryption import keyed_hash
from notifications.models import Message
from scheduler.models import Case, Contact, Link, Resource, Task
from scheduler.pages.answers import prefix_of
from scheduler.rules.problems import Refused
from scheduler.services import bookings
from scheduler.services.contacts import replace_contact
from scheduler.services.link_list import link_lines
from scheduler.services.link_mails import send_link
from scheduler.services.links import open_link
from scheduler.services.people import NewContact
from tests.conftest import NOW
from tests.scheduler.pages.my.visiting import BY, add, enter, follow, give_link, link_of, token
from tests.scheduler.services.mailing import decoded, send_all
from tests.scheduler.services.steps import end_it, record

pytestmark = pytest.mark.django_db
START = NOW + timedelta(days=3, hours=2)
HERE = ("Room 1", "Chris Clinician", "Bay 1")


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    return tell("tested", start=START, drugs=("apixaban",))


@pytest.fixture
def escort(case: Case) -> Contact:
    """An escort with an e-mail address, whom the patient named."""
    contact = add(case, "escort")
    name(case, contact)
    return contact


def name(case: Case, contact: Contact) -> None:
    record(case, "ride", {"available": True, "contact": str(contact.pk)}, now=NOW, said_by="patient")


def move(case: Case, to: Any, resources: dict[str, Resource], now: datetime) -> None:
    case.refresh_from_db()
    bookings.move_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        slot=bookings.Slot(to, *(resources[each].pk for each in HERE)),
        seen_version=case.version,
        by=BY,
        now=now,
    )


def say(phone: Client, choice: str, **more: str) -> Any:
    form = phone.get("/my/").context["form"]
    prefix = prefix_of("ride")
    version = more.pop("version", str(form["version"].value()))
    return phone.post("/my/pick-up/", {f"{prefix}-choice": choice, f"{prefix}-version": version, **more})


def opens(link: Link) -> bool:
    return open_link(digest=link.digest, now=NOW) is not None


def mails(kind: str = "pickup:escort") -> list[tuple[str, str]]:
    rows = Message.objects.filter(kind=kind).order_by("created_at", "occasion")
    return [(row.state, decoded(row.payload)) for row in rows]


def test_named_escort_is_mailed_the_pick_up_once_with_a_link_of_their_own(case: Case, escort: Contact) -> None:
    box, _ = send_all(NOW)
    assert box.to.count(escort.email) == 1
    ((state, text),) = mails()
    assert (state, token(link_of(case, "escort")) in text) == ("sent", True)
    assert "Thursday, March 4, 2027 at 12:15 PM" in text  # when the bay is left
    said = text.casefold()
    assert [word for word in (case.patient.family_name, "kyphoplasty", "apixaban") if word.casefold() in said] == []


def test_escort_sees_time_and_place_and_nothing_of_the_patient(case: Case, escort: Contact) -> None:
    page = follow(link_of(case, "escort")).get("/my/").content.decode()
    assert "about Thursday, March 4, 2027 at 12:15 PM (Eastern time)" in page
    assert (case.practice.address in page, case.practice.phone in page) == (True, True)
    shown = page.replace(case.practice.name, "").casefold()
    patient = case.patient
    secret = [patient.family_name, patient.given_name, str(patient.born_on.year), "kyphoplasty", "spine", "apixaban"]
    secret += ["10:00", patient.record_number, "date of birth"]
    assert [word for word in secret if word.casefold() in shown] == []


def test_escort_reaches_no_page_of_the_patient(case: Case, escort: Contact) -> None:
    question = enter(case).get("/my/").context["steps"][0].address
    phone = follow(link_of(case, "escort"))
    for path in ("check/", "done/", "appointment.ics", f"questions/{question}/"):
        answer = phone.get(f"/my/{path}")
        assert (answer.status_code, answer["Location"], answer.content) == (302, "/my/", b"")
    assert "Pick-up" in phone.get("/my/").content.decode()
    assert enter(case).post("/my/pick-up/", {})["Location"] == "/my/"


def test_escort_who_comes_is_recorded_as_an_adult_by_their_own_word(case: Case, escort: Contact) -> None:
    phone = follow(link_of(case, "escort"))
    assert say(phone, "yes")["Location"] == "/my/?saved=1"
    evidence = Evidence.objects.filter(checklist=case.checklist_id, item="ride").latest("pk")
    assert (evidence.said_by, evidence.recorded_by) == ("escort", f"link:{link_of(case, 'escort').pk}")
    assert evidence.value == {"available": True, "adult": True, "contact": str(escort.pk)}
    assert "I will come." in phone.get("/my/").content.decode()


def test_escort_who_cannot_come_keeps_the_page_and_the_desk_calls(case: Case, escort: Contact) -> None:
    phone = follow(link_of(case, "escort"))
    say(phone, "no_ride")
    page = phone.get("/my/?saved=1").content.decode()
    assert ("We saved your answer." in page, "I can not come." in page) == (True, True)
    assert Task.objects.filter(case=case, kind="call", key="ride", done_at=None).exists()
    assert mails("pickup_cancelled:escort") == []


def test_answer_of_the_escort_to_what_changed_is_asked_again(case: Case, escort: Contact) -> None:
    phone = follow(link_of(case, "escort"))
    refused = say(phone, "yes", version="0")
    assert (refused.status_code, "This changed while you were here." in refused.content.decode()) == (400, True)
    assert not Evidence.objects.filter(checklist=case.checklist_id, said_by="escort").exists()


def test_move_tells_the_new_time_in_place_of_what_was_not_sent(
    case: Case, escort: Contact, resources: dict[str, Resource]
) -> None:
    later, last = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    move(case, START + timedelta(days=1), resources, later)
    assert [(state, "March 5" in text) for state, text in mails()] == [("superseded", False), ("queued", True)]
    send_all(later)
    move(case, START, resources, last)
    box, _ = send_all(last)
    assert box.to.count(escort.email) == 1
    assert [(state, "March 4" in text) for state, text in mails()][-1] == ("sent", True)
    assert mails("pickup_cancelled:escort") == []
    assert Link.objects.filter(contact=escort).count() == 1


def test_another_escort_takes_the_place_of_the_first_who_hears_of_it(case: Case, escort: Contact) -> None:
    send_all(NOW)
    first = link_of(case, "escort")
    second = add(case, "escort", now=NOW + timedelta(seconds=1))
    address = "second@people.example"
    hashed = keyed_hash(case.practice_id, address)
    Contact.objects.filter(pk=second.pk).update(email=address, email_hash=hashed)
    second.refresh_from_db()
    name(case, second)
    box, _ = send_all(NOW)
    assert (box.to.count(escort.email), box.to.count("second@people.example")) == (1, 1)
    assert "the pick-up is cancelled" in mails("pickup_cancelled:escort")[0][1]
    assert open_link(digest=first.digest, now=NOW) is None


def test_release_cancels_the_pick_up_once_and_a_death_says_nothing(case: Case, escort: Contact) -> None:
    send_all(NOW)
    end_it(case, "cancelled", now=NOW)
    box, _ = send_all(NOW)
    assert box.to.count(escort.email) == 1
    assert len(mails("pickup_cancelled:escort")) == 1


def test_death_is_silent_to_the_escort(case: Case, escort: Contact) -> None:
    send_all(NOW)
    end_it(case, "died", now=NOW)
    box, _ = send_all(NOW)
    assert (box.to.count(escort.email), mails("pickup_cancelled:escort")) == (0, [])


def test_pick_up_that_was_never_sent_is_taken_back_without_a_word(case: Case, escort: Contact) -> None:
    end_it(case, "cancelled", now=NOW)
    box, _ = send_all(NOW)
    assert (box.to.count(escort.email), [state for state, _ in mails()]) == (0, ["superseded"])


def test_escort_named_with_an_address_in_the_answer_is_mailed(case: Case) -> None:
    value = {"available": True, "adult": True, "escort_name": "Robin", "escort_email": "robin@people.example"}
    record(case, "ride", value, now=NOW, said_by="patient")
    box, _ = send_all(NOW)
    assert box.to.count("robin@people.example") == 1
    stored = Evidence.objects.filter(checklist=case.checklist_id, item="ride").latest("pk").value
    assert set(stored) == {"available", "adult", "contact"}


def test_escort_who_is_somebody_else_closes_the_link(case: Case, escort: Contact) -> None:
    phone = follow(link_of(case, "escort"))
    assert b"We closed this link." in phone.post("/my/not-me/").content
    assert phone.get("/my/").status_code == 404
    assert Task.objects.filter(case=case, key__startswith="link:").count() == 1


def test_escort_at_another_address_is_told_there_and_keeps_the_pick_up(case: Case, escort: Contact) -> None:
    send_all(NOW)
    later = NOW + timedelta(minutes=1)
    contact = NewContact("escort", "Some escort", "corrected@people.example")
    new = replace_contact(practice_id=case.practice_id, contact_id=escort.pk, contact=contact, by=BY, now=later)
    box, _ = send_all(later)
    assert (box.to.count("corrected@people.example"), box.to.count(escort.email)) == (1, 1)
    again = send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=new.pk, by=BY, now=later)
    assert (opens(again), link_of(case, "escort")) == (True, again)
    assert say(follow(again), "yes")["Location"] == "/my/?saved=1"
    assert opens(again)


def test_escort_whom_nobody_named_gets_no_link_that_would_be_dead(case: Case, escort: Contact) -> None:
    stranger = add(case, "escort", now=NOW + timedelta(seconds=1))
    with pytest.raises(Refused, match="Record that in the ride first") as refused:
        send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=stranger.pk, by=BY, now=NOW)
    assert (refused.value.code, Link.objects.filter(contact=stranger).exists()) == ("not_named", False)
    case.refresh_from_db()
    assert {line.contact.pk: line.may_send for line in link_lines(case, NOW)}[stranger.pk] is False


@pytest.mark.parametrize(("until", "comes"), [("started", True), ("finished", True), ("discharged", False)])
def test_escort_on_the_way_still_reads_when_and_where(
    until: str, comes: bool, tell: Callable[..., Case], at: object
) -> None:
    case = tell(until, start=NOW - timedelta(hours=3))
    page = follow(give_link(case, "escort")).get("/my/").content.decode()
    assert ("about Monday, March 1, 2027 at" in page, case.practice.address in page) == (comes, comes)
    assert ("There is no pick-up now." in page, 'action="/my/pick-up/"' in page) == (not comes, False)
