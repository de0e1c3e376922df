"""People signed in to the pages."""

from collections.abc import Callable

import pytest
from django.test import Client

from scheduler.models import Practice, User
from scheduler.pages.session import PRACTICE


@pytest.fixture
def signed_in(practice: Practice, staff: dict[str, User], at: object) -> Callable[[str], Client]:
    """`signed_in("nurse")`: a client with the session of a person with this role."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(staff[role])
        session = client.session
        session[PRACTICE] = str(practice.pk)
        session.save()
        return client

    return make
