"""What one person says in one go is recorded together: all or none, one look, one verdict."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.models import Block, Decision, Evidence, Item
from checklists.rules.values import Authority
from checklists.services.recording import Observation
from scheduler.models import Case, Record, Task
from scheduler.rules.problems import Invalid, Stale
from scheduler.services.boards import day, pathway
from scheduler.services.evidence import Recorded, record_all
from tests.scheduler.services.steps import BY

pytestmark = pytest.mark.django_db
RIDE, NO_RIDE = {"available": True, "adult": True, "transport": "car"}, {"available": False}
SUPPER = {"intakes": [{"intake": "light meal", "at": "2027-02-28T19:00:00-05:00"}]}
CHILLS = {"answers": {"chills": "yes"}}


@pytest.fixture
def case(tell: Callable[..., Case], now: datetime) -> Case:
    return tell("tested", start=now + timedelta(days=1))


def result(analyte: str, value: float, unit: str) -> dict[str, Any]:
    return {"analyte": analyte, "value": value, "unit": unit}


def said(case: Case, now: datetime, *told: tuple[str, dict[str, Any]], seen: int | None = None) -> Recorded:
    versions = dict(Item.objects.filter(checklist=case.checklist_id).values_list("key", "version"))
    observations = [
        Observation(item, value, now, "staff", Authority.NURSE, versions.get(item, 0) if seen is None else seen)
        for item, value in told
    ]
    return record_all(practice_id=case.practice_id, case_id=case.pk, observations=observations, by=BY, now=now)


def test_all_are_kept_in_their_order_and_looked_at_once(case: Case, now: datetime) -> None:
    before = Decision.objects.filter(checklist=case.checklist_id).count()
    recorded = said(case, now, ("ride", NO_RIDE), ("fasting", SUPPER), ("infection_prescreen", CHILLS))
    kept = Evidence.objects.filter(checklist=case.checklist_id).order_by("-pk")[:3]
    assert [entry.item for entry in reversed(kept)] == ["ride", "fasting", "infection_prescreen"]
    assert recorded.entries == tuple(reversed(kept))
    assert [finding.item for finding in recorded.refreshed.placed] == ["ride", "infection_prescreen"]
    assert Decision.objects.filter(checklist=case.checklist_id).count() == before + 1
    assert Task.objects.filter(case=case, kind="call", done_at=None).count() == 2
    noted = Record.objects.filter(subject=str(case.pk), action="evidence_recorded", at=now)
    assert noted.count() == 3


def test_several_of_one_item_count_its_version_up(case: Case, now: datetime) -> None:
    before = Item.objects.get(checklist=case.checklist_id, key="labs").version
    said(case, now, ("labs", result("INR", 1.0, "ratio")), ("labs", result("platelets", 180, "10^9/L")))
    entries = Evidence.objects.filter(checklist=case.checklist_id, item="labs", recorded_at=now).order_by("pk")
    assert [entry.item_version for entry in entries] == [before + 1, before + 2]
    assert Item.objects.get(checklist=case.checklist_id, key="labs").version == before + 2


def test_one_that_cannot_be_keeps_none_and_every_wrong_value_is_named(case: Case, now: datetime) -> None:
    before = (Evidence.objects.count(), Record.objects.count(), Item.objects.count())
    with pytest.raises(Invalid) as refusal:
        said(case, now, ("fasting", SUPPER), ("ride", {"available": "yes"}), ("labs", {"analyte": "INR"}))
    assert {reason.item for reason in refusal.value.errors} == {"ride", "labs"}
    with pytest.raises(Stale) as stale:
        said(case, now, ("fasting", SUPPER), ("labs", result("INR", 1.0, "ratio")), seen=0)
    assert stale.value.extra == {"version": 4, "item": "labs"}
    assert (Evidence.objects.count(), Record.objects.count(), Item.objects.count()) == before
    assert not Block.objects.filter(checklist=case.checklist_id, item="ride").exists()


def statements(act: Callable[[], object]) -> int:
    """Without the savepoint that stands for the transaction inside a test."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in captured)


def test_recording_costs_the_same_statements_for_one_and_for_many(case: Case, now: datetime) -> None:
    results = [("labs", result(*one)) for one in (("INR", 1.0, "ratio"), ("platelets", 180, "10^9/L"))]
    said(case, now, *results)  # what changes the verdict costs its own
    one = statements(lambda: said(case, now, results[0]))
    many = statements(lambda: said(case, now, *results, *results))
    assert (one, many) == (18, 18)


def test_neither_a_save_nor_a_board_reads_the_whole_protocol(case: Case, now: datetime) -> None:
    def work() -> None:
        said(case, now, ("ride", RIDE))
        assert len(pathway(case.practice, now)) == len(day(case.practice, case.booking.starts_at.date(), now)) == 1

    work()  # reads the version once and for all
    with CaptureQueriesContext(connection) as captured:
        work()
    assert [query["sql"] for query in captured if '"checklists_protocolversion"."document"' in query["sql"]] == []
    assert any('"checklists_protocolversion"."document_hash"' in query["sql"] for query in captured)
