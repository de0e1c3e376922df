"""The auditor's page: who did what, who looked at whom, and taking it along."""

import csv
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.management import call_command
from django.test import Client

from scheduler.models import Case, Practice, Reading, Record, User
from scheduler.services.access_log import log_reading
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
Ask = Callable[[str], Client]


@pytest.fixture
def case(tell: Callable[..., Case], start: datetime) -> Case:
    return tell("booked", start=start)


def test_who_looked_at_a_patient_and_what_was_done_are_on_one_page(
    case: Case, tell: Callable[..., Case], signed_in: Ask, staff: dict[str, User]
) -> None:
    other = tell("opened")
    nurse = signed_in("nurse")
    nurse.get(f"/desk/cases/{case.pk}/")
    nurse.get(f"/desk/cases/{other.pk}/")
    shown = signed_in("auditor").get("/record/", {"subject": str(case.patient_id)}).context
    assert [(look.by, look.route) for look in shown["looks"]] == [(staff["nurse"].by, "desk-case")]
    assert {row.subject for row in shown["rows"]} == {str(case.pk), str(case.patient_id)}
    assert shown["counts"][0] == len(shown["rows"]) > 3


def test_search_by_person_action_and_period(
    case: Case, practice: Practice, signed_in: Ask, staff: dict[str, User]
) -> None:
    auditor = signed_in("auditor")
    found = auditor.get("/record/", {"by": staff["scheduler"].by, "action": "booked"}).context["rows"]
    assert {(row.by, row.action) for row in found} == {(staff["scheduler"].by, "booked")}
    assert auditor.get("/record/", {"since": "2020-01-01", "until": "2020-12-31"}).context["counts"] == (0, 0)
    refused = auditor.get("/record/", {"subject": "Family1"})
    page = refused.content.decode()
    assert (refused.status_code, "<strong>Patient or case (its id)</strong>: Give the id" in page) == (400, True)


def test_other_practices_rows_are_never_found(case: Case, other_practice: Practice, signed_in: Ask) -> None:
    shown = signed_in("auditor").get("/record/", {"since": "2020-01-01"}).context
    assert {row.practice_id for row in shown["rows"]} == {case.practice_id}
    assert shown["counts"][0] == Record.objects.filter(practice=case.practice).count()


def test_pages_have_fifty_rows_and_lead_on(practice: Practice, signed_in: Ask) -> None:
    for _ in range(51):
        log_reading(practice_id=practice.pk, by="x", roles=[], route="case", seen=[practice.pk], status=200, now=NOW)
    auditor = signed_in("auditor")
    first, second = (auditor.get("/record/", {"page": page, "by": ""}).context for page in ("1", "2"))
    assert (len(first["looks"]), first["older"], len(second["looks"]), second["older"]) == (50, 2, 1, None)


def test_export_is_safe_to_open_and_recorded(case: Case, signed_in: Ask, staff: dict[str, User]) -> None:
    log_reading(
        practice_id=case.practice_id, by="=1+1", roles=["nurse"], route="case", seen=[case.pk], status=200, now=NOW
    )
    auditor = signed_in("auditor")
    answer = auditor.post("/record/export/", {"what": "access", "subject": str(case.pk)})
    heading, line = csv.reader(answer.content.decode().splitlines())
    assert (heading[1], line[1], line[4]) == ("by", "'=1+1", case.pk.hex)
    row = Record.objects.latest("number")
    said = (row.action, row.by, row.subject, row.codes)
    assert said == ("record_exported", staff["auditor"].by, str(case.pk), ["access", "1"])
    assert "booked" in auditor.post("/record/export/", {"what": "record"}).content.decode()


def test_last_verification_is_told(practice: Practice, signed_in: Ask) -> None:
    auditor = signed_in("auditor")
    assert "Never verified" in auditor.get("/record/").content.decode()
    call_command("verify_record")
    assert "✔ whole" in auditor.get("/record/").content.decode()


def test_only_auditors_see_it(practice: Practice, signed_in: Ask) -> None:
    for role in ("scheduler", "nurse", "clinician", "administrator"):
        client = signed_in(role)
        assert (client.get("/record/").status_code, client.post("/record/export/").status_code) == (403, 403)
    assert Reading.objects.count() == 0


def test_first_day_of_the_calendar_can_be_asked_for_east_of_greenwich(practice: Practice, signed_in: Ask) -> None:
    Practice.objects.filter(pk=practice.pk).update(zone="Asia/Tokyo")
    assert signed_in("auditor").get("/record/?since=0001-01-01").status_code == 200


@pytest.mark.parametrize(("role", "shown"), [("auditor", True), ("nurse", False), ("administrator", False)])
def test_whoever_may_read_the_record_comes_to_it_from_a_case(
    role: str, shown: bool, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case, client = tell("booked"), signed_in(role)
    for page in (f"/desk/cases/{case.pk}/", f"/ward/cases/{case.pk}/"):
        assert (f"/record/?subject={case.pk}" in client.get(page).content.decode()) is shown
