"""The right patient first: two identifiers before anything is recorded or moved, and look-alikes named."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from checklists.models import Evidence
from scheduler.access import ACCESS
from scheduler.models import Case, Membership, Practice, Record, Task, User
from scheduler.pages.session import PRACTICE
from scheduler.pages.ward.urls import urlpatterns
from scheduler.services.demonstration import GOING_HOME, Person, Story, staff_by_role
from tests.conftest import NOW, START
from tests.scheduler.pages.ward.conftest import BOTH, Bedside

pytestmark = pytest.mark.django_db
# Who enters a paper afterwards has the sheet before them, not the patient: its reference names the case.
ELSEWHERE = {"ward-identity", "ward-paper", "ward-paper-record"}
ACTS = sorted(p.name for p in urlpatterns if "POST" in ACCESS[p.name] and p.name not in ELSEWHERE)
SCREEN = {"signs": "none", "temperature": "36.6", "unit": "C", "skin": "clear", "outcome": "clear"}


def prepared(case: Case, route: str) -> dict[str, Any]:
    """A body with which the route's act succeeds for somebody who is identified."""
    bodies: dict[str, dict[str, Any]] = {
        "ward-verify": {"item": "fasting", "seen_version": 1},
        "ward-record": {"item": "ride", "seen_version": 1, "answer": "none"},
        "ward-infection": {"item": "infection_check", "seen_version": 0, **SCREEN},
        "ward-prescreen": {"item": "infection_prescreen", "seen_version": 1, "signs": "none"},
        "ward-ask-override": {"item": "fasting", "reason": "the anesthetist knows"},
        "ward-send-home": {"version": case.version, "reason": "unready"},
    }
    return bodies.get(route, {"version": case.version})


def told(route: str, tell: Callable[..., Case]) -> Case:
    """A case in which the act is possible."""
    until, start = {
        "ward-check-in": ("arrived", START),
        "ward-start": ("checked_in", NOW),
        "ward-finish": ("started", NOW - timedelta(hours=1)),
        "ward-discharge": ("finished", NOW - timedelta(hours=3)),
        "ward-send-home": ("arrived", START),
    }.get(route, ("prepared", START))
    case = tell(until, start=start)
    if route == "ward-discharge":
        person = Person("", "", date(1950, 1, 1), "")
        told = Story(case.practice, staff_by_role(case.practice), {}, person, NOW, start)
        told.record(case, "nurse", NOW, *GOING_HOME)
    case.refresh_from_db()
    return case


def everything(case: Case) -> tuple[Any, ...]:
    case.refresh_from_db()
    evidence = Evidence.objects.filter(checklist=case.checklist).count()
    return case.version, case.state, case.arrived_at, evidence, Task.objects.filter(case=case, kind="override").count()


@pytest.mark.matrix
@pytest.mark.parametrize("route", ACTS)
def test_no_act_of_the_ward_is_done_before_two_identifiers_matched(
    route: str, tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    case = told(route, tell)
    address, body = reverse(route, kwargs={"case_id": case.pk}), prepared(case, route)
    before = everything(case)
    nurse = bedside(case, identified=False).client
    refused = nurse.post(address, body)
    assert (refused.status_code, everything(case)) == (409, before)
    assert "First make sure who this is" in refused.content.decode()
    assert Record.objects.filter(action="refused", codes=["identity_not_confirmed"]).count() == 1
    # The same body with the two boxes is done: the refusal was about the identity and nothing else.
    done = nurse.post(address, {**body, **BOTH})
    assert (done.status_code, everything(case) == before) == (302, False), done.content.decode()


def test_one_identifier_is_not_enough(tell: Callable[..., Case], bedside: Callable[..., Bedside]) -> None:
    place = bedside(tell("prepared"), identified=False)
    for matched in ([], ["name"], ["birth_date"], ["name", "name"], ["birth_date", "shoe_size"]):
        answer = place.send("identity", matched=matched)
        assert (answer.status_code, "Two identifiers are needed" in answer.content.decode()) == (400, True)
        assert place.send("arrive").status_code == 409
    assert not Record.objects.filter(action="identity_confirmed").exists()


def test_identity_is_recorded_and_holds_for_half_an_hour(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], at: Callable[[datetime], None], staff: dict[str, User]
) -> None:
    place = bedside(tell("prepared"))
    row = Record.objects.get(action="identity_confirmed")
    assert (row.subject, row.by) == (str(place.case.pk), staff["nurse"].by)
    at(NOW + timedelta(minutes=29, seconds=59))
    assert place.look().context["identified"]
    at(NOW + timedelta(minutes=30))
    assert not place.look().context["identified"]
    assert place.send("arrive").status_code == 409


def test_identity_is_of_one_case_and_one_nurse(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], practice: Practice
) -> None:
    first = bedside(tell("prepared"))
    other = tell("prepared", start=START + timedelta(hours=2))
    assert first.client.post(f"/ward/cases/{other.pk}/arrive/").status_code == 409
    # Another nurse on the same tablet, in the same session.
    colleague = User.objects.create_user("colleague@demo.example", "Cora Colleague", "demonstration-only")
    Membership.objects.create(practice=practice, user=colleague, role="nurse", created_at=NOW)
    kept = dict(first.client.session.items())
    first.client.force_login(colleague)
    session = first.client.session
    session.update({PRACTICE: kept[PRACTICE], "identified": kept["identified"]})
    session.save()
    assert first.send("arrive").status_code == 409


def test_what_was_typed_is_kept_over_an_expired_identity(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    place = bedside(tell("arrived", drugs=("apixaban",)))
    version = place.version("hold:apixaban")
    at(NOW + timedelta(minutes=31))
    body = {"item": "hold:apixaban", "seen_version": version, "answer": "taken", "day": "2027-02-27", "at": "06:45"}
    refused = place.send("record", **body)
    page = refused.content.decode()
    assert (refused.status_code, 'value="2027-02-27"' in page, 'value="06:45"' in page) == (409, True, True)
    assert place.send("record", **body, **BOTH).status_code == 302
    newest = Evidence.objects.filter(checklist=place.case.checklist).latest("pk")
    assert newest.value == {"last_dose_at": "2027-02-27T11:45:00+00:00"}


def test_look_alike_of_the_day_is_named_with_what_differs(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    case = tell("prepared")
    same_name = tell("prepared", start=START + timedelta(hours=2))
    same_birth = tell("prepared", start=START + timedelta(hours=4))
    unlike = tell("prepared", start=START + timedelta(hours=6))
    unlike.patient.family_name, unlike.patient.given_name = "Quite", "Other"
    unlike.patient.save()
    another_day = tell("prepared", start=START + timedelta(days=1))
    for patient in (same_name.patient, another_day.patient):
        patient.family_name = case.patient.family_name.upper()
        patient.save()
    same_birth.patient.born_on = case.patient.born_on
    same_birth.patient.family_name, same_birth.patient.given_name = "Zimmer", "Greta"
    same_birth.patient.save()
    answer = bedside(case).look()
    found = {other.patient.pk: (other.same, other.differs) for other in answer.context["look_alikes"]}
    assert found == {
        same_name.patient.pk: (("surname", "given name"), ("birth date", "record number")),
        same_birth.patient.pk: (("birth date",), ("surname", "given name", "record number")),
    }
    shown = answer.content.decode()
    assert (shown.count("Look-alike today:"), "Same name" in shown) == (2, True)
    assert "Look-alike" not in bedside(another_day).look().content.decode()


def test_case_of_another_practice_is_not_found(case_of_others: tuple[Case, Client]) -> None:
    case, stranger = case_of_others
    for pattern in urlpatterns:
        if "case_id" not in pattern.pattern.converters:
            continue
        address = reverse(pattern.name, kwargs={"case_id": case.pk})
        for method in ACCESS[pattern.name]:
            answer = stranger.get(address) if method == "GET" else stranger.post(address, {**BOTH, "reason": "unready"})
            assert (answer.status_code, case.patient.family_name.upper() in answer.content.decode()) == (404, False)
    assert case.patient.family_name.upper() not in stranger.get("/ward/").content.decode()


@pytest.fixture
def case_of_others(tell: Callable[..., Case], other_practice: Practice, at: object) -> tuple[Case, Client]:
    stranger = Client()
    stranger.force_login(staff_by_role(other_practice)["nurse"])
    session = stranger.session
    session[PRACTICE] = str(other_practice.pk)
    session.save()
    return tell("prepared"), stranger
