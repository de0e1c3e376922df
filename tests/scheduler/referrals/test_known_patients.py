from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from scheduler.isolation import within
from scheduler.models import Case, Contact, Patient, Practice
from scheduler.services.merging import Choice, merge_patients
from scheduler.services.people import NewPatient, add_patient
from scheduler.services.refiling import refile_case
from tests.scheduler.referrals.conftest import Ran, everything

Imported = Callable[..., Ran]


def known(practice: Practice, now: datetime, **more: Any) -> Patient:
    new = NewPatient(**{"family_name": "Abernathy", "given_name": "Ruth", "born_on": date(1941, 2, 17), **more})
    return add_patient(practice_id=practice.pk, patient=new, by="staff:1", now=now)


def test_import_known_patient_is_reused_and_never_altered(
    imported: Imported, practice: Practice, now: datetime
) -> None:
    patient = known(practice, now, record_number="MR-1", sex="female")
    before = everything()["scheduler.Patient"]
    ran = imported({"family_name": "Smith", "given_name": "Ruthie", "sex": "M"})
    stays = f"(notice) Patient {patient.pk} has another; it stays as it is. Check which is right."
    add = f"(notice) Patient {patient.pk} is known without it and is not altered. Add it there."
    assert ran.lines[:-1] == (
        f"list.csv:2: family_name: Smith: {stays}",
        f"list.csv:2: given_name: Ruthie: {stays}",
        f"list.csv:2: email: ruth@example.com: {add}",
        f"list.csv:2: phone: +16025550101: {add}",
    )
    assert Case.objects.get().patient == patient
    assert everything()["scheduler.Patient"] == before
    assert Contact.objects.count() == 0


def test_import_record_number_of_somebody_else_is_rejected(
    imported: Imported, practice: Practice, now: datetime
) -> None:
    patient = known(practice, now, family_name="Baker", born_on=date(1950, 1, 1), record_number="mr-1")
    ran = imported({})
    assert ran.lines[0] == (
        f"list.csv:2: record_number: MR-1: This record number belongs to patient {patient.pk}, whose name or birth "
        "date differs. Correct the number, or the name and birth date."
    )
    assert (ran.code, Case.objects.count(), Patient.objects.count()) == (1, 0, 1)


def test_import_look_alike_goes_in_as_another_person(imported: Imported, practice: Practice, now: datetime) -> None:
    patient = known(practice, now, given_name="Rut")
    ran = imported({})
    assert ran.lines[0] == (
        f"list.csv:2: family_name: Abernathy, Ruth: (notice) Looks like patient {patient.pk}, born the same day. "
        "Imported as another person; check that it is one."
    )
    assert (ran.code, Patient.objects.count(), Case.objects.count()) == (0, 2, 1)


def test_import_finds_the_survivor_of_a_merge_by_the_other_row_and_opens_no_case_twice(
    imported: Imported, practice: Practice, now: datetime
) -> None:
    assert imported({}).code == 0
    duplicate, survivor = Patient.objects.get(), known(practice, now, family_name="Abernethy", record_number="MR-2")
    choice = Choice((), "both", ("name", "birth_date"), "one person")
    ids = {"survivor_id": survivor.pk, "duplicate_id": duplicate.pk}
    merge_patients(practice_id=practice.pk, seen_versions=(1, 1), choice=choice, by="staff:1", now=now, **ids)
    again, other = imported({}), imported({"levels": "T12", "record_number": ""})
    assert (again.lines[-1], other.code) == ("1 rows: 0 imported, 1 unchanged, 0 rejected. Notices: 0.", 0)
    assert (Patient.objects.count(), Case.objects.filter(patient=survivor).count()) == (2, 2)


def test_import_of_a_referral_whose_case_was_filed_to_another_patient_opens_none_again(
    imported: Imported, practice: Practice, now: datetime
) -> None:
    assert imported({}).code == 0
    right, case = known(practice, now, family_name="Baker", born_on=date(1950, 1, 1)), Case.objects.get()
    said = {"reason": "names mixed up", "seen_version": case.version, "by": "staff:1", "now": now}
    refile_case(practice_id=practice.pk, case_id=case.pk, to_patient_id=right.pk, **said)
    again = imported({})
    assert again.lines[-1] == "1 rows: 0 imported, 1 unchanged, 0 rejected. Notices: 0."
    assert list(Case.objects.values_list("patient", flat=True)) == [right.pk]


def test_import_does_not_see_another_practice(
    imported: Imported, practice: Practice, other_practice: Practice, now: datetime
) -> None:
    with within(other_practice.pk):
        known(other_practice, now, record_number="MR-1")
    ran = imported({"given_name": "Walter", "born_on": "1950-01-01"})
    assert (ran.code, len(ran.lines)) == (0, 1)
    assert Patient.objects.filter(practice=practice).count() == 1


def test_import_same_wait_with_other_dates_is_rejected(imported: Imported) -> None:
    imported({})
    case = Case.objects.get()
    ran = imported({"fractured_on": "2027-02-03"})
    assert ran.lines[0] == (
        f"list.csv:2: levels: L1: This patient waits for the same already (case {case.pk}), with other dates. Delete "
        "this row if it is the same referral; for a new fracture, end or finish that case first."
    )
    assert Case.objects.count() == 1


def test_import_new_fracture_after_the_first_case_is_over(imported: Imported) -> None:
    imported({})
    Case.objects.update(state="cancelled", ending="cancelled")
    ran = imported({"fractured_on": "2027-02-03"})
    assert (ran.code, Case.objects.count(), Patient.objects.count()) == (0, 2, 1)


def test_import_again_after_the_case_is_over_says_so(imported: Imported) -> None:
    imported({})
    Case.objects.update(state="cancelled", ending="cancelled")
    assert imported({}).lines == (
        f"list.csv:2: family_name: Abernathy, Ruth: (notice) This referral became case {Case.objects.get().pk}, "
        "which is over. Reopen it, or open another, if it is wanted again.",
        "1 rows: 0 imported, 1 unchanged, 0 rejected. Notices: 1.",
    )


def test_import_new_drug_in_a_referral_sent_again_is_named(imported: Imported) -> None:
    imported({"medications": "lisinopril"})
    ran = imported({"medications": "Lisinopril; apixaban"})
    assert ran.lines == (
        f"list.csv:2: medications: apixaban: (notice) The referral is unchanged but for this, which case "
        f"{Case.objects.get().pk} lacks. Add it there if it is true.",
        "1 rows: 0 imported, 1 unchanged, 0 rejected. Notices: 1.",
    )
