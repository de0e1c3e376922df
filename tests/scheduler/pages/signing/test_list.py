"""The signing list: what waits, in which order, at what cost."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Review
from scheduler.models import Case, Practice
from scheduler.services.demonstration import make_practice
from tests.conftest import NOW, START
from tests.scheduler.pages.signing.acts import (
    EXEMPT,
    SECOND_ROOM,
    SOON,
    ask,
    only,
    sign,
)

pytestmark = pytest.mark.django_db


def test_list_shows_who_when_why_on_what_evidence_and_what_the_protocol_says(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("prepared", start=SOON, ride=EXEMPT)
    page = signed_in("clinician").get("/sign/").content.decode()
    said = [
        f"{case.patient.family_name.upper()}, Given · born {case.patient.born_on:%-d %b %Y}",
        "Tue 2 Mar 2027 10:00",
        "exemption from the escort is noted: a clinician signs it.",
        "available no, exempt yes",
        "said by patient",
        "recorded by Dana Desk",
        "ride: patient, needed by check-in",
        'value="2027-03-02"',
    ]
    assert [text for text in said if text not in page] == []


def test_case_that_was_put_off_for_good_is_listed_by_its_ending_and_as_neither_ready_nor_blocked(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("held", drugs=("apixaban",))
    body = {"version": case.version, "ending": "cancelled", "reason": "feels better"}
    assert signed_in("scheduler").post(f"/desk/cases/{case.pk}/end/", body).status_code == 302
    page = signed_in("clinician").get("/sign/").content.decode()
    assert ("<p>Cancelled not booked" in page, "Restart: apixaban" in page) == (True, True)


def test_cases_come_grouped_the_soonest_first(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], practice: Practice
) -> None:
    later = tell("prepared", start=START + timedelta(days=2), ride=EXEMPT)
    sooner = tell("prepared", start=SOON, slot=SECOND_ROOM, ride=EXEMPT)
    ask(later, "fasting", practice, staff)
    cases = signed_in("clinician").get("/sign/").context["cases"]
    assert [(case.row.case.pk, [s.entry.kind for s in case.entries]) for case in cases] == [
        (sooner.pk, ["review"]),
        (later.pk, ["review", "override"]),
    ]


@pytest.mark.matrix
def test_list_costs_the_same_queries_for_two_cases_and_for_twelve(
    tell: Callable[..., Case],
    signed_in: Callable[[str], Client],
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
) -> None:
    client = signed_in("clinician")

    def more(count: int, first_day: int) -> None:
        for number in range(count):
            tell("prepared", start=START + timedelta(days=first_day + number), ride=EXEMPT)

    more(2, 1)
    client.get("/sign/")
    with django_assert_max_num_queries(15) as few:
        client.get("/sign/")
    more(10, 3)
    with django_assert_num_queries(len(few)):
        answer = client.get("/sign/")
    assert len(answer.context["cases"]) == 12


def test_other_practices_cases_are_neither_shown_nor_signed(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], practice: Practice
) -> None:
    from scheduler.pages.session import PRACTICE
    from scheduler.services.demonstration import staff_by_role

    case = tell("prepared", start=SOON, ride=EXEMPT)
    entry = only(signed_in("clinician"))
    other = make_practice(name="Other Spine Clinic", zone="America/Phoenix", now=NOW - timedelta(days=30))
    stranger = Client()
    stranger.force_login(staff_by_role(other)["clinician"])
    session = stranger.session
    session[PRACTICE] = str(other.pk)
    session.save()
    assert case.patient.family_name.upper() not in stranger.get("/sign/").content.decode()
    assert (sign(stranger, entry).status_code, Review.objects.count()) == (404, 0)


def test_review_before_a_booking_is_offered_from_the_earliest_safe_day_to_the_windows_end(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    tell("imaged", candidacy={
        "indication": "painful fracture", "exclusions": [], "pain_matches_imaging": True, "can_lie_prone": False,
    })  # fmt: skip
    (shown,) = signed_in("clinician").get("/sign/").context["cases"][0].entries
    initial = shown.forms["review"].initial
    assert initial["day_from"] == date(2027, 3, 1)
    assert initial["day_until"] > date(2027, 3, 8)
