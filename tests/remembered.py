"""What the practice and the stories of a test wrote, kept for every worker and written again in the next test.

Statement by statement, so that every trigger, constraint and policy sees it, where the same state gives rows the same
numbers: on PostgreSQL the sequences begin anew with each test. Only while nothing else was written: after that a story
is told anew. No bell rings for what is written again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ClassVar
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import AutoField

from scheduler.models import Case
from scheduler.services.demonstration import STEPS, Story
from tests import kept
from tests.house import roles
from tests.kept import Statement, Told

# Whoever signs in before the story begins changes nothing that it stands on.
OF_SESSIONS = re.compile(
    r'(?:INSERT INTO|UPDATE|DELETE FROM) "django_session"|UPDATE "scheduler_user" SET "last_login"'
)
Once = Callable[[str, Callable[[], UUID]], UUID]  # the fixture `once`
SIGHT = "set_config("  # on PostgreSQL: whose rows the next statements see and write
READS = ("SELECT", "SAVEPOINT", "RELEASE", "PRAGMA", "EXPLAIN")


class Memory:
    """Sees every statement of one test; what was done is known by all that was done before it."""

    told: ClassVar[dict[tuple[str, ...], Told]] = {}

    def __init__(self) -> None:
        self.history: tuple[str, ...] = ()
        self.written: list[Statement] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        is_read = sql.lstrip("( ").upper().startswith(READS)
        if SIGHT in sql or (not is_read and not OF_SESSIONS.match(sql)):
            self.written.append((sql, params, many))
        return execute(sql, params, many, context)

    def is_at_rest(self) -> bool:
        """Whether nothing but stories was written, in the one transaction of the test."""
        return (
            connection.in_atomic_block
            and self in connection.execute_wrappers
            and all(SIGHT in sql for sql, *_ in self.written)
        )

    def once(self, act: str, do: Callable[[], UUID]) -> UUID:
        """Do it, or write what it wrote when it was done in the same state before."""
        if not self.is_at_rest():
            return do()
        self.history = (*(self.history or (row_numbers(),)), act)
        self.written.clear()
        known = self.told.get(self.history) or kept.read(self.history)
        pk = do() if known is None else write_again(known)
        if known is None and not any(sql.startswith("ROLLBACK") for sql, *_ in self.written):
            known = kept.keep(self.history, Told(tuple(self.written), pk))
        # Where another worker was first, or a part was undone, no other test has these rows: nothing follows from them.
        if known is not None:
            self.told[self.history] = known
            self.written.clear()
        return pk


def row_numbers() -> str:
    """Where each table goes on counting: what earlier tests committed counts too."""
    if connection.vendor == "postgresql":
        return first_free_numbers()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name")
        return repr(cursor.fetchall())


@cache
def counted() -> tuple[tuple[str, str], ...]:
    """The tables whose rows have numbers, with the column."""
    fields = [model._meta.pk for model in apps.get_models() if isinstance(model._meta.pk, AutoField)]
    return tuple((field.model._meta.db_table, field.column) for field in fields)


def first_free_numbers() -> str:
    """PostgreSQL's sequences go on counting when a test is undone: each begins again after the rows that are there."""
    first = "setval(pg_get_serial_sequence('{0}', '{1}'), coalesce((SELECT max({1}) FROM {0}), 0) + 1, false)"
    again = (first.format(table, column) for table, column in counted())
    with roles.owner(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(again)}")
        return repr(cursor.fetchone())


def write_again(told: Told) -> UUID:
    """By the database's own driver: who watches the product's statements saw them when they were told."""
    with connection.cursor() as cursor:
        driver: Any = connection.connection if connection.vendor == "sqlite" else cursor
        for sql, params, many in told.statements:
            (driver.executemany if many else driver.execute)(sql, params)
    return told.pk


# The step that first reads the value of an item: up to it, stories that differ in the value are one.
READ_AT = {
    **dict.fromkeys(("labs", "follow_up"), "tested"),
    **dict.fromkeys(("prescriber_clearance", "hold"), "held"),
    **dict.fromkeys(("ride", "infection_prescreen", "fasting"), "prepared"),
    **dict.fromkeys(("infection_check", "pregnancy"), "arrived"),
    **dict.fromkeys(("restart_decision", "recovery_observation", "after_care", "responsible_adult"), "discharged"),
}


@dataclass(slots=True, kw_only=True)
class RememberedStory(Story):
    memory: Memory

    def tell(self, until: str) -> Case:
        """As a story does, remembered step by step."""
        opened = self.as_of("opened")
        pk = self.memory.once(f"opened {about(opened)}", lambda: opened.open().pk)
        for step in STEPS[1 : STEPS.index(until) + 1]:
            story = self.as_of(step)
            self.memory.once(f"{step} {about(story)}", partial(go_on, story, step, pk))
        return Case.objects.get(pk=pk)

    def as_of(self, step: str) -> Story:
        """What is known of it at this step; before the booking nobody knows the start and the slot."""
        number = STEPS.index(step)
        told = {item: value for item, value in self.values.items() if STEPS.index(read_at(item)) <= number}
        booked = number >= STEPS.index("booked")
        place = (self.start, self.slot) if booked else (None, None)
        return Story(self.practice, self.staff, self.resources, self.person, self.now, *place, values=told)  # type: ignore[arg-type]


def read_at(item: str) -> str:
    return READ_AT.get(item.partition(":")[0], "opened")


def about(story: Story) -> str:
    return repr((story.practice.pk, story.person, story.now, story.start, story.slot, story.values))


def go_on(story: Story, step: str, pk: UUID) -> UUID:
    getattr(story, step)(Case.objects.get(pk=pk))
    return pk
