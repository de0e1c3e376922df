"""What is refused here is refused to the owner of the tables too; only test_sight.py speaks as the application."""

import pytest


@pytest.fixture(autouse=True)
def rights(request: pytest.FixtureRequest) -> None:
    if request.node.path.stem != "test_sight" and request.node.get_closest_marker("django_db"):
        request.getfixturevalue("as_owner")
