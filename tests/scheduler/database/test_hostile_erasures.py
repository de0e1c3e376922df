"""What is kept as it was written is emptied by the erasure of its own patient only, and to its erased value only."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from checklists.models import Decision, Evidence, EvidenceError, Facts, GatePass, Override, Review
from notifications.models import Attempt, Message
from scheduler.database.erased import GUARDS
from scheduler.models import Case, Claim, Contact, Erasure, Patient, User
from scheduler.rules.erased import NO_FACTS
from tests.scheduler.database.refusing import copy_of, refused_save, refused_sql, run_sql
from tests.scheduler.database.world import World, world_of
from tests.scheduler.services.erasing import erase, settle
from tests.scheduler.services.steps import BY

pytestmark = pytest.mark.django_db
THEIRS = ("Room 2", "Sam Second", "Bay 2")
TEXT = "::text" if connection.vendor == "postgresql" else ""
JSON = "::jsonb" if connection.vendor == "postgresql" else ""
NOBODY = json.dumps(NO_FACTS)
# model -> column -> the value that an erasure leaves, in SQL.
LEFT = {
    Facts: {"document": f"'{NOBODY}'{JSON}"},
    Evidence: {"item": f"'erased:' || id{TEXT}", "value": f"'{{}}'{JSON}", "observed_at": "recorded_at"},
    EvidenceError: {"reason": "'erased'"},
    Review: {"item": "'erased'", "inputs": "''", "note": "'erased'"},
    Override: {"item": "'erased'", "inputs": "''", "reason": "'erased'"},
    Decision: {"verdict": f"'{{}}'{JSON}", "overrides": f"'[]'{JSON}"},
    GatePass: {"reason": "''"},
    Message: {"occasion": f"'erased:' || id{TEXT}", "message_id": f"'erased:' || id{TEXT}", "payload_digest": "''"},
    Attempt: {"detail": "'erased'"},
}
# model -> something else that somebody may want to stand there.
FORGED = {
    Facts: ("document", f"'{{}}'{JSON}"),
    Evidence: ("value", f'\'{{"outcome": "clear"}}\'{JSON}'),
    EvidenceError: ("reason", "''"),
    Review: ("item", "'consent'"),
    Override: ("reason", "'agreed'"),
    Decision: ("answer", "'refused'"),
    GatePass: ("issued_by", "'x'"),
    Message: ("uid", "'x'"),
    Attempt: ("outcome", "'delivered'"),
}


@pytest.fixture
def late(start: datetime) -> datetime:
    return start + timedelta(hours=4)


@pytest.fixture
def mine(tell: Callable[..., Case], staff: dict[str, User], late: datetime) -> World:
    """A closed case with a row of every table."""
    case = settle(tell("discharged", now=late), late)
    return world_of(case, case.practice, staff["nurse"], late)


@pytest.fixture
def gone_home(tell: Callable[..., Case], late: datetime) -> Case:
    return tell("discharged", now=late, slot=THEIRS)


@pytest.fixture
def other(gone_home: Case, mine: World, late: datetime) -> Case:
    """Another closed patient of the practice, who may be erased."""
    return settle(gone_home, late)


def erasure_of(patient_id: uuid.UUID, practice_id: uuid.UUID, late: datetime) -> None:
    """The bare row, as somebody with SQL would write it."""
    Erasure.objects.create(practice_id=practice_id, patient_id=patient_id, at=late, by=BY, why="asked", reason="r")


def update(row: object, column: str, value: str) -> tuple[str, object]:
    model = type(row)
    key = model._meta.pk.column  # type: ignore[attr-defined]
    return f"UPDATE {model._meta.db_table} SET {column} = {value} WHERE {key} = %s", row.pk  # type: ignore[attr-defined]


def test_every_guard_is_tried_here() -> None:
    assert {guard.model for guard in GUARDS} == set(LEFT) == set(FORGED)


def test_nothing_is_emptied_without_an_erasure(mine: World) -> None:
    names = {guard.model: guard.name for guard in GUARDS}
    silent = [
        (model.__name__, column)
        for model, columns in LEFT.items()
        for column, value in columns.items()
        if not refused_sql(*update(mine[model], column, value)).startswith(f"{names[model]}: ")
    ]
    assert silent == []


def test_nothing_is_emptied_by_the_erasure_of_another_patient(other: Case, mine: World, late: datetime) -> None:
    erasure_of(other.patient_id, other.practice_id, late)
    for model, columns in LEFT.items():
        for column, value in columns.items():
            assert refused_sql(*update(mine[model], column, value)), (model, column)


def test_only_the_erased_value_is_taken(mine: World, late: datetime) -> None:
    case = mine[Case]
    erasure_of(case.patient_id, case.practice_id, late)
    for model, (column, value) in FORGED.items():
        assert refused_sql(*update(mine[model], column, value)), model
    for model, columns in LEFT.items():  # without this the refusals would prove nothing
        for column, value in columns.items():
            run_sql(*update(mine[model], column, value))


def test_erasure_deletes_no_row(mine: World, late: datetime) -> None:
    case = mine[Case]
    erasure_of(case.patient_id, case.practice_id, late)
    for model in (*LEFT, Erasure):
        if model is not Message:  # held by its tries only
            assert refused_sql(f"DELETE FROM {model._meta.db_table}"), model


def test_patient_with_a_case_that_is_not_closed_gets_no_erasure(tell: Callable[..., Case], now: datetime) -> None:
    for until in ("opened", "booked"):
        case = tell(until, slot=THEIRS)
        row = Erasure(practice=case.practice, patient=case.patient, at=now, by=BY, why="asked", reason="r")
        assert refused_save(row).startswith("erasure_of_closed_cases: ")


def test_patient_is_not_marked_as_erased_without_its_row(other: Case, mine: World, late: datetime) -> None:
    erasure_of(other.patient_id, other.practice_id, late)
    mark = "UPDATE scheduler_patient SET erased_at = %s WHERE id = %s"
    assert refused_sql(mark, late, mine[Case].patient_id).startswith("patient_erased_with_its_row: ")
    assert refused_sql(mark, late - timedelta(days=1), other.patient_id).startswith("patient_erased_with_its_row: ")


def test_erased_patient_is_given_nothing_and_stays_erased(other: Case, mine: World, late: datetime) -> None:
    """A living patient's case that is handed to an erased one would be emptied next."""
    erase(other, late)
    erased = Patient.objects.get(pk=other.patient_id)
    case, contact = mine[Case], mine[Contact]
    claim = Claim.objects.filter(patient=case.patient).first()
    assert claim is not None
    said = [
        refused_sql("UPDATE scheduler_case SET patient_id = %s WHERE id = %s", erased.pk, case.pk),
        refused_sql("UPDATE scheduler_contact SET patient_id = %s WHERE id = %s", erased.pk, contact.pk),
        refused_save(copy_of(claim, patient_id=erased.pk, claimed=erased.pk, is_active=False)),
        refused_save(copy_of(contact, patient_id=erased.pk)),
    ]
    assert ["_of_no_erased_patient" in words for words in said] == [True] * 4
    for column, value in (
        ("family_name", "'Back'"),
        ("erased_at", "NULL"),
        ("merged_into_id", f"'{case.patient_id.hex}'"),
    ):
        words = refused_sql(f"UPDATE scheduler_patient SET {column} = {value} WHERE id = %s", erased.pk)
        assert words.startswith("patient_erased_is_final: "), column


def test_row_of_an_erasure_alone_lets_nobody_hand_over_what_would_be_emptied(
    tell: Callable[..., Case], mine: World, now: datetime
) -> None:
    """Somebody with SQL: a stranger's erasure, an open case made the stranger's, its failure emptied, and back."""
    case, contact = tell("booked", slot=THEIRS), mine[Contact]
    claim = Claim.objects.get(patient=case.patient)
    born_on = case.patient.born_on
    stranger = Patient.objects.create(
        practice=case.practice, family_name="No", given_name="Body", born_on=born_on, created_at=now
    )
    erasure_of(stranger.pk, case.practice_id, now)
    said = [
        refused_sql("UPDATE scheduler_case SET patient_id = %s WHERE id = %s", stranger.pk, case.pk),
        refused_save(copy_of(contact, patient_id=stranger.pk)),
        refused_save(copy_of(claim, patient_id=stranger.pk, claimed=stranger.pk, is_active=False)),
    ]
    assert ["_of_no_erased_patient" in words for words in said] == [True] * 3


def test_checklist_is_not_slipped_under_an_erased_case(other: Case, mine: World, late: datetime) -> None:
    erase(other, late)
    words = refused_sql(
        "UPDATE checklists_checklist SET subject = %s WHERE id = %s", uuid.uuid4(), mine[Case].checklist_id
    )
    assert words.startswith("checklist_keeps_its_subject: ")


def test_erased_case_is_in_no_way_opened_again(other: Case, late: datetime) -> None:
    erase(other, late)
    for state in ("referred", "booked", "checked_in", "in_procedure"):
        words = refused_sql("UPDATE scheduler_case SET state = %s WHERE id = %s", state, other.pk)
        assert words.startswith(("case_lawful_step: ", "case_start_needs_gate_pass: ")), state
