"""Checkpoints of a chain's end, kept apart from the database: a file for each practice, signed line by line.

Lines are only ever appended, under the file's lock, and each covers the one before it. Whoever cuts, empties or
rebuilds the chain in the database would have to write these too, with a key that the database does not hold.
"""

import fcntl
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from scheduler.rules.breaks import Break

LONGEST_LINE = 4096


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain's end as it was committed at that instant."""

    number: int
    hash: str
    at: str


@dataclass(frozen=True, slots=True)
class Kept:
    """All checkpoints of a practice by the number of their row, and what is wrong with the file."""

    by_number: dict[int, Checkpoint]
    breaks: tuple[Break, ...]

    @property
    def last(self) -> Checkpoint | None:
        return self.by_number[max(self.by_number)] if self.by_number else None


def file_of(practice_id: uuid.UUID) -> Path:
    return Path(settings.RECORD_CHECKPOINTS) / f"{practice_id}.jsonl"


@dataclass(frozen=True, slots=True)
class Verified:
    """What the last `verify_record` found of a practice."""

    at: datetime
    rows: int
    breaks: tuple[str, ...]


def _verification_of(practice_id: uuid.UUID) -> Path:
    return file_of(practice_id).with_suffix(".verified.json")


def keep_verification(*, practice_id: uuid.UUID, rows: int, breaks: Sequence[str], now: datetime) -> None:
    """Beside the checkpoints, for the auditor's page; signed like them."""
    said = {"practice": str(practice_id), "at": now.isoformat(), "rows": rows, "breaks": list(breaks)}
    path = _verification_of(practice_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Renamed into its place whole: whoever reads meanwhile, or after a crash, finds the result before.
    written = path.with_name(f"{path.name}.{os.getpid()}.{uuid.uuid4().hex}")
    written.write_text(json.dumps({**said, "signature": signature(said)}))
    written.replace(path)


def last_verification(practice_id: uuid.UUID) -> Verified | None:
    """None where there was none, or what is kept is not ours."""
    try:
        said = json.loads(_verification_of(practice_id).read_text())
        if not hmac.compare_digest(said.pop("signature"), signature(said)) or said["practice"] != str(practice_id):
            return None
        return Verified(datetime.fromisoformat(said["at"]), said["rows"], tuple(said["breaks"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def practices_with_checkpoints() -> list[uuid.UUID]:
    """By the names of the files; what else lies in the folder is nobody's record."""
    return sorted(filter(None, map(_practice_of, Path(settings.RECORD_CHECKPOINTS).glob("*.jsonl"))))


def _practice_of(path: Path) -> uuid.UUID | None:
    try:
        practice_id = uuid.UUID(path.stem)
    except ValueError:
        return None
    return practice_id if path == file_of(practice_id) else None


def append_checkpoint(*, practice_id: uuid.UUID, number: int, chain_end: str, now: datetime) -> bool:
    """Add the end of the chain, unless the file knows it, or one that is further on; whether a line was written."""
    path = file_of(practice_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(path) as descriptor:
        _drop_torn_end(descriptor)
        line = _last_line(descriptor)
        before = _read(line, practice_id) if line else None
        if before is not None and before.number >= number:
            return False
        checkpoint = Checkpoint(number, chain_end, now.astimezone(UTC).isoformat())
        os.write(descriptor, _line(practice_id, checkpoint, line))
        os.fsync(descriptor)
    return True


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _drop_torn_end(descriptor: int) -> None:
    """What a crash or a full disk left of a line: the checkpoint is written anew, in a line of its own."""
    size = os.fstat(descriptor).st_size
    begin = max(0, size - LONGEST_LINE)
    kept, newline, torn = os.pread(descriptor, LONGEST_LINE, begin).rpartition(b"\n")
    if torn and (newline or begin == 0):
        os.ftruncate(descriptor, begin + len(kept) + len(newline))


def _last_line(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    end = os.pread(descriptor, LONGEST_LINE, max(0, size - LONGEST_LINE))
    return end.rstrip(b"\n").rpartition(b"\n")[2]


def _line(practice_id: uuid.UUID, checkpoint: Checkpoint, before: bytes) -> bytes:
    said = {"practice": str(practice_id), **asdict(checkpoint), "before": hashlib.sha256(before).hexdigest()}
    return json.dumps({**said, "signature": signature(said)}).encode() + b"\n"


def signature(said: object) -> str:
    """With a key of its own, derived from one that the database does not hold."""
    key = hmac.new(settings.LINK_KEY.encode(), b"checkpoints of the record", hashlib.sha256).digest()
    return hmac.new(key, json.dumps(said, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _read(line: bytes, practice_id: uuid.UUID, before: bytes | None = None) -> Checkpoint | None:
    """The checkpoint of a line; None for one that is not ours, or does not follow the line before it."""
    try:
        said = json.loads(line)
        given = said.pop("signature")
        checkpoint = Checkpoint(said["number"], said["hash"], said["at"])
        follows = before is None or said["before"] == hashlib.sha256(before).hexdigest()
        ours = said["practice"] == str(practice_id) and hmac.compare_digest(given, signature(said))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return checkpoint if ours and follows else None


def read_checkpoints(practice_id: uuid.UUID) -> Kept:
    """Every checkpoint that is signed and in its place; the others are breaks."""
    found: dict[int, Checkpoint] = {}
    breaks: list[Break] = []
    before = b""
    *lines, torn = _content(file_of(practice_id)).split(b"\n")
    if torn:
        breaks.append(Break("checkpoint_torn", f"line {len(lines) + 1} of the checkpoints was not written to its end"))
    for place, line in enumerate(lines, start=1):
        checkpoint = _read(line, practice_id, before)
        if checkpoint is None:
            sentence = f"line {place} of the checkpoints is not ours, or not where it was written"
            breaks.append(Break("checkpoint_forged", sentence))
        else:
            found[checkpoint.number] = checkpoint
        before = line
    return Kept(found, tuple(breaks))


def _content(path: Path) -> bytes:
    """The whole file, never in the middle of a line that is being written."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        return file.read()
