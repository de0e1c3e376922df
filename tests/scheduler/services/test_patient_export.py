"""Everything held about one patient, and nothing of anybody else."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from checklists.models import Decision
from checklists.rules.values import Authority
from scheduler.models import Case, Contact, Patient, Practice, Record, User
from scheduler.rules.problems import NotFound
from scheduler.services.demonstration import Person, Story
from scheduler.services.patient_data import HOLDINGS, NOT_OF_PATIENTS, Whose, holdings
from scheduler.services.patient_export import export_patient
from scheduler.services.people import NewContact, NewPatient, add_contact, add_patient
from scheduler.services.refiling import refile_case, refile_evidence
from tests.scheduler.database.world import world_of
from tests.scheduler.pages.my.visiting import link_of, token
from tests.scheduler.services.steps import record

pytestmark = pytest.mark.django_db
OURS = ("checklists", "notifications", "scheduler")
# Of these tables the world has rows of somebody else.
OF_OTHERS = {"scheduler.Record", "notifications.Suppression", "scheduler.PatientMerge", "scheduler.Erasure"}


def exported(case: Case, now: datetime) -> dict[str, str]:
    made = export_patient(practice=case.practice, patient_id=case.patient_id, by="staff:1", now=now)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def tables(case: Case, now: datetime) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(exported(case, now)["patient.json"])["tables"]
    return found


@pytest.fixture
def case(tell: Callable[..., Case], start: datetime) -> Case:
    return tell("started", now=start, drugs=("apixaban",))


@pytest.fixture
def stranger(story: Callable[..., Story], now: datetime) -> Case:
    """Another patient of the practice, of whom every word is found nowhere else."""
    other = story(slot=("Room 2", "Sam Second", "Bay 2"))
    other.person = Person("Quokkavale", "Zymurgina", date(1931, 7, 7), "female", ("warfarin",))
    case = other.tell("prepared")
    contact = NewContact("escort", "Okapimann", "okapi@dikdikmail.example", "5550184736", "9 Ocelotstrasse")
    add_contact(patient=case.patient, contact=contact, by="staff:1", now=now)
    return case


def test_every_table_is_exported_or_listed_as_not_of_patients() -> None:
    """A new table fails here until it has its line in scheduler/services/patient_data.py."""
    known = {model._meta.label for label in OURS for model in apps.get_app_config(label).get_models()}
    listed = [holding.label for holding in HOLDINGS]
    assert len(listed) == len(set(listed))
    assert known == {holding.label for holding in holdings()} | set(NOT_OF_PATIENTS)
    assert set(listed) & set(NOT_OF_PATIENTS) == set()


def test_each_table_gives_the_rows_of_the_patient(
    case: Case, practice: Practice, staff: dict[str, User], start: datetime
) -> None:
    """Rows that are known to be the patient's, one of each table, come out again."""
    world = world_of(case, practice, staff["nurse"], start)
    found = tables(case, start)
    for holding in holdings():
        row = world.get(holding.model)
        if row is None or holding.label in OF_OTHERS:
            continue
        key = holding.model._meta.pk.attname  # type: ignore[union-attr]
        assert str(row.pk) in {str(each[key]) for each in found[holding.model._meta.db_table]}, holding.label
    assert {"case_opened", "start", "patient_exported"} <= {each["action"] for each in found["scheduler_record"]}


def test_export_holds_what_was_said_struck_out_and_sent(case: Case, start: datetime) -> None:
    found = tables(case, start)
    (identity,) = found["scheduler_patient"]
    assert (identity["family_name"], identity["record_number"]) == (
        case.patient.family_name,
        case.patient.record_number,
    )
    assert {"ride", "labs", "hold:apixaban"} <= {row["item"] for row in found["checklists_evidence"]}
    invite = next(row for row in found["notifications_message"] if row["kind"] == "invite:patient")
    assert ("Subject: Appointment" in invite["payload"], "BEGIN:VCALENDAR" in invite["payload"]) == (True, True)


def test_page_to_read_says_the_same_and_runs_nothing(case: Case, start: datetime) -> None:
    Patient.objects.filter(pk=case.patient_id).update(given_name="<script>alert(1)</script>")
    page = exported(case, start)["patient.html"]
    assert (case.patient.family_name in page, "apixaban" in page, "<script" in page) == (True, True, False)


def test_nothing_of_another_patient_is_exported(case: Case, stranger: Case, start: datetime) -> None:
    both = "\n".join(exported(case, start).values())
    theirs = "\n".join(exported(stranger, start).values())
    words = ["Quokkavale", "Zymurgina", "1931-07-07", "warfarin", "Okapimann", "okapi@", "5550184736", "Ocelotstrasse"]
    words += [str(stranger.patient_id), str(stranger.pk), stranger.patient.record_number]
    assert [word for word in words if word not in theirs] == []
    assert [word for word in words if word in both] == []


def test_no_token_hash_or_digest_is_handed_over(case: Case, start: datetime) -> None:
    text = "\n".join(exported(case, start).values())
    link, contact = link_of(case), Contact.objects.get(patient=case.patient, kind="patient")
    assert "/my/***" in text
    assert [each for each in (token(link), link.digest, contact.email_hash) if each in text] == []


def test_rows_merged_into_the_patient_are_exported_too(case: Case, start: datetime) -> None:
    twin = NewPatient("Quokkavale", "Zymurgina", date(1931, 7, 7))
    row = add_patient(practice_id=case.practice_id, patient=twin, by="staff:1", now=start)
    Patient.objects.filter(pk=row.pk).update(merged_into=case.patient_id)
    assert Whose(case.practice_id, case.patient_id).patients == {case.patient_id, row.pk}
    assert "Quokkavale" in exported(case, start)["patient.json"]


def test_export_stands_in_the_record(case: Case, start: datetime) -> None:
    exported(case, start)
    last = Record.objects.filter(practice=case.practice).latest("number")
    assert (last.action, last.subject, last.by) == ("patient_exported", str(case.patient_id), "staff:1")


def test_patient_of_another_practice_does_not_exist(case: Case, other_practice: Practice, start: datetime) -> None:
    before = Record.objects.count()
    with pytest.raises(NotFound):
        export_patient(practice=other_practice, patient_id=case.patient_id, by="staff:1", now=start)
    assert Record.objects.count() == before


def test_what_another_patient_was_sent_and_said_is_not_handed_over(tell: Callable[..., Case], now: datetime) -> None:
    """The case was filed to the wrong patient first; whom it belongs to gets nothing of that patient."""
    right = tell("booked", start=now + timedelta(days=8), slot=("Room 2", "Sam Second", "Bay 2"))
    moved = tell("booked", start=now + timedelta(days=6))
    address = Contact.objects.get(patient=moved.patient, kind="patient").email
    checklist = str(moved.checklist_id)
    ride = {"available": True, "adult": True, "transport": "car", "escort_name": "Okapimann"}
    record(moved, "ride", ride, now=now, said_by="patient")
    refile_case(
        practice_id=right.practice_id,
        case_id=moved.pk,
        to_patient_id=right.patient_id,
        reason="Quokkavale was meant",
        seen_version=moved.version,
        by="staff:1",
        now=now,
    )
    found, words = tables(right, now), "\n".join(exported(right, now).values())
    assert [each for each in (address, "Okapimann", "Quokkavale") if each in words] == []
    theirs = [row for row in found["notifications_message"] if row["recipient"] == "of somebody else"]
    assert theirs
    assert {row["payload"] for row in theirs} == {""}
    struck = {row["evidence_id"] for row in found["checklists_evidenceerror"]}
    assert {row["value"] for row in found["checklists_evidence"] if row["id"] in struck} == {"of somebody else"}
    born = {row["document"]["born_on"] for row in found["checklists_facts"] if row["checklist_id"] == checklist}
    assert born == {"of somebody else", right.patient.born_on.isoformat()}


def test_mail_about_a_case_of_anothers_is_handed_over_to_whom_it_went(tell: Callable[..., Case], now: datetime) -> None:
    right = tell("booked", start=now + timedelta(days=8), slot=("Room 2", "Sam Second", "Bay 2"))
    moved = tell("booked", start=now + timedelta(days=6))
    wrong, address = moved.patient, Contact.objects.get(patient=moved.patient, kind="patient").email
    named = {"practice_id": right.practice_id, "case_id": moved.pk, "to_patient_id": right.patient_id}
    refile_case(**named, reason="misfiled", seen_version=moved.version, by="staff:1", now=now)
    moved.patient = wrong
    sent = tables(moved, now)["notifications_message"]
    assert {row["recipient"] for row in sent} == {address}
    assert any("Subject: Appointment" in row["payload"] for row in sent)
    assert str(right.patient_id) not in exported(moved, now)["patient.json"]


def test_word_that_was_refiled_is_handed_over_where_it_belongs_only(tell: Callable[..., Case], now: datetime) -> None:
    here = tell("booked", start=now + timedelta(days=6))
    there = tell("booked", start=now + timedelta(days=8), slot=("Room 2", "Sam Second", "Bay 2"))
    inr = {"analyte": "INR", "value": 1.07, "unit": "ratio"}
    word = record(here, "labs", inr, now=now).evidence
    refile_evidence(
        practice_id=here.practice_id,
        public_id=word.public_id,
        to_case_id=there.pk,
        reason="Quokkavale was meant",
        seen_versions=(word.item_version, 0),
        authority=Authority.NURSE,
        by="staff:1",
        now=now,
    )
    assert ("1.07" in exported(there, now)["patient.json"], "Quokkavale" in exported(here, now)["patient.json"]) == (
        True,
        False,
    )
    values = {row["id"]: row["value"] for row in tables(here, now)["checklists_evidence"]}
    assert values[word.pk] == "of somebody else"


def test_sentences_that_rested_on_a_word_of_another_are_not_handed_over(
    tell: Callable[..., Case], now: datetime
) -> None:
    here = tell("booked", start=now + timedelta(days=6))
    there = tell("booked", start=now + timedelta(days=8), slot=("Room 2", "Sam Second", "Bay 2"))
    inr = {"analyte": "INR", "value": 3.37, "unit": "ratio"}
    word = record(here, "labs", inr, now=now).evidence
    assert "3.37" in str(list(Decision.objects.filter(checklist=here.checklist_id).values_list("verdict", flat=True)))
    refile_evidence(
        practice_id=here.practice_id,
        public_id=word.public_id,
        to_case_id=there.pk,
        reason="misfiled",
        seen_versions=(word.item_version, 0),
        authority=Authority.NURSE,
        by="staff:1",
        now=now,
    )
    assert ("3.37" in exported(there, now)["patient.json"], "3.37" in exported(here, now)["patient.json"]) == (
        True,
        False,
    )
