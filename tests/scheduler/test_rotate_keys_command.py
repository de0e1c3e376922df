"""`manage.py rotate_keys`: every encrypted value with the newest key, whatever happens meanwhile (CFG-02)."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from notifications.encryption import Unreadable, field_keys
from notifications.models import Message
from scheduler.models import Case, Contact, IdempotencyKey, Patient, Practice, Record
from scheduler.services.key_rotation import encrypted_columns, keys_in_use
from scheduler.services.verification import verify_chain

pytestmark = pytest.mark.django_db
NEW = "bmV3LWtleS1vZi10aGUtdGVzdHMtMzItYnl0ZXMhISE="
Values = list[tuple[Any, ...]]


def rotate(**options: Any) -> str:
    out = io.StringIO()
    call_command("rotate_keys", stdout=out, **options)
    return out.getvalue()


def every_value() -> Values:
    """What the product reads of each encrypted column."""
    names: dict[Any, list[str]] = {}
    for column in encrypted_columns():
        names.setdefault(column.model, []).append(column.field.name)
    return [row for model, fields in names.items() for row in model.objects.order_by("pk").values_list("pk", *fields)]


@pytest.fixture
def kept(tell: Callable[..., Case], practice: Practice, now: datetime) -> Practice:
    """A practice with a value in every encrypted column."""
    case = tell("booked")
    case.patient.record_number = "ZEBRA-1"
    case.patient.save()
    Contact.objects.filter(patient=case.patient).update(phone="555-0177", address="1 Zebra Way")
    IdempotencyKey.objects.create(
        practice=practice, actor="a", route="r", key="k", body_digest="d", status=200, body="{}", created_at=now
    )
    return practice


@pytest.fixture
def keys(settings: Any) -> Iterator[tuple[str, str]]:
    """The ids of the old and the new key; both are held, the new one first."""
    old = field_keys()[0].id
    settings.FIELD_KEYS = [NEW, *settings.FIELD_KEYS]
    yield old, field_keys()[0].id


def used(practice: Practice) -> dict[str, set[str]]:
    return {column.name: set(keys_in_use(practice.pk, column)) for column in encrypted_columns()}


def test_every_encrypted_column_is_written_anew(kept: Practice, keys: tuple[str, str], settings: Any) -> None:
    """A new encrypted column fails here until `kept` gives it a value."""
    old, new = keys
    assert used(kept) == {column.name: {old} for column in encrypted_columns()}
    before = every_value()
    said = rotate(batch=3)
    assert used(kept) == {column.name: {new} for column in encrypted_columns()}
    assert f"Key {old} (number 2 of FIELD_KEYS) encrypts nothing: it may be removed" in said
    settings.FIELD_KEYS = [NEW]
    assert every_value() == before
    assert f"Key {new} (number 1 of FIELD_KEYS) encrypts" in rotate()


def test_every_encrypted_column_belongs_to_a_practice() -> None:
    for column in encrypted_columns():
        assert "practice_id" in {field.column for field in column.model._meta.concrete_fields}, column.name


def test_rotation_stands_in_the_record_once(kept: Practice, keys: tuple[str, str]) -> None:
    rotate()
    rotate()
    assert Record.objects.filter(action="field_keys_rotated", by="command:rotate_keys").count() == 1
    assert verify_chain(kept.pk) == []


def test_run_that_is_cut_off_goes_on_where_it_ended(kept: Practice, keys: tuple[str, str], settings: Any) -> None:
    class CutOff(io.StringIO):
        def write(self, text: str) -> int:
            if "scheduler_contact.email 1 of" in text:
                raise KeyboardInterrupt
            return super().write(text)

    before = every_value()
    with pytest.raises(KeyboardInterrupt):
        call_command("rotate_keys", batch=1, stdout=CutOff())
    assert set().union(*used(kept).values()) == set(keys)
    assert every_value() == before
    total = sum(keys_in_use(kept.pk, column).total() for column in encrypted_columns())
    rewritten = int(rotate().split(" value(s) written anew")[0].split("\n")[-1])
    assert 0 < rewritten < total
    settings.FIELD_KEYS = [NEW]
    assert every_value() == before


def test_write_of_somebody_else_meanwhile_is_not_lost(kept: Practice, keys: tuple[str, str]) -> None:
    """The value read by the rotation is no longer there when it writes: it leaves the newer one alone."""
    done: list[str] = []

    def first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "scheduler_contact" SET "phone"') and not done:
            done.append(sql)
            Contact.objects.update(phone="555-0199")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(first):
        rotate()
    assert done
    assert set(Contact.objects.values_list("phone", flat=True)) == {"555-0199"}


def test_missing_key_is_named_and_nothing_is_changed(kept: Practice, keys: tuple[str, str], settings: Any) -> None:
    old, _ = keys
    settings.FIELD_KEYS = [NEW]
    with pytest.raises(CommandError) as refused:
        rotate()
    said = str(refused.value)
    assert f"of scheduler_contact.phone need key {old}" in said
    assert f"of notifications_message.payload need key {old}" in said
    assert "555-0177" not in said
    assert used(kept) == {column.name: {old} for column in encrypted_columns()}


def test_value_moved_from_another_column_is_named_and_left(kept: Practice, keys: tuple[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduler_contact SET phone = (SELECT MAX(record_number) FROM scheduler_patient)")
    with pytest.raises(Unreadable, match=f"scheduler_contact.phone: not what key {keys[0]} encrypted"):
        list(Contact.objects.values_list("phone"))
    with pytest.raises(CommandError, match="could not be read and were left") as refused:
        rotate()
    assert "ZEBRA" not in str(refused.value)
    assert used(kept)["scheduler_contact.email"] == {keys[1]}


def test_value_that_was_altered_is_unreadable(kept: Practice) -> None:
    message = Message.objects.exclude(payload=b"")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM notifications_message WHERE id = %s", [db_id(message.pk)])
        sealed = bytearray(bytes(cursor.fetchone()[0]))
        sealed[-1] ^= 1
        cursor.execute(
            "UPDATE notifications_message SET payload = %s WHERE id = %s", [bytes(sealed), db_id(message.pk)]
        )
    with pytest.raises(Unreadable, match=r"notifications_message\.payload: not what key"):
        Message.objects.get(pk=message.pk)


def db_id(pk: Any) -> Any:
    return pk if connection.vendor == "postgresql" else pk.hex


def test_values_from_before_keys_had_names_are_read_and_written_anew(
    kept: Practice, keys: tuple[str, str], settings: Any
) -> None:
    unnamed = Fernet(settings.FIELD_KEYS[1]).encrypt(b"ZEBRA-OLD").decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduler_patient SET record_number = %s", [unnamed])
    assert set(Patient.objects.values_list("record_number", flat=True)) == {"ZEBRA-OLD"}
    rotate()
    settings.FIELD_KEYS = [NEW]
    assert set(Patient.objects.values_list("record_number", flat=True)) == {"ZEBRA-OLD"}


@pytest.mark.parametrize("key", ["", "short", "bm90LTMyLWJ5dGVz", "ключ"])
def test_key_that_is_none_is_named_by_its_place(key: str, settings: Any) -> None:
    settings.FIELD_KEYS = [NEW, key]
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS: key 2 is not 32 random bytes"):
        field_keys()


@pytest.mark.parametrize("batch", [0, -1, 5001])
def test_batch_out_of_range_is_refused(batch: int) -> None:
    with pytest.raises(CommandError, match=f"--batch {batch}"):
        rotate(batch=batch)
