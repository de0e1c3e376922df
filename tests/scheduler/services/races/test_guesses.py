"""Passwords guessed at once, each guess on a connection of its own: five are answered, the others wait."""

from collections import Counter
from collections.abc import Callable

import pytest
from django.test import Client

from scheduler.models import Practice, Record, User
from scheduler.pages.session import PRACTICE
from scheduler.services import signing
from scheduler.services.signatures import GUESSES
from tests.conftest import NOW
from tests.scheduler.services.conftest import at_once
from tests.scheduler.services.races.conftest import MEETING

pytestmark = MEETING
AT_ONCE = 12


@pytest.fixture
def version(practice: Practice) -> str:
    return str(signing.adopt_shipped(practice=practice, name="reference-asra", by="staff:1", now=NOW).pk)


def noted(user: User) -> int:
    return sum("wrong_password" in row.codes for row in Record.objects.filter(action="refused", by=user.by))


@pytest.mark.parametrize("keyed", [False, True])
def test_guesses_at_once_by_the_api(
    practice: Practice, staff: dict[str, User], api: Callable[..., Client], version: str, keyed: bool
) -> None:
    client = api("clinician")

    def guess(number: int) -> Callable[[], int]:
        more = {"idempotency-key": f"guess-{number}"} if keyed else {}
        body = {"password": f"guess {number}"}
        return lambda: (
            client.post(
                f"/api/v1/protocols/{version}/sign/", body, content_type="application/json", headers=more
            ).status_code
        )

    answers = at_once([guess(number) for number in range(AT_ONCE)])
    assert Counter(answers) == {401: GUESSES, 429: AT_ONCE - GUESSES}
    assert noted(staff["clinician"]) == GUESSES


def test_guesses_at_once_on_a_page(practice: Practice, staff: dict[str, User], at: object, version: str) -> None:
    client = Client()
    client.force_login(staff["clinician"])
    session = client.session
    session[PRACTICE] = str(practice.pk)
    session.save()

    def guess(number: int) -> Callable[[], int]:
        body = {"password": f"guess {number}"}
        return lambda: client.post(f"/settings/protocols/{version}/sign/", body).status_code

    answers = at_once([guess(number) for number in range(AT_ONCE)])
    assert Counter(answers) == {403: GUESSES, 429: AT_ONCE - GUESSES}
    assert noted(staff["clinician"]) == GUESSES
