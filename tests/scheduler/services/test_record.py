"""Every change leaves its row in the same transaction, and no row is altered unnoticed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction

from checklists.rules.values import Authority
from scheduler.models import Case, Practice, Record, RecordHead, Resource, Task, User
from scheduler.rules.duties import Duty
from scheduler.rules.problems import Refused
from scheduler.services import bookings, cases, evidence, gates, people, signing, tasks, tokens, transitions
from scheduler.services.demonstration import demonstration_document
from scheduler.services.record import salted_digest
from scheduler.services.verification import verify_chain
from tests.scheduler import stored
from tests.scheduler.database.refusing import refused_sql
from tests.scheduler.services.steps import BY, end_it, item_version, record, start_it, undone

pytestmark = pytest.mark.django_db
ALIVE = {"available": True, "adult": True, "transport": "car"}


class RecordBroken(Exception):
    pass


def tables() -> dict[str, list[str]]:
    """All rows of all our tables."""
    apps_of_ours = ("checklists", "notifications", "scheduler")
    return stored.rows(model for label in apps_of_ours for model in apps.get_app_config(label).get_models())


def common(case: Case, now: datetime) -> dict[str, Any]:
    return {"practice_id": case.practice_id, "case_id": case.pk, "seen_version": case.version, "by": BY, "now": now}


def a_slot(resources: dict[str, Resource], start: datetime) -> bookings.Slot:
    return bookings.Slot(start, *(resources[name].pk for name in ("Room 1", "Chris Clinician", "Bay 1")))


def of_booking(case: Case, now: datetime) -> dict[str, Any]:
    return {
        "practice_id": case.practice_id,
        "booking_id": case.booking_id,
        "seen_version": case.version,
        "by": BY,
        "now": now,
    }


def a_task(case: Case, now: datetime) -> Task:
    return Task.objects.create(
        practice_id=case.practice_id,
        case=case,
        kind="call",
        key="k",
        sentence="Call.",
        queue="scheduler",
        created_at=now,
        created_by=BY,
    )


def new_patient(case: Case, now: datetime) -> None:
    born = datetime(1950, 1, 1).date()  # noqa: DTZ001
    people.add_patient(practice_id=case.practice_id, patient=people.NewPatient("Family", "Given", born), by=BY, now=now)


# what is done -> (a case at this step, the act, what the record calls it)
Acts = dict[str, tuple[str, Callable[[Case, datetime, dict[str, Resource]], object], str]]
ACTS: Acts = {
    "add a patient": ("opened", lambda c, n, _: new_patient(c, n), "patient_added"),
    "add a contact": (
        "opened",
        lambda c, n, _: people.add_contact(patient=c.patient, contact=people.NewContact(phone="1"), by=BY, now=n),
        "contact_added",
    ),
    "open a case": (
        "opened",
        lambda c, n, _: cases.open_case(
            practice=c.practice,
            patient_id=c.patient_id,
            protocol="demonstration",
            plan=cases.Plan("kyphoplasty", ("L1",)),
            by=BY,
            now=n,
        ),
        "case_opened",
    ),
    "change the plan": (
        "opened",
        lambda c, n, _: cases.change_plan(plan=cases.Plan("kyphoplasty", ("L2",)), **common(c, n)),
        "plan_changed",
    ),
    "record evidence": (
        "booked",
        lambda c, n, _: record(c, "ride", ALIVE, now=n),
        "evidence_recorded",
    ),
    "strike evidence": (
        "booked",
        lambda c, n, _: evidence.mark_entered_in_error(
            practice_id=c.practice_id,
            public_id=c.checklist.evidence.earliest("pk").public_id,
            reason="r",
            authority=Authority.CLINICIAN,
            seen_version=item_version(c.checklist.evidence.earliest("pk")),
            by=BY,
            now=n,
        ),
        "evidence_in_error",
    ),
    "book": (
        "imaged",
        lambda c, n, r: bookings.book_case(slot=a_slot(r, n + timedelta(days=3)), **common(c, n)),
        "booked",
    ),
    "move": (
        "booked",
        lambda c, n, r: bookings.move_booking(slot=a_slot(r, n + timedelta(days=9)), **of_booking(c, n)),
        "moved",
    ),
    "release": (
        "booked",
        lambda c, n, _: bookings.release_booking(reason="r", **of_booking(c, n)),
        "booking_released",
    ),
    "arrive": (
        "booked",
        lambda c, n, _: transitions.arrive(practice_id=c.practice_id, case_id=c.pk, by=BY, now=n),
        "arrived",
    ),
    "check in": ("arrived", lambda c, n, _: transitions.check_in(**common(c, n)), "check_in"),
    "start": ("checked_in", lambda c, n, _: start_it(c, n), "start"),
    "finish": ("started", lambda c, n, _: transitions.finish(**common(c, n)), "finish"),
    "end": ("booked", lambda c, n, _: end_it(c, "cancelled", now=n), "end"),
    "abort": ("started", lambda c, n, _: end_it(c, "aborted", now=n), "abort"),
    "finish a task": (
        "opened",
        lambda c, n, _: tasks.finish_task(
            practice_id=c.practice_id,
            task_id=a_task(c, n).pk,
            outcome="Called.",
            seen_version=1,
            roles=frozenset({"scheduler"}),
            by=BY,
            now=n,
        ),
        "task_done",
    ),
    "owe a task": (
        "opened",
        lambda c, n, _: tasks.owe_task(case=c, duty=Duty("call", "k", "scheduler", "Call.", None), by=BY, now=n),
        "task_opened",
    ),
    "withdraw a protocol": (
        "opened",
        lambda c, n, _: signing.withdraw(version=c.checklist.protocol_version, reason="r", by=BY, now=n),
        "protocol_withdrawn",
    ),
    "sign a protocol": (
        "opened",
        lambda c, n, _: signing.sign(version=c.checklist.protocol_version, by=BY, now=n),
        "protocol_signed",
    ),
    "adopt a protocol": (
        "opened",
        lambda c, n, _: signing.adopt(
            practice_id=c.practice_id, name="another", document=demonstration_document(), by=BY, now=n
        ),
        "protocol_adopted",
    ),
    "create a token": (
        "opened",
        lambda c, n, _: tokens.create_token(
            user=User.objects.earliest("pk"), practice=c.practice, label="l", lasts=timedelta(1), now=n
        ),
        "token_created",
    ),
    "note a refusal": (
        "opened",
        lambda c, n, _: gates.note_refusal(
            problem=Refused("No.", code="no"), practice_id=c.practice_id, subject=c.pk, by=BY, now=n
        ),
        "refused",
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_act_leaves_its_row_or_nothing(
    tell: Callable[..., Case],
    resources: dict[str, Resource],
    monkeypatch: pytest.MonkeyPatch,
    start: datetime,
    name: str,
) -> None:
    """AUD-04."""
    step, act, action = ACTS[name]
    # Later steps happen on the day; earlier ones before it.
    on_the_day = step in ("arrived", "checked_in", "started")
    case = tell(step, now=start, start=start if on_the_day else start + timedelta(days=5))
    before = tables()
    with monkeypatch.context() as broken, undone():
        broken.setattr(RecordHead, "save", refusing_to_save)
        with pytest.raises(RecordBroken), transaction.atomic():
            act(Case.objects.get(pk=case.pk), start, resources)
        if name == "finish a task":  # made for this try, before the act
            Task.objects.filter(case=case, key="k", done_at=None).delete()
        assert tables() == before
    act(Case.objects.get(pk=case.pk), start, resources)
    new = Record.objects.filter(practice_id=case.practice_id, number__gt=len(before["scheduler.Record"]))
    assert action in new.values_list("action", flat=True)
    assert verify_chain(case.practice_id) == []


def refusing_to_save(*_: Any, **__: Any) -> None:
    raise RecordBroken


def test_head_is_kept_outside_of_the_rows(practice: Practice) -> None:
    head = RecordHead.objects.get(practice=practice)
    last = Record.objects.filter(practice=practice).latest("number")
    assert (head.number, head.hash) == (last.number, last.hash)
    assert verify_chain(practice.pk) == []


def test_rows_of_the_record_are_refused_every_change(practice: Practice, as_owner: None) -> None:
    for statement in ("UPDATE scheduler_record SET action = 'x'", "DELETE FROM scheduler_record"):
        assert "scheduler_record_append_only" in refused_sql(statement)


def test_digest_tells_equal_from_changed_only_inside_a_practice(practice: Practice, other_practice: Practice) -> None:
    digest = salted_digest(practice.pk, "family_name", "Zebra")
    assert digest == salted_digest(practice.pk, "family_name", "Zebra")
    others = {
        salted_digest(practice.pk, "family_name", "Zebu"),
        salted_digest(practice.pk, "given_name", "Zebra"),
        salted_digest(other_practice.pk, "family_name", "Zebra"),
    }
    assert len(others | {digest}) == 4


def test_digests_of_what_names_a_patient_tell_nothing_without_the_patients_salt(
    practice: Practice, now: datetime
) -> None:
    """Twins in everything leave different digests, and none that the practice's key alone gives again."""
    rows = []
    for email in ("zebra@patients.example", "zebra@patients.example"):
        new = people.NewPatient("Zebra", "Zoe", now.date().replace(year=1950))
        patient = people.add_patient(practice_id=practice.pk, patient=new, by=BY, now=now)
        people.add_contact(patient=patient, contact=people.NewContact(email=email), by=BY, now=now)
        told = Record.objects.filter(practice=practice, subject=str(patient.pk)).order_by("number")
        rows.append({name: digest for row in told for name, digest in row.fields.items()})
        again = salted_digest(practice.pk, "family_name", "Zebra", patient.digest_salt)
        assert (len(patient.digest_salt), rows[-1]["family_name"]) == (32, again)
    named = {"family_name", "given_name", "born_on", "email", "phone", "kind"}
    assert set(rows[0]) == set(rows[1]) == named
    assert [name for name in named if rows[0][name] == rows[1][name]] == []
    assert rows[0]["family_name"] != salted_digest(practice.pk, "family_name", "Zebra")
    assert verify_chain(practice.pk) == []


def test_refusal_is_kept_with_its_codes(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("arrived", now=start)
    record(case, "ride", {"available": False}, now=start, role=Authority.NURSE)
    with pytest.raises(Refused) as refusal:
        transitions.check_in(**common(case, start))
    gates.note_refusal(problem=refusal.value, practice_id=case.practice_id, subject=case.pk, by=BY, now=start)
    row = Record.objects.filter(action="refused").latest("number")
    assert (row.subject, row.codes, row.fields) == (str(case.pk), ["gate_refused", "ride:no_ride"], {})
