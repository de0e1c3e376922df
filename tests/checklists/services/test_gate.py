"""Overrides as they are stored: for which starts each of them was given."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from checklists.models import Override
from checklists.rules.sitetime import day_begins, day_ends
from checklists.rules.values import Authority, Gate
from checklists.services.checklists import assess_checklist, current_facts
from checklists.services.gate import ask_gate, override_finding
from scheduler.models import Case
from scheduler.services.demonstration import Story

pytestmark = pytest.mark.django_db
CLINICIAN, NURSE = "staff:clinician", "staff:nurse"
HOUR = timedelta(hours=1)


def overridden(case: Case, item: str, start: datetime | None, now: datetime) -> Override:
    finding = assess_checklist(checklist=case.checklist, start=start, now=now).verdict.finding(item)
    assert finding is not None
    return override_finding(
        checklist=case.checklist,
        item=item,
        inputs=finding.inputs,
        reason="Weighed with the patient.",
        start=start,
        by=CLINICIAN,
        second_by=NURSE,
        second_authority=Authority.NURSE,
        now=now,
    )


def carried(case: Case, item: str, start: datetime) -> bool:
    answer = ask_gate(
        checklist=case.checklist, gate=Gate.CHECK_IN, start=start, now=start - HOUR, by=NURSE, has_booking=True
    )
    return item in answer.decision.overridden


def test_override_is_for_the_day_of_its_start(story: Callable[..., Story], start: datetime, now: datetime) -> None:
    case = story(ride={"available": False}).tell("prepared")
    tz = current_facts(case.checklist).site.tz
    given = overridden(case, "ride", start, now)
    assert (given.start_from, given.start_until) == (day_begins(start.date(), tz), day_ends(start.date(), tz))
    found = [carried(case, "ride", start + hours * HOUR) for hours in (-1, 0, 3, 24)]
    assert found == [True, True, True, False]


def test_override_of_what_is_too_early_carries_no_earlier_start(
    story: Callable[..., Story], start: datetime, now: datetime
) -> None:
    lunch = {"intakes": [{"intake": "light meal", "at": (start - 5 * HOUR).isoformat()}]}
    case = story(fasting=lunch).tell("prepared")
    given = overridden(case, "fasting", start, now)
    assert given.start_from == start
    found = [carried(case, "fasting", start + minutes * HOUR / 60) for minutes in (-1, 0, 30)]
    assert found == [False, True, True]


def test_override_without_a_booking_is_not_bound_to_a_start(
    story: Callable[..., Story], start: datetime, now: datetime
) -> None:
    case = story().tell("opened")
    given = overridden(case, "consult", None, now)
    assert (given.start_from, given.start_until) == (None, None)
    answer = ask_gate(
        checklist=case.checklist, gate=Gate.BOOKING, start=start, now=now, by=CLINICIAN, has_booking=False
    )
    assert answer.decision.overridden == ("consult",)
