"""What is in the database, to prove that a refusal wrote nothing."""

import hashlib
from functools import cache

from django.apps import apps
from django.db import connection
from django.db.models import Model

from scheduler.models import Reading
from tests.house import roles

OURS = ("checklists", "notifications", "scheduler")
# What a refusal leaves behind, and nothing else.
REFUSAL = {"record": 1, "recordhead": 0}
Tables = dict[str, tuple[int, str]]


def tables() -> Tables:
    """Rows and a digest of the contents of every table of ours, as the database holds them."""
    found = {}
    with roles.owner(), connection.cursor() as cursor:  # of every practice
        for model in (model for label in OURS for model in apps.get_app_config(label).get_models()):
            if model is Reading:  # looking is not writing
                continue
            cursor.execute(every_row_of(model))
            rows = sorted(map(repr, cursor.fetchall()))
            found[model._meta.model_name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


@cache
def every_row_of(model: type[Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if field.attname != "document")
    return f'SELECT {columns} FROM "{model._meta.db_table}"'


def changes(before: Tables) -> dict[str, int]:
    """By how many rows each table grew whose contents differ."""
    after = tables()
    return {name: after[name][0] - count for name, (count, digest) in before.items() if after[name][1] != digest}
