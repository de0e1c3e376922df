from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import roles
from tests.notifications.drafts import PRACTICE
from tests.notifications.sinks import RunningSink, running_sink


@pytest.fixture(autouse=True)
def in_sight(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        roles.sees(PRACTICE)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[RunningSink]:
    with running_sink(tmp_path / "mailbox") as running:
        yield running
