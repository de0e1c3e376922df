"""The patient's and the caregiver's pages: one thing at a time, in two languages, light enough for any phone."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from checklists.models import Evidence, Item
from notifications.models import Message
from scheduler.models import Case, Contact, Patient, Resource, Task
from scheduler.pages.answers import prefix_of
from scheduler.services import bookings
from tests.conftest import NOW
from tests.scheduler.pages.my.visiting import BY, birth_date, enter, follow, give_link, link_of
from tests.scheduler.services.steps import record

pytestmark = pytest.mark.django_db
LIGHT = 40 * 1024
NO_RIDE = {"choice": "no_ride"}
RIDE = {"choice": "yes", "yes-name": "Robin Rider"}


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    """A case on the eve: ride, signs of illness and food are asked."""
    return tell("tested", start=NOW + timedelta(hours=20))


def steps(phone: Client) -> dict[str, Any]:
    return {step.question.item: step for step in phone.get("/my/").context["steps"]}


def answer(phone: Client, item: str, fields: dict[str, str], version: int | None = None) -> Any:
    step = steps(phone)[item]
    seen = step.asked.version if version is None else version
    prefix = prefix_of(item)
    body = {f"{prefix}-{name}": value for name, value in {**fields, "version": str(seen)}.items()}
    return phone.post(f"/my/questions/{step.address}/", body)


def words_of(item: str, case: Case) -> list[tuple[Any, ...]]:
    rows = Evidence.objects.filter(checklist=case.checklist_id, item=item).order_by("pk")
    return list(rows.values_list("value__available", "said_by", "authority", "recorded_by"))


def test_overview_says_when_where_how_much_and_one_thing_next(case: Case) -> None:
    answer = enter(case).get("/my/")
    page = answer.content.decode()
    assert "Tuesday, March 2, 2027 at 4:00 AM (Eastern time)" in page
    assert (case.practice.address in page, case.practice.phone in page) == (True, True)
    total = len(answer.context["steps"])
    assert (f"0 of {total} done" in page, page.count("Next: ")) == (True, 1)
    assert "blocked" not in page.casefold()


def test_answer_is_the_patients_word_recorded_by_the_link(case: Case) -> None:
    phone = enter(case)
    before = phone.get("/my/").context["done"]
    done = answer(phone, "ride", RIDE)
    assert words_of("ride", case) == [(True, "patient", 0, f"link:{link_of(case).pk}")]
    page = phone.get(done["Location"])
    assert "Saved: Your ride home" in page.content.decode()
    assert phone.get("/my/").context["done"] == before + 1
    assert Contact.objects.get(kind="escort").name == "Robin Rider"


def test_address_of_a_question_names_neither_item_nor_drug(tell: Callable[..., Case], at: object) -> None:
    case = tell("held", start=NOW + timedelta(days=6), drugs=("apixaban",))
    found = steps(enter(case))
    assert "hold:apixaban" in found
    for item, step in found.items():
        assert re.fullmatch(r"[0-9a-f-]{36}", str(step.address)), item
    other = tell("held", start=NOW + timedelta(days=7), drugs=("apixaban",), slot=("Room 2", "Sam Second", "Bay 2"))
    assert {step.address for step in found.values()} & {step.address for step in steps(enter(other)).values()} == set()


def test_question_of_another_case_is_not_there(case: Case, tell: Callable[..., Case]) -> None:
    other = tell("tested", start=NOW + timedelta(days=5))
    theirs = steps(enter(other))["ride"].address
    body = {f"{prefix_of('ride')}-{name}": value for name, value in {**NO_RIDE, "version": "0"}.items()}
    refused = enter(case).post(f"/my/questions/{theirs}/", body)
    assert (refused.status_code, b"There is nothing here" in refused.content) == (404, True)
    assert (words_of("ride", case), words_of("ride", other)) == ([], [])


def test_no_ride_is_as_easy_as_yes_and_holds_kindly(case: Case) -> None:
    phone = enter(case)
    page = phone.get(answer(phone, "ride", NO_RIDE)["Location"]).content.decode()
    assert ("On hold for now - we will call you." in page, "blocked" in page.casefold()) == (True, False)
    assert Task.objects.filter(case=case, kind="call", key="ride", done_at=None).exists()


def test_patient_adds_a_word_and_never_lifts_a_no(case: Case) -> None:
    phone = enter(case)
    answer(phone, "ride", NO_RIDE)
    answer(phone, "ride", {**RIDE, "replaces": "on"})
    assert [row[0] for row in words_of("ride", case)] == [False, True]
    assert "On hold for now" in phone.get("/my/").content.decode()


def test_patient_never_lifts_the_word_of_staff(case: Case) -> None:
    record(case, "ride", {"available": False}, now=NOW)
    phone = enter(case)
    page = phone.get(f"/my/questions/{steps(phone)['ride'].address}/").content.decode()
    assert "A person will look at it and call you." in page
    answer(phone, "ride", RIDE)
    assert "On hold for now" in phone.get("/my/").content.decode()


def test_answer_to_what_changed_meanwhile_is_shown_again_with_what_was_typed(case: Case) -> None:
    phone = enter(case)
    record(case, "ride", {"available": False}, now=NOW)
    refused = answer(phone, "ride", RIDE, version=0)
    page = refused.content.decode()
    assert (refused.status_code, "This changed while you were here." in page, "Robin Rider" in page) == (
        400,
        True,
        True,
    )
    assert len(words_of("ride", case)) == 1
    fresh = refused.context["form"]["version"].value()
    assert fresh == str(Item.objects.get(checklist=case.checklist, key="ride").version)


def test_choice_left_empty_is_asked_again_and_writes_nothing(case: Case) -> None:
    phone = enter(case)
    refused = answer(phone, "ride", {})
    page = refused.content.decode()
    assert (refused.status_code, 'role="alert"' in page) == (400, True)
    target = re.search(r'<li><a href="#([^"]+)">', page)
    assert target and f'id="{target[1]}"' in page
    assert words_of("ride", case) == []


def test_call_me_makes_a_call_and_records_no_answer(case: Case) -> None:
    phone = enter(case)
    page = phone.get(answer(phone, "ride", {"choice": "call_me"})["Location"]).content.decode()
    assert "We will call you." in page
    assert (words_of("ride", case), Task.objects.filter(case=case, key="answer:ride").count()) == ([], 1)


def test_moved_booking_shows_old_and_new_time_and_asks_only_what_changed(
    case: Case, resources: dict[str, Resource]
) -> None:
    phone = enter(case)
    answer(phone, "ride", RIDE)
    assert b"The time has changed." not in phone.get("/my/").content
    case.refresh_from_db()
    slot = bookings.Slot(
        NOW + timedelta(days=3, hours=2), *(resources[name].pk for name in ("Room 1", "Chris Clinician", "Bay 1"))
    )
    bookings.move_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        slot=slot,
        seen_version=case.version,
        by=BY,
        now=NOW + timedelta(minutes=1),
    )
    page = phone.get("/my/").content.decode()
    assert "The time has changed." in page
    old, new = page.index("<del>Tuesday, March 2, 2027 at 4:00 AM"), page.index("Thursday, March 4, 2027 at 10:00 AM")
    assert old < new
    assert steps(phone)["ride"].question.is_done


def test_check_page_shows_every_answer_with_a_way_to_change_it(case: Case) -> None:
    phone = enter(case)
    answer(phone, "ride", NO_RIDE)
    page = phone.get("/my/check/").content.decode()
    for step in steps(phone).values():
        assert f"/my/questions/{step.address}/" in page
    assert "I have no ride" in page


def test_calendar_file_is_the_entry_of_the_invite_and_says_nothing_more(case: Case) -> None:
    answer = enter(case).get("/my/appointment.ics")
    event = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert (str(event["UID"]), int(event["SEQUENCE"])) == (case.booking.uid, case.booking.sequence)
    assert event["DTSTART"].dt == case.booking.starts_at
    assert str(event["SUMMARY"]) == f"Appointment - {case.practice.name}"
    assert case.procedure not in answer.content.decode()


def test_caregiver_speaks_as_caregiver_and_gets_no_calendar_entry_that_would_stay(case: Case) -> None:
    give_link(case, "caregiver")
    phone = follow(link_of(case, "caregiver"))
    assert b"of the person you help" in phone.get("/my/").content
    phone.post("/my/", birth_date(case.patient.born_on))
    answer(phone, "ride", NO_RIDE)
    assert words_of("ride", case) == [(False, "caregiver", 0, f"link:{link_of(case, 'caregiver').pk}")]
    assert b"Add to calendar" not in phone.get("/my/done/").content
    assert phone.get("/my/appointment.ics")["Location"] == "/my/"


def test_language_is_the_patients_until_another_is_chosen(case: Case) -> None:
    Patient.objects.filter(pk=case.patient_id).update(language="es-MX")
    phone = follow(link_of(case))
    door = phone.get("/my/").content.decode()
    assert ('<html lang="es">' in door, door.index("Día") < door.index("Mes") < door.index("Año")) == (True, True)
    phone.post("/my/", birth_date(case.patient.born_on))
    page = phone.get("/my/").content.decode()
    assert "martes 2 de marzo de 2027 a las 4:00 a. m. (hora del Este)" in page
    english = phone.get("/my/?lang=en").content.decode()
    assert ('<html lang="en">' in english, "Tuesday, March 2, 2027" in phone.get("/my/").content.decode()) == (
        True,
        True,
    )
    assert '<html lang="en">' in phone.get("/my/?lang=xx").content.decode()


def test_boxes_of_the_date_stand_in_the_order_of_the_language(case: Case) -> None:
    page = follow(link_of(case)).get("/my/").content.decode()
    assert page.index(">Month<") < page.index(">Day<") < page.index(">Year<")
    assert 'lang="es"' in page


def each_page(case: Case) -> dict[str, Any]:
    """Every page of the patient, by a name."""
    phone = enter(case)
    pages = {"overview": "/my/", "check": "/my/check/", "done": "/my/done/"}
    pages |= {item: f"/my/questions/{step.address}/" for item, step in steps(phone).items()}
    found = {name: phone.get(address) for name, address in pages.items()}
    return {**found, "door": follow(link_of(case)).get("/my/"), "dead": Client().get("/my/")}


def test_every_page_is_light_without_scripts_and_kept_nowhere(tell: Callable[..., Case], at: object) -> None:
    case = tell("held", start=NOW + timedelta(hours=20), drugs=("apixaban",))
    sheet = finders.find("cleared/my.css")
    assert isinstance(sheet, str)
    with open(sheet, "rb") as file:  # noqa: PTH123
        css = len(file.read())
    for name, answer in each_page(case).items():
        page = answer.content.decode()
        assert len(answer.content) + css <= LIGHT, name
        assert re.findall(r'(?:src|href)="(/static/[^"]+)"', page) == ["/static/cleared/my.css"], name
        assert ("<script" in page, " style=" in page, page.count("<h1")) == (False, False, 1), name
        headers = [answer[header] for header in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")]
        assert headers == ["no-store", "noindex, nofollow", "same-origin"], name


def test_pages_cost_few_queries(case: Case, django_assert_max_num_queries: Any) -> None:
    phone = enter(case)
    with django_assert_max_num_queries(8):
        phone.get("/my/")
    with django_assert_max_num_queries(8):
        phone.get("/my/check/")


def test_case_without_a_date_says_so(case: Case) -> None:
    bookings.release_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        reason="the patient asked",
        seen_version=case.version,
        by=BY,
        now=NOW,
    )
    give_link(case, "patient")
    page = enter(case).get("/my/").content.decode()
    assert ("There is no date yet. We will call you." in page, "Next:" in page) == (True, False)
    assert Message.objects.filter(kind="invite:patient").count() == 1


SYLLABLES = re.compile(r"[aeiouy]+")


def grade(text: str) -> float:
    """Flesch and Kincaid's grade, with the usual rough count of syllables."""
    words = re.findall(r"[a-z']+", text.casefold())
    sentences = max(1, len(re.findall(r"[.!?:]+(?:\s|$)", text)))
    syllables = sum(max(1, len(SYLLABLES.findall(re.sub(r"e$", "", word)))) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def test_english_of_our_pages_reads_at_grade_six_or_below() -> None:
    from tests.house.spanish import texts

    sentences = [re.sub(r"%\(\w+\)s|\{\w+\}", "x", text) for text in texts("scheduler") if len(text.split()) > 4]
    assert len(sentences) > 20
    assert grade("The anesthesiologist subsequently evaluates perioperative anticoagulation requirements.") > 12
    assert grade(" ".join(text if text[-1] in ".?!:" else f"{text}." for text in sentences)) <= 6
