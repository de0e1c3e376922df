"""`make bench` only: pytest collects `bench_*.py` where it is asked to."""

from collections.abc import Callable

import pytest

from tests.bench.rounds import Measured


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """A line on the terminal, whatever pytest captures."""

    def tell(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="")  # noqa: T201

    return tell


@pytest.fixture
def report(say: Callable[[str], None]) -> Callable[..., None]:
    """One line per measurement; fails where a target is missed, or where the machine was too busy to tell."""

    def tell(name: str, found: Measured, *, per: int, at_least: float | None = None) -> None:
        if found.speed is None or found.limit is None or found.ours is None:
            say(f"{name}: no verdict, the machine was too busy ({found.void} void rounds)")
            pytest.fail(f"{name}: the limit itself spread by more than 8 %; run it again on a quiet machine.")
        micro = 1e6 / per
        line = f"{name}: ours {found.ours * micro:,.1f} us, limit {found.limit * micro:,.1f} us: {found.speed:.2f} x"
        target = "" if at_least is None else f" (target {at_least:.2f} x)"
        say(f"{line} of the limit{target}, {found.void} void rounds")
        assert at_least is None or found.speed >= at_least, f"{name} misses its target"

    return tell
