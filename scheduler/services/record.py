"""The record: one chain per practice, written in the transaction of the change. Values never enter it."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from scheduler.models import Record, RecordHead
from scheduler.peer import peer

SYSTEM = "system"


def salted_digest(practice_id: uuid.UUID, field: str, value: Any, salt: str = "") -> str:
    """A digest that tells equal from changed and nothing else; without key or salt nobody can try values on it."""
    message = json.dumps([str(practice_id), field, value, *([salt] if salt else [])], default=str, sort_keys=True)
    return hmac.new(settings.LINK_KEY.encode(), message.encode(), hashlib.sha256).hexdigest()[:32]


def chain_hash(previous: str, row: Mapping[str, Any]) -> str:
    text = json.dumps({**row, "previous": previous}, default=str, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def content(record: Record) -> dict[str, Any]:
    """What the hash of a row covers."""
    more = {"peer": record.peer} if record.peer else {}
    return {
        "practice": str(record.practice_id),
        "number": record.number,
        "at": record.at.astimezone(UTC).isoformat(),
        "by": record.by,
        "action": record.action,
        "subject": record.subject,
        "fields": record.fields,
        "codes": record.codes,
        **more,
    }


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended; values of `fields` enter as digests, with the patient's `salt` where they name one."""

    action: str
    subject: object
    fields: Mapping[str, Any] = field(default_factory=dict)
    codes: Sequence[str] = ()
    salt: str = ""


def append_record(
    *,
    practice_id: uuid.UUID,
    by: str,
    action: str,
    subject: object,
    now: datetime,
    fields: Mapping[str, Any] | None = None,
    codes: Sequence[str] = (),
    salt: str = "",
) -> Record:
    """Append one entry to the practice's chain."""
    entry = Entry(action, subject, fields or {}, codes, salt)
    return append_records(practice_id=practice_id, entries=[entry], by=by, now=now)[0]


@transaction.atomic(savepoint=False)
def append_records(*, practice_id: uuid.UUID, entries: Sequence[Entry], by: str, now: datetime) -> list[Record]:
    """Append to the practice's chain; the head's row lock is the last lock that a transaction takes."""
    if not entries:
        return []
    head = _locked_head(practice_id)
    rows: list[Record] = []
    for entry in entries:
        rows.append(_row(head, entry, by, now))
        head.number, head.hash = rows[-1].number, rows[-1].hash
    Record.objects.bulk_create(rows)
    head.save(update_fields=["number", "hash"])
    return rows


def _row(head: RecordHead, entry: Entry, by: str, now: datetime) -> Record:
    """The row that follows the chain's end."""
    record = Record(
        practice_id=head.practice_id,
        number=head.number + 1,
        at=now,
        by=by,
        action=entry.action,
        subject=str(entry.subject),
        fields={name: salted_digest(head.practice_id, name, value, entry.salt) for name, value in entry.fields.items()},
        codes=list(entry.codes),
        peer=peer(),
        previous_hash=head.hash,
    )
    record.hash = chain_hash(head.hash, content(record))
    return record


def _locked_head(practice_id: uuid.UUID) -> RecordHead:
    """The chain's end under its row lock; made with the practice's first row."""
    heads = RecordHead.objects.select_for_update().filter(practice_id=practice_id)
    head = heads.first()
    if head is None:
        RecordHead.objects.get_or_create(practice_id=practice_id)
        head = heads.get()
    return head
