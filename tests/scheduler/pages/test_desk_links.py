"""The desk sees who holds a link, sends it again with one click, and corrects an address."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from notifications.models import Message
from scheduler.models import Case, Link, Practice, Record
from scheduler.rules.links import TRIES, digest_of
from scheduler.services.links import open_link
from tests.conftest import NOW
from tests.scheduler.pages.my.visiting import enter, follow, give_link, link_of, token

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    return tell("tested", start=NOW + timedelta(days=6))


def opens(link: Link) -> bool:
    return open_link(digest=digest_of(token(link)), now=NOW) is not None


def shown(client: Client, case: Case) -> str:
    page = client.get(f"/desk/cases/{case.pk}/").content.decode()
    return page.partition('<h2 id="links">')[2].partition("<h2>")[0]


def test_case_page_tells_who_has_a_link_and_what_became_of_it(case: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    assert "not opened yet" in shown(client, case)
    enter(case)
    assert "opened Mon 1 Mar 2027 08:00" in shown(client, case)
    Link.objects.update(wrong_answers=TRIES)
    assert "locked after five wrong dates of birth" in shown(client, case)
    give_link(case, "escort")
    assert "Some escort" in shown(client, case)
    assert token(link_of(case)) not in client.get(f"/desk/cases/{case.pk}/").content.decode()


def test_mail_that_a_closed_link_withdraws_says_why_in_words(case: Case, signed_in: Callable[[str], Client]) -> None:
    client, link = signed_in("scheduler"), link_of(case)
    client.post(f"/desk/cases/{case.pk}/links/{link.contact_id}/send/")
    follow(link_of(case)).post("/my/not-me/")
    page = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert ("(the link was revoked: not me)" in page, "not_me" in page) == (True, False)


def test_one_click_sends_the_link_again(case: Case, signed_in: Callable[[str], Client]) -> None:
    old = link_of(case)
    client = signed_in("scheduler")
    address = f"/desk/cases/{case.pk}/links/{old.contact_id}/send/"
    assert f'action="{address}"' in shown(client, case)
    assert client.post(address)["Location"] == f"/desk/cases/{case.pk}/#links"
    assert (opens(old), opens(link_of(case)), Message.objects.filter(kind="link:patient").count()) == (False, True, 1)


def test_link_that_cannot_be_sent_says_why_and_stays_in_the_record(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    contact = link_of(case).contact
    contact.channel = "call"
    contact.save()
    client = signed_in("scheduler")
    answer = client.post(f"/desk/cases/{case.pk}/links/{contact.pk}/send/")
    assert (answer.status_code, b"Ask by telephone." in answer.content) == (409, True)
    assert [row.codes for row in Record.objects.filter(action="refused", subject=str(case.pk))] == [["no_email"]]
    assert "Send again" not in shown(client, case)


def test_address_is_corrected_and_the_old_link_is_dead(case: Case, signed_in: Callable[[str], Client]) -> None:
    old, client = link_of(case), signed_in("scheduler")
    address = f"/desk/cases/{case.pk}/contacts/{old.contact_id}/"
    assert old.contact.email in client.get(address).content.decode()
    wrong = client.post(address, {"email": "appointments@demo.example"})
    assert (wrong.status_code, b"own mailbox" in wrong.content, opens(old)) == (400, True, True)
    assert client.post(address, {}).status_code == 400
    client.post(address, {"email": "right@patients.example"})
    new = link_of(case)
    assert (opens(old), opens(new), new.contact.email) == (False, True, "right@patients.example")


def test_contact_and_case_of_others_are_not_found(
    case: Case, tell: Callable[..., Case], other_practice: Practice, signed_in: Callable[[str], Client]
) -> None:
    other = tell("booked", start=NOW + timedelta(days=9))
    theirs = link_of(other)
    client = signed_in("scheduler")
    for path in (f"links/{theirs.contact_id}/send/", f"contacts/{theirs.contact_id}/"):
        assert client.post(f"/desk/cases/{case.pk}/{path}", {"email": "x@people.example"}).status_code == 404
    assert opens(theirs)


PERSON = {"kind": "caregiver", "name": "Ann Other", "email": "ann@people.example", "permission": "by telephone"}


def test_caregiver_is_added_with_the_patients_permission_and_reminded_from_then_on(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    client, address = signed_in("scheduler"), f"/desk/cases/{case.pk}/contacts/"
    assert f'href="{address}"' in shown(client, case)
    refused = client.post(address, {**PERSON, "permission": ""})
    assert (refused.status_code, b"Say what the patient allowed" in refused.content) == (400, True)
    assert (client.post(address, PERSON)["Location"], "Ann Other" in shown(client, case)) == (
        f"/desk/cases/{case.pk}/?saved=person",
        True,
    )
    kinds = set(Message.objects.filter(subject=case.pk).values_list("kind", flat=True))
    assert ("reminder:caregiver" in kinds, "invite:caregiver" in kinds) == (True, False)


def test_new_address_of_the_patient_is_invited_to_what_is_booked_and_nobody_twice(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    invited = Message.objects.filter(subject=case.pk, kind="invite:patient")
    before = invited.count()
    body = {"kind": "patient", "email": "second@people.example"}
    assert signed_in("scheduler").post(f"/desk/cases/{case.pk}/contacts/", body).status_code == 302
    assert (before, sorted(mail.recipient for mail in invited)[-1], invited.count()) == (1, "second@people.example", 2)


def test_address_that_a_call_adds_is_invited_too(case: Case, api: Callable[..., Client]) -> None:
    address, body = f"/api/v1/patients/{case.patient_id}/contacts/", {"email": "third@people.example"}
    assert api("scheduler").post(address, body, content_type="application/json").status_code == 201
    invited = Message.objects.filter(subject=case.pk, kind="invite:patient")
    assert "third@people.example" in {mail.recipient for mail in invited}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "patient"}, "somebody must be reached"),
        ({"kind": "prescriber", "phone": "555-0100"}, "Select a valid choice"),
        ({"kind": "patient", "email": "appointments@demo.example"}, "own mailbox"),
        ({"kind": "patient", "name": "Ann\nOther", "phone": "555-0100"}, "as one line"),
    ],
)
def test_person_who_cannot_be_reached_or_is_not_one_of_these_is_refused(
    body: dict[str, str], said: str, case: Case, signed_in: Callable[[str], Client]
) -> None:
    before = case.patient.contacts.count()
    answer = signed_in("scheduler").post(f"/desk/cases/{case.pk}/contacts/", body)
    assert (answer.status_code, said in answer.content.decode(), case.patient.contacts.count()) == (400, True, before)
