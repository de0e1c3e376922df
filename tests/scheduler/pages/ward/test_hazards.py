"""Ways in which a tired nurse's one tap could carry what nobody meant: each refused, or not offered."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from checklists.models import Evidence
from checklists.rules.values import Authority
from scheduler.models import Case, Membership, Practice, Task, User
from scheduler.pages.session import PRACTICE
from scheduler.services.evidence import mark_entered_in_error
from scheduler.services.transitions import end_case
from tests.conftest import NOW, START
from tests.scheduler.pages.ward.conftest import BOTH, Bedside
from tests.scheduler.pages.ward.test_verify import AT, say

pytestmark = pytest.mark.django_db
SCREEN = {"signs": "none", "temperature": "36.6", "unit": "C", "skin": "clear", "outcome": "clear"}


def milk(hours: float) -> dict[str, Any]:
    """Drunk as many hours before the start; six are needed."""
    return {"intakes": [{"intake": "non-human milk", "at": (START - timedelta(hours=hours)).isoformat()}]}


@pytest.fixture
def place(tell: Callable[..., Case], bedside: Callable[..., Bedside]) -> Bedside:
    """At the bedside of somebody who has just arrived."""
    made = bedside(tell("prepared", start=START))
    assert made.send("arrive").status_code == 302
    return made


def test_nobody_is_checked_in_before_they_are_here(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    """Until arrival the patient's own word carries the ride: without one, no nurse would ever verify it."""
    place = bedside(tell("prepared", start=NOW + timedelta(minutes=20)))
    assert place.verify("fasting").status_code == 302
    place.send("infection", item="infection_check", seen_version=0, **SCREEN)
    refused = place.move("check-in")
    place.case.refresh_from_db()
    assert (refused.status_code, place.case.state) == (409, "booked")
    assert "Note the arrival, then check in." in refused.content.decode()
    place.send("arrive")
    unverified = place.move("check-in")
    assert [(f.item, f.code) for f in unverified.context["refused"]] == [("ride", "awaiting_verification")]
    at(NOW + timedelta(minutes=1))
    place.verify("ride")
    assert place.move("check-in").status_code == 302


def test_agreeing_is_refused_where_what_was_shown_is_struck_through(place: Bedside, staff: dict[str, User]) -> None:
    say(place.case, "fasting", milk(5.75), "patient", staff)
    seen, shown = place.version("fasting"), Evidence.objects.latest("pk")
    mark_entered_in_error(
        practice_id=place.case.practice_id,
        public_id=shown.public_id,
        reason="another patient",
        authority=Authority.NURSE,
        seen_version=seen,
        by=staff["nurse"].by,
        now=NOW,
    )
    refused = place.send("verify", item="fasting", seen_version=seen)
    assert (refused.status_code, Evidence.objects.latest("pk").pk) == (409, shown.pk)


def test_no_adult_is_verified_where_none_was_named(place: Bedside, staff: dict[str, User]) -> None:
    assert place.lines()["ride"].verify == "Verify: an adult takes the patient home"
    say(place.case, "ride", {"available": True}, "patient", staff)
    assert place.lines()["ride"].verify == ""
    assert place.verify("ride").status_code == 409
    say(place.case, "ride", {"available": False, "exempt": True}, "patient", staff, AT)
    assert place.lines()["ride"].verify == "Verify: no adult; a physician has exempted the patient"


def test_two_different_words_of_one_moment_are_not_agreed_to(place: Bedside, staff: dict[str, User]) -> None:
    """The rules take the worse of the two; the last one written is not what counts."""
    say(place.case, "fasting", milk(5.75), "patient", staff)
    assert place.lines()["fasting"].verify == "Verify: nothing eaten or drunk since"
    say(place.case, "fasting", milk(15), "patient", staff)
    assert place.lines()["fasting"].verify == ""
    assert place.verify("fasting").status_code == 409


def test_correcting_a_long_statement_loses_none_of_its_intakes(place: Bedside, staff: dict[str, User]) -> None:
    sips = [
        {"intake": "clear liquid", "at": (START - timedelta(hours=3, minutes=10 * n)).isoformat()} for n in range(6)
    ]
    meal = {"intake": "fried or fatty food or meat", "at": (START - timedelta(hours=5)).isoformat()}
    say(place.case, "fasting", {"intakes": [*sips, meal]}, "patient", staff)
    form = place.lines()["fasting"].form
    shown = {field.html_name: str(field.value()) for field in form if field.value()}
    assert place.record("fasting", **shown).status_code == 302
    said = Evidence.objects.latest("pk").value["intakes"]
    assert (len(said), meal["intake"] in [intake["intake"] for intake in said]) == (7, True)


@pytest.mark.parametrize(
    "given", [{}, {"restart_on": "2027-02-28"}, {"restart_on": "2072-03-02"}], ids=["none", "past", "mistyped"]
)
def test_restart_at_the_bedside_wants_a_day_that_can_be(
    given: dict[str, str], tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    place = bedside(tell("finished", start=NOW - timedelta(hours=2), drugs=("apixaban",)), role="clinician")
    before, item = Evidence.objects.latest("pk").pk, "restart_decision:apixaban"
    refused = place.record(item, decision="restart", **given)
    assert (refused.status_code, Evidence.objects.latest("pk").pk) == (400, before)
    assert place.record(item, decision="restart", restart_on="2027-03-02").status_code == 302
    assert Evidence.objects.latest("pk").value == {"decision": "restart", "restart_on": "2027-03-02"}


def test_override_is_asked_under_the_name_of_whoever_gave_the_reason(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], staff: dict[str, User], practice: Practice
) -> None:
    place = bedside(tell("arrived", ride={"available": False}))
    place.send("ask-override", item="ride", reason="the daughter is on her way")
    colleague = User.objects.create_user("colleague@demo.example", "Cora Colleague", "demonstration-only")
    Membership.objects.create(practice=practice, user=colleague, role="nurse", created_at=NOW)
    place.client.force_login(colleague)
    session = place.client.session
    session[PRACTICE] = str(practice.pk)
    session.save()
    refused = place.send("ask-override", item="ride", reason="a taxi waits", **BOTH)
    assert (refused.status_code, "a taxi waits" in refused.content.decode()) == (409, True)
    task = Task.objects.get(kind="override")
    assert (task.created_by, "on her way" in task.sentence) == (staff["nurse"].by, True)


def test_no_override_is_asked_for_in_a_case_that_has_ended(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], staff: dict[str, User]
) -> None:
    case = tell("prepared", ride={"available": False})
    end_case(
        practice_id=case.practice_id,
        case_id=case.pk,
        ending="cancelled",
        reason="moved away",
        seen_version=case.version,
        by=staff["scheduler"].by,
        now=NOW,
    )
    answer = bedside(case).send("ask-override", item="ride", reason="the clinic bus")
    assert (answer.status_code, Task.objects.filter(kind="override").count()) == (409, 0)


@pytest.mark.parametrize("reason", ["two\nlines", "nul \x00 sign", "turned \u202e round"])
def test_reason_for_an_override_is_one_readable_line(
    reason: str, tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    answer = bedside(tell("arrived", ride={"available": False})).send("ask-override", item="ride", reason=reason)
    assert (answer.status_code, Task.objects.filter(kind="override").count()) == (400, 0)


def test_reason_for_an_override_is_kept_over_an_expired_identity(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], at: Callable[[datetime], None]
) -> None:
    place = bedside(tell("arrived", ride={"available": False}))
    at(NOW + timedelta(minutes=31))
    body = {"item": "ride", "reason": 'her "bus" comes at noon'}
    refused = place.send("ask-override", **body)
    assert refused.status_code == 409
    assert 'value="her &quot;bus&quot; comes at noon"' in refused.content.decode()
    assert place.send("ask-override", **body, **BOTH).status_code == 302


def test_look_alikes_without_record_numbers_do_not_share_one(
    tell: Callable[..., Case], bedside: Callable[..., Bedside]
) -> None:
    case, other = tell("prepared"), tell("prepared", start=START + timedelta(hours=2))
    for patient in (case.patient, other.patient):
        patient.family_name, patient.record_number, patient.record_number_hash = "Same", "", ""
        patient.save()
    (shown,) = bedside(case).look().context["look_alikes"]
    assert (shown.same, shown.differs) == (("surname", "given name"), ("birth date",))
