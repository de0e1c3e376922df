"""Ours against a limit of the same run: limit, ours, limit, again and again; the median of five quiet rounds."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

ROUNDS = 5
MOST_ROUNDS = 60
QUIET = 0.08  # the two limits around ours may differ by so much; above it the machine was busy and the round is void
SECONDS = 0.1  # how long one timing takes at least


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds for one run of each; None where too few rounds were quiet to say anything."""

    limit: float | None
    ours: float | None
    void: int

    @property
    def speed(self) -> float | None:
        """How fast ours is as a share of the limit; 1 = as fast."""
        return None if self.limit is None or self.ours is None else self.limit / self.ours


def measured(
    limit: Callable[[], object], ours: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> Measured:
    """The median of five quiet rounds; each function does the same work once.

    `clock`: time.process_time for work that never waits, so that other processes weigh less.
    """
    limit(), ours()
    times, void = [], 0
    while len(times) < ROUNDS and len(times) + void < MOST_ROUNDS:
        before, own, after = (seconds_of(work, clock) for work in (limit, ours, limit))
        if abs(before - after) > QUIET * min(before, after):
            void += 1
        else:
            times.append(((before + after) / 2, own))
    if len(times) < ROUNDS:
        return Measured(None, None, void)
    return Measured(median(limit for limit, _ in times), median(own for _, own in times), void)


def seconds_of(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """The time of one run, the mean of several where one is too short to be timed."""
    gc.collect()  # what another work left behind is not this one's
    runs, started = 0, clock()
    while (spent := clock() - started) < SECONDS:
        work()
        runs += 1
    return spent / runs
