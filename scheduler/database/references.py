"""No reference leaves its practice: whatever refers to a row of a practice is a row of the same practice.

Composite foreign keys on PostgreSQL, triggers on SQLite, both derived from the models.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db import models

from checklists.database import Trigger, refused

OURS = ("checklists", "notifications", "scheduler")
PRACTICE = "practice_id"


@dataclass(frozen=True, slots=True)
class Reference:
    """`table.column` refers to a row of `target`; both tables have a practice."""

    table: str
    column: str
    target: str

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column}_same_practice"

    @property
    def definition(self) -> str:
        return f"FOREIGN KEY ({PRACTICE}, {self.column}) REFERENCES {self.target} ({PRACTICE}, id)"


@cache
def scoped_models() -> tuple[type[models.Model], ...]:
    """Every model whose rows belong to one practice."""
    found = (model for label in OURS for model in apps.get_app_config(label).get_models())
    return tuple(model for model in found if any(f.column == PRACTICE for f in model._meta.concrete_fields))


@cache
def references() -> tuple[Reference, ...]:
    return tuple(_references())


def _references() -> Iterator[Reference]:
    scoped = set(scoped_models())
    for model in scoped_models():
        for field in model._meta.concrete_fields:
            target = field.related_model
            if isinstance(field, models.ForeignKey) and target in scoped:
                yield Reference(model._meta.db_table, field.column, target._meta.db_table)


def same_practice_triggers(whole: Collection[str]) -> tuple[Trigger, ...]:
    """For SQLite, a pair for each table that refers; for both, one that keeps each row in its practice.

    `whole`: tables whose rows keep their practice by other triggers already.
    """
    by_table: dict[str, list[Reference]] = defaultdict(list)
    for reference in references():
        by_table[reference.table].append(reference)
    pairs = [_same_practice(table, found, event) for table, found in by_table.items() for event in ("INSERT", "UPDATE")]
    tables = (model._meta.db_table for model in scoped_models())
    return (*pairs, *(_stays(table) for table in tables if table not in whole))


def _same_practice(table: str, found: list[Reference], event: str) -> Trigger:
    name = f"{table}_same_practice_{event.lower()}"
    columns = ", ".join(reference.column for reference in found)
    of = f" OF {columns}" if event == "UPDATE" else ""
    checks = " ".join(_check(name, reference) for reference in found)
    return Trigger(name, table, (f"CREATE TRIGGER {name} BEFORE {event}{of} ON {table} BEGIN {checks} END",), ())


def _check(name: str, reference: Reference) -> str:
    """Only a row of another practice is refused here; one that is nowhere is the plain foreign key's business."""
    return (
        f"SELECT RAISE(ABORT, '{name}: {reference.column} names a row of another practice') WHERE EXISTS "
        f"(SELECT 1 FROM {reference.target} WHERE id = NEW.{reference.column} AND {PRACTICE} <> NEW.{PRACTICE});"
    )


def _stays(table: str) -> Trigger:
    return refused(
        table,
        f"{table}_stays_in_practice",
        "UPDATE",
        when=f"NEW.{PRACTICE} <> OLD.{PRACTICE}",
        columns=(PRACTICE,),
        because="a row never moves to another practice",
    )
