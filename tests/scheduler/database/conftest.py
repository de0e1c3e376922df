"""What is refused here is refused to the owner of the tables too; only test_sight.py speaks as the application."""

from collections.abc import Callable
from datetime import datetime

import pytest

from scheduler.models import Case

FEVER = {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}


@pytest.fixture(autouse=True)
def rights(request: pytest.FixtureRequest) -> None:
    if request.node.path.stem != "test_sight" and request.node.get_closest_marker("django_db"):
        request.getfixturevalue("as_owner")


@pytest.fixture
def feverish(tell: Callable[..., Case], start: datetime) -> Case:
    """Checked in, and its infection check fails."""
    return tell("checked_in", now=start, infection_check=FEVER)


@pytest.fixture
def ready(tell: Callable[..., Case], start: datetime) -> Case:
    """Checked in, with every item done, in the other room."""
    return tell("checked_in", now=start, slot=("Room 2", "Sam Second", "Bay 2"))
