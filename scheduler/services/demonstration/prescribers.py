"""Prescribers who were asked: one has not answered, the other's answer is in conflict with the protocol."""

from datetime import datetime, timedelta

from checklists.models import Item
from checklists.rules.values import Authority
from notifications.services import outbox
from scheduler.models import Case
from scheduler.services.people import NewContact
from scheduler.services.prescribers import LINK, Asked, answer_clearance, ask_prescriber

DRUG = "prescriber_clearance:apixaban"


def tell_prescribers(asked: Case, disputed: Case, by: str, now: datetime) -> None:
    """One was asked and chased and has not answered; another named a last day that the protocol does not allow."""
    heart = NewContact("prescriber", "Dr. Hilda Heart", "hilda.heart@prescribers.example", "555-0150", "5 Valve Road")
    for how, before in (("letter", timedelta(days=5)), (LINK, timedelta(days=1))):
        _ask(asked, heart, how, by, now - before)
    vein = NewContact("prescriber", "Dr. Victor Vein", "victor.vein@prescribers.example", "555-0151")
    link = _ask(disputed, vein, LINK, by, now - timedelta(days=3)).link
    assert link is not None and disputed.booking is not None
    last_day = disputed.booking.starts_at.astimezone(disputed.practice.site.tz).date() - timedelta(days=2)
    said = {"answer": "agreed", "prescriber": vein.name, "last_dose_on": last_day.isoformat(), "bridging": "no"}
    answer_clearance(link=link, values={DRUG: said}, seen_versions={DRUG: 1}, now=now - timedelta(days=2))
    reason = "before the demonstration began"
    outbox.withdraw(subject=disputed.pk, kinds=(f"link:{vein.kind}",), reason=reason, now=now)


def _ask(case: Case, prescriber: NewContact, how: str, by: str, at: datetime) -> Asked:
    found = case.patient.contacts.filter(kind=prescriber.kind).first()
    version = Item.objects.filter(checklist=case.checklist, key=DRUG).values_list("version", flat=True).first()
    return ask_prescriber(
        practice_id=case.practice_id,
        case_id=case.pk,
        whom=found.pk if found else prescriber,
        seen_versions={DRUG: version or 0},
        how=how,
        authority=Authority.SCHEDULER,
        by=by,
        now=at,
    )
