"""A patient is erased: what is about the person goes, what counts and the record stay, nobody else is touched."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from checklists.models import Decision, Evidence, EvidenceError, Facts, GatePass
from checklists.rules.values import Authority
from notifications.models import Message, Suppression
from notifications.services.outbox import suppress
from scheduler.database import triggers_removed
from scheduler.models import (
    Booking,
    Case,
    Claim,
    Contact,
    Erasure,
    Link,
    Patient,
    PatientMerge,
    Practice,
    Record,
    Task,
    ToldApart,
)
from scheduler.rules.erased import ERASED, NO_FACTS, OF_PATIENT
from scheduler.rules.problems import Erased, Invalid, NotFound, Refused
from scheduler.services import erasure, transitions
from scheduler.services.cases import case_of, open_case
from scheduler.services.duplicates import candidates
from scheduler.services.key_rotation import rotate_keys
from scheduler.services.merging import Choice, merge_patients
from scheduler.services.patient_data import HOLDINGS, NOT_OF_PATIENTS, Whose
from scheduler.services.people import NewContact, NewPatient, add_contact, add_patient, find_patients
from scheduler.services.readiness import locked_case
from scheduler.services.refiling import refile_case, refile_evidence
from scheduler.services.telling_apart import take_back, tell_apart
from scheduler.services.verification import verify_practice
from tests.house import roles
from tests.remembered import Once
from tests.scheduler.services.erasing import WHY, do_tasks, erase, rows_of_table, settle
from tests.scheduler.services.mailing import send_all
from tests.scheduler.services.steps import BY, end_it, record

pytestmark = pytest.mark.django_db
OURS = ("checklists", "notifications", "scheduler")
THEIRS = ("Room 2", "Sam Second", "Bay 2")
# Answers that are repeated for a day: no patient's table, but a patient may be named in them.
BESIDES = {"scheduler.IdempotencyKey"}


@pytest.fixture
def late(start: datetime) -> datetime:
    return start + timedelta(hours=4)


@pytest.fixture
def closed(tell: Callable[..., Case], late: datetime, once: Once) -> Case:
    case = tell("discharged", now=late, drugs=("apixaban",))
    once("settled", lambda: settle(case, late).pk)
    return Case.objects.get(pk=case.pk)


def test_every_column_has_its_decision() -> None:
    """A new column or table fails here until rules/erased.py says what is left of it."""
    assert set(ERASED) == {holding.label for holding in HOLDINGS} | BESIDES
    for label, columns in ERASED.items():
        decided = [*columns.kept.split(), *columns.erased]
        assert sorted(decided) == sorted(f.name for f in apps.get_model(label)._meta.concrete_fields), label
    others = {model._meta.label for label in OURS for model in apps.get_app_config(label).get_models()} - set(ERASED)
    assert others == set(NOT_OF_PATIENTS) - BESIDES


def test_nothing_of_the_person_is_left_and_the_record_holds(closed: Case, late: datetime) -> None:
    before = list(Record.objects.order_by("number").values_list("number", "hash"))
    done = erase(closed, late)
    assert (done.before, done.erasure.patient_id) == (False, closed.patient_id)
    row = Patient.objects.get(pk=closed.patient_id)
    assert (row.family_name, row.given_name, row.born_on.year) == ("Erased", "patient", 1900)
    assert (row.record_number, row.record_number_hash, row.digest_salt, row.erased_at) == ("", "", "", late)
    assert {tuple(c) for c in Contact.objects.values_list("name", "email_hash", "phone_hash", "channel")} == {
        ("", "", "", "call")
    }
    assert {c.email + c.phone + c.address for c in Contact.objects.all()} == {""}
    assert all(facts.document == dict(NO_FACTS) for facts in Facts.objects.all())
    assert {(word.value == {}, word.observed_at == word.recorded_at) for word in Evidence.objects.all()} == {
        (True, True)
    }
    assert {str(d.verdict) + str(d.overrides) for d in Decision.objects.all()} == {"{}[]"}
    assert {(m.recipient, m.recipient_hash, bytes(m.payload)) for m in Message.objects.all()} == {("", "", b"")}
    assert {(t.key, t.sentence, t.outcome) for t in Task.objects.all()} == {("erased", "erased", "erased")}
    assert list(Record.objects.order_by("number").values_list("number", "hash"))[: len(before)] == before
    assert verify_practice(closed.practice_id).breaks == ()


def test_what_counts_and_what_was_booked_stays(closed: Case, late: datetime) -> None:
    models = (Case, Booking, Claim, Evidence, Facts, Decision, GatePass, Message, Task, Link, Contact)
    counts = {model: model._default_manager.count() for model in models}
    columns = ("pk", "starts_at", "ends_at", "resource", "claimed", "is_active")
    claims = list(Claim.objects.order_by("pk").values_list(*columns))
    erase(closed, late)
    assert {model: model._default_manager.count() for model in models} == counts
    assert list(Claim.objects.order_by("pk").values_list(*columns)) == claims
    case = Case.objects.get(pk=closed.pk)
    assert (case.state, case.procedure, case.started_at) == ("closed", closed.procedure, closed.started_at)


def test_record_says_who_when_why_and_nothing_else(closed: Case, late: datetime) -> None:
    erase(closed, late)
    row = Record.objects.get(action="patient_erased")
    assert (row.subject, row.by, row.at, row.codes) == (str(closed.patient_id), BY, late, ["asked"])
    assert Record.objects.filter(action="case_erased", subject=str(closed.pk)).count() == 1


def test_second_erasure_changes_nothing(closed: Case, late: datetime) -> None:
    first = erase(closed, late)
    rows = Record.objects.count()
    again = erase(closed, late + timedelta(days=1))
    assert (again.before, again.erasure.pk, Record.objects.count()) == (True, first.erasure.pk, rows)


def codes(case: Case, now: datetime, **more: Any) -> set[str]:
    with pytest.raises((Refused, Invalid)) as refused:
        erase(case, now, **more)
    assert Erasure.objects.count() == 0
    assert all(reason.detail for reason in refused.value.errors)
    return {reason.code for reason in refused.value.errors}


def test_open_case_with_its_booking_and_mail_is_not_erased(tell: Callable[..., Case], now: datetime) -> None:
    assert codes(tell("booked"), now) == {"case_open", "booking_stands", "message_pending"}


def test_what_is_wrong_and_what_stands_in_the_way_are_said_at_once(tell: Callable[..., Case], now: datetime) -> None:
    wrong = {"bad_why", "names_the_patient"}
    ahead = {"case_open", "booking_stands", "message_pending"}
    assert codes(tell("booked"), now, why="bored", reason="Family1 asked") == wrong | ahead


def test_ended_case_owes_its_close_its_restart_decision_and_tasks(
    tell: Callable[..., Case], now: datetime, late: datetime
) -> None:
    case = end_it(tell("held", now=now, drugs=("apixaban",)), "cancelled", now=now)
    send_all(now)
    assert codes(case, now) == {"case_open", "restart_decision_owed", "task_owed"}
    settle(case, late)
    assert erase(case, late).before is False


def test_case_that_is_not_closed_is_named(tell: Callable[..., Case], late: datetime) -> None:
    case = tell("discharged", now=late)
    do_tasks(case, late)
    send_all(late)
    assert codes(case, late) == {"case_open"}


WRONG: list[tuple[dict[str, str], str]] = [
    ({"why": "bored"}, "bad_why"),
    ({"reason": "  "}, "no_reason"),
    ({"reason": "x" * 501}, "too_long"),
    ({"reason": "Mrs. FAMILY1 asked."}, "names_the_patient"),
    ({"reason": "Whoever has 555-0100 asked."}, "names_the_patient"),
    ({"reason": "Whoever has (555) 0100 asked."}, "names_the_patient"),
    ({"reason": "Born 1950-01-02."}, "names_the_patient"),
    ({"reason": "Born 02.01.1950."}, "names_the_patient"),
    ({"reason": "Born 1/2/1950."}, "names_the_patient"),
    ({"reason": "Born on 2 January 1950."}, "names_the_patient"),
]


def test_reason_is_given_and_names_nobody(closed: Case, late: datetime) -> None:
    for wrong, code in WRONG:
        assert (wrong, codes(closed, late, **wrong)) == (wrong, {code})


def test_patient_of_another_practice_does_not_exist(closed: Case, other_practice: Practice, late: datetime) -> None:
    with pytest.raises(NotFound):
        erasure.erase_patient(practice_id=other_practice.pk, patient_id=closed.patient_id, **WHY, by=BY, now=late)


def snapshot(case: Case) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a patient as it is stored."""
    whose = Whose(case.practice_id, case.patient_id)
    tables = {holding.model._meta.db_table: holding for holding in HOLDINGS if holding.label != "scheduler.Record"}
    return {
        table: rows_of_table(table, holding.rows(whose).values_list("pk", flat=True))
        for table, holding in tables.items()
    }


def test_rows_of_another_patient_are_the_same_to_the_byte(tell: Callable[..., Case], late: datetime) -> None:
    told = [tell("discharged", now=late, drugs=("apixaban",), **more) for more in ({}, {"slot": THEIRS})]
    closed, stranger = (settle(case, late) for case in told)
    before = snapshot(stranger)
    assert sum(map(len, before.values())) > 80
    erase(closed, late)
    assert snapshot(stranger) == before
    assert case_of(stranger.practice_id, stranger.pk).patient.family_name != "Erased"


def test_merged_rows_are_erased_too(closed: Case, late: datetime) -> None:
    twin = NewPatient("Quokkavale", "Zymurgina", closed.patient.born_on, record_number="QX-1")
    row = add_patient(practice_id=closed.practice_id, patient=twin, by=BY, now=late)
    closed.patient.refresh_from_db()
    merge_patients(
        practice_id=closed.practice_id,
        survivor_id=closed.patient_id,
        duplicate_id=row.pk,
        seen_versions=(closed.patient.version, row.version),
        choice=Choice((), "survivor", ("name", "photo_id"), "Zymurgina showed her card."),
        by=BY,
        now=late,
    )
    with pytest.raises(Refused, match="merged into another"):
        erasure.erase_patient(practice_id=closed.practice_id, patient_id=row.pk, **WHY, by=BY, now=late)
    erase(closed, late)
    assert set(Patient.objects.values_list("family_name", "given_name")) == {("Erased", "patient")}
    assert Erasure.objects.count() == 2
    assert PatientMerge.objects.get().reason == "erased"
    again = erasure.erase_patient(practice_id=closed.practice_id, patient_id=row.pk, **WHY, by=BY, now=late)
    assert again.before
    assert verify_practice(closed.practice_id).breaks == ()


def test_why_two_were_told_apart_goes_too(closed: Case, late: datetime) -> None:
    twin = NewPatient("Quokkavale", "Zymurgina", closed.patient.born_on)
    row = add_patient(practice_id=closed.practice_id, patient=twin, by=BY, now=late)
    ids, versions = (closed.patient_id, row.pk), (closed.patient.version, row.version)
    named = {"practice_id": closed.practice_id, "by": BY, "now": late}
    apart = tell_apart(patient_ids=ids, reason="Zymurgina is her twin", seen_versions=versions, **named)
    erase(closed, late)
    assert ToldApart.objects.get().reason == "erased"
    with pytest.raises(Erased):
        take_back(apart_id=apart.pk, reason="who?", seen_version=apart.version, **named)


def test_word_of_another_stays_and_own_word_elsewhere_goes(
    tell: Callable[..., Case], now: datetime, late: datetime
) -> None:
    """Two words were filed to the wrong one of two patients; one of the two is erased."""
    mine, theirs = tell("discharged", now=late), tell("discharged", now=late, slot=THEIRS)
    about_them = refile(mine, theirs, {"analyte": "INR", "value": 1.07, "unit": "ratio"}, late)
    about_me = refile(theirs, mine, {"analyte": "INR", "value": 1.13, "unit": "ratio"}, late)
    settle(mine, late)
    settle(theirs, late)
    erase(mine, late)
    values = {word.pk: word.value.get("value") for word in Evidence.objects.filter(item__startswith="labs")}
    assert values[about_them.pk] == 1.07
    assert about_me.pk not in values
    assert 1.13 not in values.values()
    assert {error.reason for error in EvidenceError.objects.all()} == {"erased"}
    assert Evidence.objects.filter(checklist=theirs.checklist_id, value__value=1.07).count() == 1
    assert verify_practice(mine.practice_id).breaks == ()


def test_words_and_mail_in_a_case_that_is_anothers_now_go_too(
    tell: Callable[..., Case], now: datetime, late: datetime
) -> None:
    """The case was filed to the wrong patient first, who spoke and was written to; that one is erased."""
    right = tell("booked", start=now + timedelta(days=8), slot=THEIRS)
    moved = tell("booked", start=now + timedelta(days=6))
    wrong = moved.patient
    ride = {"available": True, "adult": True, "transport": "car"}
    record(moved, "ride", ride, now=now, said_by="patient")
    refile_case(
        practice_id=right.practice_id,
        case_id=moved.pk,
        to_patient_id=right.patient_id,
        reason=f"{wrong.family_name} was not meant",
        seen_version=moved.version,
        by=BY,
        now=now,
    )
    do_tasks(moved, now)
    kept = {m.pk for m in Message.objects.filter(subject=right.pk)}
    send_all(late)
    facts = Facts.objects.filter(checklist=moved.checklist_id).order_by("number")
    without = {name: value for name, value in facts[0].document.items() if name not in OF_PATIENT}
    with pytest.raises(IntegrityError, match="checklists_facts_append_only_update"), transaction.atomic():
        Facts.objects.filter(pk=facts[0].pk).update(document=without)
    erasure.erase_patient(practice_id=right.practice_id, patient_id=wrong.pk, **WHY, by=BY, now=late)
    (struck,) = EvidenceError.objects.filter(evidence__checklist=moved.checklist_id)
    assert (struck.reason, struck.evidence.value) == ("erased", {})
    assert Evidence.objects.filter(checklist=moved.checklist_id, value={}).count() == 1
    emptied = Message.objects.filter(recipient_hash="")
    assert {m.subject for m in emptied} == {moved.pk}
    assert kept & {m.pk for m in emptied} == set()
    born = [facts.document.get("born_on") for facts in Facts.objects.filter(checklist=moved.checklist_id)]
    assert set(born) == {None, right.patient.born_on.isoformat()}
    assert all("cause" in facts.document for facts in Facts.objects.filter(checklist=moved.checklist_id))
    assert verify_practice(right.practice_id).breaks == ()
    assert case_of(right.practice_id, moved.pk).patient_id == right.patient_id


def refile(here: Case, there: Case, value: dict[str, Any], now: datetime) -> Evidence:
    word = record(here, "labs", value, now=now).evidence
    version = there.checklist.items.get(key="labs").version
    refile_evidence(
        practice_id=here.practice_id,
        public_id=word.public_id,
        to_case_id=there.pk,
        reason="Quokkavale was meant",
        seen_versions=(word.item_version, version),
        authority=Authority.NURSE,
        by=BY,
        now=now,
    )
    return word


def test_address_that_another_patient_shares_goes_on_wanting_no_messages(
    tell: Callable[..., Case], closed: Case, late: datetime
) -> None:
    other = tell("opened", slot=THEIRS)
    own = Contact.objects.get(patient=closed.patient)
    shared = NewContact(email="both@couple.example")
    for patient in (closed.patient, other.patient):
        add_contact(patient=patient, contact=shared, by=BY, now=late)
    for address in ("both@couple.example", own.email):
        suppress(practice_id=closed.practice_id, channel="email", recipient=address, reason="r", now=late, by="s")
    erase(closed, late)
    found = sorted(Suppression.objects.values_list("reason", "lifted_at"), key=str)
    assert found == [("erased", late), ("r", None)]


def test_nothing_is_done_to_an_erased_patient_any_more(closed: Case, late: datetime) -> None:
    erase(closed, late)
    patient = Patient.objects.get(pk=closed.patient_id)
    named = {"practice_id": closed.practice_id, "case_id": closed.pk}
    acts: list[Callable[[], object]] = [
        lambda: case_of(closed.practice_id, closed.pk),
        lambda: locked_case(closed.practice_id, closed.pk),
        lambda: transitions.arrive(**named, by=BY, now=late),
        lambda: transitions.reopen(**named, seen_version=closed.version, by=BY, now=late),
        lambda: add_contact(patient=patient, contact=NewContact(phone="1"), by=BY, now=late),
        lambda: open_case(
            practice=closed.practice,
            patient_id=patient.pk,
            protocol="demonstration",
            plan=None,  # type: ignore[arg-type]
            by=BY,
            now=late,
        ),
    ]
    for act in acts:
        with pytest.raises(Erased, match="erased on 2027-03-01"):
            act()
    assert find_patients(practice_id=closed.practice_id, text="Erased") == []


def test_keys_are_changed_under_an_erased_patient_too(closed: Case, late: datetime, settings: Any) -> None:
    """What is empty is encrypted as well, and an erased row takes no other change."""
    erase(closed, late)
    settings.FIELD_KEYS = [base64.urlsafe_b64encode(bytes(32)).decode(), *settings.FIELD_KEYS]
    done = rotate_keys(practices={"here": closed.practice_id}, by=BY, now=late)
    assert (done.remaining, done.unreadable, done.rewritten > 0) == (0, [], True)


def test_erased_patients_are_nobodys_duplicates(tell: Callable[..., Case], late: datetime) -> None:
    cases = tell("discharged", now=late), tell("discharged", now=late, slot=THEIRS)
    for case in cases:
        erase(settle(case, late), late)
    assert candidates(case.practice_id) == []


def test_erasure_that_the_record_does_not_tell_of_is_found(closed: Case, late: datetime) -> None:
    Erasure.objects.create(
        practice_id=closed.practice_id, patient_id=closed.patient_id, at=late, by=BY, why="asked", reason="r"
    )
    assert [found.code for found in verify_practice(closed.practice_id).breaks] == ["erasure_unknown"]


def test_forged_pass_is_found_after_the_erasure_too(closed: Case, late: datetime) -> None:
    erase(closed, late)
    assert verify_practice(closed.practice_id).breaks == ()
    connection.check_constraints()
    with roles.owner(), triggers_removed(connection):
        GatePass.objects.filter(subject=closed.pk).update(issued_by="staff:other")
    found = {each.code for each in verify_practice(closed.practice_id).breaks}
    assert found == {"pass_unknown", "pass_altered"}
