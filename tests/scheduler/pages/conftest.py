"""People signed in to the pages."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from scheduler.models import Practice, User
from scheduler.pages.session import PRACTICE
from tests.conftest import member
from tests.remembered import Memory
from tests.scheduler.pages.posts.scene import Scene
from tests.scheduler.world import World


@pytest.fixture
def signed_in(practice: Practice, staff: dict[str, User], at: object) -> Callable[[str], Client]:
    """`signed_in("nurse")`: a client with the session of a person with this role."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(member(practice, role))
        session = client.session
        session[PRACTICE] = str(practice.pk)
        session.save()
        return client

    return make


@pytest.fixture
def scene(
    practice: Practice, memory: Memory, signed_in: Callable[[str], Client], at: Callable[[datetime], None]
) -> Scene:
    """Where the forms of `tests.scheduler.pages.posts` are filled in."""
    return Scene(World(practice, memory), signed_in, at)
