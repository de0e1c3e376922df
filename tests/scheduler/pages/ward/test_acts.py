"""The ward's buttons, each for real: from arriving to discharge, and home without the procedure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.models import Message
from scheduler.models import Case, Claim, Record, Task, User
from scheduler.pages.ward.case import SENT_HOME_FOR
from scheduler.services import signatures
from tests.conftest import NOW, START
from tests.scheduler.pages.ward.conftest import Bedside

pytestmark = pytest.mark.django_db


def test_a_day_from_arrival_to_discharge(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    place = bedside(tell("prepared", start=NOW + timedelta(minutes=10)))
    place.move("arrive")
    for item in ("fasting", "ride"):
        place.verify(item)
    screen = {"signs": "none", "temperature": "98.2", "unit": "F", "skin": "clear", "outcome": "clear"}
    place.send("infection", item="infection_check", seen_version=0, **screen)
    states = []
    for minutes, act in ((1, "check-in"), (10, "start"), (50, "finish")):
        at(NOW + timedelta(minutes=minutes))
        if minutes == 50:  # the half hour of the first is over
            place.send("identity", matched=["name", "birth_date"])
        answer = place.move(act)
        assert answer.status_code == 302, answer.content.decode()
        place.case.refresh_from_db()
        states.append(place.case.state)
    assert states == ["checked_in", "in_procedure", "recovering"]
    shown = place.look().context
    owed = ["recovery_observation", "after_care", "responsible_adult"]
    assert [line.finding.item for line in shown["open_lines"]] == owed
    refused = place.move("discharge")
    assert (refused.status_code, "Record that a responsible adult is there" in refused.content.decode()) == (409, True)
    place.record("responsible_adult", answer="yes")
    at(NOW + timedelta(minutes=139))
    place.send("identity", matched=["name", "birth_date"])
    watched = {"observed_minutes": 89, "flat_minutes": 60, "vital_signs": "stable", "reactions": "none", "pain": 2}
    early = place.record("recovery_observation", **{**watched, "observed_minutes": 90})
    assert early.status_code == 400
    assert "90 minutes are given, and it is 89 minutes since the procedure." in early.content.decode()
    place.record("recovery_observation", **watched)
    place.record("after_care", topics=["driving", "lifting", "alcohol", "red_flags"])
    refused = place.move("discharge")
    assert (refused.status_code, "for 89 of 90 minutes" in refused.content.decode()) == (409, True)
    at(NOW + timedelta(minutes=140))
    place.record("recovery_observation", **{**watched, "observed_minutes": 90})
    assert place.move("discharge")["Location"].endswith("?saved=discharge")
    place.case.refresh_from_db()
    assert place.case.state == "discharged"


def test_refused_start_lists_every_reason_with_owner_and_the_time_that_mends(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    place = bedside(tell("checked_in", now=START, drugs=("apixaban",)))
    at(START)
    place.send("identity", matched=["name", "birth_date"])
    place.record("fasting", intake_1="clear liquids", day_1="2027-03-01", at_1="08:30")
    place.record("ride", answer="none")
    place.record("labs", analyte="platelets", result="20", unit="10^9/L", drawn_on="2027-03-01", drawn_at="09:30")
    refused = place.move("start")
    page = refused.content.decode()
    assert refused.status_code == 409
    assert {finding.item for finding in refused.context["refused"]} == {"fasting", "ride", "labs"}
    sentences = (
        "Nobody can take the patient home.",
        "The result platelets 20 10^9/L is outside",
        "Clear liquids needs 2 h",
    )
    errors = page[page.index('id="problem"') : page.index("<h1")]
    assert [sentence for sentence in sentences if sentence not in errors] == []
    assert "ready at Mon 1 Mar 2027 10:30" in errors
    assert ("status clock" in errors, "status octagon" in errors, "(patient, by" in errors) == (True, True, True)
    place.case.refresh_from_db()
    assert place.case.state == "checked_in"
    row = Record.objects.filter(action="refused", subject=str(place.case.pk)).latest("number")
    assert set(row.codes) == {
        "gate_refused",
        "fasting:fast_too_short",
        "ride:no_ride",
        "labs:lab_out_of_range",
    }


def test_act_against_an_old_version_of_the_case_is_refused(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    place = bedside(tell("arrived"))
    for version in (place.case.version - 1, "", "x", "-1", "9" * 30):
        refused = place.send("check-in", version=version)
        assert (refused.status_code, "Look again, then decide." in refused.content.decode()) == (409, True)
    place.case.refresh_from_db()
    assert place.case.state == "booked"


def test_send_home_releases_frees_the_bay_and_leaves_work_for_desk_and_clinician(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    case = tell("arrived", drugs=("apixaban",))
    place = bedside(case)
    assert Message.objects.filter(subject=case.pk, method="REQUEST", state="queued").exists()
    assert place.move("send-home", reason="ate")["Location"].endswith("?saved=sent_home")
    case.refresh_from_db()
    assert (case.state, case.booking, case.arrived_at) == ("referred", None, None)
    assert not Claim.objects.filter(booking__case=case, is_active=True).exists()
    assert not Message.objects.filter(subject=case.pk, method="REQUEST", state="queued").exists()
    owed = {(task.kind, task.queue): task.sentence for task in Task.objects.filter(case=case, done_at=None)}
    assert owed["reschedule", "scheduler"] == "The booking was released (Ate or drank). Offer a new date."
    assert "Tell whoever takes them home" in owed["call", "scheduler"]
    assert "Apixaban was stopped." in owed["restart_decision", "clinician"]
    page = place.look("?saved=sent_home")
    assert "Saved: the patient goes home." in page.content.decode()
    assert "restart_decision:apixaban" in place.lines()
    assert any("Apixaban was stopped" in step for step in page.context["next"])


def test_send_home_needs_a_reason_of_the_list_and_somebody_who_is_here(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    place = bedside(tell("arrived"))
    assert place.move("send-home", reason="because").status_code == 400
    assert place.move("send-home").status_code == 400
    absent = bedside(tell("prepared", start=START + timedelta(hours=3)))
    refused = absent.move("send-home", reason="ate")
    assert (refused.status_code, "The patient has not arrived." in refused.content.decode()) == (409, True)
    assert set(Case.objects.values_list("state", flat=True)) == {"booked"}
    # Nothing of a refused act is left, not even the call to the escort.
    assert not Task.objects.filter(key__startswith="sent_home").exists()
    assert all(reason.endswith(".") for reason in SENT_HOME_FOR.values())


def test_procedure_that_began_is_aborted(tell: Callable[..., Case], bedside: Callable[..., Bedside]) -> None:
    place = bedside(tell("started", start=NOW - timedelta(minutes=20)))
    place.move("send-home", reason="unwell")
    place.case.refresh_from_db()
    assert (place.case.state, place.case.ending_reason) == ("aborted", "Unwell today.")


def test_clinician_decides_the_restart_on_the_same_page_and_a_nurse_does_not(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    case = tell("finished", start=NOW - timedelta(hours=3), drugs=("apixaban",))
    nurse = bedside(case)
    assert nurse.lines()["restart_decision:apixaban"].form is None
    refused = nurse.record("restart_decision:apixaban", decision="restart")
    assert (refused.status_code, "This is not recorded here." in refused.content.decode()) == (409, True)
    clinician = bedside(case, role="clinician")
    clinician.record("restart_decision:apixaban", decision="restart", restart_on="2027-03-02")
    clinician.record("responsible_adult", answer="yes")
    watched = {"observed_minutes": 90, "flat_minutes": 60, "vital_signs": "stable", "reactions": "none", "pain": 0}
    clinician.record("recovery_observation", **watched)
    clinician.record("after_care", topics=["driving", "lifting", "alcohol", "red_flags"])
    assert clinician.move("discharge").status_code == 302


def test_override_is_asked_of_the_clinician_once_with_its_reason(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    case = tell("arrived", ride={"available": False})
    place = bedside(case)
    for reason in ("the daughter is on her way", "the daughter waits outside"):
        assert place.send("ask-override", item="ride", reason=reason).status_code == 302
    (task,) = Task.objects.filter(case=case, kind="override", done_at=None)
    assert (task.key, task.queue, task.due_at, task.is_derived) == ("ride", "clinician", START, False)
    assert "the daughter waits outside" in task.sentence
    assert Record.objects.filter(action="override_asked", subject=str(case.pk)).count() == 2
    assert "Nobody can take the patient home." in task.sentence
    assert place.lines()["ride"].is_asked
    assert "A clinician is asked for an override and has not decided yet." in place.look().content.decode()


def test_override_stands_at_the_bedside_with_who_gave_it_and_why(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    case = tell("arrived", ride={"available": False})
    place = bedside(case)
    assert place.lines()["ride"].carried is None
    case.refresh_from_db()
    signatures.override_item(
        practice_id=case.practice_id,
        case_id=case.pk,
        item="ride",
        inputs=place.lines()["ride"].finding.inputs,
        reason="the clinic bus takes him home",
        seen_version=case.version,
        by=staff["clinician"].by,
        second=None,
        now=NOW,
    )
    shown = place.look().content.decode()
    assert "⚑ the clinic bus takes him home" in shown
    assert f"({staff['clinician'].name}, Mon 1 Mar 2027" in shown
    assert "A clinician is asked" not in shown


@pytest.mark.parametrize(
    ("item", "reason", "status"),
    [("ride", "  ", 400), ("infection_check", "no fever now", 409), ("consult", "fine", 409), ("nonsense", "x", 400)],
)
def test_override_is_not_asked_for_without_reason_need_or_possibility(
    item: str, reason: str, status: int, tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    place = bedside(tell("arrived", ride={"available": False}, infection_check=None))
    assert place.send("ask-override", item=item, reason=reason).status_code == status
    assert not Task.objects.filter(kind="override").exists()


def test_those_who_only_look_see_no_buttons(tell: Callable[..., Case], signed_in: Callable[..., Any]) -> None:
    case = tell("arrived")
    for role, forms in (("scheduler", 0), ("auditor", 0), ("nurse", 1)):
        page = signed_in(role).get(f"/ward/cases/{case.pk}/").content.decode()
        assert page.split("<main")[1].count("<form") == forms
