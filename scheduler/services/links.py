"""Links of a case: issued, found by the hash of their token, revoked. The token itself is kept nowhere."""

import uuid
from collections.abc import Callable, Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction

from notifications.models import Message
from notifications.services import outbox
from scheduler import messages
from scheduler.models import Case, Contact, Link
from scheduler.rules.links import (
    PRESCRIBER_LINK_LASTS,
    RENEWED_BY_ITSELF,
    Ended,
    Standing,
    digest_of,
    standing,
    token_of,
)
from scheduler.services.record import append_record

KINDS = ("patient", "caregiver", "escort")  # whose contact may have a link
PRESCRIBER = "prescriber"  # has one only for what they are asked: services/prescribers.py


def address_of(link: Link) -> str:
    """The address that opens the link, for the text of a message and nowhere else."""
    return f"{settings.BASE_URL}/my/{token_of(settings.LINK_KEY, link.pk, link.generation)}/"


def standing_of(link: Link, now: datetime) -> Standing:
    case = link.case
    ends = [moment for moment in (case.discharged_at, case.closed_at) if moment is not None]
    revoked = link.revoked_at is not None or link.contact.ended_at is not None
    return standing(
        wrong_answers=link.wrong_answers,
        revoked=revoked,
        case_ended_at=min(ends, default=None),
        now=now,
        expires_at=_expires_at(link),
    )


def _expires_at(link: Link) -> datetime | None:
    """A prescriber is asked for a while, and about nothing once the procedure has begun."""
    if link.contact.kind != PRESCRIBER:
        return None
    ends = link.created_at + PRESCRIBER_LINK_LASTS
    return ends if link.case.started_at is None else min(ends, link.case.started_at)


def open_link(*, digest: str, now: datetime) -> Link | None:
    """The link of this hash while it opens anything; its practice is found through scheduler/doors.py."""
    related = ("practice", "contact", "case__patient", "case__booking", "case__checklist__protocol_version")
    links = Link.objects.select_related(*related).defer("case__checklist__protocol_version__document")
    link = links.filter(digest=digest).first()
    if link is None or standing_of(link, now) != Standing.OPEN or (link.practice.is_demo and not settings.DEMO):
        return None
    return link


@transaction.atomic
def issue_link(*, case: Case, contact: Contact, by: str, now: datetime, items: Collection[str] = ()) -> Link:
    """The next generation, under the caller's lock of the case; the one before is dead at once."""
    revoke_links(reason=Ended.RE_ISSUED, by=by, now=now, case=case, contact=contact)
    newest = _newest(case, contact)
    link = Link(
        practice_id=case.practice_id,
        case=case,
        contact=contact,
        generation=newest.generation + 1 if newest else 1,
        items=sorted(items),
        created_at=now,
    )
    link.digest = digest_of(token_of(settings.LINK_KEY, link.pk, link.generation))
    link.save(force_insert=True)
    fields = {"link": link.pk, "contact": contact.pk, "generation": link.generation}
    append_record(practice_id=case.practice_id, by=by, action="link_issued", subject=case.pk, now=now, fields=fields)
    return link


def links_for(case: Case, *, by: str, now: datetime) -> Callable[[Contact], str]:
    """For the writer of a message: the address for a contact, issued when the message needs it.

    "" where only a person may send a new one: that link was locked, or somebody said that it was not theirs.
    """

    known: dict[uuid.UUID, str] = {}  # one look for all the messages of one writing

    def address(contact: Contact) -> str:
        if contact.pk not in known:
            link = _newest(case, contact)
            if link is None or _may_renew(link, now):
                link = issue_link(case=case, contact=contact, by=by, now=now)
            known[contact.pk] = address_of(link) if standing_of(link, now) == Standing.OPEN else ""
        return known[contact.pk]

    return address


def _may_renew(link: Link, now: datetime) -> bool:
    """A locked link was perhaps in wrong hands, whatever revoked it afterwards."""
    return standing_of(link, now) == Standing.REVOKED and link.revoked_reason in RENEWED_BY_ITSELF


def _newest(case: Case, contact: Contact) -> Link | None:
    mine = Link.objects.filter(practice_id=case.practice_id, case=case, contact=contact)
    return mine.select_related("case", "contact").order_by("-generation").first()


@transaction.atomic
def revoke_links(
    *,
    reason: Ended,
    by: str,
    now: datetime,
    case: Case | None = None,
    contact: Contact | None = None,
    patient_id: uuid.UUID | None = None,
) -> int:
    """Revoke what still opens of a case, a contact, both, or a patient; open sessions end with their next request."""
    named = {"case": case, "contact": contact, "case__patient_id": patient_id}
    if not any(named.values()):
        raise ValueError("Say whose links: a case, a contact or a patient.")
    live = Link.objects.filter(revoked_at=None, **{name: value for name, value in named.items() if value})
    rows = list(live.select_for_update(of=("self",)).select_related("contact").order_by("pk"))
    for link in rows:
        withdraw_mails(link, reason=f"the link was revoked: {reason.replace('_', ' ')}", now=now)
        link.revoked_at, link.revoked_reason = now, reason
        link.save(update_fields=["revoked_at", "revoked_reason"])
        append_record(
            practice_id=link.practice_id,
            by=by,
            action="link_revoked",
            subject=link.case_id,
            now=now,
            fields={"link": link.pk, "reason": reason},
        )
    return len(rows)


def withdraw_mails(link: Link, *, reason: str, now: datetime) -> None:
    """No mail that waits shall bring a dead link; the next look at the case plans them anew. Invites stay."""
    waiting = Message.objects.filter(
        practice_id=link.practice_id, subject=link.case_id, recipient_hash=link.contact.email_hash
    )
    outbox.withdraw(messages=waiting.filter(kind__in=messages.LINK_KINDS), reason=reason, now=now)
