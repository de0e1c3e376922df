"""The ward's board: who needs a nurse now comes first, and the wall knows nobody's name."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.services.checklists import assess_checklist
from scheduler.models import Case
from scheduler.services.readiness import judged_start
from scheduler.services.signatures import override_item
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db
SECOND = ("Room 2", "Sam Second", "Bay 2")
FEVER = {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}


def rows(client: Client, address: str = "/ward/") -> list[Any]:
    found: list[Any] = client.get(address).context["rows"]
    return found


def drank_late(hours: float) -> dict[str, Any]:
    """Milk as many hours before the start."""
    return {"intakes": [{"intake": "non-human milk", "at": (START - timedelta(hours=hours)).isoformat()}]}


def test_arrived_and_failing_comes_first_then_arrived_then_by_start_then_those_who_left(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    left = tell("discharged", start=NOW - timedelta(hours=5), slot=("Room 2", "Sam Second", "Bay 3"))
    later = tell("prepared", start=START + timedelta(hours=5))
    soon = tell("prepared", start=START + timedelta(hours=3), slot=SECOND)
    here = tell("arrived", start=START)
    failing = tell("arrived", start=START + timedelta(hours=1, minutes=20), slot=SECOND, infection_check=FEVER)
    assert [shown.row.case.pk for shown in rows(signed_in("nurse"))] == [
        failing.pk,
        here.pk,
        soon.pk,
        later.pk,
        left.pk,
    ]


def test_too_early_shows_its_time_and_is_not_called_failing(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    tell("arrived", start=START, fasting=drank_late(5.75))
    (shown,) = rows(signed_in("nurse"))
    page = signed_in("nurse").get("/ward/").content.decode()
    assert (shown.chip, shown.ready_words, shown.rank) == ("too_early", "ready at 10:15", 1)
    assert "status clock" in page
    assert "ready at 10:15" in page
    assert "status octagon" not in page
    case_page = signed_in("nurse").get(f"/ward/cases/{shown.row.case.pk}/")
    assert case_page.context["next"] == [
        "Too early: check-in and start are refused until 10:15.",
        "The desk has been told.",
    ]


def test_too_early_with_something_else_open_promises_no_readiness(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    tell("arrived", start=START, fasting=drank_late(5.75), infection_check=None)
    (shown,) = rows(signed_in("nurse"))
    assert (shown.chip, shown.ready_words) == ("too_early", "not before 10:15")


def test_too_early_for_another_day_names_the_day(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], at: Callable[[datetime], None]
) -> None:
    late = START + timedelta(hours=13)  # 23:00
    milk = {"intakes": [{"intake": "non-human milk", "at": (late - timedelta(hours=4)).isoformat()}]}
    tell("arrived", now=late - timedelta(hours=1), start=late, fasting=milk)
    at(late - timedelta(hours=1))
    (shown,) = rows(signed_in("nurse"))
    assert shown.ready_words == "ready at Tuesday 2 Mar 01:00"


def test_row_says_where_since_when_and_why(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    case = tell("arrived", start=NOW + timedelta(minutes=30), infection_check=FEVER)
    page = " ".join(signed_in("nurse").get("/ward/").content.decode().split())
    assert f'href="/ward/cases/{case.pk}/"' in page
    assert "Room 1" in page
    assert "booked, here since 07:30" in page
    assert "The temperature is 38.4 C: fever. Call the clinician." in page


def test_recovering_row_shows_the_bay_and_what_is_owed_before_discharge(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    tell("finished", start=NOW - timedelta(hours=2))
    (shown,) = rows(signed_in("nurse"))
    assert (shown.place, shown.is_judged) == ("Bay 1", False)
    assert shown.reasons == (
        "The observation after the procedure is not recorded. A nurse does it.",
        "Explain to the patient how to live after the procedure, and record what was explained.",
        "Record that a responsible adult is there to take the patient home.",
    )


def test_overridden_case_carries_the_flag(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    case = tell("arrived", start=START, infection_prescreen={"answers": {"chills": "yes"}})
    finding = assess_checklist(checklist=case.checklist, start=judged_start(case, NOW), now=NOW).verdict.finding(
        "infection_prescreen"
    )
    assert finding is not None
    assert rows(signed_in("nurse"))[0].chip == "blocked"
    override_item(
        practice_id=case.practice_id,
        case_id=case.pk,
        item="infection_prescreen",
        inputs=finding.inputs,
        reason="seen and examined",
        seen_version=case.version,
        by=staff["clinician"].by,
        second=None,
        now=NOW,
    )
    assert rows(signed_in("nurse"))[0].chip == "overridden"
    assert "status flag" in signed_in("nurse").get(f"/ward/cases/{case.pk}/").content.decode()


def test_wall_has_initials_only_and_no_name_birth_date_or_record_number(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    cases = [tell("arrived", start=START), tell("prepared", start=START + timedelta(hours=2), slot=SECOND)]
    named = signed_in("nurse").get("/ward/").content.decode()
    for address in ("/ward/?wall=1", "/ward/rows/?wall=1"):
        page = signed_in("nurse").get(address).content.decode()
        for case in cases:
            patient = case.patient
            secrets = (patient.family_name, patient.given_name, patient.record_number, str(patient.born_on.year))
            assert patient.family_name.upper() in named
            assert [secret for secret in secrets if secret.lower() in page.lower()] == []
        assert page.count("<strong>G. F.</strong>") == 2
    assert "wall=1" in signed_in("nurse").get("/ward/rows/?wall=1").content.decode()


def test_unchanged_board_is_not_sent_again(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], at: Callable[[datetime], None]
) -> None:
    tell("arrived", start=START)
    client = signed_in("nurse")
    v = client.get("/ward/").context["v"]
    same = f"/ward/rows/?date=2027-03-01&v={v}"
    at(NOW + timedelta(seconds=40))
    assert client.get(same).status_code == 204
    at(START + timedelta(minutes=1))
    assert client.get("/ward/").context["v"] == v
    at(NOW + timedelta(hours=14))  # the infection check has expired by then
    answer = client.get(same)
    assert (answer.status_code, 'data-stamp="22:00"' in answer.content.decode()) == (200, True)


def test_board_of_another_day_and_of_nonsense(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    case = tell("prepared", start=START + timedelta(days=1))
    assert rows(signed_in("nurse")) == []
    assert [shown.row.case.pk for shown in rows(signed_in("nurse"), "/ward/?date=2027-03-02")] == [case.pk]
    assert signed_in("nurse").get("/ward/?date=tomorrow").status_code == 400


@pytest.mark.matrix
def test_board_costs_the_same_queries_for_two_and_twelve_cases(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], django_assert_num_queries: Any
) -> None:
    client = signed_in("nurse")
    client.get("/ward/")
    for number in range(6):
        for slot in (("Room 1", "Chris Clinician", "Bay 1"), SECOND):
            tell("booked", start=START + timedelta(hours=1.5 * number), slot=slot)
        if number in (0, 5):
            with django_assert_num_queries(10):
                shown = rows(client)
            assert len(shown) == 2 * (number + 1)
