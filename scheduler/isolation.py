"""Whose rows are in sight: one practice for one transaction. PostgreSQL's row-level security holds to it.

Whoever reads or writes a practice's rows - a page, a call of the API, a task, a command - does it inside `within`;
outside, PostgreSQL shows no row and takes none. What must be found before the practice is known comes through one of
scheduler/doors.py. SQLite has no such guard: there the scoped queries stand alone.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

SETTING = "cleared.practice"
_in_sight: ContextVar[uuid.UUID | None] = ContextVar("practice in sight", default=None)


@contextmanager
def within(practice_id: uuid.UUID) -> Iterator[None]:
    """One transaction that sees and writes rows of this practice only; its end takes the sight away again."""
    if connection.vendor != "postgresql":
        yield  # no transaction: BEGIN IMMEDIATE would let one page wait for another
        return
    if _in_sight.get() == practice_id and connection.in_atomic_block:
        yield
        return
    before = _in_sight.set(practice_id)
    try:
        with transaction.atomic(), _told(practice_id):
            yield
    finally:
        _in_sight.reset(before)


@contextmanager
def _told(practice_id: uuid.UUID) -> Iterator[None]:
    """The setting for this transaction; inside somebody else's it is put back, because theirs goes on."""
    joined = bool(connection.savepoint_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting(%s, true), set_config(%s, %s, true)", [SETTING, SETTING, str(practice_id)]
        )
        (found, _) = cursor.fetchone()
    yield
    if joined and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, found or ""])
