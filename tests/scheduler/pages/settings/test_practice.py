"""The practice's own details and hours, and what follows from a change of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.services.checklists import current_facts
from scheduler.models import Case, Practice, Record
from scheduler.services.practices import NewPractice, create_practice
from scheduler.services.sweeps import sweep_due_cases
from scheduler.services.verification import verify_chain
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db


def form(practice: Practice, **change: Any) -> dict[str, Any]:
    fields = {name: getattr(practice, name) for name in ("version", "name", "zone", "phone", "email", "address", "fax")}
    for number, day in enumerate(practice.hours):
        if day:
            fields |= {f"opens_{number}": day[0], f"closes_{number}": day[1]}
    return {**fields, **change}


def test_practice_is_changed_and_the_change_is_recorded(admin: Client, practice: Practice) -> None:
    given = form(practice, phone="555-0777", address="9 New Street", opens_5="09:00", closes_5="12:00")
    answer = admin.post("/settings/practice/", given)
    version = practice.version
    practice.refresh_from_db()
    assert (answer["Location"], practice.phone, practice.address, practice.version) == (
        "/settings/practice/?done=saved",
        "555-0777",
        "9 New Street",
        version + 1,
    )
    assert practice.hours == [["07:00", "17:00"]] * 5 + [["09:00", "12:00"], None]
    row = Record.objects.get(practice=practice, action="practice_changed")
    assert set(row.fields) == {"phone", "address", "hours"}
    assert verify_chain(practice.pk) == []


def test_saving_what_stands_changes_nothing(admin: Client, practice: Practice) -> None:
    assert admin.post("/settings/practice/", form(practice)).status_code == 302
    version = practice.version
    practice.refresh_from_db()
    assert (practice.version, Record.objects.filter(action="practice_changed").count()) == (version, 0)


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"name": ""}, "name", "This field is required."),
    ({"zone": "Springfield"}, "zone", "Select a valid choice."),
    ({"email": "nonsense"}, "email", "Enter a valid email address."),
    ({"closes_0": ""}, "closes_0", "Give both times of Monday, or neither where it is closed."),
    ({"closes_0": "06:00"}, "closes_0", "06:00 is not after 07:00. Give a later time."),
    ({"opens_6": "8 o'clock", "closes_6": "9:00"}, "opens_6", "Enter a valid time."),
    ({"name": "Other Spine Clinic"}, "name", "Choose another name."),
]


def test_what_is_wrong_is_named_at_its_field_and_nothing_is_lost_or_written(
    admin: Client, practice: Practice, other_practice: Practice
) -> None:
    for change, field, said in WRONG:
        answer = admin.post("/settings/practice/", form(practice, address="1 Typed Lane", **change))
        page = answer.content.decode()
        assert (change, answer.status_code, "1 Typed Lane" in page) == (change, 400, True)
        assert said in page.replace("&#x27;", "'")
        assert f'href="#id_{field}"' in page
        practice.refresh_from_db()
        assert practice.address != "1 Typed Lane"


def test_change_against_an_older_version_shows_what_stands_now_and_saves_at_the_second_go(
    admin: Client, practice: Practice
) -> None:
    mine = form(practice, phone="555-0001")
    admin.post("/settings/practice/", form(practice, phone="555-0002"))
    answer = admin.post("/settings/practice/", mine)
    page = answer.content.decode()
    practice.refresh_from_db()
    assert (answer.status_code, practice.phone) == (409, "555-0002")
    assert ("Phone: 555-0002" in page, 'value="555-0001"' in page) == (True, True)
    again = {**mine, "version": practice.version}
    assert f'name="version" value="{practice.version}"' in page
    assert admin.post("/settings/practice/", again).status_code == 302
    practice.refresh_from_db()
    assert practice.phone == "555-0001"


def test_zone_and_mailbox_stay_while_bookings_stand(
    admin: Client, practice: Practice, tell: Callable[..., Case]
) -> None:
    tell("booked", start=START + timedelta(days=3))
    answer = admin.post(
        "/settings/practice/", form(practice, zone="America/Chicago", email="new@clinic.example", phone="555-0003")
    )
    page = answer.content.decode()
    practice.refresh_from_db()
    assert (answer.status_code, practice.zone, practice.phone) == (409, "America/New_York", "555-0199")
    assert ("1 booking(s) stand ahead" in page, "let its mailbox forward to the new one" in page) == (True, True)
    assert admin.post("/settings/practice/", form(practice, phone="555-0003")).status_code == 302


def test_new_hours_reach_the_facts_of_every_case_ahead_at_the_next_sweep_and_no_other_practice(
    admin: Client, practice: Practice, tell: Callable[..., Case]
) -> None:
    ahead, ended = tell("booked", start=START + timedelta(days=3)), tell("opened")
    Case.objects.filter(pk=ended.pk).update(state="withdrew", ending="withdrew")
    before = current_facts(ahead.checklist).site
    admin.post("/settings/practice/", form(practice, opens_0="09:30", zone="America/New_York"))
    assert current_facts(ahead.checklist).site == before
    sweep_due_cases(clock=lambda: NOW)
    practice.refresh_from_db()
    for case in (ahead, ended):
        case.checklist.refresh_from_db()
    assert current_facts(ahead.checklist).site == practice.site != before
    assert current_facts(ended.checklist).site == before
    # Looked at again, nothing more is written.
    number = ahead.checklist.facts_number
    ahead.checklist.next_change_at = NOW
    ahead.checklist.save()
    sweep_due_cases(clock=lambda: NOW)
    ahead.checklist.refresh_from_db()
    assert ahead.checklist.facts_number == number


def test_new_hours_move_the_deadlines_of_peoples_work(
    admin: Client, practice: Practice, tell: Callable[..., Case]
) -> None:
    from scheduler.services.boards import pathway

    tell("imaged")
    case = tell("booked", start=START + timedelta(days=3))

    def deadline() -> Any:
        row = next(row for row in pathway(practice, NOW) if row.case.pk == case.pk)
        finding = row.verdict.finding("labs")
        assert finding is not None
        return finding.deadline_at

    before = deadline()
    closes = {f"closes_{number}": "09:00" for number in range(5)}
    admin.post("/settings/practice/", form(practice, **closes))
    sweep_due_cases(clock=lambda: NOW)
    assert deadline() < before


def test_first_page_says_what_a_new_practice_lacks(admin: Client, practice: Practice, staff: dict[str, Any]) -> None:
    from scheduler.models import Membership
    from scheduler.pages.session import PRACTICE

    fresh = create_practice(
        practice=NewPractice("New Clinic", "America/New_York", "555-0123", "desk@new.example", "2 Main Street"),
        by="test",
        now=NOW,
    )
    Membership.objects.create(practice=fresh, user=staff["administrator"], role="administrator", created_at=NOW)
    session = admin.session
    session[PRACTICE] = str(fresh.pk)
    session.save()
    steps = admin.get("/settings/").context["steps"]
    assert [step.is_done for step in steps] == [True] + [False] * 7
    assert {step.where for step in steps} == {"practice", "places", "people", "protocols"}


def test_clinician_sees_protocols_and_no_office_pages(clinician: Client) -> None:
    page = clinician.get("/settings/").content.decode()
    assert ('href="/settings/protocols/"' in page, 'href="/settings/people/"' in page) == (True, False)


UNSEEN = {
    "\r\n": "It has line breaks or invisible characters. Type it as one line.",
    "\u2028": "It has line breaks or invisible characters. Type it as one line.",
    "\u202e": "It has a character that nobody sees (U+202E). Type it again.",
}


@pytest.mark.parametrize("sign", UNSEEN)
def test_practice_takes_nothing_of_two_lines_or_unseen(sign: str, admin: Client, practice: Practice) -> None:
    """The name heads every message: a line break there would write headers of its own."""
    for field in ("name", "phone", "address", "fax"):
        before = getattr(practice, field)
        answer = admin.post("/settings/practice/", form(practice, **{field: f"Clinic{sign}Bcc: else@mail.example"}))
        practice.refresh_from_db()
        assert (field, answer.status_code, getattr(practice, field)) == (field, 400, before)
        assert UNSEEN[sign] in answer.content.decode()
