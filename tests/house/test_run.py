"""`python -m config.run`: what it refuses before anything starts, and one life of the whole process group."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.run import CannotStartError, control_socket, environment, read_run
from tests.house.project import BIN, ROOT

PATIENCE = 90  # seconds
SETTINGS = {
    *("DEMO", "HTTPS", "SECRET_KEY", "FIELD_KEYS", "LINK_KEY", "DATA_DIR", "MAILBOX_DIR"),
    *("DATABASE_URL", "BROKER_URL", "PORT", "SMTP_PORT"),
}


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def clean_environment(**given: str) -> dict[str, str]:
    """A shell's environment, without what tests/environment.py and the settings would read."""
    return {name: value for name, value in os.environ.items() if name not in SETTINGS} | given


def refused(**given: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT,
        env=clean_environment(**given),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PORT": "eight"}, "PORT is 'eight'. Set PORT to a whole number from 1 to 65535."),
        ({"PORT": "70000"}, "PORT is '70000'. Set PORT to a whole number from 1 to 65535."),
        ({"SMTP_PORT": "0"}, "SMTP_PORT is '0'. Set SMTP_PORT to a whole number from 1 to 65535."),
        ({"PORT": "8025"}, "PORT and SMTP_PORT are both 8025. Give each a port of its own."),
    ],
)
def test_run_with_an_impossible_port_names_the_variable(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotStartError, match=f"^{re.escape(sentence)}$"):
        read_run(environ)


def test_run_outside_the_demonstration_is_refused(tmp_path: Path) -> None:
    code, out, err = refused(DEMO="0", DATA_DIR=str(tmp_path / "data"))
    assert (code, out) == (2, "")
    assert err.startswith("DEMO is not 1, and `make run` is the demonstration.")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["PORT", "SMTP_PORT"])
def test_taken_port_is_one_sentence_before_anything_starts(tmp_path: Path, name: str) -> None:
    other = {"PORT": "SMTP_PORT", "SMTP_PORT": "PORT"}[name]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        ports = {name: port, other: str(free_ports(1)[0])}
        answer = refused(DATA_DIR=str(tmp_path / "data"), **ports)
    sentence = f"Port {port} cannot be used (Address already in use). Choose another with {name}=.\n"
    assert answer == (2, "", sentence)
    assert not (tmp_path / "data").exists()


def test_mail_of_the_demonstration_goes_to_the_sink_whatever_the_shell_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_HOST", "mail.example.org")
    monkeypatch.setenv("SMTP_USER", "desk")
    run = read_run({"DATA_DIR": str(tmp_path), "PORT": "18000", "SMTP_PORT": "18025"})
    given = environment(run, tmp_path / "supervisor.sock")
    assert (given["SMTP_HOST"], given["SMTP_PORT"], given["SMTP_USER"]) == ("127.0.0.1", "18025", "")


def test_control_socket_moves_to_a_short_path_when_the_data_folder_is_long(tmp_path: Path) -> None:
    short, long = read_run({"DATA_DIR": "/d"}), read_run({"DATA_DIR": str(tmp_path / ("x" * 120))})
    with control_socket(short) as beside_the_data, control_socket(long) as elsewhere:
        assert beside_the_data == Path("/d/supervisor.sock")
        assert len(str(elsewhere)) < 60
    assert not elsewhere.parent.exists()


@dataclass
class Stack:
    """A running process group, and what it printed so far."""

    process: subprocess.Popen[bytes]
    data: Path
    ports: dict[str, str]
    log: Path

    def control(self, *words: str) -> str:
        command = [str(BIN / "supervisorctl"), "-c", str(self.data / "supervisorctl.conf"), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout.strip()

    def pid(self, name: str) -> int:
        return int(self.control("pid", name))

    def state(self, name: str) -> str:
        return self.control("status", name).split()[1]

    def interrupt(self) -> int:
        """Ctrl-C: the signal goes to the whole foreground group, as a terminal sends it."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)

    def members(self) -> set[int]:
        """Every living process that inherited this run's data folder."""
        mark = f"DATA_DIR={self.data}".encode()
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.add(int(folder.name))
        return found

    def group_of(self, leader: int) -> set[int]:
        return {pid for pid in self.members() if os.getpgid(pid) == leader}


def wait_until(so: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < until, log.read_text()[-5000:]
        time.sleep(0.1)


@contextmanager
def running(data: Path, log: Path) -> Iterator[Stack]:
    ports = dict(zip(("PORT", "SMTP_PORT"), map(str, free_ports(2)), strict=True))
    environ = clean_environment(DATA_DIR=str(data), **ports)
    command = [sys.executable, "-m", "config.run"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    stack = Stack(process, data, ports, log)
    try:
        wait_until(lambda: "Cleared is up." in log.read_text() or process.poll() is not None, log)
        assert process.poll() is None, log.read_text()[-5000:]
        yield stack
    finally:
        for pid in stack.members():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE)


@pytest.mark.live
@pytest.mark.timeout(240)
def test_run_survives_a_killed_worker_refuses_a_second_and_leaves_no_orphan(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, tmp_path / "first.log") as stack:
        worker = stack.pid("worker")
        wait_until(lambda: len(stack.group_of(worker)) == 3, stack.log)
        worker_and_pool = stack.group_of(worker)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: stack.state("worker") == "RUNNING" and stack.pid("worker") != worker, stack.log)
        # The killed worker's pool went with it: it would have gone on sending beside the new one.
        assert worker_and_pool & stack.members() == set()
        ports = dict(zip(("PORT", "SMTP_PORT"), map(str, free_ports(2)), strict=True))
        code, _, err = refused(DATA_DIR=str(data), **ports)
        assert (code, err[:31]) == (2, f"Cleared already runs on {data}."[:31])
        assert stack.interrupt() == 0
        assert stack.members() == set()
    kept = (data / "secrets" / "secret_key").read_text()

    with running(data, tmp_path / "second.log") as stack:
        assert (data / "secrets" / "secret_key").read_text() == kept
        assert "No migrations to apply." in stack.log.read_text()
        stack.process.terminate()
        assert stack.process.wait(timeout=PATIENCE) == 0
        assert stack.members() == set()
