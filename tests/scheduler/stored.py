"""What the database holds, as it holds it: to show that nothing was written."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model


def rows(models: Iterable[type[Model]]) -> dict[str, list[str]]:
    """Every row of each table, of what this connection sees, by the model's label."""
    found = {}
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            found[model._meta.label] = sorted(map(repr, cursor.fetchall()))
    return found
