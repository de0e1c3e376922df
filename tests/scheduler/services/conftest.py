"""A database at which several connections can really meet."""

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from tests import migrated

AT_ONCE_TIMEOUT = 90


@contextmanager
def at_file(path: Path) -> Iterator[None]:
    """The default database of every thread is this SQLite file: the one in memory knows no waiting."""
    kept, settings = connections["default"], connections.settings["default"]
    name = settings["NAME"]
    del connections["default"]
    settings["NAME"] = str(path)
    try:
        yield
    finally:
        connections["default"].close()
        settings["NAME"] = name
        connections["default"] = kept


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Path:
    path = tmp_path_factory.mktemp("meeting") / "empty.sqlite3"
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            if migrated.kept().exists():
                shutil.copy(migrated.kept(), path)
            with at_file(path):
                call_command("migrate", verbosity=0)
    return path


@pytest.fixture
def meeting(transactional_db: None, migrated_file: Path, tmp_path: Path) -> Iterator[None]:
    """Committed data that threads with connections of their own see."""
    if connection.vendor != "sqlite":
        yield
        return
    for source in migrated_file.parent.glob("empty.sqlite3*"):
        shutil.copy(source, tmp_path / source.name)
    with at_file(tmp_path / "empty.sqlite3"):
        yield


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run the acts together, each with a connection of its own; results or exceptions in their order."""
    barrier = Barrier(len(acts), timeout=30)

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(run, act) for act in acts]
        return [future.result(timeout=AT_ONCE_TIMEOUT) for future in futures]


def during(act: Callable[[], object], other: Callable[[], object]) -> list[Any]:
    """What became of both: the second comes while the first has written and not committed."""
    written = Event()

    def first() -> object:
        with transaction.atomic():
            done = act()
            written.set()
            time.sleep(1)
        return done

    def second() -> object:
        assert written.wait(timeout=30)
        return other()

    return at_once([first, second])
