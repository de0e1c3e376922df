"""Watches every statement of the product on SQLite, where nothing beneath it keeps practices apart.

Two rules, of every test that touches the database. A statement about rows of a practice names the practice, or the key
of a row. An id that came with a request is a key only beside the practice, or beside a row that was found before; once
a statement has asked for it together with the practice, it is found.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import connection

from scheduler.database.sight import guarded
from scheduler.doors import DOORS
from tests.house.project import ROOT

OURS = tuple(f"{ROOT / app}/" for app in ("scheduler", "checklists", "notifications", "config"))
TESTS = f"{ROOT / 'tests'}/"
FLUSH = str(ROOT / "scheduler/management/commands/flush.py")  # empties every practice's tables, and says so
OF_DOORS = frozenset(door.select.format(*["%s"] * len(door.takes)) for door in DOORS)
UUID = re.compile(rb"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
ID = re.compile(r"[0-9a-f]{32}")
PRACTICE = re.compile(r'"practice_id" (?:=|IN) |"scheduler_practice"\."id" (?:=|IN) ')
# Names of one row, or of the row that it hangs on; a user works in several practices and is none.
KEY = re.compile(r'"(?:id|public_id|digest|subject|(?!user_id|practice_id)[a-z_]+_id)" (?:=|IN) ')


@cache
def tables_of(sql: str) -> frozenset[str]:
    return frozenset(re.findall(r'"([a-z_]+)"', sql)) & frozenset(guarded())


@cache
def names(sql: str) -> tuple[bool, bool]:
    """Whether the condition of the statement names the practice, and whether a row."""
    condition = sql.partition(" WHERE ")[2]
    return bool(PRACTICE.search(condition)), bool(KEY.search(condition))


def asked_by_product() -> bool:
    """Whether the innermost code of this project on the stack is the product's; tests look wherever they like."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(OURS):
            return file != FLUSH
        if file.startswith(TESTS) and frame.f_code.co_name != "__call__":
            return False
        frame = frame.f_back  # type: ignore[assignment]
    return False


class Watch:
    def __init__(self) -> None:
        self.unscoped: list[str] = []
        self.foreign: set[str] = set()  # ids that came with the request and were not yet asked for with the practice

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.is_of_interest(sql) and asked_by_product():
            self.look(sql, params if not many else [value for row in params for value in row])
        return execute(sql, params, many, context)

    def is_of_interest(self, sql: str) -> bool:
        return sql.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")) and sql not in OF_DOORS and bool(tables_of(sql))

    def look(self, sql: str, params: Any) -> None:
        names_practice, names_row = names(sql)
        ids = {value for value in params or () if isinstance(value, str) and ID.fullmatch(value)}
        used = self.foreign & ids
        if used and names_practice:
            self.foreign -= used
        elif used and ids <= self.foreign:
            self.unscoped.append(f"an id of the request, without the practice: {sql}")
        if not sql.startswith("INSERT") and not names_practice and not names_row:
            self.unscoped.append(f"neither practice nor row: {sql}")

    def begins(self, environ: dict[str, Any], **_: Any) -> None:
        body = environ["wsgi.input"]
        sent = getattr(body, "_FakePayload__content", None)
        words = [environ["PATH_INFO"].encode(), environ.get("QUERY_STRING", "").encode()]
        words += [sent.getvalue()] if sent else []
        self.foreign = {found.decode().replace("-", "").lower() for word in words for found in UUID.findall(word)}

    def ends(self, **_: Any) -> None:
        self.foreign = set()


@contextmanager
def watched() -> Iterator[Watch]:
    watch = Watch()
    request_started.connect(watch.begins)
    request_finished.connect(watch.ends)
    try:
        with connection.execute_wrapper(watch):
            yield watch
    finally:
        request_started.disconnect(watch.begins)
        request_finished.disconnect(watch.ends)
