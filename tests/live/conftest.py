"""The real processes, started as a person starts them, on free loopback ports, and ended by their pids."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0  # seconds for anything to come up


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not true():
        assert time.monotonic() < until, f"{what} did not happen within {patience:.0f} s"
        time.sleep(0.1)


@dataclass
class Live:
    """Where the processes of one run keep things and listen; `env` is what a second terminal needs."""

    env: dict[str, str]
    data: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def mailbox(self) -> Path:
        return self.data / "mailbox"

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str, *command: str, **env: str) -> None:
        log = (self.data / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**self.env, **env},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def kill(self, name: str) -> None:
        """kill -9 of the process and every child of its group: as a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def wait_until_healthy(self) -> None:
        """The web process answers; a process that ended instead fails at once, with what it said."""

        def healthy() -> bool:
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            assert not ended, f"{', '.join(ended)} ended before the web process answered\n{self.logs()}"
            return self.is_healthy()

        wait_until(healthy, "the web process answering")

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.data.glob("*.log")))

    def is_healthy(self) -> bool:
        connection = HTTPConnection("127.0.0.1", int(self.env["PORT"]), timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def bare_environment(data: Path) -> dict[str, str]:
    """The test run's environment without what it set for itself."""
    data.mkdir(parents=True, exist_ok=True)
    ours = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "FIELD_KEYS", "LINK_KEY", "DATA_DIR", "TEST_DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    smtp, port = str(free_port()), str(free_port())
    return {**kept, "DEMO": "1", "HTTPS": "0", "DATA_DIR": str(data), "PORT": port, "SMTP_PORT": smtp}


WORKER = ("-m", "celery", "-A", "config", "worker", "--concurrency", "2", "--without-gossip", "--without-mingle")
BEAT = ("-m", "celery", "-A", "config", "beat", "--pidfile=")


def sink(live: Live, *more: str) -> None:
    live.start(
        "sink", "-m", "notifications.sink", "--port", live.env["SMTP_PORT"], "--mailbox", str(live.mailbox), *more
    )


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Live]:
    """`make run` as it is: SQLite, filesystem broker, everything under the process runner."""
    live = Live(bare_environment(tmp_path / "var"), tmp_path / "var")
    try:
        live.start("run", "-m", "config.run")
        live.wait_until_healthy()
        yield live
    finally:
        live.stop()


@pytest.fixture
def server_database() -> Iterator[str]:
    """A new PostgreSQL database beside the one of TEST_DATABASE_URL, dropped afterwards."""
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        pytest.skip("TEST_DATABASE_URL is not set: no PostgreSQL to test with")
    name = f"live_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{url.rpartition('/')[0]}/{name}"
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def apart(tmp_path: Path, server_database: str) -> Iterator[Live]:
    """PostgreSQL and Redis; web, two workers, two beats and the sink as processes of their own."""
    broker = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
    env = bare_environment(tmp_path / "var") | {"DATABASE_URL": server_database, "BROKER_URL": broker}
    live = Live(env | {"DATABASE_APP_PASSWORD": "tests-only"}, tmp_path / "var")
    with ExitStack() as stack:
        stack.callback(live.stop)
        live.manage("application_role")
        live.manage("migrate", "-v", "0")
        # From here on as the application: with the owner's login, because a socket may know no other.
        live.env["DATABASE_URL"] = f"{server_database}?options=-c%20role%3Dcleared_app"
        live.manage("demo")
        sink(live)
        live.start("web", "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{env['PORT']}", "-w", "2")
        for number in ("1", "2"):
            live.start(f"worker{number}", *WORKER, "-n", f"worker{number}@%h")
            live.start(f"beat{number}", *BEAT, "--schedule", str(live.data / f"beat{number}"))
        live.wait_until_healthy()
        yield live
