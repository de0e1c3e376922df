"""Where the project stands, and copies of it to plant violations in."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PACKAGES = ("config", "scheduler", "checklists", "notifications")


def copy_packages(folder: Path) -> Path:
    """The four packages and pyproject.toml in `folder`, as a tree that may be spoiled."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@contextmanager
def planted(root: Path, name: str, text: str) -> Iterator[None]:
    """This file stands in the copy for a while."""
    (root / name).write_text(text)
    try:
        yield
    finally:
        (root / name).unlink()
