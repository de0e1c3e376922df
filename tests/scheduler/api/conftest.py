from collections.abc import Callable

import pytest
from django.test import Client

from scheduler.isolation import within
from scheduler.models import Practice
from tests.remembered import Memory
from tests.scheduler.world import World


@pytest.fixture
def world(practice: Practice, memory: Memory) -> World:
    return World(practice, memory)


@pytest.fixture
def other_world(other_practice: Practice, memory: Memory) -> World:
    with within(other_practice.pk):
        return World(other_practice, memory)


@pytest.fixture
def everybody(api: Callable[..., Client]) -> dict[str, Client]:
    """A client for each role, and one that does not sign in."""
    roles = ("scheduler", "nurse", "charge", "clinician", "administrator", "auditor")
    return {"anonymous": Client(), **{role: api(role) for role in roles}}
