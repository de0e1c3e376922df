"""Every trigger and named constraint is in the database, and is put back where an engine drops it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models

from checklists.models import Evidence, Review
from scheduler.database import CONSTRAINTS, TRIGGERS, catalogue, expected, install, make_way, remove, triggers_removed

pytestmark = pytest.mark.django_db
OURS = ("checklists", "notifications", "scheduler")


def test_catalogue_has_exactly_what_is_expected() -> None:
    assert catalogue(connection) == expected(connection.vendor)


def test_expected_names_every_trigger_and_exclusion_of_its_engine() -> None:
    for vendor in ("sqlite", "postgresql"):
        triggers = {trigger.name for trigger in TRIGGERS if getattr(trigger, vendor)}
        assert expected(vendor) == triggers | (set(CONSTRAINTS) if vendor == "postgresql" else set())


def test_no_two_triggers_share_a_name() -> None:
    names = [trigger.name for trigger in TRIGGERS]
    assert sorted(names) == sorted(set(names))


def test_statements_of_a_trigger_create_it_by_its_name() -> None:
    for trigger in TRIGGERS:
        for statements in (trigger.sqlite, trigger.postgresql):
            assert all(trigger.name in statement for statement in statements)


def test_dropped_trigger_is_noticed_and_reinstalled() -> None:
    tables = {t.name: t.table for t in TRIGGERS if t.name in expected("sqlite") & expected("postgresql")}
    dropped = set[str]()
    for number, (trigger, table) in enumerate(tables.items(), 1):
        on = f" ON {table}" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER {trigger}{on}")
        dropped.add(trigger)
        assert expected(connection.vendor) - catalogue(connection) == dropped
        if number in (1, len(tables)):
            install(connection)
            assert catalogue(connection) == expected(connection.vendor)
            dropped.clear()


def test_removed_triggers_come_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), triggers_removed(connection):
        assert catalogue(connection) & {trigger.name for trigger in TRIGGERS} == set()
        raise ZeroDivisionError
    assert catalogue(connection) == expected(connection.vendor)


def test_removing_twice_is_harmless() -> None:
    remove(connection)
    remove(connection)
    install(connection)
    assert catalogue(connection) == expected(connection.vendor)


@pytest.mark.parametrize("label", OURS)
def test_every_constraint_of_meta_is_in_the_database(label: str) -> None:
    for model in apps.get_app_config(label).get_models():
        with connection.cursor() as cursor:
            present = set(connection.introspection.get_constraints(cursor, model._meta.db_table))
        named = {constraint.name for constraint in model._meta.constraints}
        assert named <= present, f"{model._meta.db_table} lacks {named - present}"


def test_every_constraint_has_a_name_of_its_own() -> None:
    names = [c.name for label in OURS for m in apps.get_app_config(label).get_models() for c in m._meta.constraints]
    assert sorted(names) == sorted(set(names))


@pytest.mark.django_db(transaction=True)
def test_migrating_twice_leaves_every_trigger() -> None:
    for _ in range(2):
        call_command("migrate", verbosity=0)
        assert catalogue(connection) == expected(connection.vendor)


@contextmanager
def lengthened(model: type[models.Model], name: str) -> Iterator[None]:
    """The table with one longer column: on SQLite a new table under the old name."""
    before = model._meta.get_field(name)
    longer = models.CharField(max_length=before.max_length + 1)
    longer.set_attributes_from_name(name)
    longer.model = model
    with connection.schema_editor() as editor:
        editor.alter_field(model, before, longer)
    try:
        yield
    finally:
        make_way(connection, ["back again"])
        with connection.schema_editor() as editor:
            editor.alter_field(model, longer, before)
        install(connection)


@pytest.mark.django_db(transaction=True)
def test_rebuilt_table_gets_its_triggers_back() -> None:
    with lengthened(Review, "by"):
        dropped = expected(connection.vendor) - catalogue(connection)
        on_table = {t.name for t in TRIGGERS if t.table == "checklists_review" and t.sqlite}
        assert dropped == (on_table if connection.vendor == "sqlite" else set())
        install(connection)
        assert catalogue(connection) == expected(connection.vendor)


@pytest.mark.django_db(transaction=True)
def test_table_that_other_triggers_read_is_rebuilt_once_they_made_way() -> None:
    make_way(connection, ["a migration"])
    with lengthened(Evidence, "said_by"):
        install(connection)
        assert catalogue(connection) == expected(connection.vendor)


def test_nothing_makes_way_where_no_migration_runs() -> None:
    make_way(connection, [])
    assert catalogue(connection) == expected(connection.vendor)
