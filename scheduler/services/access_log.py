"""The access log: one row for each request that shows patients, sealed into the practice's chain each minute.

A row is written before the answer leaves and in its transaction: where it cannot be written, nothing is shown.
"""

import hashlib
import json
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction

from scheduler.models import Reading
from scheduler.peer import peer
from scheduler.reads import READS, Reads
from scheduler.rules.breaks import Break
from scheduler.services.record import SYSTEM, append_record, salted_digest

MERGED_FOR = timedelta(minutes=15)
SEALED_AT_ONCE = 5000
SEALED = "access_sealed"
CONTENT = ("pk", "at", "by", "roles", "route", "subjects", "peer", "merged")
MOST_REMEMBERED = 10_000
_written: set[str] = set()  # keys of merged rows that this process has committed: their polls need no statement


def log_reading(
    *,
    practice_id: uuid.UUID,
    by: str,
    roles: Collection[str],
    route: str,
    seen: Collection[uuid.UUID],
    status: int,
    now: datetime,
) -> None:
    """Note what an answer shows; one that leads elsewhere shows nothing."""
    if 300 <= status < 400 or not (seen or READS.get(route) is Reads.MAIL):
        return
    row = Reading(
        practice_id=practice_id,
        at=now,
        by=by,
        roles=",".join(sorted(roles)),
        route=route,
        subjects=" ".join(sorted(each.hex for each in seen)),
        peer=peer(),
    )
    if READS.get(route) is not Reads.BOARD:
        row.save(force_insert=True)
        return
    row.merged = _merged(row)
    if row.merged not in _written:
        Reading.objects.bulk_create([row], ignore_conflicts=True)
        transaction.on_commit(lambda: _remember(row.merged))


def _merged(row: Reading) -> str:
    """The same for all looks of one person at one board, with the same patients, within a quarter of an hour."""
    window = int(row.at.timestamp() // MERGED_FOR.total_seconds())
    same = [str(row.practice_id), row.by, row.roles, row.route.removesuffix("-rows"), row.subjects, row.peer, window]
    return hashlib.sha256(json.dumps(same).encode()).hexdigest()


def _remember(merged: str | None) -> None:
    if len(_written) >= MOST_REMEMBERED:
        _written.clear()
    if merged is not None:
        _written.add(merged)


@transaction.atomic
def seal_readings(*, practice_id: uuid.UUID, now: datetime) -> int:
    """Seal what was read since the last sealing into the chain; how many rows. Of two at once one finds nothing."""
    unsealed = Reading.objects.select_for_update(skip_locked=True).filter(practice_id=practice_id, seal=None)
    rows = list(unsealed.order_by("pk").values(*CONTENT)[:SEALED_AT_ONCE])
    if not rows:
        return 0
    record = append_record(
        practice_id=practice_id,
        by=SYSTEM,
        action=SEALED,
        subject="access_log",
        fields={"readings": digest_of(rows)},
        codes=[str(len(rows))],
        now=now,
    )
    Reading.objects.filter(practice_id=practice_id, pk__in=[row["pk"] for row in rows]).update(seal=record.number)
    return len(rows)


def digest_of(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ([_text(row[name]) for name in CONTENT] for row in rows)
    return hashlib.sha256("\n".join(map(json.dumps, lines)).encode()).hexdigest()


def _text(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


@dataclass(frozen=True, slots=True)
class Seal:
    """A row of the record that sealed a part of the access log."""

    number: int
    digest: str
    count: str


def breaks_of_readings(practice_id: uuid.UUID, seals: Sequence[Seal]) -> Iterator[Break]:
    """Sealed parts that are not as they were, and rows that say they are sealed where nothing was."""
    left = {seal.number: seal for seal in seals}
    sealed = Reading.objects.filter(practice_id=practice_id, seal__isnull=False).order_by("seal", "pk")
    by_seal = groupby(sealed.values("seal", *CONTENT).iterator(), key=lambda row: row["seal"])
    for number, found in by_seal:
        rows, seal = list(found), left.pop(number, None)
        if seal is None:
            sentence = f"{len(rows)} rows of the access log say that row {number} sealed them, and it did not"
            yield Break("access_forged", sentence, number)
        elif salted_digest(practice_id, "readings", digest_of(rows)) != seal.digest:
            yield Break("access_altered", _altered(seal, len(rows)), number)
    for seal in left.values():
        yield Break("access_altered", _altered(seal, 0), seal.number)


def _altered(seal: Seal, found: int) -> str:
    return f"the access log that row {seal.number} sealed is not as it was: {seal.count} rows then, {found} now"
