from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notifications.sinks import RunningSink, running_sink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[RunningSink]:
    with running_sink(tmp_path / "mailbox") as running:
        yield running
