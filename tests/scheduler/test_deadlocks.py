"""F16: a deadlock is tried again up to three times, after a pause; then the answer is 503 and nothing was written."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import OperationalError
from django.test import Client

from scheduler.deadlocks import PAUSES, again_after_deadlock
from scheduler.models import Case, Record
from scheduler.services import transitions

pytestmark = pytest.mark.django_db
TRIES = len(PAUSES)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, in no time."""
    made: list[float] = []
    monkeypatch.setattr("scheduler.deadlocks.sleep", made.append)
    return made


class DeadlockDetected(Exception):
    sqlstate = "40P01"


def failing(
    times: int, cause: Exception | None, then: Callable[[], str] = lambda: "done"
) -> tuple[Callable, list[int]]:
    """Fails so often before it works; and how often it was tried."""
    tried: list[int] = []

    def act(*_: object, **__: object) -> object:
        tried.append(1)
        if len(tried) <= times:
            raise OperationalError("deadlock detected") from cause
        return then()

    return act, tried


def test_deadlock_is_tried_again_three_times_and_other_errors_are_not() -> None:
    act, tried = failing(TRIES, DeadlockDetected())
    assert (again_after_deadlock(act), len(tried)) == ("done", TRIES + 1)
    for times, cause, expected in ((TRIES + 1, DeadlockDetected(), TRIES + 1), (1, None, 1)):
        act, tried = failing(times, cause)
        with pytest.raises(OperationalError):
            again_after_deadlock(act)
        assert len(tried) == expected


def test_each_further_try_waits_longer_so_that_the_other_gets_through(pauses: list[float]) -> None:
    for times in range(TRIES + 2):
        pauses.clear()
        with suppress(OperationalError):
            again_after_deadlock(failing(times, DeadlockDetected())[0])
        assert pauses == [0.1, 0.2, 0.4][:times]


@pytest.mark.parametrize(("times", "status"), [(TRIES, 200), (TRIES + 1, 503)])
def test_call_is_answered_after_the_deadlock(
    times: int, status: int, tell: Callable[..., Case], api: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    case, client, arrive = tell("booked"), api("nurse"), transitions.arrive
    given: dict[str, object] = {}
    act, tried = failing(times, DeadlockDetected(), lambda: arrive(**given))

    def sometimes(**more: object) -> object:
        given.update(more)
        return act()

    monkeypatch.setattr(transitions, "arrive", sometimes)
    answer = client.post(f"/api/v1/cases/{case.pk}/arrive/", {}, content_type="application/json")
    assert (answer.status_code, len(tried)) == (status, TRIES + 1)
    assert Record.objects.filter(action="arrived").count() == (status == 200)
