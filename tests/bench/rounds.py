"""Ours against a limit of the same run: limit, ours, limit, ours, again and again; the median of five quiet rounds."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

ROUNDS = 5
MOST_ROUNDS = 60
QUIET = 0.08  # the limit's two times may differ by so much; above it the machine was busy and the round is void
SECONDS = 0.1  # how long each works in one round at least,
MOST_SECONDS = 0.5  # or until the slower has worked for so long


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
    gc.collect()
    gc.freeze()  # a look through all that the suites have loaded takes longer than many a run, and falls into any
    try:
        return rounds(limit, ours, clock)
    finally:
        gc.unfreeze()


def rounds(limit: Callable[[], object], ours: Callable[[], object], clock: Callable[[], float]) -> Measured:
    times, void = [], 0
    while len(times) < ROUNDS and len(times) + void < MOST_ROUNDS:
        before, own, after, again = by_turns((limit, ours, limit, ours), clock)
        if abs(before - after) > QUIET * min(before, after):
            void += 1
        else:
            times.append(((before + after) / 2, (own + again) / 2))
    if len(times) < ROUNDS:
        return Measured(None, None, void)
    return Measured(median(limit for limit, _ in times), median(own for _, own in times), void)


def by_turns(works: Sequence[Callable[[], object]], clock: Callable[[], float]) -> list[float]:
    """The median time of one run of each, run by turns: what slows the machine meets all alike.

    Each runs once untimed at its turn: the work before has put it out of the processor's caches.
    """
    gc.collect()  # what another work left behind is not this one's
    times: list[list[float]] = [[] for _ in works]
    spent = [0.0] * len(works)
    while min(spent) < SECONDS and max(spent) < MOST_SECONDS:
        for number, work in enumerate(works):
            work()
            started = clock()
            work()
            times[number].append(clock() - started)
            spent[number] += times[number][-1]
    return [median(each) for each in times]
