"""Make the role that the application connects as on PostgreSQL; run before `migrate`, as the owner of the tables."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

PASSWORD = "DATABASE_APP_PASSWORD"  # noqa: S105 - the name of an environment variable


class Command(BaseCommand):
    help = (
        f"Make or update the application's role ({settings.DATABASE_APP_ROLE}) with the password of {PASSWORD}. "
        "Row-level security binds it; what it may touch is granted by migrate."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Roles are for PostgreSQL; DATABASE_URL names no such server.", returncode=2)
        password = os.environ.get(PASSWORD, "")
        if not password:
            raise CommandError(f"{PASSWORD} is not set. Give the password of the application's role.", returncode=2)
        role = settings.DATABASE_APP_ROLE
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            bound = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
            cursor.execute(f'{verb} ROLE "{role}" {bound} PASSWORD %s', [password])
        self.stdout.write(f"The application connects as {role}.")
