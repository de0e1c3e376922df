import os
import subprocess
from pathlib import Path

import pytest

from tests.house.project import BIN, ROOT, copy_packages, planted


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    # Without the variable, the linter would read the packages of the checkout instead of the copy.
    environ = {**os.environ, "PYTHONPATH": str(root)}
    command = [str(BIN / "lint-imports"), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_import_rules_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_packages(tmp_path_factory.mktemp("copied"))


@pytest.mark.parametrize(
    ("file", "line", "broken"),
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
def test_planted_import_breaks_the_rules(copied: Path, file: str, line: str, broken: str) -> None:
    with planted(copied, file, f"{line}\n"):
        done = lint_imports(copied)
    assert done.returncode == 1, done.stdout
    assert broken in done.stdout
