"""On PostgreSQL, tests run as the application's role: what row-level security hides from it is hidden from them too.

A test sees the rows of one practice, which its fixtures name with `sees`; a request made by a test client sees none
until the product itself says whose practice it is.
"""

from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from scheduler.database import APPEND_ONLY
from scheduler.database.sight import as_owner, install_sight
from scheduler.isolation import SETTING

# One per server, and test runs may be several at once: made where it is missing.
MAKE_ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} LOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
AS_APPLICATION = f"-c role={settings.DATABASE_APP_ROLE}"
_seen: UUID | None = None


def become_application() -> None:
    """From here on every connection of the test database is the application's."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(MAKE_ROLE.format(role=settings.DATABASE_APP_ROLE))
    install_sight(connection, APPEND_ONLY)
    connection.settings_dict["OPTIONS"]["options"] = AS_APPLICATION
    connection.close()


def become_owner() -> None:
    """Before the test database is dropped."""
    if connection.vendor == "postgresql":
        connection.settings_dict["OPTIONS"].pop("options", None)
        connection.close()


def owner() -> AbstractContextManager[None]:
    """With the rights of the role that migrates: for tests of what the database refuses to everybody."""
    return as_owner(connection)


def sees(practice_id: UUID) -> None:
    """The test itself, its fixtures and its threads see the rows of this practice."""
    global _seen
    _seen = practice_id
    if connection.vendor == "postgresql":
        _tell(connection, practice_id)


def forgets() -> None:
    """At the end of a test; what its connection was told ends with its transaction."""
    global _seen
    _seen = None


def _tell(to: BaseDatabaseWrapper, practice_id: UUID | None) -> None:
    with to.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, str(practice_id or "")])


def _tell_new(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "postgresql" and _seen is not None:
        _tell(connection, _seen)


def _hide(**_: Any) -> None:
    _tell_quietly(None)


def _show(**_: Any) -> None:
    _tell_quietly(_seen)


def _tell_quietly(practice_id: UUID | None) -> None:
    """Beneath what a test counts or breaks."""
    if connection.vendor == "postgresql" and _seen is not None and connection.connection is not None:
        connection.connection.execute("SELECT set_config(%s, %s, false)", [SETTING, str(practice_id or "")])


connection_created.connect(_tell_new)
request_started.connect(_hide)
request_finished.connect(_show)
