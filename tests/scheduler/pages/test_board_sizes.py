"""A board costs as many queries for 500 cases as for 10."""

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
def test_board_of_500_cases_costs_the_queries_of_10(
    address: str, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("clinician")
    case = tell("prepared", now=START - timedelta(hours=2))
    copy_case(case, 9)
    client.get(address)
    with CaptureQueriesContext(connection) as ten:
        assert shown(client, address) == 10
    copy_case(case, 490)
    with CaptureQueriesContext(connection) as five_hundred:
        assert shown(client, address) == 500
    assert len(five_hundred) == len(ten) < 15
