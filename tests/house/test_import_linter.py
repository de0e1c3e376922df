import os
import subprocess
from pathlib import Path

import pytest

from tests.house.project import BIN, ROOT, copy_packages


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    # Without the variable, the linter would read the packages of the checkout instead of the copy.
    environ = {**os.environ, "PYTHONPATH": str(root)}
    command = [str(BIN / "lint-imports"), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_import_rules_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("planted", "line", "broken"),
    [
        (
            "checklists/services/planted.py",
            "import scheduler",
            "checklists is not allowed to import scheduler",
        ),
        (
            "checklists/services/planted.py",
            "import notifications",
            "checklists is not allowed to import notifications",
        ),
        (
            "checklists/rules/planted.py",
            "import django.db",
            "checklists.rules is not allowed to import django",
        ),
        ("scheduler/services/planted.py", "import config", "scheduler is not allowed to import config"),
    ],
)
def test_planted_import_breaks_the_rules(tmp_path: Path, planted: str, line: str, broken: str) -> None:
    root = copy_packages(tmp_path)
    (root / planted).write_text(f"{line}\n")
    done = lint_imports(root)
    assert done.returncode == 1, done.stdout
    assert broken in done.stdout
