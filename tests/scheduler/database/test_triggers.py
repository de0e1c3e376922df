"""Each trigger and exclusion constraint, with the error it raises. One without a row here fails the suite."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from checklists.models import (
    Block,
    Decision,
    Evidence,
    EvidenceError,
    Facts,
    GatePass,
    Override,
    ProtocolVersion,
    Review,
)
from notifications.models import Attempt, Message
from scheduler.database import CONSTRAINTS, TRIGGERS
from scheduler.database.merged import MERGED
from scheduler.database.references import references, same_practice_triggers
from scheduler.models import Case, Claim, Erasure, Record, User
from tests.scheduler.database.refusing import copy_of, refused_save, refused_sql, run_sql
from tests.scheduler.database.world import World, world_of

pytestmark = pytest.mark.django_db
KEPT = {
    "checklists_facts": Facts,
    "checklists_evidence": Evidence,
    "checklists_evidenceerror": EvidenceError,
    "checklists_review": Review,
    "checklists_override": Override,
    "checklists_decision": Decision,
    "scheduler_record": Record,
    "scheduler_erasure": Erasure,
}
PASS_COLUMNS = (
    "practice_id subject booking start subject_version last_evidence_id decision_id issued_at issued_by "
    "kind decided_by signed_by second_by paper reason"
)
READING_COLUMNS = "id practice_id at by roles route subjects peer merged"
CONTENT_COLUMNS = "practice_id protocol_id number document document_hash missing"
SIGNED_COLUMNS = "adopted_at adopted_by signed_at signed_by"
MESSAGE_COLUMNS = "practice_id occasion message_id uid sequence method payload_digest"
# trigger -> statements that it alone refuses. `{id}` is the row of the table, `{other}` an id that is nobody's.
STATEMENTS: dict[str, list[str]] = {
    **{
        f"{table}_append_only_{operation}": [statement.format(table=table)]
        for table in KEPT
        for operation, statement in (
            ("update", "UPDATE {table} SET practice_id = practice_id"),
            ("delete", "DELETE FROM {table}"),
            ("truncate", "TRUNCATE {table} CASCADE"),
        )
    },
    "attempt_update_refused": ["UPDATE notifications_attempt SET detail = 'x'"],
    "attempt_delete_refused": ["DELETE FROM notifications_attempt"],
    "attempt_truncate_refused": ["TRUNCATE notifications_attempt"],
    "message_identity_fixed": [
        "UPDATE notifications_message SET uid = 'x'",
        "UPDATE notifications_message SET sequence = 9",
    ],
    "protocol_version_content_is_kept": [
        f"UPDATE checklists_protocolversion SET {column} = {column}" for column in CONTENT_COLUMNS.split()
    ],
    "protocol_version_signed_is_immutable": [
        f"UPDATE checklists_protocolversion SET {column} = {column}" for column in SIGNED_COLUMNS.split()
    ],
    "protocol_version_signed_is_kept": ["DELETE FROM checklists_protocolversion"],
    "protocol_version_withdrawn_once": [
        "UPDATE checklists_protocolversion SET withdrawn_at = NULL",
        "UPDATE checklists_protocolversion SET withdrawn_by = 'x'",
        "UPDATE checklists_protocolversion SET withdrawn_reason = 'x'",
    ],
    "gate_pass_is_kept": ["DELETE FROM checklists_gatepass"],
    "gate_pass_is_immutable": [
        f"UPDATE checklists_gatepass SET {column} = {column}" for column in PASS_COLUMNS.split()
    ],
    "gate_pass_is_used_once": [
        "UPDATE checklists_gatepass SET used_at = NULL",
        "UPDATE checklists_gatepass SET used_at = issued_at",
    ],
    "block_is_kept": ["DELETE FROM checklists_block"],
    "reading_is_kept": ["DELETE FROM scheduler_reading"],
    "reading_is_not_emptied": ["TRUNCATE scheduler_reading"],
    "reading_content_is_kept": [
        f"UPDATE scheduler_reading SET {column} = {column}" for column in READING_COLUMNS.split()
    ],
    "patient_erased_with_its_row": ["UPDATE scheduler_patient SET erased_at = created_at"],
    "checklist_keeps_its_subject": ["UPDATE checklists_checklist SET subject = id"],
    "case_lawful_step": [
        f"UPDATE scheduler_case SET state = '{state}'"
        for state in ("referred", "booked", "checked_in", "discharged", "closed", "cancelled", "lost")
    ],
    "case_start_is_not_rewritten": [
        "UPDATE scheduler_case SET started_at = NULL",
        "UPDATE scheduler_case SET started_at = opened_at",
    ],
}
# Those that look at an inserted row, or at a case of another state, have tests of their own below or elsewhere.
OWN_TESTS = {
    "gate_pass_needs_open_gate",
    "case_opens_referred",
    "claim_overlap_insert",
    "claim_overlap_update",
    "claim_overlap",
    "case_start_needs_gate_pass",
    "checklist_moves_to_version_in_force",  # test_pinning.py
    "checklist_stays_once_under_way",
    "reading_sealed_is_immutable",
    *(trigger.name for trigger in MERGED),  # test_merged.py
    "erasure_of_closed_cases",  # test_hostile_erasures.py
    "patient_erased_is_final",
}


@pytest.fixture
def world(tell: Callable[..., Case], staff: dict[str, User], start: datetime) -> World:
    case = tell("started", now=start)
    found = world_of(case, case.practice, staff["nurse"], start)
    ProtocolVersion.objects.update(withdrawn_at=start, withdrawn_by="staff:1", withdrawn_reason="r")
    return found


def test_every_trigger_and_exclusion_has_a_row_here() -> None:
    elsewhere = {t.name for t in same_practice_triggers(())} | {r.name for r in references()}  # test_references.py
    assert sorted(({t.name for t in TRIGGERS} | set(CONSTRAINTS)) - elsewhere) == sorted([*STATEMENTS, *OWN_TESTS])


def test_each_statement_is_refused_by_its_trigger(world: World) -> None:
    connection.check_constraints()
    silent = [
        (name, statement, words)
        for name, statements in STATEMENTS.items()
        for statement in statements
        if connection.vendor == "postgresql" or "TRUNCATE" not in statement
        if not (words := refused_sql(statement)).startswith(f"{name}: ")
    ]
    assert silent == []


def test_look_that_is_sealed_is_as_it_was_sealed(world: World) -> None:
    run_sql("UPDATE scheduler_reading SET seal = 1")
    assert refused_sql("UPDATE scheduler_reading SET seal = 2").startswith("reading_sealed_is_immutable: ")


def test_all_of_a_pass_but_its_use_is_immutable() -> None:
    columns = {field.column for field in GatePass._meta.concrete_fields} - {"id", "used_at"}
    assert columns == set(PASS_COLUMNS.split())


def test_identity_of_a_message_is_what_its_trigger_lists(world: World) -> None:
    message = world[Message]
    for column in MESSAGE_COLUMNS.split():
        value = {"practice_id": uuid.uuid4(), "sequence": 9}.get(column, "another")
        assert refused_sql(
            f"UPDATE notifications_message SET {column} = %s WHERE id = %s", value, message.pk
        ).startswith("message_identity_fixed: ")


def test_case_that_opens_further_on_is_refused(world: World) -> None:
    row = copy_of(world[Case], booking_id=None, state="in_procedure")
    assert refused_save(row).startswith("case_opens_referred: ")
    assert Case.objects.count() == 1


WRONG_PASSES = {
    "of another subject": {"subject": uuid.UUID(int=1)},
    "of another start": {"start": datetime.fromisoformat("2027-03-01T10:00:01-05:00")},
    "of another practice": {"practice_id": uuid.UUID(int=1)},
    "with later evidence": {"last_evidence_id": 10**9},
    "used before it was issued": {"used_at": datetime.fromisoformat("2027-03-01T10:00:00-05:00")},
}
WRONG_DECISIONS = {
    "refused": {"answer": "refused"},
    "of another gate": {"gate": "check_in"},
    "no gate's": {"kind": "verdict", "gate": "", "answer": "ready"},
}


@pytest.mark.parametrize("wrong", WRONG_PASSES)
def test_pass_that_its_decision_does_not_carry_is_refused(world: World, wrong: str) -> None:
    decision = copy_of(world[Decision])
    decision.save(force_insert=True)
    fields = {"used_at": None, "subject_version": 99, "decision_id": decision.pk}
    row = copy_of(world[GatePass], **{**fields, **WRONG_PASSES[wrong]})
    by = ("gate_pass_needs_open_gate: ", "checklists_gatepass_same_practice_insert: ")
    assert refused_save(row).startswith(by)
    copy_of(world[GatePass], **fields).save(force_insert=True)  # the decision itself would have carried one


@pytest.mark.parametrize("wrong", WRONG_DECISIONS)
def test_pass_without_an_open_start_gate_is_refused(world: World, wrong: str) -> None:
    decision = copy_of(world[Decision], **WRONG_DECISIONS[wrong])
    decision.save(force_insert=True)
    row = copy_of(world[GatePass], used_at=None, subject_version=99, decision_id=decision.pk)
    assert refused_save(row).startswith("gate_pass_needs_open_gate: ")
    assert GatePass.objects.count() == 1


def test_claim_that_overlaps_is_refused_when_inserted_and_when_made_active(world: World) -> None:
    claim: Claim = world[Claim]
    later = copy_of(claim, starts_at=claim.ends_at - timedelta(seconds=1), ends_at=claim.ends_at + timedelta(hours=1))
    assert "claim_overlap" in refused_save(later)
    later.is_active = False
    later.save(force_insert=True)
    assert "claim_overlap" in refused_sql("UPDATE scheduler_claim SET is_active = %s WHERE id = %s", True, later.pk)
    touching = copy_of(claim, starts_at=claim.ends_at, ends_at=claim.ends_at + timedelta(hours=1))
    touching.save(force_insert=True)
    earlier = claim.ends_at - timedelta(seconds=1)
    assert "claim_overlap" in refused_sql(
        "UPDATE scheduler_claim SET starts_at = %s WHERE id = %s", earlier, touching.pk
    )
    assert Claim.objects.filter(claimed=claim.claimed, is_active=True).count() == 2


def test_lifted_block_and_used_columns_may_still_change(world: World, start: datetime) -> None:
    assert Block.objects.filter(pk=world[Block].pk).update(lifted_at=start, lifted_by="staff:1") == 1
    assert Attempt.objects.count() == 1
