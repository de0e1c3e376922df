"""Short ways to enter from paper what a test is about."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from checklists.services.gate import Paper
from scheduler.models import Case
from scheduler.rules.downtime import PaperTimes
from scheduler.services.downtime import Entered, enter_from_paper
from tests.scheduler.services.steps import BY

PAPER = Paper("P-0301-1", "No power on the ward.", decided_by="staff:1", signed_by="staff:2")
TWO = replace(PAPER, second_by="staff:3")
MINUTE = timedelta(minutes=1)
FEVER = {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}


def times(start: datetime, until: str = "started_at", known: bool = False) -> PaperTimes:
    """Arrived an hour before the start, checked in after 20 minutes, finished after 40, home after 130."""
    found: dict[str, Any] = {"started_at": start}
    if not known:
        found |= {"arrived_at": start - 60 * MINUTE, "checked_in_at": start - 40 * MINUTE}
    if until in ("finished_at", "discharged_at"):
        found["finished_at"] = start + 40 * MINUTE
    if until == "discharged_at":
        found["discharged_at"] = start + 130 * MINUTE
    return PaperTimes(**found)


def enter(case: Case, when: PaperTimes, *, now: datetime, paper: Paper = PAPER, **more: Any) -> Entered:
    case.refresh_from_db()
    given = {"place": None, "although_taken": False, "seen_version": case.version, "by": BY, **more}
    entered = enter_from_paper(practice_id=case.practice_id, case_id=case.pk, paper=paper, times=when, now=now, **given)
    case.refresh_from_db()
    return entered
