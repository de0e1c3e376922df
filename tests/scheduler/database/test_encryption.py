"""What may not be read at rest is not in the column, and keys may change."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from notifications.encryption import Unreadable, keyed_hash
from notifications.models import Message
from scheduler.models import Case, Contact, Patient, Practice
from scheduler.services.people import NewContact, NewPatient, add_contact, add_patient

pytestmark = pytest.mark.django_db
NUMBER, EMAIL, PHONE, ADDRESS = "ZEBRA-1", "zebra@patients.example", "555-0177", "1 Zebra Way"


def stored(table: str) -> str:
    """Everything that the columns of a table hold, as the database's owner would read it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return "\n".join(
            str(bytes(value) if isinstance(value, memoryview) else value) for row in cursor.fetchall() for value in row
        )


@pytest.fixture
def patient(practice: Practice, now: datetime) -> Patient:
    born = now.date().replace(year=1950)
    new = NewPatient("Family", "Given", born, record_number=NUMBER)
    row = add_patient(practice_id=practice.pk, patient=new, by="staff:1", now=now)
    contact = NewContact(email=EMAIL, phone=PHONE, address=ADDRESS)
    add_contact(patient=row, contact=contact, by="staff:1", now=now)
    return row


def test_contact_fields_are_ciphertext_in_their_columns(patient: Patient) -> None:
    contact = Contact.objects.get()
    assert (patient.record_number, contact.email, contact.phone, contact.address) == (NUMBER, EMAIL, PHONE, ADDRESS)
    kept = stored("scheduler_patient") + stored("scheduler_contact")
    assert [word for word in (NUMBER, EMAIL, PHONE, ADDRESS) if word.casefold() in kept.casefold()] == []


def test_bytes_of_a_message_are_ciphertext(tell: Callable[..., Case], now: datetime) -> None:
    case = tell("booked")
    row = Message.objects.get(subject=case.pk, kind="invite:patient")
    assert b"BEGIN:VCALENDAR" in row.payload or b"text/calendar" in row.payload
    kept = stored("notifications_message")
    assert [word for word in ("text/calendar", "@patients.example", "Subject:") if word in kept] == []


def test_rows_of_the_old_key_are_read_and_new_ones_use_the_new(patient: Patient, settings: Any, now: datetime) -> None:
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, old]
    assert Contact.objects.get().email == EMAIL
    add_contact(patient=patient, contact=NewContact(kind="escort", phone="555-0188"), by="staff:1", now=now)
    settings.FIELD_KEYS = [new]
    assert Contact.objects.only("phone").get(kind="escort").phone == "555-0188"
    with pytest.raises(Unreadable, match="which FIELD_KEYS does not hold"):
        Contact.objects.only("email").get(kind="patient")
    settings.FIELD_KEYS = [old]
    with pytest.raises(Unreadable, match="which FIELD_KEYS does not hold"):
        Contact.objects.only("phone").get(kind="escort")


def test_same_text_is_encrypted_differently_each_time(patient: Patient, now: datetime) -> None:
    add_contact(patient=patient, contact=NewContact(email=EMAIL), by="staff:1", now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM scheduler_contact")
        assert len({row[0] for row in cursor.fetchall()}) == 2


def test_keyed_hash_differs_in_each_practice(practice: Practice, other_practice: Practice, settings: Any) -> None:
    here = keyed_hash(practice.pk, EMAIL)
    assert here == keyed_hash(practice.pk, f" {EMAIL.upper()} ")
    assert here != keyed_hash(other_practice.pk, EMAIL)
    settings.LINK_KEY = "another"
    assert here != keyed_hash(practice.pk, EMAIL)
