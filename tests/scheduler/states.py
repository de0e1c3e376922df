"""A case in any state, brought there by the services."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from scheduler.models import Case
from scheduler.rules.transitions import ENDINGS
from scheduler.services import transitions
from tests.conftest import START
from tests.scheduler.world import World, act


def in_state(world: World, state: str) -> Case:
    """A case in this state, at START or a few hours later."""
    if state in ENDINGS:
        return _ended(world, state)
    told: dict[str, Callable[[], Case]] = {
        "referred": lambda: world.tell("imaged"),
        "booked": lambda: world.tell("booked"),
        "checked_in": lambda: world.tell("checked_in", now=START),
        "in_procedure": world.started,
        "recovering": world.recovering,
        "discharged": lambda: _then(world, world.recovering(), transitions.discharge),
        "closed": lambda: _then(world, world.cancelled(), transitions.close),
    }
    return told[state]()


def _ended(world: World, ending: str) -> Case:
    case = world.tell("checked_in", now=START) if ending == "aborted" else world.tell("booked")
    return _then(world, case, transitions.end_case, ending=ending, reason="as it was")


def _then(world: World, case: Case, service: Callable[..., Any], **more: Any) -> Case:
    act(service, case, world.staff["nurse"].by, START + timedelta(hours=2), **more)
    return case
