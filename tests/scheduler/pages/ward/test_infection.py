"""The infection check on its page: none of these, the thermometer, and what an infection does."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence
from checklists.rules.values import Authority
from scheduler.models import Case, User
from tests.conftest import NOW
from tests.scheduler.pages.ward.conftest import Bedside
from tests.scheduler.pages.ward.test_verify import say

pytestmark = pytest.mark.django_db
CLEAR = {"signs": "none", "temperature": "36.6", "unit": "C", "skin": "clear", "outcome": "clear"}


@pytest.fixture
def place(tell: Callable[..., Case], bedside: Callable[..., Bedside]) -> Bedside:
    return bedside(tell("arrived", start=NOW + timedelta(minutes=30), drugs=("apixaban",), infection_check=None))


def check(place: Bedside, **body: Any) -> Any:
    version = place.lines()["infection_check"].asked.version
    return place.send("infection", **{"item": "infection_check", "seen_version": version, **CLEAR, **body})


def recorded(place: Bedside) -> list[Evidence]:
    return list(Evidence.objects.filter(checklist=place.case.checklist, item="infection_check").order_by("pk"))


def test_none_of_these_answers_every_question_of_the_protocol(place: Bedside) -> None:
    assert check(place)["Location"].endswith("?saved=recorded")
    (made,) = recorded(place)
    assert {key: made.value[key] for key in ("temperature", "unit", "skin", "outcome")} == {
        "temperature": 36.6,
        "unit": "C",
        "skin": "clear",
        "outcome": "clear",
    }
    asked = {q.key for q in place.look("infection/").context["screens"][0]["form"].questions}
    assert made.value["answers"] == dict.fromkeys(asked, "no")
    assert ("chills" in asked, "mrsa" in asked, "temperature" in asked, "skin_at_site" in asked) == (
        True,
        True,
        False,
        False,
    )
    assert (made.authority, place.lines()["infection_check"].status) == (Authority.NURSE, "satisfied")


def test_last_day_of_an_infection_is_not_left_out_of_a_clear_check(place: Bedside) -> None:
    answer = check(place, over_on="2027-03-09")
    assert (answer.status_code, recorded(place)) == (400, [])
    assert "belongs to an infection that was found" in answer.content.decode()


def test_yes_of_the_patient_is_asked_about_first(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    case = tell("arrived", infection_check=None)
    say(case, "infection_prescreen", {"answers": {"chills": "yes"}}, "patient", staff)
    steps = bedside(case).look().context["next"]
    assert steps[0].startswith("Ask the patient about the signs again")
    assert "Call the clinician." not in steps


def test_ticked_sign_is_a_yes_and_fails(place: Bedside) -> None:
    check(place, signs="some", ticked=["chills"])
    (made,) = recorded(place)
    assert (made.value["answers"]["chills"], made.value["answers"]["cough_or_cold"]) == ("yes", "no")
    assert place.lines()["infection_check"].finding.code == "yes_chills"


@pytest.mark.parametrize(("temperature", "unit"), [("38.0", "C"), ("100.4", "F"), ("39.1", "C")])
def test_fever_of_the_protocols_row_blocks_and_says_so(temperature: str, unit: str, place: Bedside) -> None:
    check(place, temperature=temperature, unit=unit)
    page = place.look("?saved=recorded")
    assert page.context["row"].state == "blocked"
    assert page.context["next"][:2] == [
        "Call the clinician.",
        "The procedure is blocked: the start is refused until this is mended.",
    ]
    assert "fever. Call the clinician." in page.content.decode()
    assert place.move("check-in").status_code == 302  # the check is needed by the start
    refused = place.move("start")
    assert (refused.status_code, [f.item for f in refused.context["refused"]]) == (409, ["infection_check"])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"ticked": ["chills"]}, "None of these is chosen, and this is ticked: Chills, shaking"),
    ({"signs": "some"}, "Tick which signs there are"),
    ({"signs": ""}, "Choose None of these, or tick"),
    ({"temperature": ""}, "Measure the temperature"),
    ({"temperature": "nan"}, "Enter a number."),
    ({"temperature": "98.6"}, "98.6 C is not a body temperature"),
    ({"skin": ""}, "Look at the skin"),
    ({"outcome": ""}, "This field is required."),
    ({"outcome": "fine"}, "Select a valid choice."),
    ({"signs": "some", "ticked": ["sneezing"]}, "Select a valid choice."),
]


def test_what_is_wrong_is_named_kept_and_not_saved(place: Bedside) -> None:
    for body, said in WRONG:
        answer = check(place, **body)
        page = answer.content.decode()
        assert (body, answer.status_code, said in page) == (body, 400, True)
        kept = body.get("temperature", "36.6")
        assert kept == "" or f'value="{kept}"' in page
    assert recorded(place) == []


def test_infection_is_asked_once_more_and_then_releases_the_booking(
    place: Bedside, signed_in: Callable[[str], Client]
) -> None:
    asked = check(place, outcome="infection", signs="some", ticked=["chills"])
    page = asked.content.decode()
    assert (asked.status_code, recorded(place)) == (409, [])
    assert "This releases the booking now." in page
    assert 'value="infection_confirmed"' in page
    assert 'value="chills" checked' in page
    place.case.refresh_from_db()
    assert place.case.booking is not None
    done = check(place, outcome="infection_confirmed", signs="some", ticked=["chills"])
    assert done["Location"].endswith("?saved=infection")
    place.case.refresh_from_db()
    assert (place.case.state, place.case.booking, recorded(place)[0].value["outcome"]) == (
        "referred",
        None,
        "infection",
    )
    shown = place.look("?saved=infection")
    assert "The booking is released." in shown.content.decode()
    assert "restart_decision:apixaban" in place.lines()
    desk = signed_in("scheduler")
    for page, said in (("", "Earliest safe start, once what"), ("book/", "the earliest safe start, once what")):
        shown = desk.get(f"/desk/cases/{place.case.pk}/{page}")
        assert f"{said} blocks the case is mended" in shown.content.decode()


def test_only_a_clinician_assesses_signs_as_no_infection_and_gives_the_reason(
    place: Bedside, bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    check(place, temperature="38.4")
    at(NOW + timedelta(minutes=5))
    body = {"outcome": "assessed_not_infection", "temperature": "38.4"}
    refused = check(place, **body, reason="sunburn")
    assert (refused.status_code, len(recorded(place))) == (403, 1)
    assert "assessed_not_infection" not in place.look("infection/").content.decode()
    clinician = bedside(place.case, role="clinician")
    assert "assessed_not_infection" in clinician.look("infection/").content.decode()
    assert check(clinician, **body).status_code == 400
    assert check(clinician, **body, reason="came in from the sun").status_code == 302
    assert recorded(place)[-1].value["reason"] == "came in from the sun"
    assert place.lines()["infection_check"].status == "satisfied"


def test_patients_answers_stand_beside_each_question(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    said = {"chills": "yes", "cough_or_cold": "not_sure", "vaccine": "no"}
    place = bedside(tell("arrived", infection_prescreen={"answers": said}, infection_check=None))
    signs = {sign.question.key: sign.said for sign in place.look("infection/").context["screens"][0]["signs"]}
    assert {key: signs[key] for key in (*said, "mrsa")} == {
        "chills": "yes",
        "cough_or_cold": "not sure",
        "vaccine": "no",
        "mrsa": "",
    }
    assert 'said yes">patient said: yes' in place.look("infection/").content.decode()


def test_nurse_answers_a_yes_of_the_patient_by_naming_it(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    place = bedside(tell("arrived", infection_prescreen={"answers": {"chills": "yes"}}))
    no = place.lines()["infection_prescreen"].asked.noes[0].word.entry
    body = {"item": "infection_prescreen", "seen_version": 1, "signs": "none"}
    place.send("infection/prescreen", **body)
    assert place.lines()["infection_prescreen"].status == "failed"
    place.send("infection/prescreen", **{**body, "seen_version": 2}, replaces=[str(no.public_id)])
    assert place.lines()["infection_prescreen"].status == "satisfied"


def test_check_against_an_old_version_shows_what_changed_and_keeps_what_was_typed(place: Bedside) -> None:
    check(place, temperature="38.9")
    stale = place.send("infection", item="infection_check", seen_version=0, **{**CLEAR, "temperature": "36.7"})
    page = stale.content.decode()
    assert (stale.status_code, len(recorded(place)), 'value="36.7"' in page) == (409, 1, True)
    assert "38.9 C" in page[page.index("Meanwhile") : page.index("<h1")]


def test_thermometer_keeps_the_unit_that_was_used_last(
    place: Bedside, tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    other = bedside(tell("prepared", start=NOW + timedelta(hours=3)))
    assert other.look("infection/").context["screens"][0]["form"]["unit"].value() == "F"
    check(place, unit="C")
    assert other.look("infection/").context["screens"][0]["form"]["unit"].value() == "C"
