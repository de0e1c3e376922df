"""What was said stands until somebody allowed to says otherwise, having seen it."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from checklists.models import Block, Evidence, EvidenceError, Item
from checklists.rules.values import Authority
from checklists.services.checklists import assess_checklist
from notifications.models import Message
from scheduler.models import Case, Contact, Record, Task
from scheduler.rules.problems import Invalid, NotFound, Refused, Stale
from scheduler.services import evidence
from tests.scheduler.services.steps import BY, end_it, item_version, record

pytestmark = pytest.mark.django_db
RIDE, NO_RIDE = {"available": True, "adult": True, "transport": "car"}, {"available": False}
FOUND = {"temperature": 38.9, "unit": "C", "skin": "clear", "outcome": "infection", "answers": {}}
SECOND = timedelta(seconds=1)


def finding(case: Case, item: str, now: datetime) -> tuple[str, str]:
    case = Case.objects.select_related("booking", "checklist__protocol_version").get(pk=case.pk)
    start = case.booking.starts_at if case.booking else None
    found = assess_checklist(checklist=case.checklist, start=start, now=now).verdict.finding(item)
    assert found is not None
    return str(found.status), found.code


def strike(case: Case, row: Evidence, now: datetime) -> evidence.Recorded:
    return evidence.mark_entered_in_error(
        practice_id=case.practice_id,
        public_id=row.public_id,
        reason="another patient's",
        authority=Authority.CLINICIAN,
        seen_version=item_version(row),
        by=BY,
        now=now,
    )


@pytest.fixture
def booked(tell: Callable[..., Case], now: datetime) -> Case:
    return tell("tested", start=now + timedelta(days=5))


def offer(case: Case) -> str:
    return Task.objects.get(case=case, kind="reschedule", done_at=None).sentence.partition("). ")[2]


def test_desk_is_told_the_earliest_date_after_an_infection(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("checked_in", now=start)
    record(case, "infection_check", {**FOUND, "over_on": "2027-03-20"}, now=start)
    assert offer(case) == "Offer a new date, from Sun 21 Mar 2027 on."


def test_desk_is_told_the_date_once_a_nurse_records_it(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("checked_in", now=start)
    no = record(case, "infection_check", FOUND, now=start).evidence
    assert offer(case) == "Offer a new date once a clinician has said when the infection is over."
    later = {**FOUND, "over_on": "2027-03-20"}
    record(case, "infection_check", later, now=start + SECOND, supersedes=[no.public_id])
    assert offer(case) == "Offer a new date, from Sun 21 Mar 2027 on."


def test_failure_stands_until_evidence_names_it(booked: Case, now: datetime) -> None:
    no = record(booked, "ride", NO_RIDE, now=now).evidence
    record(booked, "ride", RIDE, now=now + SECOND)
    assert finding(booked, "ride", now + SECOND) == ("failed", "no_ride")
    record(booked, "ride", RIDE, now=now + 2 * SECOND, supersedes=[no.public_id])
    assert finding(booked, "ride", now + 2 * SECOND) == ("satisfied", "satisfied")


def test_patient_does_not_clear_the_word_of_a_nurse(booked: Case, now: datetime) -> None:
    no = record(booked, "ride", NO_RIDE, now=now).evidence
    record(booked, "ride", RIDE, now=now + SECOND, said_by="patient", supersedes=[no.public_id])
    assert finding(booked, "ride", now + SECOND) == ("failed", "no_ride")
    record(booked, "ride", RIDE, now=now + 2 * SECOND, role=Authority.SCHEDULER, supersedes=[no.public_id])
    assert finding(booked, "ride", now + 2 * SECOND) == ("failed", "no_ride")


def test_struck_evidence_revives_what_it_superseded(booked: Case, now: datetime) -> None:
    no = record(booked, "ride", NO_RIDE, now=now).evidence
    yes = record(booked, "ride", RIDE, now=now + SECOND, supersedes=[no.public_id]).evidence
    assert Block.objects.filter(item="ride", lifted_at=None).count() == 0
    recorded = strike(booked, yes, now + 2 * SECOND)
    assert [placed.item for placed in recorded.refreshed.placed] == ["ride"]
    assert finding(booked, "ride", now + 2 * SECOND) == ("failed", "no_ride")
    strike(booked, no, now + 3 * SECOND)
    assert finding(booked, "ride", now + 3 * SECOND) == ("pending", "ride_missing")
    assert Block.objects.filter(item="ride", lifted_at=None).count() == 0


def test_evidence_is_struck_once_and_kept(booked: Case, now: datetime) -> None:
    row = record(booked, "ride", RIDE, now=now).evidence
    strike(booked, row, now)
    strike(booked, row, now + SECOND)
    error = EvidenceError.objects.get(evidence=row)
    assert (error.at, error.by, error.reason) == (now, BY, "another patient's")
    assert Record.objects.filter(action="evidence_in_error").count() == 1
    assert Evidence.objects.filter(pk=row.pk).exists()


def test_evidence_of_another_practice_is_not_struck(booked: Case, other_practice: Any, now: datetime) -> None:
    row = record(booked, "ride", RIDE, now=now).evidence
    for practice_id, public_id in ((other_practice.pk, row.public_id), (booked.practice_id, uuid.uuid4())):
        with pytest.raises(NotFound):
            evidence.mark_entered_in_error(
                practice_id=practice_id,
                public_id=public_id,
                reason="r",
                authority=Authority.CLINICIAN,
                seen_version=1,
                by=BY,
                now=now,
            )
    assert EvidenceError.objects.count() == 0


def send(case: Case, now: datetime, **changes: Any) -> evidence.Recorded:
    good = {
        "practice_id": case.practice_id,
        "case_id": case.pk,
        "item": "ride",
        "value": RIDE,
        "observed_at": now,
        "said_by": "staff",
        "authority": Authority.NURSE,
        "seen_version": 0,
        "by": BY,
        "now": now,
    }
    return evidence.record_evidence(**{**good, **changes})


def test_writer_who_did_not_see_the_latest_is_refused(booked: Case, now: datetime) -> None:
    send(booked, now, value=NO_RIDE)
    with pytest.raises(Stale) as stale:
        send(booked, now)
    assert stale.value.extra == {"version": 1, "item": "ride"}
    assert (Evidence.objects.filter(item="ride").count(), Item.objects.get(key="ride").version) == (1, 1)
    assert send(booked, now, seen_version=1).evidence.item_version == 2


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"observed_at": "later"}, "observed_in_future", "observed_at"),
        ({"observed_at": "long ago"}, "observed_too_long_ago", "observed_at"),
        ({"item": "horoscope"}, "item_unknown", "item"),
        ({"item": "hold:apixaban", "value": {}}, "item_unknown", "item"),
        ({"value": {"available": "yes"}}, "bad_value", "value.available"),
        ({"value": {}}, "bad_value", "value.available"),
        ({"value": {**RIDE, "ready": True}}, "bad_value", "value.ready"),
        ({"supersedes": [uuid.UUID(int=1)]}, "supersedes_unknown", "supersedes"),
    ],
)
def test_evidence_that_cannot_be_is_refused_and_not_kept(
    booked: Case, now: datetime, changes: dict[str, Any], code: str, field: str
) -> None:
    moments = {"later": now + SECOND, "long ago": now - timedelta(days=1200)}
    if "observed_at" in changes:
        changes = {"observed_at": moments[changes["observed_at"]]}
    before = (Evidence.objects.count(), Record.objects.count(), Item.objects.count())
    with pytest.raises(Invalid) as refusal:
        send(booked, now, **changes)
    assert (refusal.value.errors[0].code, refusal.value.errors[0].field) == (code, field)
    assert (Evidence.objects.count(), Record.objects.count(), Item.objects.count()) == before


def test_evidence_of_one_item_does_not_supersede_anothers(booked: Case, now: datetime) -> None:
    labs = Evidence.objects.filter(item="labs").earliest("pk")
    with pytest.raises(Invalid):
        send(booked, now, supersedes=[labs.public_id])


def test_closed_case_takes_no_evidence(booked: Case, now: datetime) -> None:
    end_it(booked, "cancelled", now=now)
    Case.objects.filter(pk=booked.pk).update(state="closed")
    with pytest.raises(Refused) as refusal:
        send(booked, now)
    assert refusal.value.code == "wrong_state"


@pytest.mark.parametrize(
    ("said_by", "role", "releases"),
    [
        ("staff", Authority.NURSE, True),
        ("staff", Authority.CLINICIAN, True),
        ("staff", Authority.SCHEDULER, False),
        ("patient", Authority.PATIENT, False),
    ],
)
def test_only_a_nurse_or_clinician_finds_an_infection(
    tell: Callable[..., Case], start: datetime, said_by: str, role: Authority, releases: bool
) -> None:
    case = tell("checked_in", now=start)
    recorded = record(case, "infection_check", FOUND, now=start, role=role, said_by=said_by)
    assert (recorded.released, case.booking_id is None) == (releases, releases)
    assert case.state == ("referred" if releases else "checked_in")
    assert Message.objects.filter(subject=case.pk, method="REQUEST", state="queued").count() == (0 if releases else 2)
    assert Block.objects.filter(checklist=case.checklist_id, item="infection_check", lifted_at=None).exists()


def test_yes_of_a_patient_blocks_and_creates_a_call(booked: Case, now: datetime) -> None:
    recorded = record(booked, "infection_prescreen", {"answers": {"chills": "yes"}}, now=now, said_by="patient")
    assert (recorded.released, booked.state) == (False, "booked")
    assert [placed.item for placed in recorded.refreshed.placed] == ["infection_prescreen"]
    task = Task.objects.get(case=booked, key="infection_prescreen", done_at=None)
    assert (task.kind, task.queue) == ("call", "nurse")  # who may say what it is


def test_escort_named_in_a_ride_becomes_an_encrypted_contact(booked: Case, now: datetime) -> None:
    named = {**RIDE, "escort_name": "Zebraescort", "escort_phone": "555-0177"}
    row = record(booked, "ride", named, now=now).evidence
    contact = Contact.objects.get(kind="escort")
    assert row.value == {**RIDE, "contact": str(contact.pk)}
    assert (contact.name, contact.phone) == ("Zebraescort", "555-0177")


def test_escort_of_evidence_that_is_refused_is_not_kept(booked: Case, now: datetime) -> None:
    with pytest.raises(Invalid):
        send(booked, now, value={**RIDE, "adult": "perhaps", "escort_name": "Zebraescort"})
    assert Contact.objects.filter(kind="escort").count() == 0
