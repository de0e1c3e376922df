"""The rest of a procedure from paper is reviewed too, nothing told is lost, and claims follow the true times."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler.models import Case, Claim, Resource, Task
from scheduler.rules.downtime import PaperTimes
from scheduler.rules.papers import paper_reference
from scheduler.rules.problems import Invalid, NotPermitted, Refused
from scheduler.services.demonstration import GOING_HOME
from scheduler.services.downtime import Place
from scheduler.services.tasks import finish_task
from tests.scheduler.services.on_paper import MINUTE, PAPER, TWO, enter, times
from tests.scheduler.services.steps import BY, record

pytestmark = pytest.mark.django_db
OTHER_PLACE = ("Room 2", "Sam Second", "Bay 2")


@pytest.fixture
def later(start: datetime) -> datetime:
    return start + timedelta(hours=3)


def review(case: Case) -> Task:
    return Task.objects.get(case=case, kind="review", key__startswith="downtime:")


def spans(case: Case) -> dict[str, tuple[datetime, datetime]]:
    assert case.booking is not None
    claims = case.booking.claims.filter(is_active=True).select_related("resource")
    return {each.resource.kind if each.resource else "patient": (each.starts_at, each.ends_at) for each in claims}


def test_rest_of_a_procedure_is_reviewed_by_somebody_who_had_no_part_in_it(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case = tell("started", now=start)
    enter(case, PaperTimes(finished_at=start + 40 * MINUTE), now=later)
    task = review(case)
    assert (case.paper, task.queue, task.created_by) == ("P-0301-1", "clinician", BY)
    for told in ("P-0301-1", "finished 01 March 10:40", "No power on the ward."):
        assert told in task.sentence

    def finish(by: str) -> Task:
        return finish_task(
            practice_id=case.practice_id,
            task_id=task.pk,
            outcome="Read.",
            seen_version=task.version,
            roles=("clinician",),
            by=by,
            now=later,
        )

    for by in ("staff:1", "staff:2", BY):  # decided, signed, entered
        with pytest.raises(NotPermitted):
            finish(by)
    assert finish("staff:9").done_at == later


def test_each_entry_of_the_rest_owes_its_own_review(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case = tell("started", now=start)
    enter(case, PaperTimes(finished_at=start + 35 * MINUTE), now=later)
    leaving = start + 125 * MINUTE
    for item, value in GOING_HOME:
        record(case, item, value, now=later, observed_at=leaving)
    enter(case, PaperTimes(discharged_at=start + 130 * MINUTE), now=later)
    owed = Task.objects.filter(case=case, key__startswith="downtime:", done_at=None)
    assert sorted("went home" in task.sentence or "discharged" in task.sentence for task in owed) == [False, True]


def test_no_reason_of_a_refused_start_is_cut_from_the_review(
    tell: Callable[..., Case], resources: dict[str, Resource], start: datetime, later: datetime
) -> None:
    case = tell("imaged", drugs=("apixaban", "clopidogrel", "warfarin", "aspirin", "dabigatran"), now=start)
    where = Place(*(resources[name].pk for name in ("Room 1", "Sam Second", "Bay 1")))
    with pytest.raises(Refused) as refused:
        enter(case, times(start), now=later, place=where)
    enter(case, times(start), now=later, place=where, paper=TWO)
    told = review(case).sentence
    assert len(told) > 1000
    assert [reason.detail for reason in refused.value.errors if reason.detail not in told] == []


def test_claims_follow_the_true_times(tell: Callable[..., Case], start: datetime, later: datetime) -> None:
    case = tell("checked_in", now=start - MINUTE)
    turnover = spans(case)["room"][1] - spans(case)["proceduralist"][1]
    began, ended, left = start + 20 * MINUTE, start + 95 * MINUTE, start + 130 * MINUTE
    enter(case, PaperTimes(started_at=began, finished_at=ended, discharged_at=left), now=later)
    assert spans(case) == {
        "room": (began, ended + turnover),
        "proceduralist": (began, ended),
        "bay": (ended, left),
        "patient": (began, left),
    }
    assert case.booking is not None
    assert case.booking.starts_at == start


def test_claims_of_the_rest_follow_it_too(tell: Callable[..., Case], start: datetime, later: datetime) -> None:
    case = tell("started", now=start)
    enter(case, PaperTimes(finished_at=start + 95 * MINUTE), now=later)
    assert spans(case)["proceduralist"] == (start, start + 95 * MINUTE)
    assert spans(case)["bay"][0] == start + 95 * MINUTE


def test_true_time_that_somebody_else_has_stays_as_booked_and_is_named(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    """The next case of the room began late as well, but nobody has entered that yet."""
    case = tell("checked_in", now=start - MINUTE)
    booked = spans(case)
    tell("booked", start=start + 2 * timedelta(hours=1))
    ended = start + 130 * MINUTE
    when = PaperTimes(started_at=start, finished_at=ended, discharged_at=ended + 10 * MINUTE)
    entered = enter(case, when, now=later)
    assert {reason.field for reason in entered.taken} == {"room", "proceduralist"}
    assert (spans(case)["room"], spans(case)["proceduralist"]) == (booked["room"], booked["proceduralist"])
    assert spans(case)["bay"] == (ended, ended + 10 * MINUTE)
    assert review(case).sentence.count("Claimed as it was booked, because somebody else has the true time") == 2
    assert Claim.objects.filter(is_active=True, booking=case.booking).count() == 4


def test_sheet_of_another_patient_is_refused_and_a_handwritten_one_is_told(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case, other = tell("checked_in", now=start - MINUTE), tell("booked", slot=OTHER_PLACE)
    wrong = paper_reference(other.pk, start.date())
    for typed in (wrong, wrong.lower(), wrong.replace("-", " ")):
        with pytest.raises(Invalid) as refused:
            enter(case, times(start, known=True), now=later, paper=replace(PAPER, reference=typed))
        assert [(reason.field, reason.code) for reason in refused.value.errors] == [("paper", "another_sheet")]
    mine = replace(PAPER, reference=paper_reference(case.pk, start.date()))
    enter(case, times(start, known=True), now=later, paper=mine)
    assert "printed" not in review(case).sentence
    enter(other, times(start, "finished_at"), now=later, paper=TWO)
    assert "P-0301-1 is not of a printed sheet." in review(other).sentence
