"""The administrator erases a patient; afterwards every page says so, and none breaks."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from scheduler.models import Case, Erasure, Patient, Record
from scheduler.services.demonstration import PASSWORD
from tests.remembered import Once
from tests.scheduler.services.erasing import WHY, erase, settle

pytestmark = pytest.mark.django_db
FORM = {**WHY, "typed": "ERASE", "password": PASSWORD}


@pytest.fixture
def late(start: datetime, at: Callable[[datetime], None]) -> datetime:
    at(start + timedelta(hours=4))
    return start + timedelta(hours=4)


@pytest.fixture
def case(tell: Callable[..., Case], late: datetime, once: Once) -> Case:
    case = tell("discharged", now=late)
    once("settled", lambda: settle(case, late).pk)
    return Case.objects.get(pk=case.pk)


def address(case: Case) -> str:
    return f"/settings/patients/{case.patient_id}/erase/"


def test_page_says_what_goes_and_what_stays(admin: Client, case: Case) -> None:
    page = admin.get(address(case)).content.decode()
    assert ("Contacts: 1" in page, "The record: " in page, "Rooms and people: " in page) == (True, True, True)
    assert "Erase this patient" in page
    assert Erasure.objects.count() == 0


def test_page_says_what_to_do_first_and_offers_no_button(
    admin: Client, tell: Callable[..., Case], late: datetime
) -> None:
    waiting = tell("booked", now=late, start=late + timedelta(days=3))
    page = admin.get(address(waiting)).content.decode()
    assert "The kyphoplasty referred on" in page
    assert ("is booked. Let it end, then close it." in page, "stands. Release it first." in page) == (True, True)
    assert str(waiting.pk) not in page
    assert "Erase this patient" not in page
    refused = admin.post(address(waiting), FORM)
    assert (refused.status_code, Erasure.objects.count()) == (409, 0)


def test_patient_is_erased_with_the_own_password(admin: Client, case: Case) -> None:
    name = case.patient.family_name
    answer = admin.post(address(case), FORM)
    assert (answer.status_code, answer["Location"]) == (302, f"/settings/patients/{case.patient_id}/?done=erased")
    page = admin.get(answer["Location"]).content.decode()
    assert ("Erased." in page, "were erased on" in page, name in page) == (True, True, False)
    row = Record.objects.get(action="patient_erased")
    assert (row.by.startswith("staff:"), row.codes, row.peer) == (True, ["asked"], "127.0.0.1")
    assert admin.get(address(case)).status_code == 302


WRONG = [
    ({"password": "wrong"}, 403),
    ({"password": ""}, 400),
    ({"typed": "erase"}, 400),
    ({"typed": ""}, 400),
    ({"reason": ""}, 400),
    ({"reason": "Family1 asked"}, 400),
    ({"why": "bored"}, 400),
]


def test_nothing_is_erased_unless_all_is_given(admin: Client, case: Case) -> None:
    for wrong, status in WRONG:
        assert (wrong, admin.post(address(case), {**FORM, **wrong}).status_code) == (wrong, status)
        assert (Erasure.objects.count(), Patient.objects.get(pk=case.patient_id).erased_at) == (0, None), wrong


def test_pages_of_an_erased_case_say_so(case: Case, late: datetime, signed_in: Callable[[str], Client]) -> None:
    erase(case, late)
    places = {
        "scheduler": [f"/desk/cases/{case.pk}/", f"/desk/cases/{case.pk}/record/", f"/desk/cases/{case.pk}/plan/"],
        "nurse": [f"/ward/cases/{case.pk}/", f"/ward/cases/{case.pk}/infection/", f"/ward/cases/{case.pk}/paper/"],
    }
    for role, paths in places.items():
        client = signed_in(role)
        for path in paths:
            answer = client.get(path)
            assert (answer.status_code, "were erased on" in answer.content.decode()) == (410, True), path
    assert signed_in("nurse").post(f"/ward/cases/{case.pk}/arrive/", {}).status_code == 410


def test_board_of_the_day_shows_the_time_and_nothing_else(
    case: Case, late: datetime, signed_in: Callable[[str], Client], api: Callable[..., Client]
) -> None:
    erase(case, late)
    for path in ("/desk/day/?date=2027-03-01", "/ward/?date=2027-03-01", "/desk/day/rows/?date=2027-03-01"):
        page = signed_in("nurse").get(path).content.decode()
        assert ("nothing left but the time: 10:00" in page, str(case.pk) in page) == (True, False), path
    assert api("nurse").get("/api/v1/board/?date=2027-03-01").json()["cases"] == []


def test_other_pages_and_lists_go_on(
    admin: Client, case: Case, late: datetime, signed_in: Callable[[str], Client], api: Callable[..., Client]
) -> None:
    erase(case, late)
    assert api("nurse").get("/api/v1/cases/").json()["results"] == []
    gone = api("nurse").get(f"/api/v1/cases/{case.pk}/")
    assert (gone.status_code, gone.json()["code"], gone.json()["title"]) == (410, "patient_erased", "Erased")
    assert api("nurse").get("/api/v1/tasks/?done=1").status_code == 200
    for path in ("/desk/", "/desk/tasks/", "/desk/duplicates/", "/ward/print/?date=2027-03-01"):
        assert signed_in("scheduler").get(path).status_code == 200, path
    for path in (f"/record/?subject={case.patient_id}", f"/record/?subject={case.pk}&what=access"):
        page = signed_in("auditor").get(path)
        assert page.status_code == 200, path
    assert "Nobody of that name" in admin.post("/settings/patients/", {"text": "Erased"}).content.decode()
    export = admin.post(f"/settings/patients/{case.patient_id}/", {"password": PASSWORD})
    assert (export.status_code, export["Content-Type"]) == (200, "application/zip")


def command(case: Case, *arguments: str, **more: Any) -> str:
    out = io.StringIO()
    call_command("erase_patient", *arguments, practice=more.pop("practice", case.practice.name), stdout=out, **more)
    return out.getvalue()


def test_command_erases_and_says_when_it_was_done_before(case: Case) -> None:
    named = str(case.patient_id)
    assert command(case, named, **WHY, yes=True) == f"{named}: erased.\n"
    assert command(case, named, **WHY, yes=True) == f"{named}: was erased on 2027-03-01 already: nothing was done.\n"
    assert Record.objects.filter(action="patient_erased", by="command:erase_patient").count() == 1


def test_command_asks_first(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    with pytest.raises(CommandError, match="Nothing was erased"):
        command(case, str(case.patient_id), **WHY)
    assert Erasure.objects.count() == 0
    monkeypatch.setattr("builtins.input", lambda _: "ERASE")
    assert "erased." in command(case, str(case.patient_id), **WHY)


def test_command_names_what_is_missing_and_what_stands_in_the_way(case: Case, tell: Callable[..., Case]) -> None:
    with pytest.raises(CommandError, match="Give --why and --reason"):
        command(case, str(case.patient_id), yes=True)
    with pytest.raises(CommandError, match="There is no practice"):
        command(case, str(case.patient_id), **WHY, yes=True, practice="Nowhere")
    with pytest.raises(CommandError, match="does not exist"):
        command(case, str(case.pk), **WHY, yes=True)
    waiting = tell("opened", slot=("Room 2", "Sam Second", "Bay 2"))
    with pytest.raises(CommandError, match="is referred"):
        command(case, str(waiting.patient_id), **WHY, yes=True)


def test_list_of_erasures_repeats_them_after_a_restore(
    case: Case, tell: Callable[..., Case], late: datetime, tmp_path: Path
) -> None:
    """The list of one database, read where the patients are there again; one of them has a case open again."""
    other = tell("booked", now=late, start=late + timedelta(days=3), slot=("Room 2", "Sam Second", "Bay 2"))
    file = tmp_path / "erased.csv"
    lines = [f"{each.patient_id},2027-02-01T00:00:00+00:00,asked,Letter 12." for each in (other, case)]
    file.write_text("\n".join(["patient,at,why,reason", *lines]))
    with pytest.raises(CommandError, match="is booked"):
        command(case, again=file)
    assert list(Erasure.objects.values_list("patient", flat=True)) == [case.patient_id]
    written = command(case, list=True).splitlines()
    assert written == ["patient,at,why,reason", f"{case.patient_id},{late.astimezone().isoformat()},asked,Letter 12."]
    file.write_text("\n".join(written))
    assert "nothing was done" in command(case, again=file)
