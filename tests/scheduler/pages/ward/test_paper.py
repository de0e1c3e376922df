"""The form of what was done on paper, the flag that stays, and the sheets for the next time."""

import html
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from checklists.models import Evidence, GatePass
from scheduler.models import Case, Practice, Task, User
from scheduler.pages.session import PRACTICE
from scheduler.rules.papers import paper_reference
from scheduler.rules.problems import Invalid
from scheduler.services.demonstration import PASSWORD
from scheduler.services.papers import _clinician_of
from scheduler.services.practices import add_staff
from scheduler.services.reviewers import NOBODY
from scheduler.services.setting_up import NO_REVIEWER
from tests.scheduler.services.steps import strike_all

pytestmark = pytest.mark.django_db
FEVER = {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}


@pytest.fixture
def later(start: datetime, at: Callable[[datetime], None]) -> datetime:
    moment = start + timedelta(hours=3)
    at(moment)
    return moment


def filled(case: Case, staff: dict[str, User], **more: Any) -> dict[str, Any]:
    """As a nurse fills it in, with the clinician beside her."""
    clinician = staff["clinician"].email
    body = {
        "version": case.version,
        "paper": paper_reference(case.pk, date(2027, 3, 1)),
        "reason": "No power on the ward.",
        "day": "2027-03-01",
        "started_at": "10:00",
        "finished_at": "10:40",
        "decided_by": clinician,
        "clinician_email": clinician,
        "clinician_password": PASSWORD,
    }
    return {**body, **more}


def colleague(practice: Practice) -> Client:
    """The practice's other clinician."""
    client = Client()
    client.force_login(User.objects.get(email="clinician@demo.example"))
    session = client.session
    session[PRACTICE] = str(practice.pk)
    session.save()
    return client


def address(case: Case) -> str:
    return f"/ward/cases/{case.pk}/paper/"


def test_nurse_enters_from_paper_and_every_page_flags_it(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, User], later: datetime
) -> None:
    case, nurse = tell("checked_in", now=later - timedelta(hours=3)), signed_in("nurse")
    answer = nurse.post(address(case), filled(case, staff))
    assert (answer.status_code, answer["Location"]) == (302, f"/ward/cases/{case.pk}/?saved=paper")
    case.refresh_from_db()
    assert (case.state, case.paper[:5]) == ("recovering", "0301-")
    shown = nurse.get(f"/ward/cases/{case.pk}/").content.decode()
    assert f"Entered from paper {case.paper}" in shown
    assert "decided by Sam Second" in shown
    for board in ("/ward/", "/desk/day/"):
        assert "⚑ from paper" in nurse.get(board).content.decode(), board


def test_blocked_start_is_told_with_its_reasons_and_nothing_typed_is_lost(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, User], later: datetime
) -> None:
    case, nurse = tell("checked_in", now=later - timedelta(hours=3), infection_check=FEVER), signed_in("nurse")
    refused = nurse.post(address(case), filled(case, staff))
    text = refused.content.decode()
    assert (refused.status_code, "nurse signs for it.</strong>" in text) == (409, True)
    assert "38.4" in text and 'value="10:40"' in text and PASSWORD not in text
    second = {"second_email": "clinician@demo.example", "second_password": PASSWORD}
    assert nurse.post(address(case), filled(case, staff, **second)).status_code == 302
    assert GatePass.objects.get(subject=case.pk).decision.answer == "refused"
    shown = nurse.get(f"/ward/cases/{case.pk}/").content.decode()
    assert "When it was entered the gate would have refused" in shown
    owed = Task.objects.get(case=case, kind="review", done_at=None).sentence
    assert "would have refused. Infection check: The temperature is 38.4 C" in owed


WRONG = {
    "a nurse confirms": ({"clinician_email": "nurse@demo.example"}, 403),
    "a wrong password": ({"clinician_password": "guess"}, 403),
    "nobody decided": ({"decided_by": ""}, 400),
    "somebody who is no clinician decided": ({"decided_by": "nurse@demo.example"}, 400),
    "the second is the first": ({"second_email": "second@demo.example", "second_password": PASSWORD}, 403),
    "the second is of the desk": ({"second_email": "desk@demo.example", "second_password": PASSWORD}, 403),
    "half a place": ({"room": "x"}, 400),
    "a start that lies ahead": ({"started_at": "13:30", "finished_at": ""}, 400),
    "an old page": ({"version": 1}, 409),
    "no reference": ({"paper": ""}, 400),
    "another patient's sheet": ({"paper": "0301-000000"}, 400),
    "out of order on its day": ({"started_at": "08:00"}, 400),
}


def test_entry_that_nobody_may_sign_for_so_is_refused(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, User], later: datetime
) -> None:
    case, nurse = tell("checked_in", now=later - timedelta(hours=3)), signed_in("nurse")
    for wrong, (changes, status) in WRONG.items():
        answer = nurse.post(address(case), filled(case, staff, **changes))
        assert (wrong, answer.status_code) == (wrong, status)
        assert (wrong, Case.objects.get(pk=case.pk).state) == (wrong, "checked_in")
        assert GatePass.objects.count() == 0, wrong


def test_reference_is_left_to_be_copied_from_the_sheet(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], later: datetime
) -> None:
    case = tell("checked_in", now=later - timedelta(hours=3))
    page = signed_in("nurse").get(address(case)).content.decode()
    assert case.pk.hex[:6].upper() not in page.replace(str(case.pk), "")  # its address may begin with six digits
    for name, about in {"paper": "Copy it from the sheet", "day": "Times after midnight"}.items():
        assert f'aria-describedby="id_{name}_helptext"' in page and f'id="id_{name}_helptext">{about}' in page


def test_procedure_that_spans_midnight_is_entered_on_one_form(
    tell: Callable[..., Case],
    signed_in: Callable[[str], Client],
    staff: dict[str, User],
    at: Callable[[datetime], None],
) -> None:
    evening = datetime(2027, 3, 1, 23, 30, tzinfo=ZoneInfo("America/New_York"))
    case = tell("checked_in", start=evening, now=evening)
    at(evening + timedelta(hours=2))
    body = filled(case, staff, started_at="23:30", finished_at="00:10")
    answer = signed_in("nurse").post(address(case), body)
    assert answer.status_code == 302, answer.content.decode()
    case.refresh_from_db()
    assert (case.started_at, case.finished_at) == (evening, evening + timedelta(minutes=40))


def test_clinician_who_left_decided_nothing(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, User], later: datetime
) -> None:
    case = tell("checked_in", now=later - timedelta(hours=3))
    body = filled(case, staff, clinician_email="clinician@demo.example")
    User.objects.filter(email="second@demo.example").update(is_active=False)
    answer = signed_in("nurse").post(address(case), {**body, "decided_by": "second@demo.example"})
    assert answer.status_code == 400
    with pytest.raises(Invalid):
        _clinician_of(case.practice, "second@demo.example")


def test_review_stands_on_the_signing_list_for_a_clinician_who_had_no_part_in_it(
    tell: Callable[..., Case],
    signed_in: Callable[[str], Client],
    staff: dict[str, User],
    later: datetime,
) -> None:
    case = tell("checked_in", now=later - timedelta(hours=3))
    signed_in("nurse").post(address(case), filled(case, staff))
    own = signed_in("clinician").get("/sign/").content.decode()
    assert "Entered from paper: to review" in own and "<strong>Chris Clinician may review it.</strong>" in own
    task = Task.objects.get(case=case, key__startswith="downtime:")
    mine = f"/sign/tasks/{task.pk}/paper/"
    form = {"entry": "x", "version": task.version, "outcome": "Read; nothing to be done."}
    assert signed_in("clinician").post(mine, form).status_code == 403
    Case.objects.filter(pk=case.pk).update(state="discharged")
    Case.objects.filter(pk=case.pk).update(state="closed")
    other = colleague(case.practice)
    shown = other.get("/sign/").content.decode()
    assert "At that time the start gate would have been open." in shown and "Record the review" in shown
    assert other.post(mine, {**form, "outcome": ""}).status_code == 400
    assert other.post(mine, form).status_code == 302
    assert other.post(mine, form).status_code == 409
    task.refresh_from_db()
    assert (task.outcome, task.done_at) == ("Read; nothing to be done.", later)
    assert "Entered from paper: to review" not in other.get("/sign/").content.decode()


def test_entry_that_every_clinician_had_a_part_in_says_that_nobody_may_review_it_until_one_is_added(
    practice: Practice,
    tell: Callable[..., Case],
    signed_in: Callable[[str], Client],
    staff: dict[str, User],
    later: datetime,
) -> None:
    """One decided, the other signed; nobody reviews a part of their own."""
    case = tell("checked_in", now=later - timedelta(hours=3))
    office, other = signed_in("administrator"), colleague(practice)
    assert NO_REVIEWER not in office.get("/settings/").content.decode()
    body = filled(case, staff, clinician_email="clinician@demo.example")
    assert signed_in("nurse").post(address(case), body).status_code == 302
    task = Task.objects.get(case=case, key__startswith="downtime:")
    form = {"version": task.version, "outcome": "Read."}
    for client in (signed_in("clinician"), other):
        refused = client.post(f"/desk/tasks/{task.pk}/done/", form)
        assert (refused.status_code, NOBODY in html.unescape(refused.content.decode())) == (403, True)
        assert NOBODY in html.unescape(client.get("/sign/").content.decode())
        tasks = client.get("/desk/tasks/").content.decode()
        assert (NOBODY in html.unescape(tasks), f"/desk/tasks/{task.pk}/done/" in tasks) == (True, False)
    assert NO_REVIEWER in office.get("/settings/").content.decode()
    added = {"email": "third@demo.example", "name": "Tess Third", "roles": ["clinician"], "password": "a long sentence"}
    add_staff(practice=practice, by="system", now=later, **added)
    third = Client()
    third.force_login(User.objects.get(email=added["email"]))
    session = third.session
    session[PRACTICE] = str(practice.pk)
    session.save()
    assert "Tess Third may review it." in other.get("/desk/tasks/").content.decode()
    assert NO_REVIEWER not in office.get("/settings/").content.decode()
    assert third.post(f"/desk/tasks/{task.pk}/done/", form).status_code == 302


def test_clinician_signs_by_their_own_password(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, User], later: datetime
) -> None:
    case, client = tell("checked_in", now=later - timedelta(hours=3)), signed_in("clinician")
    assert client.post(address(case), filled(case, staff, password="guess")).status_code == 401
    assert client.post(address(case), filled(case, staff, password=PASSWORD)).status_code == 302
    assert GatePass.objects.get(subject=case.pk).signed_by == staff["clinician"].by


def test_what_the_sheet_says_is_recorded_with_its_own_time_and_counts_for_the_start(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, User], later: datetime
) -> None:
    start = later - timedelta(hours=3)
    case, nurse = tell("checked_in", now=start), signed_in("nurse")
    strike_all(case, "infection_check", now=start)
    second = {"second_email": "clinician@demo.example", "second_password": PASSWORD}
    assert nurse.post(address(case), filled(case, staff, **second)).status_code == 302
    then = f"{address(case)}record/?day=2027-03-01&at=09:40"
    version = next(e for e in nurse.get(then).context["entries"] if e.asked.item == "infection_check").asked.version
    body = {"item": "infection_check", "seen_version": version, "temperature": "36.6", "unit": "C", "skin": "clear"}
    assert nurse.post(then, body).status_code == 400  # the outcome is missing
    assert nurse.post(then, {**body, "outcome": "clear"}).status_code == 302
    seen = Evidence.objects.filter(checklist=case.checklist, item="infection_check").latest("pk")
    assert (seen.observed_at, seen.recorded_at) == (start - timedelta(minutes=20), later)
    page = nurse.get(f"/ward/cases/{case.pk}/").content.decode()
    assert "would have refused" in page and "Everything was in order at the start." in page
    for ahead in ("?day=2027-03-01&at=13:30", "?day=2027-03-14&at=02:30", "?day=x&at=y", ""):
        assert nurse.post(f"{address(case)}record/{ahead}", body).status_code == 400
    assert nurse.get(f"{address(case)}record/?day=x&at=y").context["entries"] == []


def test_sheets_carry_reference_identity_and_blank_boxes_one_a_patient(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], start: datetime
) -> None:
    cases = [tell("booked"), tell("booked", slot=("Room 2", "Sam Second", "Bay 2"))]
    text = signed_in("nurse").get(f"/ward/print/?date={start:%Y-%m-%d}").content.decode()
    assert text.count('<article class="sheet"') == 2
    for case in cases:
        assert paper_reference(case.pk, start.date()) in text
        assert f"{case.patient.family_name.upper()}, " in text
    assert text.count('class="tick"') > 2 * 5
    assert "Nobody is booked" in signed_in("nurse").get("/ward/print/?date=2027-05-01").content.decode()
    assert signed_in("nurse").get("/ward/print/?date=x").status_code == 400
