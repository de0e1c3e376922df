"""Facts and evidence are appended, blocks follow the verdict, and every verdict can be replayed."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.models import Block, Checklist, Decision, Evidence, Facts, Item, ProtocolVersion
from checklists.rules import values
from checklists.rules.facts_json import facts_from_json
from checklists.services import checklists, recording
from checklists.services.dossiers import load_dossier
from checklists.services.protocols import NotInForce, withdraw_version
from tests.checklists.services.conftest import BY, FACTS, NOW, PRACTICE, START
from tests.checklists.services.replaying import replayed

RIDE, NO_RIDE = {"available": True, "adult": True, "transport": "car"}, {"available": False}
SECOND = timedelta(seconds=1)


def refresh(checklist: Checklist, now: datetime = NOW, **more: bool) -> checklists.Refreshed:
    return checklists.refresh(checklist=checklist, start=START, now=now, **{"blocks": True, **more})


def blocked(checklist: Checklist) -> list[str]:
    rows = Block.objects.filter(checklist=checklist, lifted_at=None)
    return sorted(rows.values_list("item", flat=True))


def test_no_checklist_opens_on_an_unsigned_or_withdrawn_version(version: ProtocolVersion) -> None:
    ProtocolVersion.objects.filter(pk=version.pk).update(withdrawn_at=NOW)
    version.refresh_from_db()
    unsigned = ProtocolVersion(practice_id=PRACTICE)
    for not_in_force in (version, unsigned):
        with pytest.raises(NotInForce):
            checklists.open_checklist(
                practice_id=PRACTICE, subject=uuid.uuid4(), version=not_in_force, facts=FACTS, by=BY, now=NOW
            )
    assert (Checklist.objects.count(), Facts.objects.count()) == (0, 0)


def test_facts_are_numbered_and_kept(checklist: Checklist) -> None:
    changed = replace(FACTS, anesthesia="general")
    assert checklists.write_facts(checklist=checklist, facts=changed, by=BY, now=NOW) == 2
    assert checklists.current_facts(checklist) == replace(changed, number=2)
    rows = Facts.objects.filter(checklist=checklist).order_by("number")
    assert [facts_from_json(row.document).anesthesia for row in rows] == ["sedation", "general"]


def test_two_copies_of_a_checklist_number_on(checklist: Checklist) -> None:
    copy = Checklist.objects.get(pk=checklist.pk)
    assert checklists.write_facts(checklist=checklist, facts=FACTS, by=BY, now=NOW) == 2
    assert checklists.write_facts(checklist=copy, facts=FACTS, by=BY, now=NOW) == 3


def test_evidence_counts_its_item_up(checklist: Checklist, record: Callable[..., Evidence]) -> None:
    first, second = record("ride", NO_RIDE), record("ride", RIDE)
    other = record("labs", {"analyte": "INR", "value": 1.0, "unit": "ratio"})
    assert (first.item_version, second.item_version, other.item_version) == (1, 2, 1)
    assert Item.objects.get(checklist=checklist, key="ride").version == 2
    assert Checklist.objects.get(pk=checklist.pk).last_evidence_id == other.pk


@pytest.mark.parametrize("seen", [0, 2, 99])
def test_writer_who_saw_another_version_is_refused(
    checklist: Checklist, record: Callable[..., Evidence], seen: int
) -> None:
    record("ride", NO_RIDE)
    with pytest.raises(recording.StaleItem) as stale:
        record("ride", RIDE, seen_version=seen)
    assert (stale.value.item, stale.value.seen, stale.value.current) == ("ride", seen, 1)
    assert Evidence.objects.count() == 1


def test_struck_evidence_counts_no_more_but_is_remembered(
    checklist: Checklist, record: Callable[..., Evidence]
) -> None:
    kept, struck = record("ride", RIDE), record("ride", NO_RIDE)
    assert recording.mark_entered_in_error(evidence=struck, reason="r", by=BY, now=NOW) is True
    assert recording.mark_entered_in_error(evidence=struck, reason="again", by=BY, now=NOW) is False
    assert [entry.id for entry in load_dossier(checklist).evidence] == [kept.pk]
    found = checklists.assess_checklist(checklist=checklist, start=START, now=NOW)
    assert (found.last_evidence_id, found.errors_counted) == (struck.pk, 1)


def test_block_is_placed_once_and_lifted_when_mended(checklist: Checklist, record: Callable[..., Evidence]) -> None:
    assert blocked(checklist) == []
    no = record("ride", NO_RIDE)
    assert [finding.item for finding in refresh(checklist).placed] == ["ride"]
    again = refresh(checklist, NOW + SECOND)
    assert (again.placed, again.lifted, again.changed, blocked(checklist)) == ((), (), False, ["ride"])
    record("ride", RIDE, now=NOW + SECOND, supersedes=[no.public_id])
    mended = refresh(checklist, NOW + 2 * SECOND)
    assert (mended.lifted, blocked(checklist)) == (("ride",), [])
    block = Block.objects.get(checklist=checklist)
    assert (block.at, block.lifted_at, block.code) == (NOW, NOW + 2 * SECOND, "no_ride")


def test_block_that_returns_is_another_row(checklist: Checklist, record: Callable[..., Evidence]) -> None:
    supersedes: list[uuid.UUID] = []
    for value in (NO_RIDE, RIDE, NO_RIDE):
        supersedes = [record("ride", value, supersedes=supersedes).public_id]
        refresh(checklist)
    assert Block.objects.filter(checklist=checklist, item="ride").count() == 2
    assert blocked(checklist) == ["ride"]


def test_nothing_is_blocked_any_more_once_the_procedure_began(
    checklist: Checklist, record: Callable[..., Evidence]
) -> None:
    record("ride", NO_RIDE)
    refresh(checklist)
    assert refresh(checklist, blocks=False).lifted == ("ride",)
    assert blocked(checklist) == []


def test_withdrawn_version_blocks_by_itself(checklist: Checklist, version: ProtocolVersion) -> None:
    refresh(checklist)
    withdraw_version(practice_id=PRACTICE, version_id=version.pk, reason="r", by=BY, now=NOW)
    fresh = Checklist.objects.select_related("protocol_version").get(pk=checklist.pk)
    looked = refresh(fresh)
    assert ([(f.item, f.code) for f in looked.placed], looked.changed) == ([("protocol", "protocol_withdrawn")], True)


def test_verdict_is_stored_when_it_changes_and_only_then(checklist: Checklist, record: Callable[..., Evidence]) -> None:
    assert refresh(checklist).changed is True
    assert refresh(checklist, NOW + SECOND).changed is False
    record("ride", NO_RIDE, now=NOW + SECOND)
    assert refresh(checklist, NOW + SECOND).changed is True
    assert [d.answer for d in Decision.objects.order_by("now")] == ["pending", "blocked"]


def test_every_stored_verdict_is_replayed_to_the_same(checklist: Checklist, record: Callable[..., Evidence]) -> None:
    refresh(checklist)
    no = record("ride", NO_RIDE, now=NOW + SECOND)
    refresh(checklist, NOW + SECOND)
    recording.mark_entered_in_error(evidence=no, reason="r", by=BY, now=NOW + 2 * SECOND)
    refresh(checklist, NOW + 2 * SECOND)
    checklists.write_facts(checklist=checklist, facts=replace(FACTS, medications=()), by=BY, now=NOW + 3 * SECOND)
    refresh(checklist, NOW + 3 * SECOND)
    decisions = list(Decision.objects.select_related("checklist").order_by("now"))
    assert [d.answer for d in decisions] == ["pending", "blocked", "pending", "pending"]
    assert [replayed(d) for d in decisions] == [d.verdict for d in decisions]
    assert len({str(d.verdict) for d in decisions}) == 4


@pytest.mark.parametrize("value", [[], "text", 7])
def test_stored_value_of_no_known_shape_blocks(
    checklist: Checklist, record: Callable[..., Evidence], value: object
) -> None:
    record("ride", value)
    finding = checklists.assess_checklist(checklist=checklist, start=START, now=NOW).verdict.finding("ride")
    assert finding is not None
    assert (finding.status, finding.code) == (values.Status.FAILED, "rule_error")


def test_many_checklists_are_assessed_in_as_many_queries_as_one(version: ProtocolVersion, checklist: Checklist) -> None:
    def opened() -> Checklist:
        return checklists.open_checklist(
            practice_id=PRACTICE, subject=uuid.uuid4(), version=version, facts=FACTS, by=BY, now=NOW
        )

    def queries(found: list[Checklist]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assessed = checklists.assess_many(checklists=dict.fromkeys(found, START), now=NOW)
        assert set(assessed) == {each.pk for each in found}
        return len(captured)

    queries([checklist])  # reads the protocol once and for all
    assert queries([checklist]) == queries([checklist, *(opened() for _ in range(9))])
