"""Short ways to do to a case what a test is about."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from checklists.models import Evidence, Item
from checklists.rules.values import Authority
from scheduler.models import Case
from scheduler.rules.problems import Refused
from scheduler.services import evidence, transitions
from scheduler.services.evidence import Recorded

BY = "staff:00000000-0000-4000-8000-000000000001"


def record(
    case: Case,
    item: str,
    value: dict[str, Any],
    *,
    now: datetime,
    role: Authority = Authority.NURSE,
    said_by: str = "staff",
    observed_at: datetime | None = None,
    supersedes: Sequence[UUID] = (),
) -> Recorded:
    """Evidence against the item's present version."""
    version = Item.objects.filter(checklist=case.checklist_id, key=item).values_list("version", flat=True).first()
    recorded = evidence.record_evidence(
        practice_id=case.practice_id,
        case_id=case.pk,
        item=item,
        value=value,
        observed_at=observed_at or now,
        said_by=said_by,
        authority=role if said_by == "staff" else Authority.PATIENT,
        seen_version=version or 0,
        supersedes=supersedes,
        by=BY,
        now=now,
    )
    case.refresh_from_db()
    return recorded


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is not, afterwards: one told story serves many tries."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def item_version(word: Evidence) -> int:
    """Of the item that the word is about, as it is now."""
    return Item.objects.values_list("version", flat=True).get(checklist=word.checklist_id, key=word.item)


def strike_all(case: Case, item: str, *, now: datetime) -> None:
    """All that was recorded of an item is entered in error."""
    for row in Evidence.objects.filter(checklist=case.checklist_id, item=item, error=None):
        evidence.mark_entered_in_error(
            practice_id=case.practice_id,
            public_id=row.public_id,
            reason="another patient's",
            authority=Authority.CLINICIAN,
            seen_version=item_version(row),
            by=BY,
            now=now,
        )
    case.refresh_from_db()


def start_it(case: Case, now: datetime, version: int | None = None) -> Case:
    seen = case.version if version is None else version
    return transitions.start(practice_id=case.practice_id, case_id=case.pk, seen_version=seen, by=BY, now=now).case


def refusals(case: Case, now: datetime) -> set[tuple[str, str]]:
    """(item, code) of every reason why the start is refused now; the case stays as it is. Empty: it started."""
    before = Case.objects.values_list("state", "version", "started_at").get(pk=case.pk)
    try:
        start_it(case, now)
    except Refused as refused:
        assert Case.objects.values_list("state", "version", "started_at").get(pk=case.pk) == before
        return {(reason.item, reason.code) for reason in refused.errors}
    return set()


def end_it(case: Case, ending: str, *, now: datetime) -> Case:
    case.refresh_from_db()
    return transitions.end_case(
        practice_id=case.practice_id,
        case_id=case.pk,
        ending=ending,
        reason="They said so.",
        seen_version=case.version,
        by=BY,
        now=now,
    ).case
