"""On SQLite the migrations run once: the tables that they made are kept in a file until a migration changes."""

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import django
from django.conf import settings
from django.db import connection

from tests.house.project import ROOT


def kept() -> Path:
    """Where the tables of these migrations are kept, or will be."""
    digest = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version} {settings.INSTALLED_APPS}".encode())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return Path(settings.DATA_DIR) / f"migrated-{digest.hexdigest()[:16]}.sqlite3"


def lay_out(tables: Path) -> sqlite3.Connection:
    """Put the kept tables into the test database, which lives in memory while the connection given back is open."""
    database = sqlite3.connect(connection.creation._get_test_db_name(), uri=True)
    with closing(sqlite3.connect(tables)) as source:
        source.backup(database)
    connection.settings_dict["TEST"]["MIGRATE"] = False
    return database


def keep(tables: Path) -> None:
    """Without the triggers, which are installed after every migrate; whole or not at all, since workers race."""
    draft = tables.with_suffix(f".{os.getpid()}")
    connection.ensure_connection()
    with closing(sqlite3.connect(draft)) as copy:
        connection.connection.backup(copy)
        for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            copy.execute(f"DROP TRIGGER {name}")
    draft.replace(tables)
