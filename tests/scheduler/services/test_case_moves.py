"""Open cases move to another version: seen before, exactly as seen, one by one, and never once under way."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from checklists.models import Block, Checklist, Decision, ProtocolVersion
from scheduler.isolation import within
from scheduler.models import Case, Practice, Record, Task
from scheduler.rules.problems import Invalid, Refused
from scheduler.services import case_moves, cases, signatures, signing
from scheduler.services.boards import pathway
from scheduler.services.case_moves import Moved, Preview
from scheduler.services.demonstration import demonstration_document
from tests.conftest import START
from tests.remembered import Once
from tests.scheduler.api.tables import changes, tables
from tests.scheduler.services.steps import record, refusals
from tests.scheduler.versions import BY, first_version, second_version

pytestmark = pytest.mark.django_db
SECOND_ROOM = ("Room 2", "Sam Second", "Bay 2")


@pytest.fixture
def first(practice: Practice) -> ProtocolVersion:
    return first_version(practice)


@pytest.fixture
def ready(tell: Callable[..., Case], start: datetime) -> Case:
    """Checked in, everything done, under the first version."""
    return tell("checked_in", now=start)


@pytest.fixture
def referred(tell: Callable[..., Case]) -> Case:
    """Nothing done yet, under the first version."""
    return tell("opened", now=START)


@pytest.fixture
def second(ready: Case, practice: Practice, once: Once) -> ProtocolVersion:
    return ProtocolVersion.objects.get(pk=once("second version", lambda: second_version(practice).pk))


def preview(first: ProtocolVersion, second: ProtocolVersion, now: datetime = START) -> Preview:
    return case_moves.preview_move(version=first, target=second, now=now)


def move(first: ProtocolVersion, second: ProtocolVersion, now: datetime = START, **seen: str) -> Moved:
    """All of a preview of this moment, or those named by id with what was seen of them."""
    chosen = {uuid.UUID(pk): said for pk, said in seen.items()}
    chosen = chosen or {one.case.pk: one.seen for one in preview(first, second, now).rows}
    return case_moves.move_cases_to_version(version=first, target=second, chosen=chosen, by=BY, now=now)


def version_of(case: Case) -> int:
    return Case.objects.values_list("checklist__protocol_version__number", flat=True).get(pk=case.pk)


def test_preview_shows_whose_booking_would_be_blocked_and_writes_nothing(
    referred: Case, ready: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    before = tables()
    shown = preview(first, second)
    assert changes(before) == {}
    assert [one.case.pk for one in shown.rows] == [ready.pk, referred.pk]
    one, other = shown.rows
    assert (one.before.state, one.after.state, one.blocks_a_booking) == ("ready", "blocked", True)
    (item,) = one.items
    assert item.before and item.after
    assert (item.item, item.before.status, item.after.status, item.after.code) == (
        "labs",
        "satisfied",
        "failed",
        "lab_out_of_range",
    )
    assert "platelets 210" in item.after.sentence
    assert (other.changes, other.blocks_a_booking, shown.total) == (False, False, 2)


def test_earliest_safe_start_is_shown_before_and_after(
    first: ProtocolVersion, practice: Practice, tell: Callable[..., Case], now: datetime
) -> None:
    tell("imaged", drugs=("clopidogrel",))
    document = {**demonstration_document(), "holds": [dict(row) for row in demonstration_document()["holds"]]}
    row = next(row for row in document["holds"] if row["drug"] == "clopidogrel")
    row |= {"clear_at_h": row["clear_at_h"] + 24, "source": "demonstration", "confidence": "low"}
    (one,) = preview(first, second_version(practice, document), now).rows
    assert one.before.earliest and one.after.earliest
    assert one.after.earliest - one.before.earliest == timedelta(hours=24)


def test_moved_case_is_judged_blocked_and_recorded_by_the_new_version(
    ready: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    version = ready.version
    assert move(first, second) == Moved((ready.pk,), ())
    ready.refresh_from_db()
    assert (version_of(ready), ready.version, ready.state) == (2, version + 1, "checked_in")
    assert [(block.item, block.code) for block in Block.objects.filter(checklist=ready.checklist_id)] == [
        ("labs", "lab_out_of_range")
    ]
    assert Task.objects.filter(case=ready, key="labs", done_at=None).exists()
    decision = Decision.objects.filter(checklist=ready.checklist_id, kind="verdict").latest("at", "pk")
    assert decision.version_hash == second.document_hash
    row = Record.objects.get(action="protocol_moved")
    assert (row.subject, row.by, sorted(row.fields)) == (str(ready.pk), BY, ["from", "to"])
    assert refusals(ready, START) == {("labs", "lab_out_of_range")}


def test_case_that_changed_since_the_preview_is_reported_and_left(
    ready: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    (one,) = preview(first, second).rows
    seen = {str(ready.pk): one.seen}
    record(ready, "ride", {"available": False}, now=START)
    done = move(first, second, **seen)
    assert (done.moved, [(left.case_id, left.code) for left in done.left]) == ((), [(ready.pk, "stale")])
    assert (version_of(ready), Record.objects.filter(action="protocol_moved").count()) == (1, 0)
    assert move(first, second).moved == (ready.pk,)


def note(case: Case) -> None:
    cases.note_facts(Case.objects.get(pk=case.pk), by=BY, now=START, weight_kg=71.0)


def late(case: Case) -> None:
    """Nothing was recorded: only the clock went on, and what was fasted or screened is no longer in date."""


@pytest.mark.parametrize(("since", "later"), [(note, timedelta(0)), (late, timedelta(days=2))])
def test_change_of_facts_or_of_the_clock_counts_too(
    ready: Case,
    first: ProtocolVersion,
    second: ProtocolVersion,
    since: Callable[[Case], None],
    later: timedelta,
) -> None:
    (one,) = preview(first, second).rows
    since(ready)
    done = move(first, second, START + later, **{str(ready.pk): one.seen})
    assert [left.code for left in done.left] == ["stale"]
    assert version_of(ready) == 1


def test_preview_of_another_version_does_not_carry_the_move(
    ready: Case, first: ProtocolVersion, second: ProtocolVersion, practice: Practice
) -> None:
    third = second_version(practice, {**demonstration_document(), "title": "DEMONSTRATION, third edition"})
    (one,) = preview(first, second).rows
    done = move(first, third, **{str(ready.pk): one.seen})
    assert ([left.code for left in done.left], version_of(ready)) == (["stale"], 1)


@pytest.mark.parametrize("until", ["started", "finished"])
def test_case_in_procedure_or_recovery_is_neither_shown_nor_moved(
    first: ProtocolVersion, practice: Practice, tell: Callable[..., Case], until: str
) -> None:
    case = tell(until, now=START + timedelta(minutes=0 if until == "started" else 60))
    second = second_version(practice)
    assert preview(first, second).rows == ()
    done = move(first, second, **{str(case.pk): "x" * 24})
    assert ([left.code for left in done.left], version_of(case)) == (["under_way"], 1)


def test_one_case_that_stays_does_not_stop_the_others(
    referred: Case, ready: Case, tell: Callable[..., Case], practice: Practice, first: ProtocolVersion
) -> None:
    broken = tell("opened", now=START)
    second = second_version(practice)
    Checklist.objects.filter(pk=broken.checklist_id).update(facts_number=9)  # facts that are nowhere
    shown = preview(first, second)
    assert [one.case.pk for one in shown.unjudged] == [broken.pk]
    seen = {str(one.case.pk): one.seen for one in shown.rows}
    done = move(first, second, **{str(uuid.UUID(int=9)): "", str(broken.pk): "", **seen})
    assert set(done.moved) == {ready.pk, referred.pk}
    assert [(left.case_id, left.code) for left in done.left] == [
        (uuid.UUID(int=9), "not_found"),
        (broken.pk, "unreadable"),
    ]


def test_moving_twice_reports_what_is_already_moved(
    ready: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    (one,) = preview(first, second).rows
    for codes in ([], ["under_another_version"]):
        done = move(first, second, **{str(ready.pk): one.seen})
        assert [left.code for left in done.left] == codes


def test_reviews_and_overrides_of_the_old_version_count_no_more(
    tell: Callable[..., Case], first: ProtocolVersion, practice: Practice, start: datetime
) -> None:
    case = tell("arrived", now=start, ride={"available": False})
    (row,) = pathway(practice, start)
    finding = row.verdict.finding("ride")
    assert finding is not None
    case.refresh_from_db()
    signatures.override_item(
        practice_id=practice.pk,
        case_id=case.pk,
        item="ride",
        inputs=finding.inputs,
        reason="the ward keeps the patient overnight",
        seen_version=case.version,
        by=BY,
        second=None,
        now=start,
    )
    same_rules = second_version(practice, {**demonstration_document(), "title": "DEMONSTRATION, same rules"})
    (one,) = preview(first, same_rules, start).rows
    assert [
        (item.item, item.before and item.before.status, item.after and item.after.status) for item in one.items
    ] == [("ride", "overridden", "failed")]
    assert (one.before.state, one.after.state, one.blocks_a_booking) == ("overridden", "blocked", True)
    assert move(first, same_rules, start).moved == (case.pk,)
    assert pathway(practice, start)[0].state == "blocked"


def test_withdrawn_versions_cases_are_freed_by_moving_them(
    ready: Case, first: ProtocolVersion, practice: Practice
) -> None:
    same_rules = second_version(practice, {**demonstration_document(), "title": "DEMONSTRATION, same rules"})
    signing.withdraw(version=first, reason="a wrong title", by=BY, now=START)
    first.refresh_from_db()
    (one,) = preview(first, same_rules).rows
    assert (one.before.state, one.after.state) == ("blocked", "ready")
    assert [(item.item, item.before and item.before.code, item.after) for item in one.items] == [
        ("protocol", "protocol_withdrawn", None)
    ]
    assert move(first, same_rules).moved == (ready.pk,)
    ready.refresh_from_db()
    assert refusals(ready, START) == set()


def test_longer_procedure_of_the_new_version_asks_for_another_slot(
    tell: Callable[..., Case], first: ProtocolVersion, practice: Practice, now: datetime
) -> None:
    case = tell("booked", start=now + timedelta(days=4))
    document: dict[str, Any] = {**demonstration_document(), "minutes": {**demonstration_document()["minutes"]}}
    document["minutes"]["per_level"] = {"value": 90, "source": "demonstration", "confidence": "low"}
    assert move(first, second_version(practice, document), now).moved == (case.pk,)
    task = Task.objects.get(case=case, kind="reschedule")
    assert task.sentence == "The plan now needs 90 minutes and the booking holds 45. Move the booking."


def test_only_a_version_in_force_of_the_practice_is_a_target(
    first: ProtocolVersion, second: ProtocolVersion, practice: Practice, other_practice: Practice
) -> None:
    with within(other_practice.pk):
        strange = first_version(other_practice)
    document = {**demonstration_document(), "title": "DEMONSTRATION, unsigned"}
    unsigned = signing.adopt(practice_id=practice.pk, name="demonstration", document=document, by=BY, now=START)
    assert case_moves.targets_of(first) == [second]
    assert case_moves.target_of(first, None) == second
    for wrong in (first, strange, unsigned):
        with pytest.raises(Invalid) as refused:
            case_moves.target_of(first, wrong.pk)
        assert refused.value.errors[0].field == "to"
    signing.withdraw(version=second, reason="r", by=BY, now=START)
    with pytest.raises(Invalid, match="no such version to move"):
        case_moves.target_of(first, None)


def test_target_that_was_withdrawn_meanwhile_moves_nothing(
    ready: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    (one,) = preview(first, second).rows
    signing.withdraw(version=second, reason="r", by=BY, now=START)
    done = move(first, second, **{str(ready.pk): one.seen})
    assert ([left.code for left in done.left], version_of(ready)) == (["target_not_in_force"], 1)
    with pytest.raises(Refused):
        case_moves.move_case(version=first, target=second, case_id=ready.pk, seen=one.seen, by=BY, now=START)


def test_preview_is_bounded_and_says_how_many_there_are(
    referred: Case, ready: Case, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    shown = case_moves.preview_move(version=first, target=second, now=START, most=1)
    assert ([one.case.pk for one in shown.rows], shown.total) == ([ready.pk], 2)
