"""A case that nobody has booked: ten days without news, a window in its last fourteen days."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from checklists.rules.protocol import PathwayRule
from checklists.rules.values import Medication
from scheduler.rules.duties import Duty
from scheduler.rules.pathway import pathway_duties
from tests.checklists.rules.cases import FACTS, PROTOCOL, SECOND, SOURCED, at, judge, taking

WATCHED = replace(PROTOCOL, pathway=PathwayRule(stalled_after_days=10, at_risk_days=14, sourced=SOURCED))
NEWS = at("2027-03-01 09:30")
TONIGHT = at("2027-03-11 23:59")


def owed(now: datetime, *, news_at: datetime | None = None, facts=FACTS, protocol=WATCHED) -> list[Duty]:  # type: ignore[no-untyped-def]
    verdict = judge(facts=facts, protocol=protocol, start=None, now=now)
    found = pathway_duties(protocol, facts, verdict, news_at=news_at or now, now=now, today_until=TONIGHT)
    return list(found)


def test_case_without_news_for_ten_days_is_stalled() -> None:
    now = NEWS + timedelta(days=10)
    assert [d.kind for d in owed(now - SECOND, news_at=NEWS)] == []
    (duty,) = owed(now, news_at=NEWS)
    assert (duty.kind, duty.queue, duty.due_at) == ("stalled", "scheduler", TONIGHT)
    assert duty.sentence.startswith("Nothing has been recorded since Mon 1 Mar 2027.")


@pytest.mark.parametrize(("today", "kinds"), [("2027-03-23 23:59", []), ("2027-03-24 00:00", ["window_at_risk"])])
def test_window_is_at_risk_from_the_fourteenth_day_before_its_last(today: str, kinds: list[str]) -> None:
    assert [duty.kind for duty in owed(at(today))] == kinds


def test_window_at_risk_names_its_last_day_to_the_desk() -> None:
    (duty,) = owed(at("2027-03-30 12:00"))
    assert (duty.queue, duty.due_at) == ("scheduler", at("2027-04-07 00:00"))
    assert duty.sentence == "The treatment window ends on Wed 7 Apr 2027. Book a start by then."


def test_drug_still_taken_brings_the_risk_forward_by_its_hold() -> None:
    taken = taking("warfarin")
    assert owed(at("2027-03-18 23:59"), facts=taken) == []
    assert [duty.kind for duty in owed(at("2027-03-19 00:00"), facts=taken)] == ["window_at_risk"]


def test_window_that_no_safe_start_reaches_is_the_clinicians() -> None:
    (duty,) = owed(at("2027-04-05 12:00"), facts=taking(Medication("warfarin")))
    assert (duty.kind, duty.queue) == ("window_at_risk", "clinician")
    assert "the earliest safe start is on Sat 10 Apr 2027" in duty.sentence


def test_window_that_has_ended_or_does_not_apply_is_no_risk() -> None:
    assert owed(at("2027-04-08 00:00")) == []
    assert owed(at("2027-04-01 12:00"), facts=replace(FACTS, cause="malignancy")) == []


def test_version_from_before_it_was_watched_owes_nothing() -> None:
    assert owed(NEWS + timedelta(days=40), news_at=NEWS, protocol=PROTOCOL) == []
