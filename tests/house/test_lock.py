import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.project import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)(?: ; [A-Za-z0-9_.<>='!* ]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lines_of(lock: str) -> list[str]:
    return [line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("#")]


def strange_lines(lines: list[str]) -> list[str]:
    """Lines that are neither a pin nor a hash: an index, a host, a path, a loose version."""
    return [line for line in lines if not PIN.match(line) and not HASH.match(line)]


def pins(lines: list[str]) -> dict[str, str]:
    return {canonicalize_name(found[1]): found[2] for line in lines if (found := PIN.match(line))}


def pins_without_hash(lines: list[str]) -> list[str]:
    followers = zip(lines, [*lines[1:], ""], strict=True)
    return [line for line, follower in followers if PIN.match(line) and not HASH.match(follower)]


def wanted(*, development: bool) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["dev"] if development else []
    return [Requirement(text) for text in [*project["dependencies"], *extra]]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_pins_and_hashes_only(lock: str) -> None:
    assert strange_lines(lines_of(lock)) == []
    assert pins_without_hash(lines_of(lock)) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_address(lock: str) -> None:
    assert [line for line in (ROOT / lock).read_text().splitlines() if "://" in line or " @ " in line] == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "--find-links wheels",
        "Django @ https://packages.example/django.whl",
        "Django>=5.2",
        "./django",
    ],
)
def test_planted_line_is_found(line: str) -> None:
    assert strange_lines([line]) == [line]


def test_planted_pin_without_hash_is_found() -> None:
    assert pins_without_hash(["django==5.2.1 \\", "celery==5.7.0 \\"]) == [
        "django==5.2.1 \\",
        "celery==5.7.0 \\",
    ]


@pytest.mark.parametrize(("lock", "development"), [("requirements.txt", False), ("requirements-dev.txt", True)])
def test_every_declared_dependency_is_pinned_within_its_range(lock: str, *, development: bool) -> None:
    locked = pins(lines_of(lock))
    loose = [
        str(need)
        for need in wanted(development=development)
        if locked.get(canonicalize_name(need.name), "") not in need.specifier
    ]
    assert loose == []


def test_development_runs_on_the_runtime_versions() -> None:
    runtime, development = pins(lines_of("requirements.txt")), pins(lines_of("requirements-dev.txt"))
    assert {name: development.get(name) for name in runtime} == runtime
