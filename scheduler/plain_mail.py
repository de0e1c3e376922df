"""A mail of the practice about a case that is no calendar entry."""

from datetime import datetime

from notifications.rules.mime import Draft
from notifications.services import outbox
from scheduler.models import Case


def queue_mail(
    case: Case,
    *,
    kind: str,
    occasion: str,
    recipient: str,
    title: str,
    text: str,
    summary: str,
    by: str,
    now: datetime,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> None:
    """Dated and sent now, or from `not_before` on. The recipient is not named."""
    practice = case.practice
    draft = Draft(
        practice_id=practice.pk,
        subject=case.pk,
        kind=kind,
        occasion=occasion,
        sender_name=practice.name,
        sender=practice.email,
        recipient=recipient,
        recipient_name=None,
        title=title,
        text=text,
        summary=summary,
        dated_at=not_before or now,
        not_before=not_before,
        not_after=not_after,
    )
    outbox.enqueue(draft, now=now, by=by)
