"""Each constraint of Meta, with the error it raises. A constraint without a row here fails the suite."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from checklists.models import (
    Block,
    Checklist,
    Decision,
    Evidence,
    Facts,
    GatePass,
    Item,
    Override,
    Protocol,
    ProtocolVersion,
    Review,
)
from notifications.models import Attempt, Message, Suppression
from scheduler.database import triggers_removed
from scheduler.models import (
    ApiToken,
    Booking,
    Case,
    Claim,
    Contact,
    Erasure,
    IdempotencyKey,
    Link,
    Membership,
    Patient,
    PatientMerge,
    Practice,
    Reading,
    Record,
    Resource,
    Task,
    ToldApart,
    User,
)
from tests.scheduler.database.refusing import copy_of, refused_save, words_of
from tests.scheduler.database.world import World, world_of

pytestmark = pytest.mark.django_db
OURS = ("checklists", "notifications", "scheduler")
NOW = datetime.fromisoformat("2027-03-01T10:00:00-05:00")
LATER = NOW + timedelta(days=1)
SAME: dict[str, Any] = {}
ANOTHER_PASS: dict[str, Any] = {"used_at": None, "subject_version": 99}
ON_PAPER: dict[str, Any] = {
    "kind": "downtime",
    "issued_at": LATER,
    "decided_by": "staff:1",
    "signed_by": "staff:2",
    "paper": "P-1",
    "reason": "r",
}
ITSELF = uuid.UUID(int=2)

# constraint -> (model, what a copy of a good row has wrong). The empty dict: nothing, so it is there twice.
INSERTED: dict[str, tuple[type[models.Model], dict[str, Any]]] = {
    "protocol_name_once": (Protocol, SAME),
    "protocol_version_once": (ProtocolVersion, SAME),
    "protocol_version_signed_complete": (ProtocolVersion, {"number": 2, "missing": ["labs.INR"]}),
    "protocol_version_withdrawn_was_signed": (
        ProtocolVersion,
        {"number": 2, "signed_at": None, "signed_by": "", "withdrawn_at": NOW},
    ),
    "checklist_once": (Checklist, SAME),
    "facts_number_once": (Facts, SAME),
    "facts_number_positive": (Facts, {"number": 0}),
    "item_key_once": (Item, SAME),
    "evidence_item_version_once": (Evidence, {"public_id": uuid.UUID(int=1)}),
    "evidence_said_by_known": (
        Evidence,
        {"public_id": uuid.UUID(int=1), "item_version": 9, "said_by": "neighbour", "authority": 0},
    ),
    "evidence_not_from_the_future": (
        Evidence,
        {"public_id": uuid.UUID(int=1), "item_version": 9, "observed_at": LATER},
    ),
    "evidence_authority_fits_who_said_it": (
        Evidence,
        {"public_id": uuid.UUID(int=1), "item_version": 9, "said_by": "patient", "authority": 3},
    ),
    "review_window_in_order": (Review, {"start_until": NOW - timedelta(days=9)}),
    "override_reasoned": (Override, {"reason": ""}),
    "override_second_is_another": (Override, {"by": "staff:2"}),
    "block_once": (Block, SAME),
    "gate_pass_once": (GatePass, {"used_at": None}),
    "gate_pass_downtime_names_clinician_and_paper": (GatePass, {**ANOTHER_PASS, **ON_PAPER, "decided_by": ""}),
    "gate_pass_asked_before_the_start": (GatePass, {**ANOTHER_PASS, **ON_PAPER, "issued_at": NOW}),
    "gate_pass_second_is_another": (GatePass, {**ANOTHER_PASS, **ON_PAPER, "second_by": "staff:2"}),
    "message_once": (Message, SAME),
    "message_state_known": (Message, {"occasion": "o", "state": "lost", "finished_at": NOW}),
    "message_channel_known": (Message, {"occasion": "o", "channel": "pigeon"}),
    "message_invite_has_uid": (Message, {"occasion": "o", "uid": ""}),
    "message_lease_while_sending": (Message, {"occasion": "o", "state": "sending"}),
    "message_sent_has_time": (Message, {"occasion": "o", "state": "sent", "finished_at": NOW}),
    "message_finished_has_time": (Message, {"occasion": "o", "state": "failed"}),
    "message_window_open": (Message, {"occasion": "o", "not_before": NOW, "not_after": NOW}),
    "attempt_once": (Attempt, SAME),
    "attempt_outcome_known": (Attempt, {"number": 2, "outcome": "perhaps"}),
    "suppression_once": (Suppression, SAME),
    "suppression_channel_known": (Suppression, {"channel": "pigeon"}),
    "practice_name_once": (Practice, SAME),
    "membership_once": (Membership, SAME),
    "membership_role_known": (Membership, {"role": "owner"}),
    "membership_charge_is_nurse": (Membership, {"role": "auditor", "is_charge": True}),
    "api_token_once": (ApiToken, SAME),
    "api_token_expires": (ApiToken, {"digest": "e", "expires_at": NOW - timedelta(days=900)}),
    "patient_record_number_once": (Patient, SAME),
    "patient_sex_known": (Patient, {"record_number_hash": "", "sex": "x"}),
    "patient_merged_into_another": (Patient, {"id": ITSELF, "record_number_hash": "", "merged_into_id": ITSELF}),
    "patient_merged_once": (PatientMerge, SAME),
    "patient_merge_of_two": (PatientMerge, {}),  # the survivor itself, see below
    "told_apart_once": (ToldApart, SAME),
    "told_apart_of_two": (ToldApart, {}),  # one row twice, see below
    "erasure_once": (Erasure, SAME),
    "erasure_why_known": (Erasure, {"why": "bored"}),
    "erasure_reasoned": (Erasure, {"reason": ""}),
    "contact_kind_known": (Contact, {"kind": "neighbour"}),
    "contact_email_channel_has_address": (Contact, {"email_hash": ""}),
    "contact_sms_channel_has_number": (Contact, {"channel": "sms", "phone_hash": ""}),
    "link_digest_once": (Link, {"generation": 2}),
    "link_once": (Link, {"digest": "e"}),
    "resource_name_once": (Resource, SAME),
    "resource_kind_known": (Resource, {"name": "n", "kind": "corridor"}),
    "resource_proceduralist_has_login": (Resource, {"name": "n", "kind": "proceduralist"}),
    "booking_uid_once": (Booking, {"released_at": NOW}),
    "booking_one_per_case": (Booking, {"uid": "another"}),
    "booking_in_order": (Booking, {"uid": "another", "released_at": NOW, "ends_at": NOW - timedelta(days=9)}),
    "claim_in_order": (Claim, {"is_active": False, "ends_at": NOW - timedelta(days=9)}),
    "claim_of_one": (Claim, {"is_active": False, "resource_id": None, "claimed": uuid.UUID(int=1)}),
    "claim_names_what_it_claims": (Claim, {"is_active": False, "claimed": uuid.UUID(int=1)}),
    "case_import_once": (Case, {"state": "referred", "booking_id": None, "import_key": "k"}),
    "case_ending_known": (Case, {"state": "referred", "booking_id": None, "import_key": "", "ending": "lost"}),
    "record_number_once": (Record, SAME),
    "reading_merged_once": (Reading, SAME),
    "idempotency_key_once": (IdempotencyKey, SAME),
    "task_owed_once": (Task, SAME),
    "task_kind_known": (Task, {"key": "l", "kind": "errand"}),
    "task_done_has_outcome": (Task, {"key": "l", "done_at": NOW}),
}
# UNIQUE(practice, id), which lets the database hold references inside one practice: the key again.
IN_PRACTICE: dict[str, type[models.Model]] = {
    "protocol_in_practice": Protocol,
    "protocol_version_in_practice": ProtocolVersion,
    "checklist_in_practice": Checklist,
    "evidence_in_practice": Evidence,
    "decision_in_practice": Decision,
    "message_in_practice": Message,
    "attempt_in_practice": Attempt,
    "suppression_in_practice": Suppression,
    "membership_in_practice": Membership,
    "patient_in_practice": Patient,
    "patient_merge_in_practice": PatientMerge,
    "told_apart_in_practice": ToldApart,
    "contact_in_practice": Contact,
    "link_in_practice": Link,
    "resource_in_practice": Resource,
    "booking_in_practice": Booking,
    "case_in_practice": Case,
    "task_in_practice": Task,
    "reading_in_practice": Reading,
}
# `True`: with the triggers taken away, which would speak first.
UPDATED: dict[str, tuple[dict[str, Any], bool]] = {
    "case_state_known": ({"state": "lost"}, True),
    "case_booked_has_booking": ({"booking_id": None}, False),
    "case_started_has_time": ({"state": "recovering", "started_at": None}, False),
}


@pytest.fixture
def world(tell: Callable[..., Case], staff: dict[str, User], start: datetime) -> World:
    case = tell("started", now=start)
    Case.objects.filter(pk=case.pk).update(import_key="k")
    case.refresh_from_db()
    return world_of(case, case.practice, staff["nurse"], start)


def test_every_constraint_has_a_row_here() -> None:
    named = [c.name for label in OURS for m in apps.get_app_config(label).get_models() for c in m._meta.constraints]
    assert sorted(named) == sorted([*INSERTED, *IN_PRACTICE, *UPDATED])


def test_row_that_breaks_a_constraint_is_refused(world: World) -> None:
    said = {name: words_of_refusal(world, name) for name in INSERTED if INSERTED[name][0] is not GatePass}
    with triggers_removed_now():  # they speak before the constraint does
        said |= {name: words_of_refusal(world, name) for name in INSERTED if INSERTED[name][0] is GatePass}
    assert {name: words for name, words in said.items() if words_of(INSERTED[name][0], name) not in words} == {}


def words_of_refusal(world: World, name: str) -> str:
    model, wrong = INSERTED[name]
    # One row to one decision or checklist: another of these needs one of its own, or it is refused for that.
    more = {GatePass: ("decision_id", Decision, {}), Case: ("checklist_id", Checklist, {"subject": uuid.uuid4()})}
    own = {}
    if model in more:
        column, of, changes = more[model]
        row = copy_of(world[of], **changes)
        row.save(force_insert=True)
        own = {column: row.pk}
    if name == "patient_merge_of_two":
        wrong = {"duplicate_id": world[model].survivor_id}
    if name == "told_apart_of_two":
        wrong = {"other_id": world[model].one_id}
    return refused_save(copy_of(world[model], **own, **wrong))


def triggers_removed_now() -> AbstractContextManager[None]:
    connection.check_constraints()  # PostgreSQL drops no trigger of a table that has checks pending
    return triggers_removed(connection)


def test_id_is_there_once_in_a_practice(world: World) -> None:
    for name, model in IN_PRACTICE.items():
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, model._meta.db_table)[name]
        assert (name, found["columns"], found["unique"]) == (name, ["practice_id", "id"], True)
        wrong = {"state": "referred", "booking_id": None} if model is Case else {}
        refused_save(copy_of(world[model], **{model._meta.pk.attname: world[model].pk}, **wrong))


@pytest.mark.parametrize("name", UPDATED)
def test_case_that_contradicts_itself_is_refused(world: World, name: str) -> None:
    changes, bare = UPDATED[name]
    case = world[Case]
    with (
        triggers_removed_now() if bare else nullcontext(),
        pytest.raises(IntegrityError) as refused,
        transaction.atomic(),
    ):
        Case.objects.filter(pk=case.pk).update(**changes)
    assert words_of(Case, name) in str(refused.value)
    found = Case.objects.values_list("state", "booking_id", "started_at").get(pk=case.pk)
    assert found == (case.state, case.booking_id, case.started_at)
