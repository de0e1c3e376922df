"""The stories that were told by this code, in files: each is told once for all workers, suites and runs.

They are kept beside the migrated tables, in a folder of their own for each state of the code; a file that is there is
never written again, so that all workers go on from the same rows.
"""

import hashlib
import os
import pickle
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import django
from django.conf import settings
from django.db import connection
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX

from tests.house.project import ROOT

Statement = tuple[str, Any, bool]
# What a story's rows follow from, besides the versions of what is installed.
SOURCES = ("checklists", "notifications", "scheduler", "config", "tests/conftest.py", "tests/remembered.py")
KEYS = ("SECRET_KEY", "FIELD_KEYS", "LINK_KEY", "DEMO", "HTTPS")
FORGOTTEN_AFTER = timedelta(hours=2)  # since a run last began with them


@dataclass(frozen=True)
class Told:
    statements: tuple[Statement, ...]
    pk: UUID


def files() -> Iterator[Path]:
    for name in SOURCES:
        path = ROOT / name
        found = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        yield from sorted(each for each in found if "__pycache__" not in each.parts)


@cache
def folder() -> Path:
    """Of this code, this Python, this Django and these keys; folders of code that is gone are removed."""
    given = [os.environ.get(name, "") for name in KEYS]
    digest = hashlib.sha256(f"{sys.version} {django.VERSION} {given}".encode())
    for path in (*files(), ROOT / "requirements-dev.txt"):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    made = Path(settings.DATA_DIR) / f"told-{digest.hexdigest()[:16]}"
    made.mkdir(exist_ok=True)
    made.touch()
    for other in made.parent.glob("told-*"):
        with suppress(FileNotFoundError):
            if time.time() - other.stat().st_mtime > FORGOTTEN_AFTER.total_seconds():
                shutil.rmtree(other, ignore_errors=True)
    return made


@cache
def text_of(folder: Path = ROOT / "tests") -> str:
    """A digest of every test and of what they share."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def for_the_driver(sql: str, params: Any, many: bool) -> Statement:
    """As Django's cursor hands a statement on."""
    if params is None:
        return sql, (), many
    return FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%"), plain(params), many


def plain(value: Any) -> Any:
    """Bytes as the database took them, which a file can hold."""
    if isinstance(value, (list, tuple)):
        return tuple(plain(each) for each in value)
    return bytes(value) if isinstance(value, memoryview) else value


def file_of(history: tuple[str, ...]) -> Path:
    return folder() / hashlib.sha256("\n".join(history).encode()).hexdigest()[:32]


def read(history: tuple[str, ...]) -> Told | None:
    if connection.vendor == "postgresql":  # what its driver takes is no matter for a file
        return None
    with suppress(FileNotFoundError):
        told: Told = pickle.loads(file_of(history).read_bytes())
        return told
    return None


def keep(history: tuple[str, ...], told: Told) -> Told | None:
    """None where another worker was first: what it told is read from then on."""
    if connection.vendor == "postgresql":
        return told
    path = file_of(history)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    told = Told(tuple(for_the_driver(*statement) for statement in told.statements), told.pk)
    draft.write_bytes(pickle.dumps(told))
    try:
        os.link(draft, path)
    except FileExistsError:
        return None
    finally:
        draft.unlink()
    return told
