"""No reference leaves its practice, whoever writes it; and no row moves to another practice."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, models

from checklists.models import Checklist, Evidence, EvidenceError, Protocol, ProtocolVersion
from notifications.models import Message
from scheduler.database.references import Reference, references, scoped_models
from scheduler.models import Booking, Case, Claim, Link, Patient, PatientMerge, Practice, Resource, ToldApart, User
from scheduler.services.demonstration import Person, Story, resources_by_name, staff_by_role
from tests.scheduler.database.refusing import copy_of, refused_save, refused_sql
from tests.scheduler.database.world import World, world_of

pytestmark = pytest.mark.django_db


def model_of(table: str) -> type[models.Model]:
    return next(model for model in scoped_models() if model._meta.db_table == table)


@pytest.fixture
def world(tell: Callable[..., Case], staff: dict[str, User], start: datetime) -> World:
    case = tell("started", now=start)
    return world_of(case, case.practice, staff["nurse"], start)


@pytest.fixture
def other_world(other_practice: Practice, people: Callable[..., Person], now: datetime, start: datetime) -> World:
    staff = staff_by_role(other_practice)
    slot = ("Room 1", "Chris Clinician", "Bay 1")
    story = Story(other_practice, staff, resources_by_name(other_practice), people(), now, start, slot, {})
    return world_of(story.tell("started"), other_practice, staff["nurse"], start)


def test_every_table_of_a_practice_is_known() -> None:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        with_practice = {
            name
            for name in names
            if any(c.name == "practice_id" for c in connection.introspection.get_table_description(cursor, name))
        }
    assert with_practice == {model._meta.db_table for model in scoped_models()}


def test_every_foreign_key_between_tables_of_a_practice_is_a_reference() -> None:
    scoped = {model._meta.db_table for model in scoped_models()}
    found = set()
    for table in scoped:
        with connection.cursor() as cursor:
            keys = connection.introspection.get_relations(cursor, table)
        found |= {(table, column) for column, (_, target) in keys.items() if target in scoped}
    assert {(r.table, r.column) for r in references()} == {key for key in found if key[1] != "practice_id"}


def test_row_that_refers_to_another_practice_is_refused(world: World, other_world: World) -> None:
    answers = {reference: refusal_of(reference, world, other_world) for reference in references()}
    assert [f"{r.name}: {said}" for r, said in answers.items() if refused_by(r) not in said] == []


def test_row_that_comes_to_refer_to_another_practice_is_refused(world: World, other_world: World) -> None:
    for reference in references():
        row, foreign = world[model_of(reference.table)], other_world[model_of(reference.target)]
        said = refused_sql(
            f"UPDATE {reference.table} SET {reference.column} = %s WHERE {row._meta.pk.column} = %s", foreign.pk, row.pk
        )
        assert ": " in said or reference.name in said


def refused_by(reference: Reference) -> str:
    if reference.table == "checklists_gatepass":
        return "gate"  # its own trigger may speak first
    if connection.vendor == "postgresql":
        return reference.name
    return f"{reference.table}_same_practice_insert: {reference.column} names a row of another practice"


def refusal_of(reference: Reference, world: World, other_world: World) -> str:
    """The words that refuse a new row, good but for one reference to a new row of the other practice."""
    model, target = model_of(reference.table), model_of(reference.target)
    column = next(field.attname for field in model._meta.concrete_fields if field.column == reference.column)
    foreign = copy_of(other_world[target], **another(target, other_world))
    foreign.save(force_insert=True)
    changes = {**another(model, world), column: foreign.pk}
    if model is Claim and target is not Booking:
        changes |= {"resource_id": None, "patient_id": None, column: foreign.pk, "claimed": foreign.pk}
    return refused_save(copy_of(world[model], **changes))


def another(model: type[models.Model], world: World) -> dict[str, Any]:
    """What keeps a copy from being refused as the same row twice, or for its state."""
    if model is Case:
        checklist = copy_of(world[Checklist], subject=uuid.uuid4())
        checklist.save(force_insert=True)
        return {"state": "referred", "booking_id": None, "checklist_id": checklist.pk}
    if model is EvidenceError:
        evidence = copy_of(world[Evidence], **another(Evidence, world))
        evidence.save(force_insert=True)
        return {"evidence_id": evidence.pk}
    fresh = uuid.uuid4()
    return {
        Checklist: {"subject": fresh},
        Evidence: {"public_id": fresh, "item_version": 99 + fresh.int % 1000},
        Protocol: {"name": str(fresh)},
        ProtocolVersion: {"number": 99 + fresh.int % 1000},
        Booking: {"uid": str(fresh), "released_at": world[Booking].ends_at},
        Claim: {"is_active": False},
        Link: {"generation": 8, "digest": fresh.hex * 2},
        Resource: {"name": str(fresh)},
        Patient: {"record_number_hash": ""},
        PatientMerge: {"undone_at": world[Booking].ends_at},
        ToldApart: {"undone_at": world[Booking].ends_at},
        Message: {"occasion": str(fresh), "message_id": str(fresh)},
    }.get(model, {})


def test_row_that_moves_to_another_practice_is_refused(world: World, other_practice: Practice) -> None:
    for model in scoped_models():
        row = world.get(model) or model._default_manager.filter(practice_id=world[Practice].pk).first()
        table, key = model._meta.db_table, model._meta.pk
        refused_sql(f"UPDATE {table} SET practice_id = %s WHERE {key.column} = %s", other_practice.pk, row.pk)
