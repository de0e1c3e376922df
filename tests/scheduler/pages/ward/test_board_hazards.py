"""What the ward's board must not say: ready where it is not, a drug on the wall, nobody where somebody lies."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from checklists.models import ProtocolVersion
from scheduler.models import Case, Practice, User
from scheduler.services import signing
from scheduler.services.transitions import arrive
from tests.conftest import NOW, START
from tests.scheduler.pages.ward.conftest import Bedside
from tests.scheduler.pages.ward.test_board import FEVER, SECOND, rows
from tests.scheduler.pages.ward.test_hazards import SCREEN, milk
from tests.scheduler.pages.ward.test_verify import say

pytestmark = pytest.mark.django_db
LATE = NOW + timedelta(hours=15)  # 23:00


def test_wall_says_the_step_and_nothing_clinical(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    took_it = {"hold:apixaban": {"last_dose_at": (START - timedelta(hours=11)).isoformat()}}
    tell("arrived", start=START, drugs=("apixaban",), **took_it)
    tell("arrived", start=START, slot=SECOND, infection_check=FEVER)
    client = signed_in("nurse")
    assert all(word in client.get("/ward/").content.decode().lower() for word in ("apixaban", "38.4"))
    for address in ("/ward/?wall=1", "/ward/rows/?wall=1"):
        answer = client.get(address)
        page = answer.content.decode().lower()
        assert [word for word in ("apixaban", "38.4", "fever", "dose") if word in page] == []
        assert [shown.reasons for shown in answer.context["rows"]] == [("infection",), ("medication",)]


def test_ready_is_not_promised_where_a_word_waits_for_a_nurse(
    tell: Callable[..., Case], bedside: Callable[..., Bedside], staff: dict[str, User], at: Callable[[datetime], None]
) -> None:
    place = bedside(tell("prepared", start=START))
    place.send("arrive")
    say(place.case, "fasting", milk(5.75), "patient", staff)
    place.record("ride", answer="adult")
    place.send("infection", item="infection_check", seen_version=0, **SCREEN)
    assert [(shown.chip, shown.ready_words) for shown in rows(place.client)] == [("too_early", "not before 10:15")]
    at(NOW + timedelta(minutes=1))
    place.verify("fasting")
    assert [shown.ready_words for shown in rows(place.client)] == ["ready at 10:15"]


def test_withdrawn_protocol_is_said_and_time_does_not_mend_it(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, User], practice: Practice
) -> None:
    case = tell("arrived", start=START, fasting=milk(5.75))
    version = ProtocolVersion.objects.get(practice_id=practice.pk)
    signing.withdraw(version=version, reason="wrong number", by=staff["clinician"].by, now=NOW)
    client, told = signed_in("nurse"), "This protocol version was withdrawn."
    (shown,) = rows(client)
    assert (shown.chip, shown.ready_words, shown.reasons[0].startswith(told)) == ("blocked", "not before 10:15", True)
    assert rows(client, "/ward/?wall=1")[0].reasons == ("protocol", "fasting")
    steps = client.get(f"/ward/cases/{case.pk}/").context["next"]
    assert (steps[0], any(step.startswith(told) for step in steps)) == ("Call the clinician.", True)


@pytest.mark.parametrize(("until", "state"), [("started", "in_procedure"), ("finished", "recovering")])
def test_whoever_is_under_way_at_midnight_stays_on_todays_board(
    until: str,
    state: str,
    tell: Callable[..., Case],
    signed_in: Callable[[str], Client],
    at: Callable[[datetime], None],
) -> None:
    case = tell(until, start=LATE, now=LATE + timedelta(minutes=45))
    tell("prepared", start=LATE + timedelta(minutes=30), now=NOW, slot=SECOND)  # never came
    at(LATE + timedelta(hours=1, minutes=30))
    client = signed_in("nurse")
    assert [(shown.row.case.pk, shown.row.case.state) for shown in rows(client)] == [(case.pk, state)]
    assert "Mon 1 Mar 2027 23:00" in client.get("/ward/").content.decode()
    assert str(case.pk) in signed_in("scheduler").get("/desk/day/").content.decode()
    # Only today: tomorrow's board shows what is booked for it.
    assert rows(client, "/ward/?date=2027-03-03") == []


def test_whoever_waits_over_midnight_stays_and_whoever_went_home_does_not(
    tell: Callable[..., Case],
    signed_in: Callable[[str], Client],
    at: Callable[[datetime], None],
    staff: dict[str, User],
) -> None:
    waits = tell("prepared", start=LATE, now=NOW)
    arrive(practice_id=waits.practice_id, case_id=waits.pk, by=staff["nurse"].by, now=LATE)
    tell("discharged", start=NOW - timedelta(hours=3), slot=SECOND)
    at(LATE + timedelta(hours=1, minutes=30))
    assert [shown.row.case.pk for shown in rows(signed_in("nurse"))] == [waits.pk]
