"""manage.py as an operator meets it: one line where something is not set, none where nobody reads on."""

import fcntl
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_missing_setting_is_named_without_a_trace(tmp_path: Path) -> None:
    bare = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_record"], cwd=ROOT, env=bare, capture_output=True, text=True, check=False
    )
    told = "SECRET_KEY is not set. Set it (README, Settings), or DEMO=1 for the demonstration.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)


def test_reader_that_has_seen_enough_ends_a_command_quietly(tmp_path: Path) -> None:
    bare = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "protocols", "diff", "reference-asra", "reference-sir"]
    with subprocess.Popen(command, cwd=ROOT, env=bare, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        # Smaller than what the command has to say, so that it still writes when nobody reads any more.
        fcntl.fcntl(running.stdout, fcntl.F_SETPIPE_SZ, 4096)
        assert running.stdout.readline().startswith(b"the protocol, name: reference-asra")
        running.stdout.close()
        assert (running.stderr.read(), running.wait(60)) == (b"", -signal.SIGPIPE)
