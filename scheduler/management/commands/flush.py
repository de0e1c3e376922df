"""Django's flush, for the tables that refuse to be emptied: demonstrations and tests only."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.flush import Command as Flush
from django.db import connections

from scheduler.database import triggers_removed
from scheduler.database.sight import as_owner


class Command(Flush):
    def handle(self, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("flush empties the record; it works only where DEMO=1.")
        connection = connections[options["database"]]
        with as_owner(connection), triggers_removed(connection):
            super().handle(**options)
