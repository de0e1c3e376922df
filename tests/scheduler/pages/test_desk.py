"""The desk's pages: what they show, and that their forms do what the API does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence
from checklists.rules.values import Authority, State, Status
from scheduler.models import Booking, Case, Resource, Task
from scheduler.pages.looks import LOOKS
from scheduler.services.boards import pathway
from tests.conftest import NOW, START
from tests.scheduler.services.steps import item_version

pytestmark = pytest.mark.django_db


def test_every_status_and_state_has_its_look() -> None:
    assert {*map(str, Status), *map(str, State), "done", "overridden"} - set(LOOKS) == set()
    looks = {(look.sign, look.word) for look in LOOKS.values()}
    assert len({word for _, word in looks}) == len(looks)


def test_pathway_shows_blocked_first_with_the_next_action_and_its_owner(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], at: Callable[..., None]
) -> None:
    ready = tell("arrived", now=START - timedelta(hours=1))
    at(START - timedelta(hours=1))
    blocked = tell(
        "prepared", start=START + timedelta(days=1), slot=("Room 2", "Sam Second", "Bay 2"), ride={"available": False}
    )
    page = signed_in("scheduler").get("/desk/").content.decode()
    assert page.index(blocked.patient.family_name.upper()) < page.index(ready.patient.family_name.upper())
    assert "Nobody can take the patient home." in page
    assert page.count('<tr class="blocked">') == 1


def test_nobody_is_called_ready_for_what_has_begun_or_is_over(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], at: Callable[..., None]
) -> None:
    later = START + timedelta(hours=3)
    case, desk = tell("started", now=later), signed_in("scheduler")
    at(later)
    begun = [desk.get(page).content.decode() for page in ("/desk/", "/desk/day/", f"/desk/cases/{case.pk}/")]
    assert ["data-ready" in page for page in begun] == [False] * 3
    assert ["in procedure" in page for page in begun] == [True] * 3
    assert (
        "all open cases: 1 under way" in begun[0],
        str(case.pk) in desk.get("/desk/?show=ready").content.decode(),
    ) == (
        True,
        False,
    )
    assert str(case.pk) in desk.get("/desk/?show=under_way").content.decode()
    assert ("Was booked for" in begun[2], "left in the treatment window" in begun[2]) == (True, False)


def test_messages_of_a_case_stand_in_the_order_in_which_they_go_out(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("booked", start=START + timedelta(days=9))
    shown = signed_in("scheduler").get(f"/desk/cases/{case.pk}/").context["messages"]
    times = [message.at for message in shown]
    assert (len(set(times)) > 3, times) == (True, sorted(times))


def test_pathway_filter_shows_only_what_it_names(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    opened, booked = tell("opened"), tell("booked", start=START + timedelta(days=4))
    page = signed_in("scheduler").get("/desk/?show=unbooked").content.decode()
    assert (opened.patient.family_name.upper() in page, booked.patient.family_name.upper() in page) == (True, False)
    assert signed_in("scheduler").get("/desk/?show=nonsense").status_code == 400


@pytest.mark.parametrize("most", [500, 1])
def test_pathway_counts_all_open_cases_also_those_it_does_not_list(
    most: int, tell: Callable[..., Case], signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.services.boards.MOST", most)
    tell("opened")
    tell("prepared", start=START + timedelta(days=1), ride={"available": False})
    page = signed_in("scheduler").get("/desk/?show=blocked").content.decode()
    assert "all open cases: 1 blocked, 1 not known yet" in page
    assert ("only the first 500" in page) == (most == 1)


def test_unchanged_board_is_not_sent_again(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    case, client = tell("opened"), signed_in("scheduler")
    v = client.get("/desk/").context["v"]
    assert (client.get(f"/desk/rows/?show=all&v={v}").status_code, client.get("/desk/rows/").status_code) == (204, 200)
    case.version += 1
    case.save()
    assert client.get(f"/desk/rows/?show=all&v={v}").status_code == 200


@pytest.mark.parametrize("address", ["/desk/", "/desk/day/?date=2027-03-01"])
def test_boards_cost_the_same_queries_for_one_and_many_cases(
    address: str,
    tell: Callable[..., Case],
    signed_in: Callable[[str], Client],
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
) -> None:
    client = signed_in("scheduler")
    tell("booked", start=START + timedelta(hours=1))
    client.get(address)
    with django_assert_max_num_queries(13) as first:
        client.get(address)
    for number in range(1, 4):
        tell("booked", start=START + timedelta(hours=1 + 3 * number))
    with django_assert_num_queries(len(first)):
        client.get(address)
    assert len(pathway(Case.objects.first().practice, NOW)) == 4  # type: ignore[union-attr]


def test_day_board_places_each_case_in_its_room(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    one = tell("booked", start=START)
    two = tell("booked", start=START, slot=("Room 2", "Sam Second", "Bay 2"))
    rooms = signed_in("nurse").get("/desk/day/?date=2027-03-01").context["rooms"]
    shown = {room["name"]: [row.case.pk for row in room["rows"]] for room in rooms}
    assert shown == {"Room 1": [one.pk], "Room 2": [two.pk]}


def owed(answer: Any) -> set[str]:
    return {finding.item for finding in answer.context["owed"]}


def test_case_page_shows_why_and_strikes_through_what_was_entered_in_error(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    from checklists.models import Evidence
    from scheduler.services.evidence import mark_entered_in_error

    case = tell("prepared", start=START + timedelta(days=1), ride={"available": False})
    wrong = Evidence.objects.get(checklist=case.checklist, item="ride")
    before = signed_in("scheduler").get(f"/desk/cases/{case.pk}/")
    assert ("ride" in owed(before), 'class="quiet struck"' in before.content.decode()) == (True, False)
    mark_entered_in_error(
        practice_id=case.practice_id,
        public_id=wrong.public_id,
        reason="wrong patient",
        authority=Authority.CLINICIAN,
        seen_version=item_version(wrong),
        by=staff["nurse"].by,
        now=NOW,
    )
    after = signed_in("scheduler").get(f"/desk/cases/{case.pk}/")
    assert "no_ride" not in {finding.code for finding in after.context["owed"]}
    assert after.content.decode().count('class="quiet struck"') == 1
    assert "entered in error: wrong patient" in after.content.decode()


def slot(case: Case, resources: dict[str, Resource], **change: str) -> dict[str, str]:
    names = {"room": "Room 1", "proceduralist": "Chris Clinician", "bay": "Bay 1"}
    ids = {kind: str(resources[name].pk) for kind, name in names.items()}
    return {"version": str(case.version), "day": "2027-03-08", "at": "09:30", **ids, **change}


def test_book_form_books_and_then_moves_in_the_sites_time(
    tell: Callable[..., Case], resources: dict[str, Resource], signed_in: Callable[[str], Client]
) -> None:
    case, client = tell("imaged"), signed_in("scheduler")
    client.post(f"/desk/cases/{case.pk}/book/", slot(case, resources))
    case.refresh_from_db()
    assert case.booking is not None
    assert case.booking.starts_at.isoformat() == "2027-03-08T14:30:00+00:00"
    client.post(f"/desk/cases/{case.pk}/book/", slot(case, resources, day="2027-03-15"))
    booking = Booking.objects.get(case=case)
    assert (booking.starts_at.isoformat(), booking.sequence) == ("2027-03-15T13:30:00+00:00", 1)


@pytest.mark.parametrize(("day", "hour", "said"), [
    ("2027-03-07", "09:30", "On Sunday, 7 March at 09:30 it is closed."),
    ("2027-03-08", "06:59", "On Monday, 8 March at 06:59 it is closed."),
    ("2027-03-08", "17:00", "On Monday, 8 March at 17:00 it is closed."),
])  # fmt: skip
def test_book_form_asks_once_more_for_a_start_while_the_practice_is_closed(
    day: str,
    hour: str,
    said: str,
    tell: Callable[..., Case],
    resources: dict[str, Resource],
    signed_in: Callable[[str], Client],
) -> None:
    case, desk = tell("imaged"), signed_in("scheduler")
    address, form = f"/desk/cases/{case.pk}/book/", slot(case, resources, day=day, at=hour)
    assert 'name="outside_hours"' not in desk.get(address).content.decode()
    asked = desk.post(address, form)
    page = asked.content.decode()
    assert (asked.status_code, said in page, 'name="outside_hours"' in page) == (400, True, True)
    assert not Booking.objects.filter(case=case).exists()
    assert desk.post(address, {**form, "outside_hours": "on"}).status_code == 302
    assert Booking.objects.filter(case=case).exists()


def test_first_minute_of_the_opening_hours_is_not_asked_about(
    tell: Callable[..., Case], resources: dict[str, Resource], signed_in: Callable[[str], Client]
) -> None:
    case = tell("imaged")
    form = slot(case, resources, at="07:00")
    assert signed_in("scheduler").post(f"/desk/cases/{case.pk}/book/", form).status_code == 302


def test_book_form_refuses_a_time_that_the_clock_change_skips(
    tell: Callable[..., Case], resources: dict[str, Resource], signed_in: Callable[[str], Client]
) -> None:
    case = tell("imaged")
    form = slot(case, resources, day="2027-03-14", at="02:30")
    answer = signed_in("scheduler").post(f"/desk/cases/{case.pk}/book/", form)
    assert answer.status_code == 400
    assert not Booking.objects.filter(case=case).exists()


def test_book_form_shows_every_reason_of_a_refusal(
    tell: Callable[..., Case], resources: dict[str, Resource], signed_in: Callable[[str], Client]
) -> None:
    case = tell("opened")
    answer = signed_in("scheduler").post(f"/desk/cases/{case.pk}/book/", slot(case, resources))
    page = answer.content.decode()
    assert (
        answer.status_code,
        f'href="/desk/cases/{case.pk}/"' in page,
        f"born {case.patient.born_on.day} " in page,
    ) == (409, True, True)
    assert [item for item in ("consult", "candidacy", "imaging") if f"<strong>{item}</strong>" in page] == [
        "consult",
        "candidacy",
        "imaging",
    ]


def test_case_that_cannot_be_booked_says_so_before_anybody_fills_in_the_form(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    desk, opened, imaged = signed_in("scheduler"), tell("opened"), tell("imaged")
    told = "It cannot be booked yet"
    waiting = desk.get(f"/desk/cases/{opened.pk}/").content.decode()
    assert f"{told} because of: <strong>consult, candidacy, imaging</strong>" in waiting
    assert ("Earliest safe start" in waiting, "Latest allowed times" in waiting) == (False, False)
    form = desk.get(f"/desk/cases/{opened.pk}/book/").content.decode()
    assert ([told in form, "No consult is recorded." in form], "Not before" in form) == ([True, True], False)
    assert (f'href="/desk/cases/{opened.pk}/record/"' in form, "Until when" in form) == (True, False)
    ready_to_book = [desk.get(f"/desk/cases/{imaged.pk}/{page}").content.decode() for page in ("", "book/")]
    assert [told in page for page in ready_to_book] == [False, False]
    assert ["Latest allowed times" in page for page in ready_to_book] == [True, True]


def test_start_that_is_only_thought_of_shows_its_times_though_the_case_cannot_be_booked(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("opened")
    page = signed_in("scheduler").get(f"/desk/cases/{case.pk}/book/?day=2027-03-20&at=09:00").content.decode()
    assert "For a start on <strong>Sat 20 Mar 2027 09:00</strong>" in page


def test_case_that_is_over_shows_what_was_recorded_and_not_what_is_missing(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case, client = tell("opened"), signed_in("scheduler")
    address = f"/desk/cases/{case.pk}/"
    before = client.get(address).content.decode()
    assert ("not known yet" in before, "No result" in before) == (True, True)
    client.post(f"{address}end/", {"version": case.version, "ending": "withdrew", "reason": "feels better"})
    page = client.get(address)
    told = page.content.decode()
    assert ("not known yet" in told, "No result" in told, "Still owed" in told) == (False, False, False)
    assert ("What was recorded" in told, "nothing was recorded" in told) == (True, True)
    recorded = {finding["item"] for step in page.context["steps"] for finding in step["findings"]}
    assert recorded == {item.replace("_", " ") for item in items_recorded(case)}


def items_recorded(case: Case) -> set[str]:
    return set(Evidence.objects.filter(checklist_id=case.checklist_id).values_list("item", flat=True))


def test_release_form_releases_and_cancel_form_ends_the_case(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case, client = tell("booked", start=START + timedelta(days=3)), signed_in("scheduler")
    client.post(
        f"/desk/cases/{case.pk}/end/", {"version": case.version, "ending": "release", "reason": "asked to wait"}
    )
    case.refresh_from_db()
    assert (case.state, case.booking) == ("referred", None)
    client.post(
        f"/desk/cases/{case.pk}/end/", {"version": case.version, "ending": "withdrew", "reason": "feels better"}
    )
    case.refresh_from_db()
    assert (case.state, case.ending_reason) == ("withdrew", "feels better")
    page = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert ("Ended because: feels better" in page, "Earliest safe start" in page) == (True, False)


@pytest.mark.parametrize(("ending", "status"), [("release", 409), ("=7*191", 400), ("booked", 400), ("", 400)])
def test_ending_that_cannot_be_is_refused_and_the_case_stays(
    ending: str, status: int, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    """A page from before the booking was released, or a value that no page offers."""
    case = tell("imaged")
    form = {"version": case.version, "ending": ending, "reason": "asked to wait"}
    answer = signed_in("scheduler").post(f"/desk/cases/{case.pk}/end/", form)
    assert (answer.status_code, Case.objects.get(pk=case.pk).state) == (status, "referred")


def test_stale_form_is_refused_and_says_so(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    case = tell("booked", start=START + timedelta(days=3))
    form = {"version": case.version - 1, "ending": "release", "reason": "asked to wait"}
    answer = signed_in("scheduler").post(f"/desk/cases/{case.pk}/end/", form)
    case.refresh_from_db()
    assert (answer.status_code, case.state, "Look again, then decide." in answer.content.decode()) == (
        409,
        "booked",
        True,
    )


def test_task_is_done_with_its_outcome(tell: Callable[..., Case], signed_in: Callable[[str], Client]) -> None:
    case, client = tell("booked", start=START + timedelta(days=3)), signed_in("scheduler")
    client.post(
        f"/desk/cases/{case.pk}/end/", {"version": case.version, "ending": "release", "reason": "asked to wait"}
    )
    task = Task.objects.get(case=case, kind="reschedule")
    assert task.sentence in client.get("/desk/tasks/?queue=scheduler").content.decode()
    client.post(f"/desk/tasks/{task.pk}/done/", {"version": task.version, "outcome": "offered 8 March"})
    task.refresh_from_db()
    assert task.outcome == "offered 8 March"


def test_case_page_lists_the_latest_allowed_times(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("booked", drugs=("ibuprofen",), start=START + timedelta(days=4))
    page = signed_in("scheduler").get(f"/desk/cases/{case.pk}/").content.decode()
    assert "Last dose of ibuprofen: Thu 4 Mar 2027 10:00 EST at the latest." in page
    assert "<summary>Latest allowed times</summary>" in page


def test_start_that_is_thought_of_shows_what_it_asks(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case, client = tell("opened", drugs=("ibuprofen",)), signed_in("scheduler")
    address = f"/desk/cases/{case.pk}/book/"
    page = client.get(address, {"day": "2027-03-02", "at": "07:30"}).content.decode()
    assert "Last dose of ibuprofen: Mon 1 Mar 2027 07:30 EST at the latest." in page
    assert page.count("Cannot be kept.") >= 1
    assert 'value="2027-03-02"' in page  # the booking form takes it over
    skipped = client.get(address, {"day": "2027-03-14", "at": "02:30"}).content.decode()
    assert "does not exist in America/New_York" in skipped
    refused = client.post(address, {"day": "2027-03-08", "at": "10:00", "version": case.version})
    assert refused.status_code == 400
    assert "Last dose of ibuprofen: Sun 7 Mar 2027 10:00 EST at the latest." in refused.content.decode()
