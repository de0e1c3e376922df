"""Whose address is written down: never longer than its column, whatever a proxy says."""

from typing import Any

import pytest
from django.test import RequestFactory

from scheduler.peer import peer_of


@pytest.mark.parametrize(
    ("said", "peer"),
    [
        ("198.51.100.9, 192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%" + "x" * 200, "fe80::1"),
        ("nobody", ""),
    ],
)
def test_address_that_the_proxy_adds_is_the_peer(settings: Any, said: str, peer: str) -> None:
    settings.BEHIND_PROXY = True
    assert peer_of(RequestFactory().get("/", headers={"X-Forwarded-For": said})) == peer
