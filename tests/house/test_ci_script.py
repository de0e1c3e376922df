import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.project import BIN, ROOT

NOBODY_LISTENS = {
    "TEST_DATABASE_URL": "postgresql://127.0.0.1:1/test",
    "TEST_REDIS_URL": "redis://127.0.0.1:1/9",
}


def run(command: list[str], folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("CI", "MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        command,
        cwd=folder,
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_ci_script_is_sound_bash_and_executable() -> None:
    assert run(["bash", "-n", ".ci/run"], ROOT).stderr == ""
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_ci_script_demands_every_suite() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert "set -euo pipefail" in lines
    assert "export CI=true" in lines
    assert lines[-1] == "make test"


@pytest.mark.parametrize(("environ", "code", "start"), [({}, 3, "== skipped"), ({"CI": "true"}, 1, "FAILED")])
def test_missing_servers_are_skipped_aloud_and_refused_in_ci(environ: dict[str, str], code: int, start: str) -> None:
    done = run([str(BIN / "python"), "-m", "tests.house.servers"], ROOT, **NOBODY_LISTENS, **environ)
    assert (done.returncode, done.stdout[: len(start)]) == (code, start)
    assert "TEST_DATABASE_URL" in done.stdout
    assert "TEST_REDIS_URL" in done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_setup_refuses_an_old_python_with_the_remedy(checkout: Path) -> None:
    old = checkout / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = run(["make", "setup", f"PYTHON={old}"], checkout)
    assert done.returncode == 2
    assert "Python 3.9.2 is too old. Install Python 3.11 or newer, or name it: make PYTHON=" in done.stderr
    assert not (checkout / ".venv").exists()


def test_setup_names_a_missing_python(checkout: Path) -> None:
    done = run(["make", "setup", "PYTHON=no-such-python"], checkout)
    assert done.returncode == 2
    assert "no-such-python is not installed." in done.stderr


def test_setup_installs_nothing_when_the_lock_is_unchanged(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/.installed").touch()
    done = run(["make", "setup", "PYTHON=no-such-python"], checkout)
    assert (done.returncode, done.stderr) == (0, "")
