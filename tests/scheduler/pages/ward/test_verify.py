"""Verifying: agreeing in one tap, saying what is different, and nobody's failure lost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from checklists.models import Evidence, Item
from checklists.rules.kinds import KINDS, check_value
from checklists.rules.values import Authority
from scheduler.models import Case, Task, User
from scheduler.pages.ward.item_forms import FORMS
from scheduler.services.evidence import record_evidence
from scheduler.services.transitions import arrive
from tests.conftest import NOW, START
from tests.remembered import Once
from tests.scheduler.pages.ward.conftest import Bedside

pytestmark = pytest.mark.django_db
AT = NOW + timedelta(minutes=5)
AFTER = {"nurse": Authority.NURSE, "clinician": Authority.CLINICIAN, "patient": Authority.PATIENT}


def say(case: Case, item: str, value: dict[str, Any], who: str, staff: dict[str, User], at: datetime = NOW) -> None:
    version = Item.objects.filter(checklist=case.checklist, key=item).values_list("version", flat=True).first() or 0
    record_evidence(
        practice_id=case.practice_id,
        case_id=case.pk,
        item=item,
        value=value,
        observed_at=at,
        said_by="patient" if who == "patient" else "staff",
        authority=AFTER[who],
        seen_version=version,
        by=staff["nurse" if who == "patient" else who].by,
        now=at,
    )


def newest(case: Case) -> Evidence:
    return Evidence.objects.filter(checklist=case.checklist).latest("pk")


@pytest.fixture
def here(tell: Callable[..., Case], staff: dict[str, User], at: Callable[[datetime], None], once: Once) -> Case:
    """Arrived; what the patient said of drug, fast and ride waits for a nurse."""
    case = tell("prepared", drugs=("apixaban",), start=START)

    def arrives() -> UUID:
        arrive(practice_id=case.practice_id, case_id=case.pk, by=staff["nurse"].by, now=NOW)
        dose = (START - timedelta(hours=80)).isoformat()
        say(case, "hold:apixaban", {"last_dose_at": dose}, "patient", staff)
        return case.pk

    once("arrived and asked", arrives)
    return Case.objects.get(pk=case.pk)


def test_every_kind_of_item_has_its_row() -> None:
    assert set(FORMS) == set(KINDS)


def test_list_begins_with_what_fails_and_ends_with_what_is_done(
    here: Case, bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    say(here, "ride", {"available": False}, "patient", staff)
    shown = bedside(here).look().context
    assert [line.finding.item for line in shown["open_lines"]] == [
        "ride",
        "hold:apixaban",
        "fasting",
        "infection_check",
    ]
    assert all(line.finding.passes for line in shown["done_lines"])


def test_answers_of_patient_and_nurse_stand_beside_each_other_with_their_age(
    here: Case, bedside: Callable[..., Bedside], staff: dict[str, User], at: Callable[[datetime], None]
) -> None:
    place = bedside(here)
    at(AT)
    place.verify("hold:apixaban")
    line = place.lines()["hold:apixaban"].asked
    said = [(word.entry.said_by, word.recorded_by) for word in (*line.patients_words, *line.staffs_words)]
    assert said == [("patient", "Nadia Nurse"), ("staff", "Nadia Nurse")]
    assert "5 minutes ago" in place.look().content.decode()


def test_everything_that_waits_is_verified_within_twelve_taps(
    here: Case, bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    place, taps = bedside(here), 3  # two boxes and their button
    at(AT)
    for item in ("ride", "fasting", "hold:apixaban"):
        assert place.verify(item)["Location"].endswith("?saved=verified")
        taps += 1
    screen = {"signs": "none", "temperature": "36.6", "unit": "C", "skin": "clear", "outcome": "clear"}
    place.send("infection", item="infection_check", seen_version=0, **screen)
    taps += 5  # the page, none of these, the number, skin, save
    assert (place.look().context["row"].state, taps <= 12) == ("ready", True)


def test_verify_records_the_same_value_as_the_nurses_own_word_now(
    here: Case, bedside: Callable[..., Bedside], staff: dict[str, User], at: Callable[[datetime], None]
) -> None:
    said = newest(here)
    place = bedside(here)
    at(AT)
    answer = place.verify("hold:apixaban")
    made = newest(here)
    assert answer["Location"] == f"/ward/cases/{here.pk}/?saved=verified"
    assert (made.value, made.said_by, made.authority) == (said.value, "staff", Authority.NURSE)
    assert (made.observed_at, made.recorded_by) == (AT, staff["nurse"].by)
    saved = place.look("?saved=verified").content.decode()
    assert 'role="status" tabindex="-1">Saved: verified.' in saved
    assert "<script" not in place.look("?saved=<script>").content.decode().split("<main")[1]


def test_only_a_statement_is_verified_by_agreeing(here: Case, bedside: Callable[..., Bedside]) -> None:
    place, before = bedside(here), newest(here).pk
    for item, version in (("consult", 1), ("imaging", 1), ("infection_check", 0), ("nonsense", 0), ("", 0)):
        answer = place.send("verify", item=item, seen_version=version)
        assert (answer.status_code, newest(here).pk) == (409, before)


@pytest.mark.parametrize("said", [{"available": False}, {"available": True, "adult": False}])
def test_what_fails_is_not_verified_by_agreeing(
    said: dict[str, Any], here: Case, bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    say(here, "ride", said, "patient", staff)
    place, before = bedside(here), newest(here).pk
    assert "awaiting_verification" in {reason.code for reason in place.lines()["ride"].finding.reasons}
    assert place.lines()["ride"].verify == ""
    assert (place.verify("ride").status_code, newest(here).pk) == (409, before)


def test_failure_is_recorded_in_three_taps_sticks_and_says_what_comes_next(
    here: Case, bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    place = bedside(here)
    at(AT)
    place.record("ride", answer="none")  # open, choose, save
    assert newest(here).value == {"available": False}
    page = place.look("?saved=recorded")
    assert page.context["next"] == [
        "Call the clinician.",
        "The procedure is blocked: check-in and start are refused until this is mended.",
        "The desk has been told.",
    ]
    assert Task.objects.filter(case=here, kind="call", key="ride", queue="scheduler", done_at=None).exists()
    assert place.lines()["ride"].verify == ""
    # A later yes does not lift it unless it says that it answers the no.
    place.record("ride", answer="adult")
    assert place.lines()["ride"].status == "failed"
    no = place.lines()["ride"].asked.noes[0]
    place.record("ride", answer="adult", replaces=[str(no.word.entry.public_id)])
    assert place.lines()["ride"].status == "satisfied"
    assert newest(here).value == {"available": True, "adult": True, "seen": True}


def test_nurse_is_not_offered_to_lift_a_clinicians_no(
    here: Case, bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    say(here, "ride", {"available": False}, "clinician", staff)
    place, no = bedside(here), newest(here)
    assert "replaces" not in place.lines()["ride"].form.fields
    place.record("ride", answer="adult", replaces=[str(no.public_id)])
    assert place.lines()["ride"].status == "failed"
    clinician = bedside(here, role="clinician")
    clinician.record("ride", answer="adult", replaces=[str(no.public_id)])
    assert clinician.lines()["ride"].status == "satisfied"


@pytest.mark.parametrize(("first", "second"), [("differ", "agree"), ("agree", "differ"), ("differ", "differ")])
def test_two_nurses_on_one_item_the_second_sees_the_difference_and_saves_nothing(
    first: str, second: str, here: Case, bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    one, two = bedside(here), bedside(here)
    at(AT)
    seen = one.version("ride")

    def act(place: Bedside, how: str) -> Any:
        body = {"item": "ride", "seen_version": seen}
        return place.send("verify", **body) if how == "agree" else place.send("record", **body, answer="driver")

    assert act(one, first).status_code == 302
    kept = newest(here).pk
    answer = act(two, second)
    page = answer.content.decode()
    assert (answer.status_code, newest(here).pk) == (409, kept)
    assert "Somebody else recorded on this meanwhile. Nothing was saved" in page
    shown = answer.context["meanwhile"]
    assert [(entry["recorded_by"], entry["at"]) for entry in shown] == [("Nadia Nurse", AT)]
    # What the page now carries is the version that stands, so that the second nurse can go on.
    assert f'name="seen_version" value="{seen + 1}"' in page


def test_failure_of_the_second_nurse_wins_once_they_saw_the_first(
    here: Case, bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    one, two = bedside(here), bedside(here)
    at(AT)
    one.verify("ride")
    two.record("ride", answer="none")
    assert one.verify("ride").status_code == 409
    assert one.lines()["ride"].status == "failed"


FOUND: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("ride", {"answer": "driver"}, {"available": True, "adult": False}),
    ("ride", {"answer": "not_sure"}, {"answer": "not_sure"}),
    ("hold:apixaban", {"answer": "taken", "day": "2027-02-26"}, {"last_dose_on": "2027-02-26"}),
    (
        "hold:apixaban",
        {"answer": "taken", "day": "2027-03-01", "at": "07:10"},
        {"last_dose_at": "2027-03-01T12:10:00+00:00"},
    ),
    ("hold:apixaban", {"answer": "not_taking"}, {"not_taking": True}),
    ("hold:apixaban", {"answer": "not_sure"}, {"answer": "not_sure"}),
    (
        "fasting",
        {"intake_1": "clear liquids", "day_1": "2027-03-01", "at_1": "07:30"},
        {"intakes": [{"intake": "clear liquids", "at": "2027-03-01T12:30:00+00:00"}]},
    ),
    ("fasting", {"not_sure": "on"}, {"answer": "not_sure"}),
    (
        "labs",
        {"analyte": "INR", "result": "1.8", "unit": "ratio", "drawn_on": "2027-03-01", "drawn_at": "07:40"},
        {"analyte": "INR", "value": 1.8, "unit": "ratio"},
    ),
    (
        "prescriber_clearance:apixaban",
        {"answer": "refused", "prescriber": "Dr. Who", "how": "phone"},
        {"answer": "refused", "prescriber": "Dr. Who", "how": "phone"},
    ),
]
WRONG: list[tuple[str, dict[str, str], str]] = [
    ("ride", {}, "This field is required."),
    ("ride", {"answer": "<b>flying</b>"}, "Select a valid choice."),
    ("hold:apixaban", {"answer": "taken"}, "Give the date of the last dose"),
    ("hold:apixaban", {"answer": "taken", "day": "2027-03-01", "at": "08:01"}, "lies ahead"),
    ("hold:apixaban", {"answer": "taken", "day": "2027-03-02"}, "lies ahead"),
    ("hold:apixaban", {"answer": "not_taking", "day": "2027-03-01"}, "This belongs to a dose that was taken."),
    ("hold:apixaban", {"answer": "not_taking", "at": "07:10"}, "This belongs to a dose that was taken."),
    ("fasting", {}, "Say what was taken last and when"),
    (
        "fasting",
        {"at_1": "07:00", "intake_2": "light meal", "day_2": "2027-02-28", "at_2": "19:00"},
        "Say what was taken at this time, or take the time away.",
    ),
    ("fasting", {"intake_1": "light meal"}, "Give day and time of: light meal."),
    (
        "labs",
        {"analyte": "INR", "result": "nan", "unit": "ratio", "drawn_on": "2027-03-01", "drawn_at": "07:40"},
        "Enter a number.",
    ),
    (
        "labs",
        {"analyte": "INR", "result": "9999", "unit": "ratio", "drawn_on": "2027-03-01", "drawn_at": "07:40"},
        "is not possible",
    ),
]


def test_form_carries_the_version_of_its_item(here: Case, bedside: Callable[..., Bedside]) -> None:
    place = bedside(here)
    shown = {item: line.asked.version for item, line in place.lines().items()}
    assert shown == {item: place.version(item) for item in shown}
    assert {0, 1} < set(shown.values())
    form = place.look("?item=ride").content.decode()
    assert f'name="seen_version" value="{shown["ride"]}"' in form


def test_small_forms_record_what_was_found(here: Case, bedside: Callable[..., Bedside]) -> None:
    place, recorded = bedside(here), []
    for item, body, _ in FOUND:
        answer = place.record(item, **body)
        assert answer.status_code == 302, answer.content.decode()
        made = newest(here)
        assert (made.said_by, made.authority) == ("staff", Authority.NURSE)
        recorded.append((made.item, made.value))
    assert recorded == [(item, value) for item, _, value in FOUND]
    assert [check_value(item, value) for item, value in recorded] == [[]] * len(FOUND)


def test_what_is_wrong_is_named_and_nothing_is_saved(here: Case, bedside: Callable[..., Bedside]) -> None:
    place, before = bedside(here), newest(here).pk
    for item, body, said in WRONG:
        answer = place.record(item, **body)
        page = answer.content.decode()
        assert (item, answer.status_code, newest(here).pk, said in page) == (item, 400, before, True)
        assert "<b>flying" not in page
        (line,) = [line for line in (*answer.context["open_lines"], *answer.context["done_lines"]) if line.is_open]
        assert line.finding.item == item


def test_fasting_form_begins_with_what_was_said_and_keeps_it(
    here: Case, bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    supper = {"intake": "fatty or meat meal", "at": "2027-03-01T01:00:00+00:00"}
    say(here, "fasting", {"intakes": [supper]}, "patient", staff)
    place = bedside(here)
    form = place.lines()["fasting"].form
    shown = {name: form[name].value() for name in ("intake_1", "intake_2", "at_2")}
    assert shown == {"intake_1": "", "intake_2": "fatty or meat meal", "at_2": "20:00"}
    rows = {"intake_2": "fatty or meat meal", "day_2": "2027-02-28", "at_2": "20:00"}
    place.record("fasting", intake_1="clear liquids", day_1="2027-03-01", at_1="06:00", **rows)
    coffee = {"intake": "clear liquids", "at": "2027-03-01T11:00:00+00:00"}
    assert newest(here).value == {"intakes": [coffee, supper]}


def test_fast_that_was_told_in_part_is_asked_anew_and_not_agreed_with(
    here: Case, bedside: Callable[..., Bedside], staff: dict[str, User], at: Callable[[datetime], None]
) -> None:
    say(here, "fasting", {"intakes": [], "since": (START - timedelta(hours=7)).isoformat()}, "patient", staff)
    place = bedside(here)
    line = place.lines()["fasting"]
    assert (line.finding.code, line.asked.agreed_value) == ("fasting_said_in_part", None)
    at(AT)
    place.record("fasting", intake_1="light meal", day_1="2027-02-28", at_1="19:00")
    assert place.lines()["fasting"].status == "satisfied"


def test_time_without_its_food_beside_what_was_said_is_not_left_out(
    here: Case, bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    supper = {"intake": "light meal", "at": "2027-03-01T00:00:00+00:00"}
    say(here, "fasting", {"intakes": [supper]}, "patient", staff)
    rows = {"intake_2": "light meal", "day_2": "2027-02-28", "at_2": "19:00"}
    answer = bedside(here).record("fasting", day_1="2027-03-01", at_1="07:00", **rows)
    assert (answer.status_code, newest(here).authority) == (400, Authority.PATIENT)


def test_row_of_what_was_said_is_taken_out_by_its_food(
    here: Case, bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    supper = {"intake": "light meal", "at": "2027-03-01T00:00:00+00:00"}
    say(here, "fasting", {"intakes": [supper]}, "patient", staff)
    coffee = {"intake_1": "clear liquids", "day_1": "2027-03-01", "at_1": "06:00"}
    bedside(here).record("fasting", **coffee, intake_2="", day_2="2027-02-28", at_2="19:00")
    assert newest(here).value == {"intakes": [{"intake": "clear liquids", "at": "2027-03-01T11:00:00+00:00"}]}


def test_form_of_another_case_does_not_reach_this_one(
    here: Case, tell: Callable[..., Case], bedside: Callable[..., Bedside], signed_in: Callable[[str], Client]
) -> None:
    other = tell("prepared", start=START + timedelta(hours=3))
    place, before = bedside(here), newest(here).pk
    answer = place.client.post(f"/ward/cases/{other.pk}/record/", {"item": "ride", "seen_version": 1, "answer": "none"})
    assert (answer.status_code, Evidence.objects.latest("pk").pk >= before) == (409, True)
    assert Evidence.objects.latest("pk").value != {"available": False}
