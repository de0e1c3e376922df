import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.house.project import ROOT

pytestmark = pytest.mark.matrix

PATIENCE = 20  # seconds
PROGRAM = "\nredirect_stderr=true\nstdout_logfile=NONE\nstdout_events_enabled=true\nkillasgroup=true\n"


@contextmanager
def supervised(folder: Path, programs: str) -> Iterator[subprocess.Popen[str]]:
    """The processes of `programs` under our supervision, ended with their whole session."""
    conf = folder / "supervisord.conf"
    conf.write_text(
        f"[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={folder}/pid\n{programs}"
    )
    start = f"import pathlib, config.supervision as s; raise SystemExit(s.supervise(pathlib.Path({str(conf)!r})))"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", start], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, text=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)


def lines_said(folder: Path, count: int) -> list[str]:
    """The first `count` lines of the program named `worker`, waited for."""
    until = time.monotonic() + PATIENCE
    while True:
        lines = [line for line in (folder / "log").read_text().splitlines() if line.startswith("worker | ")]
        if len(lines) >= count:
            return lines[:count]
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_child_of_a_killed_process_is_ended_before_the_next_one_works(tmp_path: Path) -> None:
    script = tmp_path / "worker.sh"
    script.write_text("echo $$\nsleep 600 &\necho $!\nwait\n")
    with supervised(tmp_path, f"[program:worker]\ncommand=bash {script}\nautorestart=true{PROGRAM}"):
        first, its_child = (int(line.removeprefix("worker | ")) for line in lines_said(tmp_path, 2))
        time.sleep(1.2)  # past startsecs: from here on a death is a crash, not a failed start
        os.kill(first, signal.SIGKILL)
        second, _ = (int(line.removeprefix("worker | ")) for line in lines_said(tmp_path, 4)[2:])
        assert second != first
        assert not alive(its_child)


def test_child_of_a_stopped_process_is_ended_with_it(tmp_path: Path) -> None:
    script = tmp_path / "worker.sh"
    script.write_text("setsid true\nsleep 600 &\necho $!\nwait\n")
    with supervised(tmp_path, f"[program:worker]\ncommand=bash {script}{PROGRAM}") as process:
        child = int(lines_said(tmp_path, 1)[0].removeprefix("worker | "))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0
        assert not alive(child)


def test_process_that_keeps_failing_ends_the_run_with_code_1(tmp_path: Path) -> None:
    programs = (
        f"[program:worker]\ncommand=bash -c 'echo no database; exit 3'\nstartretries=0{PROGRAM}"
        f"[program:web]\ncommand=sleep 600{PROGRAM}"
    )
    with supervised(tmp_path, programs) as process:
        assert process.wait(timeout=PATIENCE) == 1
    log = (tmp_path / "log").read_text()
    assert "worker | no database\n" in log
    assert "worker keeps failing (its lines are above); stopping everything.\n" in log
