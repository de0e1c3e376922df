"""W5b: a day of 40 cases with loading."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.models import Checklist
from checklists.services.checklists import assess_many
from scheduler.models import Case
from tests.bench.rounds import measured
from tests.conftest import NOW, START

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
CASES = 40
# Assessing costs a hundred times what reading its rows does, so these are reported and not yet held to a target.


@pytest.fixture
def day(tell: Callable[..., Case]) -> list[Checklist]:
    """Forty booked cases, each with all that is recorded by the evening before."""
    for number in range(CASES):
        tell("prepared", start=START + timedelta(hours=3 * number))
    return list(Checklist.objects.select_related("protocol_version"))


def starts(day: list[Checklist]) -> dict[Checklist, datetime | None]:
    return dict.fromkeys(day, START)


def test_day_with_loading(day: list[Checklist], report: Callable[..., None]) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert len(assess_many(checklists=starts(day), now=NOW)) == CASES
    statements = [query["sql"] for query in captured.captured_queries]

    def rows_only() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()

    for again in (False, True):
        found = measured(rows_only, lambda: assess_many(checklists=starts(day), now=NOW, for_show=again))  # noqa: B023
        looked = "looked at again" if again else "judged anew"
        report(f"W5b a day of {CASES} cases with loading, {looked} ({connection.vendor}), per case", found, per=CASES)
