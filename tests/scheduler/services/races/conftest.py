"""Here everything is committed, so that threads with connections of their own meet in it."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection

from scheduler.models import Patient, Practice
from scheduler.services.demonstration import make_practice
from scheduler.services.people import NewPatient, add_patient
from tests.conftest import NOW, ZONE
from tests.house import roles
from tests.scheduler.services.steps import BY

MEETING = [pytest.mark.matrix, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("meeting")]
ON_POSTGRESQL = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="on SQLite one writer follows the other anyway"
)


@pytest.fixture
def practice(meeting: None) -> Practice:
    made = make_practice(name="Test Spine Clinic", zone=ZONE, now=NOW - timedelta(days=30))
    roles.sees(made.pk)
    return made


@pytest.fixture
def patient(practice: Practice, now: datetime) -> Patient:
    return add_patient(practice_id=practice.pk, patient=NewPatient("Raced", "Given", date(1950, 1, 2)), by=BY, now=now)
