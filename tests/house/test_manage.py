"""manage.py as an operator meets it: what is not set is named in one line."""

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
