"""A prescriber is asked - by letter, link or a call - and answers on their own link."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from checklists.rules.context import kind_of
from checklists.rules.doses import ASKED, REFUSED
from checklists.rules.kinds import clearance
from checklists.rules.known import TOLD
from checklists.rules.values import Authority
from checklists.services.checklists import assess_checklist
from checklists.services.recording import Observation
from scheduler import messages
from scheduler.doorbell import ring_after_commit
from scheduler.models import Case, Contact, Link
from scheduler.plain_mail import queue_mail
from scheduler.rules.duties import Duty
from scheduler.rules.links import Standing
from scheduler.rules.problems import Invalid, NotFound, Reason, Refused
from scheduler.rules.transitions import BEFORE_PROCEDURE, Act
from scheduler.services.cases import allow
from scheduler.services.clearances import reference_of, to_tell
from scheduler.services.evidence import Recorded, record_all
from scheduler.services.link_visits import link_by, locked_link
from scheduler.services.links import PRESCRIBER, address_of, issue_link, standing_of
from scheduler.services.people import NewContact, add_contact
from scheduler.services.readiness import judged_start, locked_case
from scheduler.services.tasks import owe_task

LINK = "link"
CALL_ME = "call_me"


@dataclass(frozen=True, slots=True)
class Asked:
    contact: Contact
    recorded: Recorded
    link: Link | None


@transaction.atomic
def ask_prescriber(
    *,
    practice_id: uuid.UUID,
    case_id: uuid.UUID,
    whom: uuid.UUID | NewContact,
    seen_versions: Mapping[str, int],
    how: str,
    authority: Authority,
    by: str,
    now: datetime,
) -> Asked:
    """Record the asking, or asking again, about these items; `how` link mails one. `whom`: known here, or new.

    Raises NotFound, Invalid, Refused, Stale.
    """
    case = locked_case(practice_id, case_id)
    contact = _prescriber(case, whom, by, now)
    _refuse_asking(case, contact, list(seen_versions), how)
    said = {"answer": ASKED, "prescriber": contact.name or PRESCRIBER, "how": how, "contact": str(contact.pk)}
    told = {item: {TOLD: list(codes)} for item, codes in to_tell(case, seen_versions, now).items() if codes}
    asked = [
        Observation(item, {**said, **told.get(item, {})}, now, "staff", authority, seen)
        for item, seen in seen_versions.items()
    ]
    recorded = record_all(practice_id=practice_id, case_id=case_id, observations=asked, by=by, now=now)
    link = _send_link(case, contact, list(seen_versions), by, now) if how == LINK else None
    return Asked(contact, recorded, link)


def _prescriber(case: Case, whom: uuid.UUID | NewContact, by: str, now: datetime) -> Contact:
    if isinstance(whom, NewContact):
        return add_contact(patient=case.patient, contact=whom, by=by, now=now)
    known = Contact.objects.filter(practice_id=case.practice_id, patient_id=case.patient_id, kind=PRESCRIBER)
    contact = known.filter(pk=whom).first()
    if contact is None:
        raise NotFound("There is no such prescriber of this patient.")
    return contact


def _refuse_asking(case: Case, contact: Contact, items: list[str], how: str) -> None:
    if how not in clearance.WAYS:
        remedy = f"Use one of {', '.join(clearance.WAYS)}."
        raise Invalid("Say how you ask.", errors=(Reason("bad_way", remedy, field="how"),))
    wrong = [item for item in items if kind_of(item) != clearance.KIND]
    if wrong or not items:
        remedy = "Name the prescriber_clearance items that the prescriber is asked about."
        raise Invalid("Say which drugs you ask about.", errors=(Reason("no_drug", remedy, field="items"),))
    allow(case, Act.ASK_PRESCRIBER)
    if contact.ended_at is not None:
        raise Refused("This contact was ended. Ask one that stands.", code="contact_ended")
    if how == LINK and contact.channel != "email":
        raise Refused("There is no e-mail address to send a link to. Print the letter, or call.", code="no_email")


def _send_link(case: Case, contact: Contact, items: list[str], by: str, now: datetime) -> Link:
    """A new link for these drugs and for those that the one before still asks about."""
    before = Link.objects.filter(case=case, contact=contact, revoked_at=None).order_by("-generation").first()
    open_items = _unanswered(case, now)
    kept = [item for item in (before.items if before else []) if item in open_items]
    link = issue_link(case=case, contact=contact, by=by, now=now, items={*items, *kept})
    link.case, link.contact = case, contact
    _queue(link, by, now)
    ring_after_commit()
    return link


def _unanswered(case: Case, now: datetime) -> set[str]:
    verdict = assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now).verdict
    return {finding.item for finding in verdict.findings if finding.kind == clearance.KIND and not finding.evidence}


def mail_text(link: Link) -> str:
    """Who asks, the link, and how to learn which patient is meant: no name, no initials, no drug, no procedure."""
    practice, reference = link.case.practice, reference_of(link.case_id, link.contact_id)
    return (
        f"{practice.name} asks you for an answer about a patient whom you both look after.\n\n"
        f"Please answer here:\n{address_of(link)}\n\n"
        f"You will be asked for the patient's date of birth. Our reference is {reference}: "
        f"it stands on our letter, and we tell you by telephone which patient it is: {practice.phone}.\n"
    )


def _queue(link: Link, by: str, now: datetime) -> None:
    queue_mail(
        link.case,
        kind=f"link:{PRESCRIBER}",
        occasion=messages.link_occasion(link),
        recipient=link.contact.email,
        title=f"A question about a shared patient - {link.case.practice.name}",
        text=mail_text(link),
        summary="question, prescriber",
        by=by,
        now=now,
    )


@transaction.atomic
def answer_clearance(
    *, link: Link, values: Mapping[str, Mapping[str, Any]], seen_versions: Mapping[str, int], now: datetime
) -> None:
    """Record what the prescriber says at their link; a call that they want is a clinician's task.

    Their own word, which a nurse verifies. A refusal of their own is answered by what they say later.
    Raises NotFound for a dead link, Invalid, Stale.
    """
    case, row = locked_link(link)
    if standing_of(row, now) != Standing.OPEN or case.state not in BEFORE_PROCEDURE:
        raise NotFound("This link is closed.")
    if not values.keys() <= set(row.items):
        raise NotFound("This link does not ask about that.")
    for item in [item for item, value in values.items() if value["answer"] == CALL_ME]:
        _owe_call(case, row, item, now)
    said = [
        _observed(case, row, item, value, seen_versions[item], now)
        for item, value in values.items()
        if value["answer"] != CALL_ME
    ]
    if said:
        record_all(practice_id=case.practice_id, case_id=case.pk, observations=said, by=link_by(row), now=now)


def _observed(
    case: Case, link: Link, item: str, value: Mapping[str, Any], seen_version: int, now: datetime
) -> Observation:
    own = case.checklist.evidence.filter(item=item, recorded_by__in=_links_of(link), value__answer=REFUSED)
    told = {**value, "how": LINK, "contact": str(link.contact_id)}
    lifts = list(own.values_list("public_id", flat=True))
    return Observation(item, told, now, PRESCRIBER, Authority.PATIENT, seen_version, lifts)


def _links_of(link: Link) -> list[str]:
    """All that this prescriber ever had for the case: an answer given at an earlier one is theirs too."""
    mine = Link.objects.filter(case_id=link.case_id, contact_id=link.contact_id)
    return [link_by(each) for each in mine]


def _owe_call(case: Case, link: Link, item: str, now: datetime) -> None:
    drug = item.partition(":")[2]
    sentence = f"Call {link.contact.name or 'the prescriber'} about {drug}: they asked for a call."
    owe_task(
        case=case, duty=Duty("call", clearance.call_key(item), "clinician", sentence, None), by=link_by(link), now=now
    )
