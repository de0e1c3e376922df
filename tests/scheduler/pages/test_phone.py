"""The phone check: one screen, one save, everything or nothing; and what the caller reads aloud."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence
from checklists.services.checklists import assess_checklist
from scheduler.models import Case, Contact, Record, Task
from scheduler.pages.answers import prefix_of
from scheduler.services.answers import asked_of
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db

FIVE_DRUGS = ("ibuprofen", "naproxen", "diclofenac", "etodolac", "metformin")
AFTERNOON = START + timedelta(hours=5)  # of the same day: the fast has begun, and every drug is asked


@pytest.fixture
def case(tell: Callable[..., Case]) -> Case:
    """Booked in five days, everything tested, the patient not asked yet."""
    return tell("tested", start=START + timedelta(days=5), drugs=("ibuprofen", "apixaban"))


def address(case: Case) -> str:
    return f"/desk/cases/{case.pk}/phone/"


def form(*given: tuple[str, dict[str, Any]], who: str = "patient", **more: Any) -> dict[str, Any]:
    """What the browser sends: per item its choice, details and the version that was shown."""
    sent: dict[str, Any] = {"act": "save", "who-speaker": who, "who-identified": "on", **more}
    for item, fields in given:
        for name, value in {"version": 0, **fields}.items():
            sent[f"{prefix_of(item)}-{name}"] = value
    return sent


def told(case: Case, client_by: str) -> list[tuple[str, dict[str, Any], str]]:
    rows = Evidence.objects.filter(
        checklist=case.checklist, said_by__in=("patient", "caregiver"), recorded_by=client_by
    )
    return [(row.item, row.value, row.said_by) for row in rows.order_by("pk")]


NO_RIDE = ("ride", {"choice": "no_ride"})
STOPPED = ("hold:apixaban", {"choice": "stopped", "stopped-last-day": "2027-02-28", "stopped-last-time": "20:15"})


def test_one_post_saves_every_answer_that_was_given_and_leaves_the_others(
    case: Case, signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    answer = signed_in("scheduler").post(address(case), form(NO_RIDE, STOPPED, ("fasting", {"choice": ""})))
    assert told(case, staff["scheduler"].by) == [
        ("hold:apixaban", {"last_dose_at": "2027-03-01T01:15:00+00:00"}, "patient"),
        ("ride", {"available": False}, "patient"),
    ]
    page = answer.content.decode()
    assert ("Saved:" in page, "Nobody can take the patient home." in page) == (True, True)


def test_what_blocks_and_who_is_called_is_shown_after_saving(case: Case, signed_in: Callable[[str], Client]) -> None:
    answer = signed_in("scheduler").post(address(case), form(NO_RIDE, STOPPED))
    assert "ride" in {finding.item for finding in answer.context["blocks"]}
    assert {task.key for task in answer.context["calls"]} >= {"ride", "answer:hold:apixaban"}


def test_eight_answers_are_saved_at_once(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    case = tell("tested", start=AFTERNOON, drugs=FIVE_DRUGS)
    asked = [each.question.item for each in asked_of(case, NOW) if each.question.is_open]
    stopped = {"choice": "stopped", "stopped-last-day": "2027-02-20", "stopped-last-time": ""}
    given = [(item, stopped) for item in asked if item.startswith("hold:")]
    ate = {"choice": "ate", "ate-what": "light meal", "ate-at-day": "2027-02-28", "ate-at-time": "19:00"}
    ride = {"choice": "yes", "yes-name": "Al Escort"}
    given += [("fasting", ate), ("ride", ride), ("infection_prescreen", {"choice": "no"})]
    answer = signed_in("scheduler").post(address(case), form(*given))
    saved = Evidence.objects.filter(checklist=case.checklist, said_by="patient").values_list("item", flat=True)
    assert (answer.status_code, len(saved), set(saved)) == (200, 8, set(asked))


def test_nothing_is_chosen_beforehand(case: Case, signed_in: Callable[[str], Client]) -> None:
    signed_in("scheduler").post(address(case), form(NO_RIDE))
    page = signed_in("scheduler").get(address(case)).content.decode()
    assert ("I have no ride" in page, "checked" in page.replace("checked_in", "")) == (True, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"who-identified": ""}, "Ask for the full name and the date of birth of the patient, then tick this."),
        ({"who-speaker": ""}, "Say who is speaking."),
        ({"who-speaker": "escort"}, "escort is not one of the available choices"),
    ],
)
def test_nothing_is_saved_before_it_is_clear_who_speaks(
    change: dict[str, str], said: str, case: Case, signed_in: Callable[[str], Client]
) -> None:
    answer = signed_in("scheduler").post(address(case), {**form(STOPPED, NO_RIDE), **change})
    page = answer.content.decode()
    assert (answer.status_code, said in page, 'value="20:15"' in page, 'value="no_ride" id=' in page) == (
        400,
        True,
        True,
        True,
    )
    assert page.count(" checked") >= 2
    assert not Evidence.objects.filter(checklist=case.checklist, item="ride").exists()


def test_stale_answer_refuses_all_names_it_and_keeps_what_was_typed(
    case: Case, signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    client = signed_in("scheduler")
    client.post(address(case), form(("ride", {"choice": "not_sure"})))
    answer = client.post(address(case), form(STOPPED, NO_RIDE))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert [(r.code, r.item) for r in answer.context["problem"].errors] == [("stale", "ride")]
    assert ('value="20:15"' in page, "Saved:" in page) == (True, False)
    assert told(case, staff["scheduler"].by) == [("ride", {"answer": "not_sure"}, "patient")]
    fresh = form(STOPPED, ("ride", {"choice": "no_ride", "version": 1}))
    assert client.post(address(case), fresh).status_code == 200


def test_page_that_was_refused_shows_the_version_of_now(case: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    client.post(address(case), form(("ride", {"choice": "not_sure"})))
    page = client.post(address(case), form(NO_RIDE)).content.decode()
    assert f'name="{prefix_of("ride")}-version" value="1"' in page


def test_empty_save_says_so(case: Case, signed_in: Callable[[str], Client]) -> None:
    answer = signed_in("scheduler").post(address(case), form())
    assert (answer.status_code, "Nothing was answered" in answer.content.decode()) == (400, True)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("hold:apixaban", {"choice": "stopped"}, "This is needed."),
    ("hold:apixaban", {"stopped-last-day": "2027-02-28"}, "Choose one of the answers."),
    ("hold:apixaban", {"choice": "stopped", "stopped-last-day": "2027-03-02"}, "This is in the future."),
    ("hold:apixaban", {"choice": "stopped", "stopped-last-time": "08:00"}, "Give the day and the time."),
    ("hold:apixaban", {"choice": "took_it"}, "Choose one of the answers."),
    ("ride", {"choice": "yes", "yes-name": "Al", "yes-phone": "12"}, "This phone number is too short."),
    ("ride", {"choice": "no"}, "Choose one of the answers."),
    ("infection_prescreen", {"choice": "no", "yes-signs": ["chills"]}, "Choose"),
    ("fasting", {"choice": "nothing"}, "Choose one of the answers."),
    ("hold:apixaban", {"choice": "not_taking", "stopped-last-day": "2027-02-28"}, "You gave a time at another answer."),
    ("hold:apixaban", {"choice": "not_taking", "stopped-last-time": "08:00"}, "You gave a time at another answer."),
]


def test_answer_that_is_wrong_is_named_with_a_link_and_nothing_is_saved(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    before, client = Evidence.objects.count(), signed_in("scheduler")
    for item, fields, said in WRONG:
        others = () if item == "ride" else (NO_RIDE,)
        answer = client.post(address(case), form((item, fields), *others))
        page = answer.content.decode()
        links = [wrong["id"] for wrong in answer.context["wrong"]]
        assert (fields, answer.status_code, said in page) == (fields, 400, True)
        assert Evidence.objects.count() == before
        assert links
        assert [link for link in links if f'id="{link}"' not in page] == []


def test_time_of_another_answer_is_asked_about_unless_the_answer_leaves_it_open(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    case, client = tell("tested", start=NOW + timedelta(hours=3)), signed_in("scheduler")
    ate = {"ate-what": "light meal", "ate-at-day": "2027-03-01", "ate-at-time": "07:00"}
    drank = {"clear-at-day": "2027-03-01", "clear-at-time": "06:00"}
    for fields in ({"choice": "nothing", **ate}, {"choice": "clear", **drank, **ate}):
        answer = client.post(address(case), form(("fasting", fields)))
        assert (answer.status_code, "You gave a time at another answer." in answer.content.decode()) == (400, True)
    client.post(address(case), form(("fasting", {"choice": "not_sure", **ate})))
    assert told(case, staff["scheduler"].by) == [("fasting", {"answer": "not_sure"}, "patient")]


def test_wall_time_that_the_clock_change_skips_is_refused(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], at: Callable[..., None]
) -> None:
    now = NOW + timedelta(days=14)  # after the clocks went forward
    case = tell("tested", now=now, start=now + timedelta(days=5), drugs=("apixaban",))
    at(now)
    skipped = {"choice": "stopped", "stopped-last-day": "2027-03-14", "stopped-last-time": "02:30"}
    answer = signed_in("scheduler").post(address(case), form(("hold:apixaban", skipped)))
    assert (answer.status_code, "The clocks change at that time." in answer.content.decode()) == (400, True)


def test_script_is_read_in_the_language_that_was_chosen_and_in_the_patients_by_default(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("scheduler")
    case.patient.language = "es"
    case.patient.save()
    pages = {
        query: client.get(address(case) + query).content.decode() for query in ("", "?language=en", "?language=xx")
    }
    assert "Siga tomando apixaban como ahora" in pages[""]
    assert "sábado 6 de marzo a las 10:00 a. m. (hora del Este)" in pages[""]
    assert "¿cuál es su nombre completo y cuándo nació?" in pages[""]
    assert "Siga tomando" not in pages["?language=en"]
    assert "Siga tomando" not in pages["?language=xx"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_word_of_stopping_is_read_before_the_prescriber_agreed(
    language: str, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    """H4, with the other case as data that could leak: the same drug with its agreement."""
    start = START + timedelta(days=5)
    waiting = tell("tested", start=start, drugs=("apixaban",))
    agreed = tell("held", start=start + timedelta(days=1), drugs=("apixaban",), **{"hold:apixaban": None})
    orders = ("no later than", "a más tardar", "When to stop apixaban", "Cuándo dejar apixaban")
    client = signed_in("scheduler")
    pages = [client.get(f"{address(case)}?language={language}").content.decode() for case in (waiting, agreed)]
    assert [any(order in page for order in orders) for page in pages] == [False, True]
    kept = {"en": "Keep taking apixaban as you do now", "es": "Siga tomando apixaban como ahora"}[language]
    assert [kept in page for page in pages] == [True, False]


def test_caregiver_is_offered_with_the_permission_on_file_and_only_then(
    case: Case, signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    client = signed_in("scheduler")
    caregiver = Contact.objects.create(
        practice_id=case.practice_id,
        patient=case.patient,
        kind="caregiver",
        name="Cara Giver",
        channel="call",
        created_at=NOW,
    )
    assert "Cara Giver (permission" not in client.get(address(case)).content.decode()
    assert client.post(address(case), form(NO_RIDE, who=str(caregiver.pk))).status_code == 400
    caregiver.permission = "the patient on 1 March"
    caregiver.save()
    assert "Cara Giver (permission: the patient on 1 March)" in client.get(address(case)).content.decode()
    client.post(address(case), form(NO_RIDE, who=str(caregiver.pk)))
    assert told(case, staff["scheduler"].by) == [("ride", {"available": False}, "caregiver")]


def test_earlier_answer_is_shown_with_its_age_and_who_recorded_it(
    case: Case, signed_in: Callable[[str], Client], at: Callable[..., None]
) -> None:
    client = signed_in("scheduler")
    client.post(address(case), form(NO_RIDE))
    at(NOW + timedelta(hours=3))
    page = client.get(address(case)).content.decode()
    assert "Earlier: <strong>I have no ride</strong> — patient, 3 hours ago, recorded by Dana Desk" in page


def ride(case: Case) -> str:
    finding = assess_checklist(checklist=case.checklist, start=START + timedelta(days=5), now=NOW).verdict.finding(
        "ride"
    )
    assert finding is not None
    return finding.code


def test_no_is_replaced_only_by_a_tick(case: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    client.post(address(case), form(NO_RIDE))
    yes = {"choice": "yes", "yes-name": "Al Escort"}
    client.post(address(case), form(("ride", {**yes, "version": 1})))
    assert ride(case) == "no_ride"
    client.post(address(case), form(("ride", {**yes, "version": 2, "replaces": "on"})))
    assert ride(case) == "satisfied"


def test_sign_of_illness_is_replaced_by_a_nurse_only(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("tested", start=AFTERNOON)
    sick = ("infection_prescreen", {"choice": "yes", "yes-signs": ["chills"]})
    none = ("infection_prescreen", {"choice": "no", "version": 1, "replaces": "on"})
    signed_in("scheduler").post(address(case), form(sick))
    desk, nurse = signed_in("scheduler").get(address(case)), signed_in("nurse").get(address(case))
    box = f'name="{prefix_of("infection_prescreen")}-replaces"'
    assert (box in desk.content.decode(), box in nurse.content.decode()) == (False, True)
    refused = signed_in("scheduler").post(address(case), form(none))
    assert (refused.status_code, Evidence.objects.filter(item="infection_prescreen").count()) == (403, 1)
    assert signed_in("nurse").post(address(case), form(none)).status_code == 200


def test_could_not_reach_owes_a_call_and_is_kept_in_the_record(case: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    answer = client.post(address(case), {"act": "unreached", "outcome": "NO_ANSWER"})
    task = Task.objects.get(case=case, key="phone_check")
    assert task.sentence == "Call again for the phone check. Last try Mon 1 Mar 2027 08:00 EST: no answer."
    assert task.sentence in answer.content.decode()
    assert Record.objects.get(practice=case.practice, action="call_not_reached").codes == ["no_answer"]
    wrong = client.post(address(case), {"act": "unreached"})
    assert (wrong.status_code, "Say what happened." in wrong.content.decode()) == (400, True)


def test_get_and_head_change_nothing(case: Case, signed_in: Callable[[str], Client]) -> None:
    client, before = signed_in("scheduler"), Record.objects.count()
    client.get(address(case))
    client.head(address(case))
    assert (Record.objects.count(), Task.objects.filter(case=case, key="phone_check").exists()) == (before, False)


def test_case_without_a_booking_says_what_to_do(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    case = tell("imaged")
    page = signed_in("scheduler").get(address(case)).content.decode()
    assert ("no procedure is booked. Book one first." in page, "Save the answers" in page) == (True, False)


def test_case_page_leads_to_the_phone_check(case: Case, signed_in: Callable[[str], Client]) -> None:
    assert f'href="{address(case)}"' in signed_in("scheduler").get(f"/desk/cases/{case.pk}/").content.decode()
