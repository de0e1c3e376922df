from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.models import ProtocolVersion
from checklists.rules.values import DateAbout, Medication
from checklists.services.checklists import assess_checklist, current_facts
from checklists.services.protocols import withdraw_version
from scheduler.models import Case, Contact, Patient, Practice, Record, User
from scheduler.rules.referrals.rows import read_row
from scheduler.rules.referrals.sheet import read_sheet
from scheduler.services.referrals import bring_in, open_batch
from scheduler.services.verification import verify_chain
from tests.scheduler.referrals.conftest import Ran, everything, sheet

Imported = Callable[..., Ran]


def test_import_good_row_becomes_patient_contact_and_case(imported: Imported, practice: Practice) -> None:
    ran = imported(
        {"levels": "T12-L1", "sex": "F", "received_on": "2027-03-01", "fractured_on": "about three weeks ago",
         "cause": "osteoporosis", "weight_kg": "61.5", "allergies": "latex", "conditions": "Type 2 diabetes",
         "medications": "apixaban 5 mg; semaglutide 1 mg (weekly)", "anesthesia": "sedation"}
    )  # fmt: skip
    patient, contact, case = Patient.objects.get(), Contact.objects.get(), Case.objects.get()
    facts = current_facts(case.checklist)
    assert ran == Ran(
        0,
        (
            "list.csv:2: fractured_on: about three weeks ago: (notice) Taken as 2027-02-01 to 2027-02-15; the "
            "treatment window counts from the first.",
            "1 rows: 1 imported, 0 unchanged, 0 rejected. Notices: 1.",
        ),
        "",
    )
    assert (patient.practice_id, patient.family_name, patient.given_name) == (practice.pk, "Abernathy", "Ruth")
    assert (patient.born_on, patient.sex, patient.record_number) == (date(1941, 2, 17), "female", "MR-1")
    assert (contact.channel, contact.email, contact.phone) == ("email", "ruth@example.com", "+16025550101")
    assert (case.patient, case.procedure, case.state, len(case.import_key)) == (patient, "kyphoplasty", "referred", 64)
    assert (facts.levels, facts.cause, facts.anesthesia) == (("T12", "L1"), "osteoporosis", "sedation")
    assert facts.fractured == DateAbout(date(2027, 2, 1), date(2027, 2, 15))
    assert (facts.weight_kg, facts.allergies, facts.conditions) == (61.5, ("latex",), frozenset({"diabetes"}))
    assert facts.medications == (Medication("apixaban 5 mg"), Medication("semaglutide 1 mg", interval_days=7))


def test_import_unknown_drug_is_kept_for_review(imported: Imported, now: datetime) -> None:
    ran = imported({"medications": "zorbatrexin 20 mg; lisinopril 10 mg"})
    verdict = assess_checklist(checklist=Case.objects.get().checklist, start=None, now=now).verdict
    finding = verdict.finding("hold:zorbatrexin 20 mg")
    assert ran.lines[0] == (
        "list.csv:2: medications: zorbatrexin 20 mg: (notice) The protocol does not know it. It is kept as written, "
        "for a clinician's review."
    )
    assert finding is not None
    assert finding.status == "review"


def test_import_dry_run_changes_no_row_in_any_table(imported: Imported, tmp_path: Path) -> None:
    imported({}, {"family_name": "Baker", "record_number": "MR-2"})
    before = everything()
    assert len(before["scheduler.Patient"]) == 2
    ran = imported({"levels": "T12"}, {"family_name": "Cole", "record_number": ""}, {"levels": "L6"}, dry_run=True)
    assert ran.code == 1
    assert ran.lines[-2:] == (
        "3 rows: 2 would be imported, 0 unchanged, 1 rejected. Notices: 3. Dry run: nothing was written.",
        "1 of 3 rows rejected.",
    )
    assert everything() == before
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_import_dry_run_foretells_every_sentence(imported: Imported) -> None:
    rows = (
        {},
        {},
        {"levels": "T12"},
        {"fractured_on": "2027-02-02"},
        {"family_name": "Baker"},
        {"family_name": "Abernethy", "record_number": "", "phone": ""},
        {"given_name": "Roy", "born_on": "1950-01-01", "record_number": "MR-9", "medications": "zorbatrexin"},
        {"given_name": "Roy", "born_on": "1950-01-01", "record_number": "MR-8"},
        {"given_name": "Roy", "born_on": "1950-01-01", "record_number": "", "levels": "L2", "phone": "602-555-0199"},
        {"levels": "L6"},
    )
    foretold = [line for line in imported(*rows, dry_run=True).lines if ": the same" not in line]
    foretold = [line for line in foretold if ": would be imported: " not in line]
    told = list(imported(*rows).lines)
    assert foretold[:-2] == told[:-3]
    assert told[-3] == "10 rows: 5 imported, 2 unchanged, 3 rejected. Notices: 8."


def test_import_second_run_changes_nothing(imported: Imported) -> None:
    rows = ({}, {"family_name": "Baker", "born_on": "2/18/1941", "record_number": ""}, {"levels": "T12"})
    imported(*rows)
    before = everything()
    ran = imported(*rows)
    assert (ran.code, ran.lines) == (0, ("3 rows: 0 imported, 3 unchanged, 0 rejected. Notices: 0.",))
    assert everything() == before


def test_import_rejected_rows_corrected_go_in(imported: Imported, run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = imported({}, {"family_name": "Baker", "record_number": "MR-2", "levels": "L6", "phone": "+1 602 555 0102"})
    rejects = tmp_path / "list-rejects.csv"
    assert ran.code == 1
    assert ran.lines == (
        "list.csv:3: levels: L6: 'L6' names no level from T1 to L5. Write it as T12 or L1. Several: T12/L1 or T11-L1.",
        "2 rows: 1 imported, 0 unchanged, 1 rejected. Notices: 0.",
        "Rejected rows are in list-rejects.csv. Correct them there and import that file.",
        "1 of 2 rows rejected.",
    )
    assert rejects.stat().st_mode & 0o777 == 0o600
    as_read = "Baker,Ruth,1941-02-17,MR-2,ruth@example.com,'+1 602 555 0102,kyphoplasty,L6,2027-02-01,osteoporosis,none"
    assert rejects.read_text("utf-8-sig").splitlines()[1].endswith(f"T11-L1.,{as_read}")
    rejects.write_text(rejects.read_text("utf-8-sig").replace(",L6,", ",L5,"), "utf-8-sig")
    again = run(rejects)
    assert (again.code, again.lines[-1]) == (0, "1 rows: 1 imported, 0 unchanged, 0 rejected. Notices: 1.")
    assert Case.objects.count() == 2


def test_import_rejects_file_is_never_overwritten(imported: Imported, tmp_path: Path) -> None:
    bad = {"levels": "L6"}
    imported(bad)
    corrected = tmp_path / "list-rejects.csv"
    imported(bad)
    assert not (tmp_path / "list-rejects-2.csv").exists()
    corrected.write_text("being corrected")
    assert imported(bad).lines[-2] == (
        "Rejected rows are in list-rejects-2.csv. Correct them there and import that file."
    )
    assert corrected.read_text() == "being corrected"


def test_import_rejects_option_names_the_file(imported: Imported, tmp_path: Path) -> None:
    imported({"levels": "L6"}, rejects=str(tmp_path / "wrong.csv"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.csv", "wrong.csv"]


def test_import_leaves_record_rows(imported: Imported, practice: Practice) -> None:
    imported({})
    rows = Record.objects.filter(practice=practice, by="command:import_referrals").order_by("number")
    assert [row.action for row in rows][:3] == ["patient_added", "contact_added", "case_opened"]
    assert verify_chain(practice.pk) == []


def test_import_by_staff_is_in_the_record(imported: Imported, practice: Practice, staff: dict[str, User]) -> None:
    imported({}, by=staff["scheduler"].email.upper())
    record = Record.objects.get(practice=practice, action="case_opened")
    assert record.by == f"command:import_referrals {staff['scheduler'].by}"
    assert Case.objects.get().opened_by == record.by


def test_import_row_refused_by_a_service_leaves_nothing(practice: Practice, now: datetime, tmp_path: Path) -> None:
    batch = open_batch(practice=practice, protocol="demonstration", by="command:import_referrals", dry_run=False)
    version = ProtocolVersion.objects.get(practice_id=practice.pk, protocol__name="demonstration")
    withdraw_version(practice_id=practice.pk, version_id=version.pk, reason="test", by="staff:1", now=now)
    before = everything()
    (row,) = read_sheet(sheet({}).encode()).rows
    referral = read_row(row, today=now.date(), received=None).referral
    assert referral is not None
    outcome = bring_in(batch=batch, referral=referral, now=now)
    assert (outcome.kind, [problem.column for problem in outcome.problems]) == ("rejected", ["protocol"])
    assert everything() == before
    assert [people for people in batch.people.values() if people] == []


def people_of(numbers: range) -> list[dict[str, str]]:
    return [
        {
            "family_name": "Family" + "".join("abcdefghij"[int(digit)] for digit in str(n)),
            "born_on": (date(1940, 1, 1) + timedelta(days=n)).isoformat(),
            "record_number": f"MR-{n}",
            "medications": "apixaban 5 mg; lisinopril 10 mg",
        }
        for n in numbers
    ]


def queries_of(imported: Imported, numbers: range) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert imported(*people_of(numbers)).code == 0
    return len(queries)


def test_import_queries_per_row_are_constant(imported: Imported) -> None:
    imported(*people_of(range(1)))
    five = queries_of(imported, range(1, 6))
    fifteen = queries_of(imported, range(6, 21))
    five_more = queries_of(imported, range(21, 26))
    assert five_more == five
    assert fifteen - five == 10 * (five // 5)


def test_import_tells_progress_every_hundred_rows(imported: Imported) -> None:
    ran = imported(*people_of(range(201)), dry_run=True)
    assert ran.progress == "100 of 201 rows\n200 of 201 rows\n"
