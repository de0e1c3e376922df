"""A merged patient row holds nothing and leads elsewhere: refused to everybody, by raw SQL too."""

from collections.abc import Callable
from datetime import datetime

import pytest

from scheduler.models import Case, Claim, Contact, Patient
from tests.scheduler.database.refusing import copy_of, refused_save, refused_sql, run_sql

pytestmark = pytest.mark.django_db
MERGE = "UPDATE scheduler_patient SET merged_into_id = %s WHERE id = %s"


@pytest.fixture
def case(tell: Callable[..., Case]) -> Case:
    return tell("booked")


@pytest.fixture
def merged(case: Case, now: datetime) -> Patient:
    return Patient.objects.create(
        practice_id=case.practice_id,
        family_name="Other",
        given_name="Name",
        born_on=case.patient.born_on,
        merged_into=case.patient,
        created_at=now,
    )


def test_merged_row_is_given_nothing_new(case: Case, merged: Patient) -> None:
    contact = Contact.objects.get(patient=case.patient)
    claim = Claim.objects.get(patient=case.patient)
    said = [
        refused_save(copy_of(case, patient_id=merged.pk, booking_id=None, state="referred")),
        refused_save(copy_of(contact, patient_id=merged.pk)),
        refused_save(copy_of(claim, patient_id=merged.pk, claimed=merged.pk, is_active=False)),
    ]
    tables = ["scheduler_case", "scheduler_contact", "scheduler_claim"]
    assert [words.startswith(f"{t}_of_no_merged_patient") for words, t in zip(said, tables, strict=True)] == [True] * 3


def test_merged_row_is_handed_nothing_over(case: Case, merged: Patient) -> None:
    for table in ("scheduler_case", "scheduler_contact"):
        words = refused_sql(f"UPDATE {table} SET patient_id = %s", merged.pk)
        assert words.startswith(f"{table}_of_no_merged_patient"), table
    words = refused_sql(
        "UPDATE scheduler_claim SET patient_id = %s, claimed = %s WHERE patient_id = %s",
        merged.pk,
        merged.pk,
        case.patient_id,
    )
    assert words.startswith("scheduler_claim_of_no_merged_patient")
    assert Case.objects.get(pk=case.pk).patient_id == case.patient_id


def test_row_that_still_holds_something_is_not_merged(case: Case, merged: Patient) -> None:
    run_sql("UPDATE scheduler_patient SET merged_into_id = NULL WHERE id = %s", merged.pk)
    assert refused_sql(MERGE, merged.pk, case.patient_id).startswith("patient_merged_only_when_empty: ")
    run_sql(MERGE, case.patient_id, merged.pk)
    assert Patient.objects.get(pk=merged.pk).merged_into_id == case.patient_id
