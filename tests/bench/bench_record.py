"""What row-level security and the record cost, per read and per write; PostgreSQL only, on one connection."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduler.models import Case, Practice, Reading, Record, RecordHead
from scheduler.services import boards
from scheduler.services.access_log import log_reading
from scheduler.services.record import Entry, append_records
from tests.bench.rounds import measured
from tests.conftest import NOW, START
from tests.house import roles
from tests.scheduler.services.steps import BY, record, undone

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1200)]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLOTS = (("Room 1", "Chris Clinician", "Bay 1"), ("Room 2", "Sam Second", "Bay 2"))
EVERY = 3 * HOUR
MIDNIGHT = START + 9 * DAY - 10 * HOUR
RIDE = {"available": True, "adult": True}
RECORD = (f'"{Record._meta.db_table}"', f'"{RecordHead._meta.db_table}"')


@pytest.fixture(autouse=True)
def guarded() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no row-level security")


@pytest.fixture
def cases(tell: Callable[..., Case]) -> list[Case]:
    """A day of sixteen booked cases in two rooms."""
    return [tell("booked", start=MIDNIGHT + n * EVERY, slot=slot) for n in range(8) for slot in SLOTS]


def as_owner(work: Callable[[], Any]) -> Callable[[], Any]:
    """The same with the rights of the role that migrates, whom no policy binds."""

    def run() -> Any:
        with roles.owner():
            return work()

    return run


def as_application(work: Callable[[], Any]) -> Callable[[], Any]:
    """As the product connects; with as many statements about roles as the owner's run has."""

    def run() -> Any:
        with roles.owner():
            pass
        return work()

    return run


def test_row_level_security_of_a_read(cases: list[Case], practice: Practice, report: Callable[..., None]) -> None:
    def board() -> int:
        return len(boards.day(practice, MIDNIGHT.date(), NOW))

    assert as_owner(board)() == as_application(board)() == len(cases)
    found = measured(as_owner(board), as_application(board))
    report(f"a day board of {len(cases)} cases under row-level security, limit without it", found, per=1)


def test_row_level_security_of_a_write(cases: list[Case], report: Callable[..., None]) -> None:
    write = writing(cases[0])
    found = measured(as_owner(write), as_application(write))
    report("evidence recorded under row-level security, limit without it", found, per=1)


def writing(case: Case) -> Callable[[], None]:
    """One observation with all that follows from it, undone."""

    def write() -> None:
        with undone():
            record(case, "ride", RIDE, now=NOW)

    return write


def test_record_of_a_write(cases: list[Case], report: Callable[..., None], say: Callable[[str], None]) -> None:
    case = cases[0]
    with undone():
        before = Record.objects.count()
        with CaptureQueriesContext(connection) as captured:
            record(case, "ride", RIDE, now=NOW)
        rows = list(Record.objects.order_by("number")[before:])
    entries = [Entry(row.action, row.subject, dict.fromkeys(row.fields, "what it was"), row.codes) for row in rows]
    statements = [query["sql"] for query in captured.captured_queries]
    own = sum(any(table in sql for table in RECORD) for sql in statements)
    say(f"evidence recorded: {own} of {len(statements)} statements are the record's, for {len(rows)} rows")

    def append() -> None:
        with undone():
            append_records(practice_id=case.practice_id, entries=entries, by=BY, now=NOW)

    found = measured(append, writing(case))
    report("the record's share of recording evidence, all of it against its chain alone", found, per=1)


def test_access_log_of_a_read(
    cases: list[Case], practice: Practice, report: Callable[..., None], undone_reads: None
) -> None:
    case = cases[0]

    def look() -> None:
        boards.rows([case], NOW)

    def log() -> None:
        log_reading(
            practice_id=practice.pk,
            by=BY,
            roles=("nurse",),
            route="desk-case",
            seen=[case.patient_id],
            status=200,
            now=NOW,
        )

    log()
    assert Reading.objects.filter(route="desk-case", by=BY).count() == 1
    report("the access log's share of reading one case, its verdict against the log's row", measured(log, look), per=1)


@pytest.fixture
def undone_reads() -> Iterator[None]:
    """A row of the log for each timed look, gone at the end."""
    with undone():
        yield
