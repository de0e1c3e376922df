"""Encrypted values written anew with the newest key, while everything else goes on.

Which columns these are follows from the models. A value names its key, so what is left to do is read from the rows: a
run that was cut off goes on where it ended.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Count, ExpressionWrapper, F, Value
from django.db.models.functions import Substr

from notifications.encryption import PREFIX, Encrypted, EncryptedTextField, Unreadable, field_keys, key_named
from scheduler.isolation import within
from scheduler.services.record import append_record

OURS = ("checklists", "notifications", "scheduler")
# The id under which values are counted that were encrypted before keys had names.
UNNAMED = ""


class MissingKey(Exception):
    """Some value needs a key that FIELD_KEYS does not hold; one line for each column and key."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Column:
    """One encrypted column of a table whose rows belong to practices."""

    model: type[models.Model]
    field: Encrypted

    @property
    def name(self) -> str:
        return self.field.place

    @property
    def raw(self) -> models.TextField | models.BinaryField:  # type: ignore[type-arg]
        """How the column is read and written without decrypting."""
        return models.TextField() if isinstance(self.field, EncryptedTextField) else models.BinaryField()

    def rows(self, practice_id: uuid.UUID) -> Any:
        """With `sealed`, what the column holds, and `prefix`, the part that names the key; without empty ones."""
        column = F(self.field.name)
        return (
            self.model._default_manager.filter(practice_id=practice_id)
            .annotate(
                sealed=ExpressionWrapper(column, output_field=self.raw),
                prefix=Substr(column, 1, PREFIX, output_field=self.raw),
            )
            .exclude(sealed=self.empty)
            .exclude(sealed=None)
        )

    @property
    def empty(self) -> str | bytes:
        return "" if isinstance(self.field, EncryptedTextField) else b""

    def letters(self, text: str) -> str | bytes:
        return text if isinstance(self.field, EncryptedTextField) else text.encode()


@dataclass(slots=True)
class Rotation:
    """What one run did, over all practices. `used`: how many values each key encrypts now."""

    rewritten: int = 0
    unreadable: list[str] = field(default_factory=list)
    used: Counter[str] = field(default_factory=Counter)

    @property
    def remaining(self) -> int:
        return self.used.total() - self.used[field_keys()[0].id]


Progress = Callable[[str], None]


def encrypted_columns() -> tuple[Column, ...]:
    found = (
        Column(model, field)
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, Encrypted)
    )
    return tuple(sorted(found, key=lambda column: column.name))


def keys_in_use(practice_id: uuid.UUID, column: Column) -> Counter[str]:
    """How many values of a column each key encrypts, by the key's id."""
    used: Counter[str] = Counter()
    for prefix, count in column.rows(practice_id).order_by().values_list("prefix").annotate(Count("pk")):
        used[key_named(prefix)] += count
    return used


def require_keys(practices: dict[str, uuid.UUID]) -> None:
    """Raises MissingKey where a value names a key that is not held; nothing was changed then."""
    held = {UNNAMED, *(key.id for key in field_keys())}
    lines = []
    for name, practice_id in practices.items():
        with within(practice_id):
            for column in encrypted_columns():
                missing = {key: n for key, n in keys_in_use(practice_id, column).items() if key not in held}
                lines += [f"{name}: {n} of {column.name} need key {key}" for key, n in sorted(missing.items())]
    if lines:
        raise MissingKey(lines)


def rotate_keys(
    *, practices: dict[str, uuid.UUID], by: str, now: datetime, batch: int = 200, tell: Progress = lambda _: None
) -> Rotation:
    """Write every value of these practices with the newest key; a run that is cut off is simply started again.

    Raises MissingKey before anything is changed.
    """
    require_keys(practices)
    done = Rotation()
    for name, practice_id in practices.items():
        before = done.rewritten
        for column in encrypted_columns():
            _rotate_column(done, name, practice_id, column, batch, tell)
        if done.rewritten > before:
            with within(practice_id):
                append_record(practice_id=practice_id, by=by, action="field_keys_rotated", subject=practice_id, now=now)
        with within(practice_id):
            for column in encrypted_columns():
                done.used.update(keys_in_use(practice_id, column))
    return done


def _rotate_column(
    done: Rotation, name: str, practice_id: uuid.UUID, column: Column, batch: int, tell: Progress
) -> None:
    """Batches, each a transaction of its own, so that nobody waits long."""
    with within(practice_id):
        total = _old(practice_id, column).count()
    seen, last = 0, None
    while seen < total:
        with within(practice_id), transaction.atomic():
            rows = list(_next(practice_id, column, last, batch))
            for pk, sealed in rows:
                done.rewritten += _rewrite(done, practice_id, column, pk, sealed)
        if not rows:
            break
        seen, last = seen + len(rows), rows[-1][0]
        tell(f"{name}: {column.name} {seen} of {total}")


def _old(practice_id: uuid.UUID, column: Column) -> Any:
    return column.rows(practice_id).exclude(prefix=column.letters(field_keys()[0].prefix))


def _next(practice_id: uuid.UUID, column: Column, last: Any, batch: int) -> Iterator[tuple[Any, Any]]:
    old = _old(practice_id, column) if last is None else _old(practice_id, column).filter(pk__gt=last)
    # Rows that somebody else holds are left to a later run: a rotation waits for nobody, so nothing can deadlock on it.
    held = old.select_for_update(skip_locked=True).order_by("pk")
    yield from held.values_list("pk", "sealed")[:batch]


def _rewrite(done: Rotation, practice_id: uuid.UUID, column: Column, pk: Any, sealed: Any) -> int:
    """How many rows were changed: none where the value is no longer the one that was read, or is unreadable."""
    try:
        value = column.field.unseal(bytes(sealed) if isinstance(sealed, memoryview) else sealed)
    except Unreadable as trouble:
        done.unreadable.append(f"row {pk} of {trouble}")
        return 0
    anew = Value(column.field.seal(value), output_field=column.raw)
    unchanged = column.rows(practice_id).filter(pk=pk, sealed=sealed)
    changed: int = unchanged.update(**{column.field.name: anew})
    return changed
