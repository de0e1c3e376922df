"""Evidence of a checklist: what was observed, appended; what was entered in error, struck through."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from checklists.models import Checklist, Evidence, EvidenceError, Item
from checklists.rules import values

# How the reason begins of a word that was struck through because it is about somebody else.
ANOTHERS_WORD = "said of another patient:"


class StaleItem(Exception):
    """Somebody recorded on this item since the writer looked."""

    def __init__(self, item: str, seen: int, current: int) -> None:
        super().__init__(f"'{item}' is at version {current}; you saw version {seen}. Look again, then decide.")
        self.item, self.seen, self.current = item, seen, current


class UnknownEvidence(Exception):
    """A named no is no evidence of this item in this checklist."""

    def __init__(self, item: str, public_id: uuid.UUID) -> None:
        super().__init__(f"{public_id} is no evidence of '{item}' in this case.")
        self.item = item


@dataclass(frozen=True, slots=True)
class Observation:
    """What was observed of one item, against the version of the item that the writer saw.

    Several of one item in one go all name the version before the first. `supersedes`: the noes it answers.
    """

    item: str
    value: Mapping[str, Any]
    observed_at: datetime
    said_by: str
    authority: values.Authority
    seen_version: int
    supersedes: Sequence[uuid.UUID] = ()


def record_all(*, checklist: Checklist, observations: Sequence[Observation], by: str, now: datetime) -> list[Evidence]:
    """Append observations in their order, under the caller's lock of the subject. Raises StaleItem, UnknownEvidence."""
    items = {
        item.key: item
        for item in Item.objects.filter(checklist=checklist, key__in={each.item for each in observations})
    }
    for each in observations:
        current = items[each.item].version if each.item in items else 0
        if current != each.seen_version:
            raise StaleItem(each.item, each.seen_version, current)
    superseded = _superseded(checklist, observations)
    rows = []
    for each in observations:
        item = items.setdefault(
            each.item, Item(practice_id=checklist.practice_id, checklist=checklist, key=each.item, version=0)
        )
        item.version += 1
        rows.append(_row(item, each, superseded, by, now))
    Item.objects.bulk_create(
        items.values(),
        update_conflicts=True,
        unique_fields=["practice_id", "checklist", "key"],
        update_fields=["version"],
    )
    Evidence.objects.bulk_create(rows)
    checklist.last_evidence_id = rows[-1].pk
    checklist.save(update_fields=["last_evidence_id"])
    return rows


def _superseded(checklist: Checklist, observations: Sequence[Observation]) -> dict[tuple[str, uuid.UUID], int]:
    """The rows that observations name, by item: nobody answers a no of another item."""
    named = {(each.item, public_id) for each in observations for public_id in each.supersedes}
    if not named:
        return {}
    rows = Evidence.objects.filter(checklist=checklist, public_id__in={public_id for _, public_id in named})
    found = {(item, public_id): pk for pk, item, public_id in rows.values_list("pk", "item", "public_id")}
    for item, public_id in sorted(named - found.keys()):
        raise UnknownEvidence(item, public_id)
    return found


def _row(
    item: Item, seen: Observation, superseded: Mapping[tuple[str, uuid.UUID], int], by: str, now: datetime
) -> Evidence:
    return Evidence(
        practice_id=item.practice_id,
        checklist_id=item.checklist_id,
        item=item.key,
        item_version=item.version,
        value=seen.value,
        observed_at=seen.observed_at,
        said_by=seen.said_by,
        authority=seen.authority,
        recorded_at=now,
        recorded_by=by,
        supersedes=sorted(superseded[seen.item, public_id] for public_id in seen.supersedes),
    )


@transaction.atomic
def mark_entered_in_error(
    *, evidence: Evidence, reason: str, by: str, now: datetime, refiled_as: Evidence | None = None
) -> bool:
    """Strike the evidence through; it stays, and counts no more. False if it was struck through before.

    `refiled_as`: the same word where it belongs.
    """
    _, created = EvidenceError.objects.get_or_create(
        evidence=evidence,
        defaults={
            "practice_id": evidence.practice_id,
            "reason": reason,
            "at": now,
            "by": by,
            "refiled_as": refiled_as,
        },
    )
    if created:
        # Whoever looked before saw something else: what they agree to now would be the word beneath.
        Item.objects.filter(checklist=evidence.checklist_id, key=evidence.item).update(version=F("version") + 1)
    return created
