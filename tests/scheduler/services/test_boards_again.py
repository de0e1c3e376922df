"""A board that is looked at again shows what would be judged anew, whatever was written in between and by whom."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from checklists.models import Checklist, Evidence, Facts, Review
from checklists.rules.recent import RecentVerdicts
from checklists.rules.values import Authority, Medication
from checklists.services import checklists, gate
from checklists.services.checklists import Assessment, assess_many
from scheduler.database import triggers_removed
from scheduler.models import Case, Practice
from scheduler.services import boards, case_moves, cases, signing
from scheduler.services.readiness import judged_start
from tests.conftest import START
from tests.house import roles
from tests.remembered import Once
from tests.scheduler.database.refusing import run_sql
from tests.scheduler.services.erasing import erase, settle
from tests.scheduler.services.steps import BY, record, strike_all
from tests.scheduler.services.test_merging import merge, part
from tests.scheduler.services.test_refiling import move, refile
from tests.scheduler.versions import first_version, second_version

pytestmark = pytest.mark.django_db
EVENING = START - timedelta(hours=14)
THEIRS = ("Room 2", "Sam Second", "Bay 2")
RIDE, NO_RIDE = {"available": True, "adult": True, "transport": "car"}, {"available": False}
Seen = dict[str, Assessment]


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], RecentVerdicts]]:
    """Each test begins in a process that has judged nothing; called, it is another process from then on."""

    def begin() -> RecentVerdicts:
        recent = RecentVerdicts(most=500)
        monkeypatch.setattr(checklists, "_recent", recent)
        return recent

    begin()
    yield begin


@pytest.fixture
def both(tell: Callable[..., Case], once: Once) -> tuple[Case, Case]:
    """Two patients, the first with a drug that nobody knows."""
    first = tell("prepared", now=EVENING)
    second = tell("prepared", now=EVENING, slot=THEIRS, start=START + timedelta(days=2), levels=("T12",))
    once("a drug that nobody knows", lambda: new_plan(first, "mystery"))
    return Case.objects.get(pk=first.pk), second


def seen(now: datetime, *, anew: bool = False) -> Seen:
    """What a board shows of every case, or what is judged anew."""
    found = list(Case.objects.select_related("practice", "patient", "booking", "checklist__protocol_version"))
    if not anew:
        return {str(row.case.pk): row.assessment for row in boards.rows(found, now)}
    judged = assess_many(checklists={case.checklist: judged_start(case, now) for case in found}, now=now)
    return {str(case.pk): judged[case.checklist_id] for case in found}


def changes_what_is_seen(act: Callable[[], object], now: datetime = EVENING) -> None:
    """The board was looked at, so that what it showed is kept; it would be wrong to show that again."""
    before = seen(now)
    assert seen(now) == before == seen(now, anew=True)
    act()
    after = seen(now, anew=True)
    assert seen(now) == after != before


def review_of(case: Case) -> Review:
    finding = seen(EVENING, anew=True)[str(case.pk)].verdict.finding("hold:mystery")
    assert finding is not None
    return gate.sign_review(
        checklist=case.checklist,
        item=finding.item,
        inputs=finding.inputs,
        start=judged_start(case, EVENING),
        start_from=START - timedelta(days=1),
        start_until=START + timedelta(days=1),
        note="",
        by=BY,
        now=EVENING,
    )


def new_plan(case: Case, drug: str = "apixaban") -> UUID:
    case.refresh_from_db()
    plan = replace(cases.plan_of(checklists.current_facts(case.checklist)), medications=(Medication(drug),))
    common = {"practice_id": case.practice_id, "case_id": case.pk, "by": BY, "now": EVENING}
    cases.change_plan(**common, plan=plan, seen_version=case.version)
    return case.pk


def to_second_version(practice: Practice) -> None:
    first, second = first_version(practice), second_version(practice)
    rows = case_moves.preview_move(version=first, target=second, now=EVENING).rows
    chosen = {one.case.pk: one.seen for one in rows}
    assert case_moves.move_cases_to_version(version=first, target=second, chosen=chosen, by=BY, now=EVENING).moved


def newest(case: Case, item: str) -> Evidence:
    return Evidence.objects.filter(checklist=case.checklist, item=item, error=None).latest("pk")


WRITES: Mapping[str, Callable[[Case, Case], object]] = {
    "evidence": lambda one, _: record(one, "ride", NO_RIDE, now=EVENING),
    "entered in error": lambda one, _: strike_all(one, "ride", now=EVENING),
    "review": lambda one, _: review_of(one),
    "plan": lambda one, _: new_plan(one),
    "version": lambda one, _: to_second_version(one.practice),
    "withdrawal": lambda one, _: signing.withdraw(
        version=first_version(one.practice), reason="wrong", by=BY, now=EVENING
    ),
    "word filed to another": lambda one, other: refile(
        newest(one, "ride"), other, EVENING, seen_versions=(1, 1), authority=Authority.CLINICIAN
    ),
    "case filed to another": lambda one, other: move(one, other.patient, EVENING),
    "merge": lambda one, other: merge(one, other, EVENING, take=("born_on",)),
}


@pytest.mark.parametrize("write", WRITES)
def test_every_write_is_seen(write: str, both: tuple[Case, Case]) -> None:
    changes_what_is_seen(lambda: WRITES[write](*both))


def test_parting_is_seen(both: tuple[Case, Case]) -> None:
    merged = merge(*both, EVENING, take=("born_on",))
    changes_what_is_seen(lambda: part(merged, EVENING))


def test_erasure_is_seen(tell: Callable[..., Case]) -> None:
    late = START + timedelta(hours=4)
    closed = settle(tell("discharged", now=late), late)
    changes_what_is_seen(lambda: erase(closed, late), late)


TAMPERED = {
    "facts that count again": ("UPDATE checklists_checklist SET facts_number = 1 WHERE facts_number > 1", ()),
    "value": ("UPDATE checklists_evidence SET value = %s WHERE item = 'ride'", ('{"available": false}',)),
    "moment": ("UPDATE checklists_evidence SET observed_at = '2026-01-01 12:00:00' WHERE item = 'imaging'", ()),
    "authority": ("UPDATE checklists_evidence SET authority = 1 WHERE item = 'consult'", ()),
    "gone": ("DELETE FROM checklists_evidence WHERE item = 'consent'", ()),
    "error taken back": ("DELETE FROM checklists_evidenceerror", ()),
    "review gone": ("DELETE FROM checklists_review", ()),
    "review of another window": ("UPDATE checklists_review SET start_until = start_from", ()),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_written_past_every_service_and_trigger_is_seen(how: str, both: tuple[Case, Case], once: Once) -> None:
    once("a plan, a value, an error and a review", lambda: everything_that_counts(*both))
    connection.check_constraints()
    with roles.owner(), triggers_removed(connection):
        changes_what_is_seen(lambda: run_sql(TAMPERED[how][0], *TAMPERED[how][1]))


def everything_that_counts(one: Case, other: Case) -> UUID:
    new_plan(other)
    record(other, "labs", {"analyte": "INR", "value": 3.9, "unit": "ratio"}, now=EVENING)
    strike_all(other, "ride", now=EVENING)
    review_of(one)
    return one.pk


class Undo(Exception):
    """Whatever was written until here is not."""


def look_and_take_back(act: Callable[[], object]) -> Seen:
    """Somebody writes, looks at the board in the same transaction, and it fails."""
    try:
        with transaction.atomic():
            act()
            shown = seen(EVENING)
            assert shown == seen(EVENING, anew=True)
            raise Undo
    except Undo:
        return shown


@pytest.mark.parametrize(
    ("one_way", "other_way"),
    [
        (lambda one: record(one, "ride", NO_RIDE, now=EVENING), lambda one: record(one, "ride", RIDE, now=EVENING)),
        (lambda one: strike_all(one, "ride", now=EVENING), lambda one: strike_all(one, "consent", now=EVENING)),
        (new_plan, lambda one: cases.note_facts(one, by=BY, now=EVENING, anesthesia="general")),
        (review_of, lambda one: record(one, "ride", NO_RIDE, now=EVENING)),
    ],
    ids=["evidence", "error", "facts", "review"],
)
def test_what_was_seen_and_rolled_back_is_never_shown_again(
    one_way: Callable[[Case], object], other_way: Callable[[Case], object], both: tuple[Case, Case]
) -> None:
    """SQLite gives the ids of rows that were rolled back to the next ones: the same numbers stand for other words."""
    before, never = seen(EVENING), look_and_take_back(lambda: one_way(both[0]))
    assert seen(EVENING) == seen(EVENING, anew=True) == before != never
    other_way(both[0])
    assert seen(EVENING) == seen(EVENING, anew=True)
    assert seen(EVENING) not in (before, never)


def test_row_of_the_same_id_with_other_words_is_seen(both: tuple[Case, Case]) -> None:
    """As after a rollback on SQLite, or a restored backup under a process that goes on."""
    checklist = Checklist.objects.get(pk=both[0].checklist_id)
    last = newest(both[0], "ride")
    with roles.owner(), triggers_removed(connection):
        changes_what_is_seen(lambda: Evidence.objects.filter(pk=last.pk).update(value=NO_RIDE))
        facts = Facts.objects.get(checklist=checklist, number=checklist.facts_number)
        document = {**facts.document, "weight_kg": 250.0}
        changes_what_is_seen(lambda: Facts.objects.filter(pk=facts.pk).update(document=document))


def test_processes_that_looked_at_different_times_show_the_same(
    both: tuple[Case, Case], process: Callable[[], RecentVerdicts], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = process()
    old = seen(EVENING)
    theirs = process()
    record(both[0], "ride", NO_RIDE, now=EVENING)
    new = seen(EVENING)
    for recent in (mine, theirs, mine):
        monkeypatch.setattr(checklists, "_recent", recent)
        assert seen(EVENING) == seen(EVENING, anew=True) == new != old


def test_copy_of_a_case_from_before_a_write_shows_what_was_written(both: tuple[Case, Case]) -> None:
    """A page that found the case first and wrote then."""
    found = list(Case.objects.select_related("practice", "patient", "booking", "checklist__protocol_version"))
    boards.rows(found, EVENING)
    record(both[0], "ride", NO_RIDE, now=EVENING)
    cases.note_facts(both[1], by=BY, now=EVENING, anesthesia="general")
    shown = {str(row.case.pk): row.assessment for row in boards.rows(found, EVENING)}
    assert shown == seen(EVENING, anew=True)


def test_every_look_compares_what_is_stored(both: tuple[Case, Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """And judges nobody twice."""
    seen(EVENING)
    for name in ("dossier_from", "judged_case"):
        monkeypatch.setattr(f"checklists.rules.recent.{name}", lambda *_: pytest.fail("judged again"))
    read = []
    monkeypatch.setattr(
        checklists, "read_written", lambda found, reads=checklists.read_written: read.append(found) or reads(found)
    )
    for minutes in (0, 1, 2):
        seen(EVENING + timedelta(minutes=minutes))
    assert [len(found) for found in read] == [len(both)] * 3 == [Checklist.objects.count()] * 3
