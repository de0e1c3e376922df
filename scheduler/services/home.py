"""What the patient takes home: read behind the link for a day, and a mail that only says that it is there."""

from datetime import datetime

from checklists.rules.questions.afterwards import Afterwards, afterwards
from checklists.services.dossiers import load_dossier
from checklists.services.protocols import typed_protocol
from scheduler import mail_texts, messages
from scheduler.doorbell import ring_after_commit
from scheduler.models import Case, Contact
from scheduler.plain_mail import queue_mail
from scheduler.rules.links import OUTLIVES_CASE_BY
from scheduler.services.links import links_for
from scheduler.services.readiness import judged_start

AT_HOME = ("recovering", "discharged", "closed")


def afterwards_of(case: Case, now: datetime) -> Afterwards | None:
    """What is recorded for the time after the procedure; None before it and where it did not end as planned."""
    start = judged_start(case, now) if case.state in AT_HOME else None
    if start is None:
        return None
    dossier = load_dossier(case.checklist)
    protocol = typed_protocol(case.checklist.protocol_version)
    found = afterwards(protocol, dossier.facts, dossier.evidence, start, now, dossier.reviews)
    return None if found.is_empty else found


def read_until(case: Case) -> datetime | None:
    """When the link ends; None while the patient is still here."""
    return case.discharged_at + OUTLIVES_CASE_BY if case.discharged_at else None


def tell_at_home(*, case: Case, by: str, now: datetime) -> None:
    """To the patient and a caregiver who may read it, once, as long as a link opens it."""
    until = read_until(case)
    if until is None or until <= now or afterwards_of(case, now) is None:
        return
    link_to = links_for(case, by=by, now=now)
    for contact in messages.reminded(case):
        link = link_to(contact)
        if link:
            _queue(case, contact, link, until, by, now)
    ring_after_commit()


def _queue(case: Case, contact: Contact, link: str, until: datetime, by: str, now: datetime) -> None:
    practice, language = case.practice, case.patient.language
    queue_mail(
        case,
        kind=f"home:{contact.kind}",
        occasion=f"home:{case.pk}:{contact.pk}",
        recipient=contact.email,
        title=mail_texts.home_title(practice, is_patients=contact.kind == "patient", language=language),
        text=mail_texts.home_text(practice, until, link, language=language),
        summary=f"what to do at home, {contact.kind}",
        by=by,
        now=now,
        not_after=until,
    )
