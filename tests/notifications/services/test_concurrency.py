"""Several real processes at one real database: an in-memory one would not let them meet."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings

from tests.notifications.sinks import RunningSink, running_sink

pytestmark = pytest.mark.matrix

ROOT = Path(__file__).resolve().parents[3]
COUNT = 100


@pytest.fixture
def database(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a process whose database is new, migrated and dropped afterwards."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        yield migrated(f"sqlite:///{tmp_path / 'outbox.sqlite3'}")
        return
    server = os.environ["TEST_DATABASE_URL"]
    name = f"outbox_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield migrated(f"{server.rpartition('/')[0]}/{name}")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrated(url: str) -> dict[str, str]:
    environment = os.environ | {"DATABASE_URL": url}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60)
    return environment


def both_at_once(environment: dict[str, str], *arguments: str) -> list[int]:
    command = [sys.executable, "-m", "tests.notifications.services.outbox_process", *arguments]
    running = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    try:
        return [int(process.communicate(timeout=60)[0]) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.fixture
def slow_sink(tmp_path: Path) -> Iterator[RunningSink]:
    with running_sink(tmp_path / "mailbox", "--delay", "0.02") as running:
        yield running


def test_two_queuers_and_two_senders_deliver_each_message_exactly_once(
    database: dict[str, str], slow_sink: RunningSink
) -> None:
    queued = both_at_once(database, "queue", str(COUNT))
    sent = both_at_once(database, "send", str(slow_sink.port))
    message_ids = [received.message["Message-ID"] for received in slow_sink.received()]
    assert (sum(queued), sum(sent)) == (COUNT, COUNT)
    assert min(sent) > 0, "one process did everything: the two never met"
    assert len(message_ids) == len(set(message_ids)) == COUNT
