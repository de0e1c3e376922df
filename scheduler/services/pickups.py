"""The escort is told when and where to pick up, once for each time of the booking, and when nobody needs to come."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from checklists.models import Evidence
from notifications.models import Message, State
from notifications.services import outbox
from scheduler import mail_texts, messages
from scheduler.doorbell import ring_after_commit
from scheduler.models import Booking, Case, Contact
from scheduler.plain_mail import queue_mail
from scheduler.rules.links import Ended
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.links import links_for, revoke_links

PICKUP, CANCELLED = "pickup:escort", "pickup_cancelled:escort"


def pickup_at(booking: Booking) -> datetime:
    """When the recovery bay is left."""
    bay = booking.claims.filter(is_active=True, resource__kind="bay").values_list("ends_at", flat=True).first()
    return bay or booking.ends_at


def plan_pickup(*, case: Case, by: str, now: datetime) -> None:
    """Make what the escort was told true: a new time is told, somebody who is not needed any more hears that."""
    escorts = {
        contact.pk: contact
        for contact in Contact.objects.filter(patient_id=case.patient_id, kind="escort", channel="email")
    }
    if not escorts or case.ending == "died":
        return
    going_on = case.booking is not None and case.state in BEFORE_PROCEDURE
    if not going_on and case.started_at is not None:
        return
    named = escort_of(case) if going_on else None
    wanted = escorts.get(named.pk) if named is not None else None
    for contact in escorts.values():
        if contact != wanted:
            revoke_links(case=case, contact=contact, reason=Ended.ANOTHER_ESCORT, by=by, now=now)
            take_back(case, contact, by, now)
    if wanted is not None and case.booking is not None and case.booking.starts_at > now:
        _tell(case, wanted, by, now)


def escort_of(case: Case) -> Contact | None:
    """Who takes the patient home: the contact that was named, or the one that took its place at another address."""
    named_id = _named(case)
    if named_id is None:
        return None
    escorts = Contact.objects.filter(patient_id=case.patient_id, kind="escort").order_by("created_at")
    named = next((contact for contact in escorts if contact.pk == named_id), None)
    for contact in escorts:
        # Replaced in one transaction: the new row begins at the instant at which the old one ended.
        if named is not None and contact != named and contact.created_at == named.ended_at:
            named = contact
    return named if named is not None and named.ended_at is None else None


def is_counted_on(case: Case, contact: Contact) -> bool:
    """Whether the newest word on the ride is that there is one, and this contact is who takes the patient home."""
    newest = _words_on_ride(case).first()
    return bool(newest and newest.get("available")) and escort_of(case) == contact


def _named(case: Case) -> UUID | None:
    """The contact that the newest word on the ride names."""
    return next((UUID(value["contact"]) for value in _words_on_ride(case) if "contact" in value), None)


def _words_on_ride(case: Case) -> QuerySet[Evidence, dict[str, Any]]:
    """What was said, the newest first."""
    said = Evidence.objects.filter(checklist=case.checklist_id, item="ride", error=None).order_by("-pk")
    return said.values_list("value", flat=True)


def _mails(case: Case, contact: Contact) -> list[Message]:
    mine = Message.objects.filter(practice_id=case.practice_id, subject=case.pk, kind__in=(PICKUP, CANCELLED))
    mine = mine.filter(recipient_hash=contact.email_hash).defer("payload", "recipient")
    return list(mine.order_by("created_at", "id"))


def _tell(case: Case, contact: Contact, by: str, now: datetime) -> None:
    booking = case.booking
    assert booking is not None
    base = f"{messages.pickup_prefix(booking)}{contact.pk}"
    mine = _mails(case, contact)
    told = [mail for mail in mine if mail.kind == PICKUP and mail.state != State.SUPERSEDED]
    if told and told[-1].occasion.partition("#")[0] == base and mine[-1].kind == PICKUP:
        return
    if outdated := [mail.pk for mail in told if mail.state == State.QUEUED]:
        rows = Message.objects.filter(pk__in=outdated)
        outbox.withdraw(messages=rows, reason="the booking has changed", now=now)
    again = sum(mail.occasion.partition("#")[0] == base for mail in mine)
    link = links_for(case, by=by, now=now)(contact)
    occasion = f"{base}#{again}" if again else base
    _queue(case, contact, PICKUP, occasion, pickup_text(case, link), "pick-up", by, now, booking.starts_at)


def take_back(case: Case, contact: Contact, by: str, now: datetime) -> None:
    """Whoever was told to come hears once that nobody needs to; what has not left stays here."""
    mine = _mails(case, contact)
    waiting = [mail.pk for mail in mine if mail.kind == PICKUP and mail.state == State.QUEUED]
    if waiting:
        outbox.withdraw(messages=Message.objects.filter(pk__in=waiting), reason="nobody is picked up", now=now)
    told = [mail for mail in mine if mail.kind == CANCELLED or mail.state == State.SENT or mail.perhaps_sent]
    if not told or told[-1].kind == CANCELLED:
        return
    text = mail_texts.pickup_cancelled_text(case.practice, language=case.patient.language)
    _queue(case, contact, CANCELLED, f"{told[-1].occasion}:cancelled", text, "pick-up cancelled", by, now, None)


def pickup_text(case: Case, link: str) -> str:
    assert case.booking is not None
    return mail_texts.pickup_text(case.practice, pickup_at(case.booking), link, language=case.patient.language)


def _queue(
    case: Case,
    contact: Contact,
    kind: str,
    occasion: str,
    text: str,
    summary: str,
    by: str,
    now: datetime,
    until: datetime | None,
) -> None:
    queue_mail(
        case,
        kind=kind,
        occasion=occasion,
        recipient=contact.email,
        title=mail_texts.pickup_title(case.practice, cancelled=kind == CANCELLED, language=case.patient.language),
        text=text,
        summary=f"{summary}, escort",
        by=by,
        now=now,
        not_after=until,
    )
    ring_after_commit()
