"""Random walks through what staff, patients, prescribers and the clock can do; the promises hold after every step.

A failing walk is printed as the shortest list of steps that hypothesis finds.
"""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from scheduler.models import Practice
from scheduler.services.demonstration import make_practice
from tests.conftest import NOW, ZONE
from tests.house import roles
from tests.scheduler.walks.machine import Walk

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("EXAMPLES", "1"))


@pytest.fixture
def place(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Practice]:
    practice = make_practice(name="Walked Spine Clinic", zone=ZONE, now=NOW - timedelta(days=30))
    roles.sees(practice.pk)
    # The same ids in the same walk: what is ordered by them is ordered alike when a walk is tried again.
    chance = random.Random()
    monkeypatch.setattr("os.urandom", chance.randbytes)
    Walk.practice, Walk.chance = practice, chance
    yield practice


def walk(examples: int, steps: int, **more: Any) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
        database=None,
        **more,
    )
    run_state_machine_as_test(Walk, settings=chosen)


@pytest.mark.timeout(900)  # a walk that fails is made short first
def test_short_walks_keep_every_promise(place: Practice) -> None:
    """The same walks in each run."""
    walk(5, 15, derandomize=True)


@pytest.mark.matrix
@pytest.mark.timeout(0 if EXAMPLES > 1 else 900)
def test_long_walks_keep_every_promise(place: Practice) -> None:
    """The same walks too, so that none fails a change that it has nothing to do with.

    EXAMPLES=25: so many times as many, others each time.
    """
    walk(6 * EXAMPLES, 50, derandomize=EXAMPLES == 1)
