"""The few doors through which something is found before its practice is known.

Each gives ids, never what they stand for. On PostgreSQL a door is a function of the owner (SECURITY DEFINER), which
the application may call although it may not read the tables without a practice; on SQLite the same query is run as it
is. What a door names is then read within its practice (scheduler/isolation.py).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True, slots=True)
class Door:
    """`select` takes its arguments as {0}, {1}; `takes` and `gives` are their types on PostgreSQL."""

    name: str
    takes: tuple[str, ...]
    gives: str
    select: str

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(self.takes)})"

    def ask(self, *arguments: Any) -> list[tuple[Any, ...]]:
        given = [_adapted(argument) for argument in arguments]
        marks = ["%s"] * len(given)
        if connection.vendor == "postgresql":
            typed = [f"%s::{kind}" for kind in self.takes]
            sql = f"SELECT * FROM {self.name}({', '.join(typed)})"  # noqa: S608 - the names are those of this file
        else:
            sql = self.select.format(*marks)
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            return list(cursor.fetchall())


TOKEN = Door(
    "door_token",
    ("text", "timestamptz"),
    "practice_id uuid",
    "SELECT practice_id FROM scheduler_apitoken WHERE digest = {0} AND revoked_at IS NULL AND expires_at > {1}",
)
LINK = Door(
    "door_link",
    ("text",),
    "practice_id uuid",
    "SELECT practice_id FROM scheduler_link WHERE digest = {0}",
)
PLACES = Door(
    "door_places",
    ("uuid",),
    "practice_id uuid, is_demo boolean",
    "SELECT p.id, p.is_demo FROM scheduler_practice p JOIN scheduler_membership m ON m.practice_id = p.id "
    "WHERE m.user_id = {0} GROUP BY p.id, p.is_demo ORDER BY MIN(m.created_at), p.id",
)
PRACTICES = Door(
    "door_practices",
    (),
    "practice_id uuid, name text",
    "SELECT id, name FROM scheduler_practice ORDER BY name",
)
DUE_CASES = Door(
    "door_due_cases",
    ("timestamptz", "integer"),
    "practice_id uuid, checklist_id uuid, case_id uuid",
    "SELECT practice_id, id, subject FROM checklists_checklist WHERE next_change_at <= {0} "
    "ORDER BY next_change_at LIMIT {1}",
)
DUE_MESSAGES = Door(
    "door_due_messages",
    ("timestamptz",),
    "practice_id uuid, due bigint, oldest timestamptz",
    "SELECT practice_id, COUNT(*), MIN(next_attempt_at) FROM notifications_message "
    "WHERE state IN ('queued', 'sending') AND next_attempt_at <= {0} GROUP BY practice_id ORDER BY 3",
)
DOORS = (TOKEN, LINK, PLACES, PRACTICES, DUE_CASES, DUE_MESSAGES)


@dataclass(frozen=True, slots=True)
class DueCase:
    practice_id: uuid.UUID
    checklist_id: uuid.UUID
    case_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class DueMessages:
    """How many messages of a practice are due, and since when the oldest is."""

    practice_id: uuid.UUID
    count: int
    oldest_due_at: datetime


def practice_of_token(digest: str, now: datetime) -> uuid.UUID | None:
    """The practice of the live API token of this hash."""
    return _first(TOKEN.ask(digest, now))


def practice_of_link(digest: str) -> uuid.UUID | None:
    """The practice of the link of this hash."""
    return _first(LINK.ask(digest))


def places_of(user_id: uuid.UUID, *, demo: bool) -> list[uuid.UUID]:
    """The practices a person works in, the first joined first; demonstrations only where `demo`."""
    return [_id(practice_id) for practice_id, is_demo in PLACES.ask(user_id) if demo or not is_demo]


def practices_by_name() -> dict[str, uuid.UUID]:
    """Every practice, for commands and for what is done for each in turn."""
    return {str(name): _id(practice_id) for practice_id, name in PRACTICES.ask()}


def due_cases(now: datetime, limit: int) -> list[DueCase]:
    return [DueCase(*map(_id, row)) for row in DUE_CASES.ask(now, limit)]


def due_messages(now: datetime) -> list[DueMessages]:
    """The practices that have something to send, the longest waiting first."""
    return [DueMessages(_id(place), count, _instant(oldest)) for place, count, oldest in DUE_MESSAGES.ask(now)]


def _first(rows: Sequence[tuple[Any, ...]]) -> uuid.UUID | None:
    return _id(rows[0][0]) if rows else None


def _id(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    found = parse_datetime(f"{value}+00:00")
    assert found is not None
    return found


def _adapted(argument: Any) -> Any:
    """Ids and times as SQLite's columns hold them."""
    if connection.vendor == "postgresql":
        return argument
    if isinstance(argument, uuid.UUID):
        return argument.hex
    return connection.ops.adapt_datetimefield_value(argument) if isinstance(argument, datetime) else argument
