"""The benches run by themselves only, so here they are at least read, and their rounds tried on an invented machine."""

import importlib
from collections.abc import Callable
from itertools import count

import pytest

from tests.bench.rounds import MOST_ROUNDS, measured
from tests.house.project import ROOT

BENCHES = sorted(path.stem for path in (ROOT / "tests/bench").glob("bench_*.py"))


@pytest.mark.parametrize("name", BENCHES)
def test_bench_imports_what_there_is(name: str) -> None:
    assert [one for one in vars(importlib.import_module(f"tests.bench.{name}")) if one.startswith("test_")]


class Machine:
    """Its own clock: works at its pace, and stands still from time to time."""

    def __init__(self, pace: Callable[[float], float] = lambda _: 1.0, still: tuple[float, float] = (9e9, 0.0)) -> None:
        self.now, self.pace = 0.0, pace
        self.every, self.pause = still
        self.next_pause = self.every

    def clock(self) -> float:
        return self.now

    def work(self, seconds: float) -> Callable[[], None]:
        def run() -> None:
            self.now += seconds * self.pace(self.now)
            if self.now >= self.next_pause:
                self.now += self.pause
                self.next_pause = self.now + self.every

        return run


@pytest.mark.parametrize(
    "machine",
    [
        Machine(),
        Machine(still=(0.31, 0.05)),
        Machine(pace=lambda now: 1.0 if int(now / 0.4) % 2 else 3.0),
    ],
    ids=["quiet", "another process has its turn", "now fast, now slow"],
)
def test_other_work_on_the_machine_weighs_on_all_alike(machine: Machine) -> None:
    found = measured(machine.work(0.004), machine.work(0.006), machine.clock)
    assert (found.speed, found.void <= 1) == (pytest.approx(2 / 3, rel=0.01), True)


def test_work_that_is_slow_at_its_first_run_after_another_is_timed_at_its_next() -> None:
    machine, last = Machine(), [""]

    def work(name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            machine.work(seconds if last[0] == name else 2 * seconds)()
            last[0] = name

        return run

    found = measured(work("limit", 0.004), work("ours", 0.006), machine.clock)
    assert (found.speed, found.void) == (pytest.approx(2 / 3), 0)


def test_limit_that_is_not_itself_gives_no_verdict() -> None:
    machine, runs = Machine(), count()

    def limit() -> None:
        machine.work(0.004 if next(runs) % 4 < 2 else 0.0044)()

    found = measured(limit, machine.work(0.006), machine.clock)
    assert (found.speed, found.void) == (None, MOST_ROUNDS)
