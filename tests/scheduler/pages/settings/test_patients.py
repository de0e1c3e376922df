"""The administrator hands a patient's data over, with their own password."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from scheduler.models import Case, Practice, Record
from scheduler.services.demonstration import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(tell: Callable[..., Case]) -> Case:
    return tell("opened")


def address(case: Case) -> str:
    return f"/settings/patients/{case.patient_id}/"


def actions(case: Case) -> list[str]:
    return list(Record.objects.filter(subject=str(case.patient_id)).values_list("action", flat=True))


def test_patient_is_found_by_name_without_a_name_in_an_address(admin: Client, case: Case) -> None:
    page = admin.post("/settings/patients/", {"text": case.patient.family_name}).content.decode()
    assert f'href="{address(case)}"' in page
    assert "Nobody of that name" in admin.post("/settings/patients/", {"text": "Quokkavale"}).content.decode()


def test_export_is_a_zip_for_the_right_password(admin: Client, case: Case) -> None:
    answer = admin.post(address(case), {"password": PASSWORD})
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, "application/zip", "no-store")
    assert answer["Content-Disposition"] == f'attachment; filename="patient-{case.patient_id}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["patient.json", "patient.html"]
    assert "patient_exported" in actions(case)


@pytest.mark.parametrize("password", ["", "wrong"])
def test_nothing_is_exported_without_the_own_password(password: str, admin: Client, case: Case) -> None:
    answer = admin.post(address(case), {"password": password})
    assert (answer.status_code, answer["Content-Type"].startswith("text/html")) == (403 if password else 400, True)
    assert "patient_exported" not in actions(case)


def test_patient_of_another_practice_is_not_found(admin: Client, other_practice: Practice, case: Case) -> None:
    assert admin.get(f"/settings/patients/{other_practice.pk}/").status_code == 404


def write(case: Case, file: Path, **more: Any) -> str:
    out = io.StringIO()
    given = {"practice": case.practice.name, "patient": str(case.patient_id), **more}
    call_command("export_patient", given["patient"], str(file), practice=given["practice"], stdout=out)
    return out.getvalue()


def test_command_writes_a_file_for_its_owner_alone(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "patient.zip"
    assert f"Written: {file}" in write(case, file)
    assert (file.stat().st_mode & 0o777, zipfile.is_zipfile(file)) == (0o600, True)
    assert Record.objects.filter(action="patient_exported", by="command:export_patient").count() == 1


def test_command_refuses_a_file_that_is_there_and_whom_it_does_not_know(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "patient.zip"
    with pytest.raises(CommandError, match="There is no practice"):
        write(case, file, practice="Nowhere")
    with pytest.raises(CommandError, match="does not exist"):
        write(case, file, patient=str(case.pk))
    assert not file.exists()
    file.write_text("kept")
    with pytest.raises(CommandError, match="Name a new file"):
        write(case, file)
    assert file.read_text() == "kept"
