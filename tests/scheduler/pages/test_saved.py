"""Whoever is sent back to the case reads what was saved, and nobody who was not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from scheduler.models import Case
from scheduler.pages.saved import SAVED
from tests.conftest import NOW
from tests.scheduler.pages.posts.desk import DESK
from tests.scheduler.pages.posts.scene import Scene, send

pytestmark = pytest.mark.django_db
SAID = {
    "desk-new": "opened",
    "desk-book": "booked",
    "desk-book, moved": "moved",
    "desk-plan": "plan",
    "desk-end": "ended",
    "desk-end, release": "released",
    "desk-arrive": "arrived",
    "desk-close": "closed",
    "desk-reopen": "reopened",
    "desk-contact-add": "person",
    "desk-contact-change": "address",
    "desk-contact-end": "contact",
    "desk-language": "language",
    "desk-case-refile": "refiled",
}


def test_every_line_is_that_of_a_form() -> None:
    assert sorted(SAID.values()) == sorted(SAVED)


@pytest.mark.parametrize("form", SAID)
def test_form_leads_back_to_the_case_which_says_what_was_saved(form: str, scene: Scene) -> None:
    post = DESK[form](scene)
    scene.at(post.at)
    client = scene.client(post)
    page = client.get(send(client, form, post)["Location"]).content.decode()
    assert f'<p role="status" tabindex="-1" class="sign-done">{SAVED[SAID[form]]}</p>' in page


def test_address_that_somebody_made_up_says_nothing(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("booked")
    page = signed_in("scheduler").get(f"/desk/cases/{case.pk}/?saved=<b>paid</b>").content.decode()
    assert ("sign-done" in page, "paid" in page) == (False, False)


def test_prescriber_whom_nobody_asked_is_not_asked_for_once_the_case_has_ended(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], at: object
) -> None:
    case, client = tell("booked", start=NOW + timedelta(days=14), drugs=("apixaban",)), signed_in("scheduler")
    address = f"/desk/cases/{case.pk}/"
    assert '<h2 id="prescribers">' in client.get(address).content.decode()
    body = {"version": case.version, "ending": "cancelled", "reason": "another hospital"}
    client.post(f"{address}end/", body)
    assert '<h2 id="prescribers">' not in client.get(address).content.decode()
