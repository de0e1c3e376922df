"""Protocols: adopted as a copy, read with what is missing first, signed with a fresh password, withdrawn."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import ProtocolVersion
from scheduler.models import Case, Practice, Record
from scheduler.services.demonstration import PASSWORD, demonstration_document
from scheduler.services.signing import adopt
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db


@pytest.fixture
def incomplete(practice: Practice, staff: dict[str, Any]) -> ProtocolVersion:
    document = deepcopy(demonstration_document())
    document["minutes"]["recovery"]["value"] = "missing"
    return adopt(practice_id=practice.pk, name="own", document=document, by=staff["clinician"].by, now=NOW)


@pytest.fixture
def unsigned(practice: Practice, staff: dict[str, Any]) -> ProtocolVersion:
    document = {**demonstration_document(), "title": "DEMONSTRATION, second edition"}
    return adopt(practice_id=practice.pk, name="demonstration", document=document, by=staff["clinician"].by, now=NOW)


def test_shipped_protocol_is_adopted_once_and_is_not_in_force(admin: Client, practice: Practice) -> None:
    for _ in range(2):
        assert admin.post("/settings/protocols/", {"name": "reference-asra"}).status_code == 302
    version = ProtocolVersion.objects.get(practice_id=practice.pk, protocol__name="reference-asra")
    assert (version.signed_at, version.missing) == (None, [])


def test_unknown_protocol_is_refused_and_the_demonstrations_in_a_real_practice(
    admin: Client, practice: Practice
) -> None:
    Practice.objects.filter(pk=practice.pk).update(is_demo=False)
    names = ("nonsense", "demonstration")
    assert [admin.post("/settings/protocols/", {"name": name}).status_code for name in names] == [400, 400]
    assert ">demonstration</option>" not in admin.get("/settings/protocols/").content.decode()


def test_what_is_missing_comes_first(
    clinician: Client, practice: Practice, incomplete: ProtocolVersion, unsigned: ProtocolVersion
) -> None:
    listed = clinician.get("/settings/protocols/").context["versions"]
    assert [version.pk for version in listed[:2]] == [incomplete.pk, unsigned.pk]
    page = clinician.get(f"/settings/protocols/{incomplete.pk}/").content.decode()
    assert page.index("minutes.recovery.value") < page.index("low confidence")
    assert 'name="password"' not in page


def test_page_shows_the_rows_of_low_confidence_and_the_whole_document(
    clinician: Client, unsigned: ProtocolVersion
) -> None:
    answer = clinician.get(f"/settings/protocols/{unsigned.pk}/")
    low = answer.context["low"]
    assert any(line.startswith("per_level 45 minutes") for line in low)
    assert all(line in answer.context["lines"] for line in low)
    assert unsigned.document_hash in answer.content.decode()


def test_clinician_signs_with_their_own_password_only(
    clinician: Client, unsigned: ProtocolVersion, staff: dict[str, Any], practice: Practice
) -> None:
    address = f"/settings/protocols/{unsigned.pk}/sign/"
    refused = [clinician.post(address, {"password": secret}) for secret in ("", "wrong secret")]
    unsigned.refresh_from_db()
    assert ([answer.status_code for answer in refused], unsigned.signed_at) == ([400, 403], None)
    assert "wrong secret" not in refused[1].content.decode()
    assert Record.objects.filter(action="refused", codes__0="fresh_authentication_required").count() == 1
    assert clinician.post(address, {"password": PASSWORD}).status_code == 302
    unsigned.refresh_from_db()
    assert (unsigned.signed_by, unsigned.in_force) == (staff["clinician"].by, True)


def test_incomplete_protocol_is_not_signed_and_each_number_is_named(
    clinician: Client, incomplete: ProtocolVersion
) -> None:
    answer = clinician.post(f"/settings/protocols/{incomplete.pk}/sign/", {"password": PASSWORD})
    incomplete.refresh_from_db()
    assert (answer.status_code, incomplete.signed_at) == (409, None)
    assert "minutes.recovery.value is named but has no number." in answer.content.decode()


def test_withdrawing_needs_a_reason_and_lists_the_cases_it_stops(
    clinician: Client, practice: Practice, tell: Callable[..., Case]
) -> None:
    case = tell("booked", start=START + timedelta(days=3))
    version = case.checklist.protocol_version
    address = f"/settings/protocols/{version.pk}/withdraw/"
    assert clinician.post(address, {"reason": " ", "password": PASSWORD}).status_code == 400
    told = {"reason": "the INR limit is wrong", "password": PASSWORD}
    assert clinician.post(address, told)["Location"].endswith("?done=withdrawn")
    version.refresh_from_db()
    assert (version.in_force, version.withdrawn_reason) == (False, "the INR limit is wrong")
    page = clinician.get(f"/settings/protocols/{version.pk}/").content.decode()
    assert ("Stopped cases: 1" in page, case.patient.family_name.upper() in page) == (True, True)
    case.checklist.refresh_from_db()
    assert case.checklist.next_change_at == NOW


@pytest.mark.parametrize(("password", "status"), [({}, 400), ({"password": "not mine"}, 403)])
def test_withdrawing_needs_the_clinicians_own_password(
    password: dict[str, str], status: int, clinician: Client, tell: Callable[..., Case]
) -> None:
    version = tell("booked", start=START + timedelta(days=3)).checklist.protocol_version
    answer = clinician.post(f"/settings/protocols/{version.pk}/withdraw/", {"reason": "the limit", **password})
    version.refresh_from_db()
    assert (answer.status_code, version.in_force) == (status, True)
    page = answer.content.decode()
    assert ("the limit" in page, 'type="password"' in page, "not mine" in page) == (True, True, False)


def test_administrator_reads_and_neither_signs_nor_withdraws(admin: Client, unsigned: ProtocolVersion) -> None:
    assert 'name="password"' not in admin.get(f"/settings/protocols/{unsigned.pk}/").content.decode()
    answers = [
        admin.post(f"/settings/protocols/{unsigned.pk}/{act}/", {"password": PASSWORD, "reason": "x"})
        for act in ("sign", "withdraw")
    ]
    unsigned.refresh_from_db()
    assert ([answer.status_code for answer in answers], unsigned.signed_at) == ([403, 403], None)


def test_version_of_another_practice_is_not_found(
    clinician: Client, practice: Practice, other_practice: Practice
) -> None:
    version = ProtocolVersion.objects.get(practice_id=other_practice.pk)
    answers = [
        clinician.get(f"/settings/protocols/{version.pk}/"),
        clinician.post(f"/settings/protocols/{version.pk}/sign/", {"password": PASSWORD}),
        clinician.post(f"/settings/protocols/{version.pk}/withdraw/", {"reason": "not mine", "password": PASSWORD}),
    ]
    version.refresh_from_db()
    assert ([answer.status_code for answer in answers], version.withdrawn_at) == ([404] * 3, None)
