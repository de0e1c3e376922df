"""Django's system checks of what only a whole deployment shows."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections

from scheduler.database import catalogue, expected
from scheduler.database.sight import bypasses, unguarded


@checks.register(checks.Tags.database)
def triggers_are_in_place(databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """The database refuses what must never happen only while its triggers and constraints are there."""
    found: list[checks.CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if "scheduler_case" not in connection.introspection.table_names():
            continue  # before the first migrate
        missing = expected(connection.vendor) - catalogue(connection)
        if connection.vendor == "postgresql":
            missing |= {f"the policy of {table}" for table in unguarded(connection)}
        if missing:
            names = ", ".join(sorted(missing))
            found.append(
                checks.Error(
                    f"The database lacks {names}.", hint="Run manage.py migrate: it reinstalls them.", id="cleared.E001"
                )
            )
    return found


@checks.register(checks.Tags.database)
def rows_are_guarded(databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Row-level security binds no superuser; the demonstration may run as one."""
    if settings.DEMO:
        return []
    loose = [alias for alias in databases or [] if connections[alias].vendor == "postgresql"]
    return [
        checks.Warning(
            "The database role of this process sees the rows of every practice.",
            hint=f"Only migrations need it; connect as {settings.DATABASE_APP_ROLE} (docs/development.md).",
            id="cleared.W002",
        )
        for alias in loose
        if bypasses(connections[alias])
    ]


@checks.register()
def broker_fits_the_database(**_: Any) -> list[checks.CheckMessage]:
    """The embedded broker is a folder of one machine."""
    embedded = settings.CELERY_BROKER_URL.startswith("filesystem")
    if embedded and settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return [
            checks.Warning(
                "The embedded broker is used with PostgreSQL: workers on other hosts hear no doorbell.",
                hint="Set BROKER_URL=redis://host:6379/0.",
                id="cleared.W001",
            )
        ]
    return []
