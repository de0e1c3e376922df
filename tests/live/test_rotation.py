"""kill -9 of `rotate_keys` half-way, while the service writes; then the old key is taken away."""

import secrets
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.conftest import ROOT, Live, bare_environment

pytestmark = [pytest.mark.live, pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.fixture
def filled(tmp_path: Path) -> Live:
    live = Live(bare_environment(tmp_path / "var"), tmp_path / "var")
    live.env["FIELD_KEYS"] = new_key()
    live.manage("migrate", "-v", "0")
    live.manage("demo")
    return live


def new_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def lines_until_killed(live: Live, count: int) -> Iterator[str]:
    """The first lines of a rotation that is killed after them."""
    command = [sys.executable, "-u", "manage.py", "rotate_keys", "--batch", "1"]
    running = subprocess.Popen(command, cwd=ROOT, env=live.env, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        for _ in range(count):
            yield running.stdout.readline()
    finally:
        running.kill()
        running.wait(10)
        if running.stdout:
            running.stdout.close()


def queue(live: Live) -> None:
    """Another process of the service writes with the keys it was started with."""
    command = [sys.executable, "-m", "tests.live.queue_messages", "20"]
    subprocess.run(command, cwd=ROOT, env=live.env, check=True, timeout=60)


def test_rotation_killed_half_way_is_resumed_and_the_old_key_removed(filled: Live) -> None:
    old = filled.env["FIELD_KEYS"]
    queue(filled)
    filled.env["FIELD_KEYS"] = f"{new_key()},{old}"
    begun = list(lines_until_killed(filled, 15))
    assert all(" of " in line for line in begun), begun
    done = filled.manage("rotate_keys").splitlines()
    rewritten = next(int(line.split()[0]) for line in done if line.endswith("written anew."))
    assert rewritten > 0
    assert any("number 2 of FIELD_KEYS) encrypts nothing: it may be removed" in line for line in done), done
    filled.env["FIELD_KEYS"] = filled.env["FIELD_KEYS"].split(",")[0]
    assert "0 value(s) written anew." in filled.manage("rotate_keys")
    assert "holds" in filled.manage("verify_record")
    refused = subprocess.run(
        [sys.executable, "manage.py", "rotate_keys"],
        cwd=ROOT,
        env=filled.env | {"FIELD_KEYS": old},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 2
    assert "scheduler_contact.email need key" in refused.stderr
