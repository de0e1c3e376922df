"""The desk ends a contact and chooses the patient's language, on pages of the case; a call does the same."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from scheduler.models import Case, Record
from tests.conftest import NOW
from tests.scheduler.pages.my.visiting import add, link_of
from tests.scheduler.pages.test_desk_links import opens, shown
from tests.scheduler.services.steps import record

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    return tell("tested", start=NOW + timedelta(days=6))


def test_contact_is_ended_from_the_case_and_is_not_shown_any_more(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    client, link = signed_in("scheduler"), link_of(case)
    address = f"/desk/cases/{case.pk}/contacts/{link.contact_id}/end/"
    assert f'href="{address}"' in shown(client, case)
    asked = client.get(address).content.decode()
    assert link.contact.email in asked
    seen = {"version": str(case.patient.version)}
    unsaid = client.post(address, seen)
    assert (unsaid.status_code, "Nothing was saved" in unsaid.content.decode(), opens(link)) == (400, True, True)
    assert client.post(address, {**seen, "why": "not_theirs"})["Location"] == f"/desk/cases/{case.pk}/?saved=contact"
    assert (opens(link), link.contact.email in shown(client, case)) == (False, False)
    page = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "Tell the patient that the appointment stands" in page
    assert client.get(address).status_code == 404


def test_two_windows_end_nothing_by_what_one_saw_before(case: Case, signed_in: Callable[[str], Client]) -> None:
    client, link = signed_in("scheduler"), link_of(case)
    seen = {"version": str(case.patient.version)}
    client.post(f"/desk/cases/{case.pk}/language/", {**seen, "language": "es"})
    answer = client.post(f"/desk/cases/{case.pk}/contacts/{link.contact_id}/end/", {**seen, "why": "not_theirs"})
    assert (answer.status_code, "Look again" in answer.content.decode(), opens(link)) == (409, True, True)


def test_escort_who_takes_the_patient_home_is_not_ended_and_the_page_says_what_to_do(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    escort, client = add(case, "escort"), signed_in("scheduler")
    record(case, "ride", {"available": True, "adult": True, "contact": str(escort.pk)}, now=NOW)
    body = {"version": str(case.patient.version), "why": "not_involved"}
    answer = client.post(f"/desk/cases/{case.pk}/contacts/{escort.pk}/end/", body)
    said = "<strong>ride</strong>: First record who does instead"
    assert (answer.status_code, said in answer.content.decode()) == (409, True)
    assert [row.codes for row in Record.objects.filter(action="refused", subject=str(case.pk))] == [
        ["takes_home", "ride:takes_home"]
    ]


def test_language_is_shown_and_changed_on_the_case(case: Case, signed_in: Callable[[str], Client]) -> None:
    client, address = signed_in("scheduler"), f"/desk/cases/{case.pk}/language/"
    before = shown(client, case)
    assert ("<strong>English</strong>" in before, f'href="{address}"' in before) == (True, True)
    body = {"version": str(case.patient.version), "language": "es"}
    assert client.post(address, {**body, "language": "fr"}).status_code == 400
    assert client.post(address, body)["Location"] == f"/desk/cases/{case.pk}/?saved=language"
    assert "<strong>Spanish</strong>" in shown(client, case)
    script = client.get(f"/desk/cases/{case.pk}/phone/").content.decode()
    assert '<div class="aloud" lang="es">' in script


def test_whoever_may_not_change_contacts_sees_the_language_and_no_link_to_change_it(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    page = shown(signed_in("nurse"), case)
    assert ("<strong>English</strong>" in page, "/language/" in page, "/end/" in page) == (True, False, False)


def test_contacts_are_listed_ended_and_written_to_in_another_language_by_calls(
    case: Case, api: Callable[..., Client]
) -> None:
    client, of_patient = api("scheduler"), f"/api/v1/patients/{case.patient_id}"
    listed = client.get(f"{of_patient}/contacts/").json()
    (contact,) = listed["results"]
    assert (contact["email"], listed["language"]) == (link_of(case).contact.email, "en")
    spoken = {"version": listed["version"], "language": "es"}
    changed = client.post(f"{of_patient}/language/", spoken, headers={"idempotency-key": "one"}, **JSON)
    again = client.post(f"{of_patient}/language/", spoken, headers={"idempotency-key": "one"}, **JSON)
    assert (changed.json()["language"], again.json()) == ("es", changed.json())
    stale = client.post(
        f"/api/v1/contacts/{contact['id']}/end/", {"version": listed["version"], "why": "not_theirs"}, **JSON
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    seen = {"version": changed.json()["version"], "why": "not_theirs"}
    ended = client.post(f"/api/v1/contacts/{contact['id']}/end/", seen, **JSON)
    assert (ended.status_code, ended.json()["version"]) == (200, changed.json()["version"] + 1)
    assert client.get(f"{of_patient}/contacts/").json()["results"] == []
