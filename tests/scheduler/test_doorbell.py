"""The doorbell: heard or not, no request depends on it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from notifications.models import Message
from scheduler import doorbell
from scheduler.doorbell import QUIET_SECONDS, Doorbell
from scheduler.services.demonstration import Story
from tests.conftest import START


def test_silent_broker_is_asked_again_only_after_a_while() -> None:
    moment, rings = [0.0], []

    def ring() -> None:
        rings.append(moment[0])
        raise ConnectionError

    bell = Doorbell(ring, clock=lambda: moment[0])
    for moment[0] in (100.0, 101.0, 100.0 + QUIET_SECONDS - 0.1, 100.0 + QUIET_SECONDS):
        bell.press()
    assert (rings, bell.missed) == ([100.0, 100.0 + QUIET_SECONDS], 4)


def test_heard_broker_is_rung_every_time() -> None:
    rings: list[int] = []
    bell = Doorbell(lambda: rings.append(1))
    bell.press()
    bell.press()
    assert (len(rings), bell.missed) == (2, 0)


@pytest.mark.django_db
def test_booking_stands_and_its_invites_wait_when_nobody_hears_the_bell(
    story: Callable[..., Story],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    def nobody() -> None:
        raise ConnectionError

    bell = Doorbell(nobody)
    monkeypatch.setattr(doorbell, "DOORBELL", bell)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        case = Story.tell(story(start=START + timedelta(days=1)), "booked")
    invites = Message.objects.filter(subject=case.pk, method="REQUEST").values_list("state", flat=True)
    assert (case.state, list(invites), bell.missed) == ("booked", ["queued", "queued"], 1)
