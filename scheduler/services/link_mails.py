"""A person sends a link again: a new one, by mail, and the one before is dead."""

import uuid
from datetime import datetime

from django.db import transaction

from scheduler import mail_texts, messages
from scheduler.doorbell import ring_after_commit
from scheduler.models import Case, Contact, Link
from scheduler.plain_mail import queue_mail
from scheduler.rules.problems import NotFound, Refused
from scheduler.rules.transitions import Act
from scheduler.services.cases import allow
from scheduler.services.links import KINDS, address_of, issue_link
from scheduler.services.pickups import escort_of, pickup_text
from scheduler.services.readiness import locked_case, look_again


@transaction.atomic
def send_link(*, practice_id: uuid.UUID, case_id: uuid.UUID, contact_id: uuid.UUID, by: str, now: datetime) -> Link:
    """A new link to this person, mailed at once. Raises NotFound, Refused (no address, no permission, case over)."""
    case = locked_case(practice_id, case_id)
    contact = Contact.objects.filter(
        practice_id=practice_id, patient_id=case.patient_id, pk=contact_id, kind__in=KINDS
    ).first()
    if contact is None:
        raise NotFound("There is no such contact of this patient.")
    _refuse_unreachable(case, contact)
    link = issue_link(case=case, contact=contact, by=by, now=now)
    link.case, link.contact = case, contact
    _queue(link, by, now)
    look_again(case=case, now=now, by=by)
    ring_after_commit()
    return link


def _refuse_unreachable(case: Case, contact: Contact) -> None:
    allow(case, Act.SEND_LINK)
    if contact.ended_at is not None:
        raise Refused("This contact was ended. Send the link to one that stands.", code="contact_ended")
    if contact.channel != "email":
        raise Refused("There is no e-mail address to send a link to. Ask by telephone.", code="no_email")
    if contact.kind == "caregiver" and not contact.permission:
        raise Refused("No permission of the patient is noted for this caregiver. Note it first.", code="no_permission")
    if contact.kind == "escort" and case.booking is None:
        raise Refused("There is no date to pick anybody up. Book first.", code="not_booked")
    if contact.kind == "escort" and contact != escort_of(case):
        raise Refused(
            "It is not noted that this person takes the patient home. Record that in the ride first.", code="not_named"
        )


def _queue(link: Link, by: str, now: datetime) -> None:
    case, contact, practice = link.case, link.contact, link.case.practice
    language = case.patient.language
    if contact.kind == "escort":
        text = pickup_text(case, address_of(link))
    else:
        text = mail_texts.link_text(practice, address_of(link), language=language)
    queue_mail(
        case,
        kind=f"link:{contact.kind}",
        occasion=messages.link_occasion(link),
        recipient=contact.email,
        title=mail_texts.link_title(practice, language=language),
        text=text,
        summary=f"link sent again, {contact.kind}",
        by=by,
        now=now,
    )
