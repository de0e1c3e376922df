"""TEN-03 to TEN-06: row-level security on PostgreSQL, tried as the application's role."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, models, transaction

from checklists.models import Checklist
from notifications.models import Message
from scheduler import doors
from scheduler.database import APPEND_ONLY
from scheduler.database.references import scoped_models
from scheduler.database.sight import bypasses, guarded, unguarded
from scheduler.isolation import within
from scheduler.models import ApiToken, Case, Link, Patient, Practice, Record, User
from scheduler.services.demonstration import Person, Story, resources_by_name, staff_by_role
from scheduler.services.readiness import locked_case
from scheduler.tasks import forget_what_is_old, sweep_due_cases
from tests.house import roles

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has row-level security"),
]
NOBODY = uuid.UUID(int=0)


@pytest.fixture
def theirs(
    tell: Callable[..., Case], other_practice: Practice, people: Callable[..., Person], now: datetime, start: datetime
) -> Case:
    """A started case of another practice, beside one of ours; from here on nothing is in sight."""
    tell("started", now=start)
    with within(other_practice.pk):
        slot = ("Room 1", "Chris Clinician", "Bay 1")
        staff, resources = staff_by_role(other_practice), resources_by_name(other_practice)
        case = Story(other_practice, staff, resources, people(), now, start, slot, {}).tell("started")
    roles.sees(NOBODY)
    return case


def of_practices() -> list[type[models.Model]]:
    return [Practice, *scoped_models()]


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in of_practices()}


def refused(sql: str, *parameters: Any) -> str:
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
    return str(error.value)


def test_every_table_of_a_practice_is_guarded_also_from_its_owner() -> None:
    assert unguarded(connection) == set()
    assert set(guarded()) == {model._meta.db_table for model in of_practices()}


def test_tests_run_as_a_role_that_row_level_security_binds() -> None:
    assert bypasses(connection) is False
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchall() == []


def test_without_a_practice_every_table_is_empty(theirs: Case) -> None:
    assert counts() == dict.fromkeys(counts(), 0)
    assert (Case.objects.update(state="closed"), Message.objects.all().delete()[0]) == (0, 0)


def test_without_a_practice_nothing_is_inserted(theirs: Case, practice: Practice, now: datetime) -> None:
    """TEN-04."""
    said = []
    for row in (
        Patient(practice=practice, family_name="A", given_name="B", born_on=now.date(), created_at=now),
        Practice(name="N", zone="UTC", phone="1", email="a@b.example", address="a", hours=[None] * 7, created_at=now),
    ):
        with pytest.raises(ProgrammingError) as error, transaction.atomic():
            row.save(force_insert=True)
        said.append("row-level security" in str(error.value))
    assert said == [True, True]


def test_within_a_practice_its_rows_and_no_others_are_there(theirs: Case, practice: Practice) -> None:
    both = {}
    for place in (practice.pk, theirs.practice_id):
        with within(place):
            both[place] = set(Case.objects.values_list("practice_id", "pk"))
            assert set(Practice.objects.values_list("pk", flat=True)) == {place}
    assert {place: {row[0] for row in rows} for place, rows in both.items()} == {place: {place} for place in both}


def test_within_a_practice_nothing_is_written_for_another(theirs: Case, practice: Practice, now: datetime) -> None:
    row = Patient(practice_id=theirs.practice_id, family_name="A", given_name="B", born_on=now.date(), created_at=now)
    with within(practice.pk), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)
    with within(practice.pk):
        assert Case.objects.filter(pk=theirs.pk).update(ending_reason="x") == 0


def test_row_is_not_pushed_into_another_practice(theirs: Case, practice: Practice) -> None:
    with within(practice.pk), pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        Patient.objects.update(practice_id=theirs.practice_id)


def test_sight_ends_with_its_transaction(theirs: Case, practice: Practice) -> None:
    """TEN-05: what the next request on this connection sees."""
    with within(practice.pk):
        assert Case.objects.exists()
    assert not Case.objects.exists()
    with pytest.raises(ZeroDivisionError), within(practice.pk):
        raise ZeroDivisionError
    assert not Case.objects.exists()


def test_inner_sight_gives_the_outer_back(theirs: Case, practice: Practice) -> None:
    with within(practice.pk):
        with within(theirs.practice_id):
            assert Case.objects.get().pk == theirs.pk
        assert Case.objects.get().practice_id == practice.pk
        with pytest.raises(ZeroDivisionError), within(theirs.practice_id):
            raise ZeroDivisionError
        assert Case.objects.get().practice_id == practice.pk


@pytest.mark.django_db(transaction=True)
def test_setting_does_not_outlive_the_transaction_on_a_kept_connection(practice: Practice) -> None:
    roles.sees(NOBODY)
    with within(practice.pk):
        assert Practice.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('cleared.practice', true)")
        assert cursor.fetchone()[0] == str(NOBODY)
    assert Practice.objects.count() == 0


def test_doors_give_ids_and_nothing_else(theirs: Case, practice: Practice, staff: dict[str, User]) -> None:
    with within(theirs.practice_id):
        link = Link.objects.filter(case=theirs).first()
    assert link is not None
    assert doors.practice_of_link(link.digest) == theirs.practice_id
    assert doors.practice_of_link("0" * 64) is None
    assert set(doors.places_of(staff["nurse"].pk, demo=True)) == {practice.pk, theirs.practice_id}  # joined at once
    assert set(doors.practices_by_name().values()) == {practice.pk, theirs.practice_id}
    assert (Link.objects.count(), ApiToken.objects.count()) == (0, 0)


def test_sweep_looks_at_due_cases_of_every_practice(
    theirs: Case, practice: Practice, at: Callable[[datetime], None], now: datetime
) -> None:
    """TEN-06: a task takes its practice from what it works on, and sees nothing beside it."""
    for place in (practice.pk, theirs.practice_id):
        with within(place):
            Checklist.objects.update(next_change_at=now)
    at(now + timedelta(hours=3))
    assert len(doors.due_cases(now + timedelta(hours=3), 10)) == 2
    sweep_due_cases()
    assert doors.due_cases(now + timedelta(hours=3), 10) == []
    forget_what_is_old()


def test_case_without_its_practice_is_not_found(theirs: Case) -> None:
    with pytest.raises(Exception, match="no such case"), transaction.atomic():
        locked_case(theirs.practice_id, theirs.pk)


@pytest.mark.parametrize("statement", ["UPDATE {} SET practice_id = practice_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_application_may_not_even_try_to_change_the_record(practice: Practice, statement: str) -> None:
    """AUD-01, beneath the triggers."""
    assert {refused(statement.format(table)).split(" for ")[0] for table in APPEND_ONLY} == {"permission denied"}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE scheduler_record DISABLE TRIGGER ALL",
        "ALTER TABLE scheduler_case DISABLE ROW LEVEL SECURITY",
        "DROP POLICY of_practice ON scheduler_case",
        "DROP TRIGGER case_start_needs_gate_pass ON scheduler_case",
    ],
)
def test_application_may_not_turn_a_guard_off(practice: Practice, statement: str) -> None:
    assert "must be owner" in refused(statement)


def test_application_calls_doors_but_does_not_replace_them(practice: Practice) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(prosecdef AND proconfig IS NOT NULL) FROM pg_proc WHERE proname LIKE 'door\\_%'"
        )
        assert cursor.fetchone() == (True,)
    assert refused("DROP FUNCTION door_practices()") != ""


def test_verify_record_reads_every_chain(theirs: Case, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_record")
    assert capsys.readouterr().out.count("holds") == 2
    assert Record.objects.count() == 0
