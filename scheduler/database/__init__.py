"""What the database itself refuses, and `install`, which puts it in place after every migrate.

`catalogue` tells what is there. SQL per engine, because ExclusionConstraint in Meta is a syntax error on SQLite.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from checklists.database import TRIGGERS as CHECKLISTS
from checklists.database import append_only
from notifications.database import TRIGGERS as NOTIFICATIONS
from scheduler.database.erased import ERASURES, REPLACED
from scheduler.database.merged import MERGED
from scheduler.database.references import references, same_practice_triggers
from scheduler.database.sight import install_sight
from scheduler.database.triggers import CASE_STEPS, CLAIM_OVERLAP, CLAIMS_APART, PINNED, READINGS


class Installed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def sqlite(self) -> tuple[str, ...]: ...
    @property
    def postgresql(self) -> tuple[str, ...]: ...


LOWER: tuple[Installed, ...] = (*CHECKLISTS, *NOTIFICATIONS)
OWN: tuple[Installed, ...] = (
    # Those that would stand in the way of an erasure give way to it, under the same name.
    *(REPLACED.get(trigger.name, trigger) for trigger in LOWER),
    *CLAIM_OVERLAP,
    *CASE_STEPS,
    PINNED,
    *MERGED,
    *ERASURES,
    *append_only("scheduler_record"),
    *READINGS,
)
APPEND_ONLY = {trigger.table for trigger in OWN if trigger.name.endswith("_append_only_update")}
WHOLE = APPEND_ONLY | {"checklists_gatepass", "notifications_message", "notifications_attempt", "scheduler_reading"}
TRIGGERS: tuple[Installed, ...] = (*OWN, *same_practice_triggers(WHOLE))
# Constraints that Meta cannot say, name -> (table, definition); PostgreSQL only, triggers hold the same on SQLite.
CONSTRAINTS = {
    "claim_overlap": ("scheduler_claim", CLAIMS_APART),
    **{reference.name: (reference.table, reference.definition) for reference in references()},
}


def install(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Put every trigger, constraint and policy in place, replacing what is there."""
    with connection.cursor() as cursor:
        remove(connection)
        for trigger in TRIGGERS:
            for statement in getattr(trigger, connection.vendor):
                cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
            present = catalogue(connection)
            for name, (table, definition) in CONSTRAINTS.items():
                if name not in present:
                    cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
            install_sight(connection, APPEND_ONLY)


def remove(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for trigger in TRIGGERS:
            on = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}{on}")


def make_way(connection: BaseDatabaseWrapper, plan: Sequence[object]) -> None:
    """Before migrations run: SQLite refuses to rebuild a table that another table's trigger reads."""
    if plan and connection.vendor == "sqlite":
        remove(connection)


@contextmanager
def triggers_removed(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """For `flush` in tests and demonstrations: the only way to empty tables that refuse to be emptied."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def expected(vendor: str) -> set[str]:
    """The names that must be in the catalogue of an engine."""
    names = {trigger.name for trigger in TRIGGERS if getattr(trigger, vendor)}
    return names | set(CONSTRAINTS) if vendor == "postgresql" else names


def catalogue(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of triggers and of constraints beyond Meta that are in the database."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal "
        "UNION SELECT conname FROM pg_constraint WHERE contype = 'x' OR conname LIKE '%\\_same\\_practice'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {row[0] for row in cursor.fetchall()}
