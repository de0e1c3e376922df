"""Row-level security: on PostgreSQL the application's role sees and writes the rows of one practice, or none.

The tables belong to the role that migrates, which bypasses row-level security; the application connects as
`settings.DATABASE_APP_ROLE`, which owns nothing and cannot turn it off. What the record keeps as it was written this
role may not even try to change.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from scheduler.database.erased import columns_granted
from scheduler.database.references import PRACTICE, scoped_models
from scheduler.doors import DOORS, Door
from scheduler.isolation import SETTING
from scheduler.models import Practice

POLICY = "of_practice"
IN_SIGHT = f"NULLIF(current_setting('{SETTING}', true), '')::uuid"


def guarded() -> dict[str, str]:
    """Each table of a practice with the column that names it."""
    return {Practice._meta.db_table: "id", **{model._meta.db_table: PRACTICE for model in scoped_models()}}


def policies(tables: Collection[str]) -> Iterator[str]:
    for table, column in ((table, column) for table, column in guarded().items() if table in tables):
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS {POLICY} ON {table}"
        yield (f"CREATE POLICY {POLICY} ON {table} USING ({column} = {IN_SIGHT}) WITH CHECK ({column} = {IN_SIGHT})")


def functions(schema: str) -> Iterator[str]:
    """The doors, callable by nobody but the application; a fixed search path, for they run with the owner's rights."""
    for door in DOORS:
        yield f"DROP FUNCTION IF EXISTS {door.signature}"
        yield (
            f"CREATE FUNCTION {door.signature} RETURNS TABLE ({door.gives}) LANGUAGE sql STABLE SECURITY DEFINER "
            f'SET search_path = "{schema}", pg_temp AS $$ {numbered(door)} $$'
        )
        yield f"REVOKE ALL ON FUNCTION {door.signature} FROM PUBLIC"


def numbered(door: Door) -> str:
    return door.select.format(*(f"${place}" for place in range(1, len(door.takes) + 1)))


def grants(role: str, schema: str, append_only: Collection[str]) -> Iterator[str]:
    yield f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"'
    yield f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"'
    yield f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{role}"'
    for table in sorted(append_only):
        yield f'REVOKE UPDATE, DELETE ON {table} FROM "{role}"'
    for table, columns in columns_granted():
        yield f'GRANT UPDATE ({", ".join(columns)}) ON {table} TO "{role}"'
    for door in DOORS:
        yield f'GRANT EXECUTE ON FUNCTION {door.signature} TO "{role}"'


def install_sight(connection: BaseDatabaseWrapper, append_only: Collection[str]) -> None:
    """Policies, doors, and the grants of the application's role where the server has one."""
    role = settings.DATABASE_APP_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [role])
        schema, has_role = cursor.fetchone()
        # Only where it is missing: ALTER TABLE waits for every transaction that has touched the table.
        for statement in (
            *policies(unguarded(connection)),
            *functions(schema),
            *(grants(role, schema, append_only) if has_role else ()),
        ):
            cursor.execute(statement)


@contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """With the rights of the role that signed in, where the connection acts as the application's."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user")
        signed_in, acting = cursor.fetchone()
        cursor.execute(f'SET ROLE "{signed_in}"')
    yield
    if not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(f'SET ROLE "{acting}"')


def unguarded(connection: BaseDatabaseWrapper) -> set[str]:
    """The tables of a practice that row-level security does not guard."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = %s "
            "WHERE c.relrowsecurity AND c.relforcerowsecurity",
            [POLICY],
        )
        return set(guarded()) - {name for (name,) in cursor.fetchall()}


def bypasses(connection: BaseDatabaseWrapper) -> bool:
    """Whether the role of this connection is one that row-level security does not bind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])
