"""What the database says when it refuses, and rows to try it with."""

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import CheckConstraint, UniqueConstraint
from django.utils import timezone

ENTER = "UPDATE scheduler_case SET state = 'in_procedure', started_at = %s, version = version + 1 WHERE id = %s"


def refused_sql(sql: str, *parameters: Any) -> str:
    """The words of the refusal of one raw statement."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [adapted(value) for value in parameters])
    return str(refused.value)


def adapted(value: Any) -> Any:
    """Ids and times as this engine's columns hold them."""
    if connection.vendor == "sqlite" and isinstance(value, uuid.UUID):
        return value.hex
    if connection.vendor == "sqlite" and hasattr(value, "tzinfo"):
        return str(timezone.make_naive(value, timezone.get_fixed_timezone(0)))
    return value


def run_sql(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [adapted(value) for value in parameters])


def words_of(model: type[models.Model], name: str) -> str:
    """What the refusal by a constraint of Meta says: its name, or on SQLite the columns that must be unique."""
    constraint = next(c for c in model._meta.constraints if c.name == name)
    if connection.vendor == "postgresql" or isinstance(constraint, CheckConstraint):
        return f'"{name}"' if connection.vendor == "postgresql" else f"CHECK constraint failed: {name}"
    assert isinstance(constraint, UniqueConstraint)
    table = model._meta.db_table
    columns = (f"{table}.{model._meta.get_field(field).column}" for field in constraint.fields)
    return f"UNIQUE constraint failed: {', '.join(columns)}"


def refused_save(row: models.Model) -> str:
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        row.save(force_insert=True)
    assert isinstance(refused.value, IntegrityError)
    return str(refused.value)


def copy_of(row: models.Model, **changes: Any) -> models.Model:
    """Another row like this one, with a key of its own unless `changes` names it."""
    model = type(row)
    values = {f.attname: getattr(row, f.attname) for f in model._meta.concrete_fields}
    key = model._meta.pk
    if isinstance(key, models.AutoField):
        del values[key.attname]
    elif isinstance(key, models.UUIDField):
        values[key.attname] = uuid.uuid4()
    return model(**{**values, **changes})
