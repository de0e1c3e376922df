"""Here everything is committed, so that threads with connections of their own meet in it."""

from datetime import timedelta

import pytest

from scheduler.models import Practice
from scheduler.services.demonstration import make_practice
from tests.conftest import NOW, ZONE
from tests.house import roles


@pytest.fixture
def practice(meeting: None) -> Practice:
    made = make_practice(name="Test Spine Clinic", zone=ZONE, now=NOW - timedelta(days=30))
    roles.sees(made.pk)
    return made
