"""The administrator and the clinician at the settings."""

from collections.abc import Callable

import pytest
from django.test import Client


@pytest.fixture
def admin(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("administrator")


@pytest.fixture
def clinician(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("clinician")
