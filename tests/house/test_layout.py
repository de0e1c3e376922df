import os
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.house.project import ROOT

TOP_LEVEL = {
    *(".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "Dockerfile", "LICENSE", "Makefile", "README.md"),
    *("docker-compose.yml", "manage.py", "pyproject.toml", "requirements.txt", "requirements-dev.txt"),
    *("checklists", "config", "docs", "notifications", "scheduler", "tests"),
}
LINES_AT_MOST = 400
VAGUE = {"util", "utils", "helper", "helpers", "manager", "managers"}


def ignored_names(root: Path) -> list[str]:
    lines = (root / ".gitignore").read_text().split()
    return [".git", ".env", *(line.strip("/") for line in lines if not line.startswith("#"))]


def project_files(root: Path) -> list[Path]:
    """Every file git would keep, relative to `root`."""
    ignored = ignored_names(root)
    files = []
    for folder, names, found in os.walk(root):
        names[:] = [name for name in names if not any(fnmatch(name, pattern) for pattern in ignored)]
        files += [Path(folder) / name for name in found if not any(fnmatch(name, pattern) for pattern in ignored)]
    return sorted(path.relative_to(root) for path in files)


def unexpected_names(files: list[Path]) -> list[str]:
    return sorted({path.parts[0] for path in files} - TOP_LEVEL)


def vague_names(files: list[Path]) -> list[str]:
    """Python files and packages whose name says nothing."""
    modules = {part for path in files if path.suffix == ".py" for part in (*path.parts[:-1], path.stem)}
    return sorted(name for name in modules if VAGUE & set(name.lower().split("_")))


def long_files(root: Path, files: list[Path]) -> list[str]:
    python = [path for path in files if path.suffix == ".py" and "migrations" not in path.parts]
    return [str(path) for path in python if len((root / path).read_text().splitlines()) > LINES_AT_MOST]


def test_top_level_holds_the_agreed_names_only() -> None:
    assert unexpected_names(project_files(ROOT)) == []


def test_no_module_has_a_vague_name() -> None:
    assert vague_names(project_files(ROOT)) == []


def test_no_python_file_is_longer_than_the_limit() -> None:
    assert long_files(ROOT, project_files(ROOT)) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / ".gitignore").write_text("__pycache__/\nvar/\n")
    for name in ("scheduler/services/cases.py", "var/utils.py", "scheduler/migrations/0001_initial.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    return tmp_path


def test_planted_top_level_folder_is_found(tree: Path) -> None:
    (tree / "shared").mkdir()
    (tree / "shared/cases.py").touch()
    assert unexpected_names(project_files(tree)) == ["shared"]


@pytest.mark.parametrize("name", ["utils", "case_helpers", "manager"])
def test_planted_vague_module_is_found(tree: Path, name: str) -> None:
    (tree / f"scheduler/{name}.py").touch()
    assert vague_names(project_files(tree)) == [name]


def test_planted_long_file_is_found_and_a_migration_may_be_long(tree: Path) -> None:
    for name in ("scheduler/services/cases.py", "scheduler/migrations/0001_initial.py"):
        (tree / name).write_text("x = 1\n" * (LINES_AT_MOST + 1))
    assert long_files(tree, project_files(tree)) == ["scheduler/services/cases.py"]
