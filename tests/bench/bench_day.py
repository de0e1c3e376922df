"""W5b: a day of 40 cases with loading."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from checklists.models import Checklist, Evidence, Facts, Review
from checklists.services.checklists import assess_many
from scheduler.models import Case
from tests.bench.rounds import measured
from tests.conftest import NOW, START

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
CASES = 40
AGAIN = 1 / 1.3  # judging anew costs many times what reading does, so only what boards do all day has a target


@pytest.fixture
def day(tell: Callable[..., Case]) -> list[Checklist]:
    """Forty booked cases, each with all that is recorded by the evening before."""
    for number in range(CASES):
        tell("prepared", start=START + timedelta(hours=3 * number))
    return list(Checklist.objects.select_related("protocol_version"))


def starts(day: list[Checklist]) -> dict[Checklist, datetime | None]:
    return dict.fromkeys(day, START)


def fetching(statements: list[str]) -> Callable[[], None]:
    """Send them, fetch every row and leave it alone."""

    def fetch() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()

    return fetch


def sent(work: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        work()
    return [query["sql"] for query in captured.captured_queries]


def read_plainly(day: list[Checklist]) -> None:
    """All that a verdict rests on, row by row."""
    list(
        Facts.objects.filter(checklist__in=day, number=F("checklist__facts_number")).values_list(
            "checklist", "document"
        )
    )
    counted = ("item", "observed_at", "value", "said_by", "authority", "recorded_by", "supersedes", "error")
    list(Evidence.objects.filter(checklist__in=day).order_by("pk").values_list("checklist", "pk", *counted))
    signed = ("item", "inputs", "start_from", "start_until", "by")
    list(Review.objects.filter(checklist__in=day).order_by("at").values_list("checklist", *signed))


def test_day_with_loading(day: list[Checklist], report: Callable[..., None]) -> None:
    plainly = sent(lambda: read_plainly(day))
    assert len(plainly) == 3
    judge = {
        again: lambda again=again: assess_many(checklists=starts(day), now=NOW, for_show=again)
        for again in (False, True)
    }
    assert judge[True]() == judge[False]() == judge[True]()
    assert len(judge[True]()) == CASES
    of = f"W5b a day of {CASES} cases with loading"
    again = measured(fetching(plainly), judge[True])
    report(f"{of}, looked at again ({connection.vendor}), per case", again, per=CASES, at_least=AGAIN)
    own = measured(fetching(sent(judge[True])), judge[True])
    report(f"{of}, looked at again, beside its own statement ({connection.vendor}), per case", own, per=CASES)
    anew = measured(fetching(plainly), judge[False])
    report(f"{of}, judged anew ({connection.vendor}), per case", anew, per=CASES)
