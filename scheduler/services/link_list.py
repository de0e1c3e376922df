"""The links of a case as the desk sees them: who has one, was it opened, is it dead."""

from dataclasses import dataclass
from datetime import datetime

from scheduler.models import Case, Contact, Link, Record
from scheduler.rules.links import Standing
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.links import KINDS, standing_of
from scheduler.services.pickups import escort_of


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One person who can have a link, with the newest of theirs."""

    contact: Contact
    link: Link | None
    standing: Standing | None
    opened_at: datetime | None
    may_send: bool


def link_lines(case: Case, now: datetime) -> list[LinkLine]:
    """One line for each contact that stands, in as many queries for one as for many."""
    contacts = Contact.objects.filter(patient_id=case.patient_id, kind__in=KINDS, ended_at=None).order_by("created_at")
    newest = {link.contact_id: link for link in Link.objects.filter(case=case).order_by("generation")}
    opened = dict(
        Record.objects.filter(practice_id=case.practice_id, subject=str(case.pk), action="link_opened")
        .order_by("-number")
        .values_list("by", "at")
    )
    escort = escort_of(case)
    return [_line(case, contact, newest.get(contact.pk), opened, escort, now) for contact in contacts]


def _line(
    case: Case,
    contact: Contact,
    link: Link | None,
    opened: dict[str, datetime],
    escort: Contact | None,
    now: datetime,
) -> LinkLine:
    if link is not None:
        link.case, link.contact = case, contact
    return LinkLine(
        contact=contact,
        link=link,
        standing=standing_of(link, now) if link else None,
        opened_at=opened.get(f"link:{link.pk}") if link else None,
        may_send=contact.channel == "email"
        and case.state in BEFORE_PROCEDURE
        and (contact.kind != "caregiver" or bool(contact.permission))
        and (contact.kind != "escort" or (case.booking_id is not None and contact == escort)),
    )
