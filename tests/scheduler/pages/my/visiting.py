"""A phone in the hand of somebody with a link."""

from datetime import date, datetime

from django.conf import settings
from django.test import Client

from scheduler.models import Case, Contact, Link
from scheduler.rules.links import token_of
from scheduler.services.links import issue_link
from scheduler.services.people import NewContact, add_contact
from tests.conftest import NOW

BY = "staff:00000000-0000-4000-8000-000000000001"


def token(link: Link) -> str:
    return token_of(settings.LINK_KEY, link.pk, link.generation)


def link_of(case: Case, kind: str = "patient") -> Link:
    """The newest link of the case's patient, caregiver or escort."""
    newest = Link.objects.filter(case=case, contact__kind=kind).order_by("created_at", "generation").last()
    assert newest is not None, f"the {kind} has no link"
    return newest


def add(case: Case, kind: str, now: datetime = NOW) -> Contact:
    contact = NewContact(kind, f"Some {kind}", f"{kind}@people.example", permission="the patient, by telephone")
    return add_contact(patient=case.patient, contact=contact, by=BY, now=now)


def give_link(case: Case, kind: str, now: datetime = NOW) -> Link:
    """A link for somebody who had none."""
    return issue_link(case=case, contact=add(case, kind, now), by=BY, now=now)


def birth_date(born_on: date) -> dict[str, str]:
    return {"month": str(born_on.month), "day": str(born_on.day), "year": str(born_on.year)}


def follow(link: Link, client: Client | None = None) -> Client:
    """The link opened: its first hop done."""
    phone = client or Client()
    answer = phone.get(f"/my/{token(link)}/")
    assert (answer.status_code, answer["Location"]) == (302, "/my/")
    return phone


def enter(case: Case, kind: str = "patient") -> Client:
    """The link opened and the right date of birth given."""
    phone = follow(link_of(case, kind))
    answer = phone.post("/my/", birth_date(case.patient.born_on))
    assert (answer.status_code, answer["Location"]) == (302, "/my/")
    return phone
