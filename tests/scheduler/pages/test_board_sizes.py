"""A board costs as many queries for 400 cases as for 10, and a full one as many for any number beyond."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduler.models import Case
from tests.conftest import START
from tests.scheduler.copies import copy_case

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
BOARDS = ("/desk/", "/desk/day/?date=2027-03-01", "/ward/?date=2027-03-01")


def shown(client: Client, address: str) -> int:
    return len(set(re.findall(r"/cases/[0-9a-f-]{36}/", client.get(address).content.decode())))


@pytest.mark.parametrize("address", BOARDS)
def test_board_of_400_cases_costs_the_queries_of_10(
    address: str, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("clinician")
    case = tell("prepared", now=START - timedelta(hours=2))
    copy_case(case, 9)
    client.get(address)
    with CaptureQueriesContext(connection) as ten:
        assert shown(client, address) == 10
    copy_case(case, 390)
    with CaptureQueriesContext(connection) as four_hundred:
        assert shown(client, address) == 400
    assert len(four_hundred) == len(ten) < 15


def test_full_board_costs_the_same_queries_however_many_cases_it_leaves_out(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lists the first ones and counts all of them by state."""
    monkeypatch.setattr("scheduler.services.boards.MOST", 10)
    client = signed_in("clinician")
    case = tell("prepared", now=START - timedelta(hours=2))
    copy_case(case, 14)
    client.get("/desk/")
    with CaptureQueriesContext(connection) as few_left_out:
        assert shown(client, "/desk/") == 10
    copy_case(case, 60)
    with CaptureQueriesContext(connection) as many_left_out:
        assert shown(client, "/desk/") == 10
    assert len(many_left_out) == len(few_left_out) < 20
