"""INJ-03: there is nothing to be sent to an inner address, because no code of the product fetches one."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.project import PACKAGES, ROOT

FETCHING = {"urllib.request", "urllib3", "http.client", "httpx", "requests", "aiohttp", "ftplib", "pycurl", "socket"}
ROOTS = {name.partition(".")[0] for name in FETCHING}
# `make run` asks its own web process whether it answers; a worker names its host in a lease.
NAMED = {
    ("config/ready.py", "http.client"),
    ("config/ready.py", "socket"),
    ("config/run.py", "socket"),
    ("scheduler/tasks.py", "socket"),
}


def imports(path: Path) -> Iterator[str]:
    """What a file imports, where it names anything that fetches."""
    text = path.read_text()
    if not any(root in text for root in ROOTS):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def fetching(root: Path) -> set[tuple[str, str]]:
    files = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    found = {(str(path.relative_to(root)), name) for path in files for name in imports(path)}
    return {(file, name) for file, name in found if name in FETCHING}


def test_nothing_fetches_an_address() -> None:
    assert fetching(ROOT) == NAMED


def test_planted_fetch_is_found(tmp_path: Path) -> None:
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "hooks.py").write_text("def call(url):\n    from urllib import request\n")
    assert fetching(tmp_path) == {("scheduler/hooks.py", "urllib.request")}
