"""Is the record whole? The chain, its checkpoints outside of the database, and the gate passes that it tells of."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max

from scheduler.isolation import within
from scheduler.models import Record, RecordHead
from scheduler.rules.breaks import Break
from scheduler.services.access_log import SEALED, Seal, breaks_of_readings
from scheduler.services.checkpoints import Checkpoint, Kept, read_checkpoints
from scheduler.services.erasure import ERASED, breaks_of_erasures
from scheduler.services.gate_trail import PASS, Told, breaks_of_passes
from scheduler.services.record import chain_hash, content


@dataclass(frozen=True, slots=True)
class Verification:
    rows: int
    checkpoints: int
    breaks: tuple[Break, ...]

    @property
    def holds(self) -> bool:
        return not self.breaks


def verify_practice(practice_id: uuid.UUID) -> Verification:
    """Everything that can be checked of a practice's record."""
    kept = read_checkpoints(practice_id)
    with within(practice_id):
        walk = _walk(practice_id, kept)
        beside = (
            *breaks_of_passes(practice_id, walk.told),
            *breaks_of_readings(practice_id, walk.seals),
            *breaks_of_erasures(practice_id, walk.erased),
        )
    breaks = (*kept.breaks, *walk.breaks, *beside)
    return Verification(walk.rows, len(kept.by_number), breaks)


def verify_chain(practice_id: uuid.UUID) -> list[Break]:
    """Every break of the chain alone, as the database holds it; an empty list when it holds."""
    with within(practice_id):
        return [each for each in _walk(practice_id, Kept({}, ())).breaks if each.code != "checkpoint_cut"]


@dataclass(slots=True)
class Walk:
    """One way along the chain: what is wrong with it, and what its rows say of what stands beside it."""

    rows: int
    breaks: list[Break]
    told: list[Told]
    seals: list[Seal]
    erased: set[str]

    def note(self, record: Record) -> None:
        if PASS in record.fields:
            self.told.append(Told(record.number, record.fields))
        if record.action == SEALED:
            self.seals.append(Seal(record.number, record.fields.get("readings", ""), "".join(record.codes)))
        if record.action == ERASED:
            self.erased.add(record.subject)


def _walk(practice_id: uuid.UUID, kept: Kept) -> Walk:
    records = Record.objects.filter(practice_id=practice_id)
    # In this order: the head is read after the rows that it must know, and rows that are added meanwhile stay outside.
    end = records.aggregate(end=Max("number"))["end"] or 0
    head = RecordHead.objects.filter(practice_id=practice_id).first() or RecordHead()
    walk, previous, expected = Walk(0, [], [], [], set()), "", 1
    for record in records.filter(number__lte=max(end, head.number)).order_by("number").iterator():
        if record.number != expected:
            sentence = f"row {expected} to {record.number - 1} missing"
            walk.breaks.append(Break("row_missing", sentence, expected))
            expected = record.number
        walk.breaks += _breaks_of_row(record, previous, kept.by_number.get(record.number))
        walk.note(record)
        previous, expected, walk.rows = record.hash, expected + 1, walk.rows + 1
    if (head.number, head.hash) != (expected - 1, previous):
        sentence = f"the head says {head.number} rows, the chain ends at {expected - 1}"
        walk.breaks.append(Break("head_wrong", sentence, expected - 1))
    walk.breaks += (*_breaks_of_end(expected - 1, kept.last), *_cut_checkpoints(walk.seals, kept))
    return walk


def _breaks_of_row(record: Record, previous: str, checkpoint: Checkpoint | None) -> Iterator[Break]:
    number = record.number
    if record.previous_hash != previous:
        yield Break("row_misplaced", f"row {number} does not follow the row before it", number)
    if record.hash != chain_hash(record.previous_hash, content(record)):
        yield Break("row_altered", f"row {number} was altered", number)
    if checkpoint is not None and checkpoint.hash != record.hash:
        sentence = f"row {number} is not the one that was there at {checkpoint.at}: the chain was rewritten up to it"
        yield Break("chain_rewritten", sentence, number)


def _breaks_of_end(end: int, last: Checkpoint | None) -> Iterator[Break]:
    if last is None or last.number <= end:
        return
    if end == 0:
        yield Break("chain_gone", f"all {last.number} rows that were there at {last.at} are missing", 1)
    else:
        sentence = f"row {end + 1} to {last.number} missing: they were there at {last.at}"
        yield Break("tail_cut", sentence, end + 1)


def _cut_checkpoints(seals: list[Seal], kept: Kept) -> Iterator[Break]:
    """Every sealing is followed by a checkpoint; the last may still be on its way."""
    known = kept.last.number if kept.last else 0
    if len(seals) > 1 and known < seals[-2].number:
        sentence = f"the checkpoints end at row {known}, and row {seals[-2].number} was sealed after it"
        yield Break("checkpoint_cut", sentence, seals[-2].number)
