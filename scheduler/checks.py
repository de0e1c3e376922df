"""Django's system checks of what only a whole deployment shows."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections

from scheduler.database import catalogue, expected


@checks.register(checks.Tags.database)
def triggers_are_in_place(databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """The database refuses what must never happen only while its triggers and constraints are there."""
    found: list[checks.CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if "scheduler_case" not in connection.introspection.table_names():
            continue  # before the first migrate
        missing = expected(connection.vendor) - catalogue(connection)
        if missing:
            names = ", ".join(sorted(missing))
            found.append(
                checks.Error(
                    f"The database lacks {names}.", hint="Run manage.py migrate: it reinstalls them.", id="cleared.E001"
                )
            )
    return found


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
