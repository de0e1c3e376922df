"""A refusal of the true start is not hidden by what was changed or struck out between it and the entry."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from checklists.models import Decision, ProtocolVersion
from checklists.rules.values import Medication
from checklists.services import checklists
from checklists.services.protocols import typed_protocol
from scheduler.models import Case, Practice, Task
from scheduler.rules.problems import Refused
from scheduler.services.case_moves import move_case, preview_move
from scheduler.services.cases import change_plan, plan_of
from scheduler.services.demonstration import demonstration_document
from scheduler.services.paper_reviews import review_of
from scheduler.services.signing import withdraw
from tests.checklists.services.replaying import replayed
from tests.scheduler.services.on_paper import FEVER, MINUTE, TWO, enter, times
from tests.scheduler.services.steps import BY, record, strike_all, undone
from tests.scheduler.versions import first_version, second_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(tell: Callable[..., Case], start: datetime) -> Case:
    return tell("checked_in", now=start - 30 * MINUTE)


@pytest.fixture
def later(start: datetime) -> datetime:
    return start + timedelta(hours=3)


def asked_of_nurse(case: Case) -> list[str]:
    questions = typed_protocol(case.checklist.protocol_version).infection.questions
    return [q.key for q in questions if "nurse" in q.asked_of and q.kind in ("question", "record")]


def drop_drugs(case: Case, now: datetime) -> None:
    plan = replace(plan_of(checklists.current_facts(case.checklist)), medications=())
    case.refresh_from_db()
    change_plan(practice_id=case.practice_id, case_id=case.pk, plan=plan, seen_version=case.version, by=BY, now=now)
    case.refresh_from_db()
    case.checklist.refresh_from_db()


def needs_second(case: Case, start: datetime, later: datetime) -> set[tuple[str, str]]:
    """What the entry of this start asks a second person about; nothing is written."""
    with undone():
        try:
            enter(case, times(start, known=True), now=later)
        except Refused as refused:
            assert refused.code == "second_person_needed"
            return {(reason.item, reason.code) for reason in refused.errors}
    return set()


def test_drug_dropped_from_the_plan_after_the_true_start_still_asks_for_a_second_person(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    """What was planned then decides as much as what is planned now; both answers are kept."""
    case = tell("checked_in", now=start - MINUTE, drugs=("apixaban",))
    strike_all(case, "hold:apixaban", now=start - MINUTE)
    drop_drugs(case, start + 10 * MINUTE)
    found = needs_second(case, start, later)
    assert {item for item, _ in found} == {"hold:apixaban"}
    entered = enter(case, times(start, known=True), now=later, paper=TWO)
    assert entered.gate_would_have == "refused"
    asked = Decision.objects.filter(checklist=case.checklist, gate="start").order_by("facts_number")
    assert [(each.answer, each.now, each.at) for each in asked] == [("refused", start, later), ("open", start, later)]
    assert [replayed(each) for each in asked] == [each.verdict for each in asked]
    assert "apixaban" in Task.objects.get(case=case, key__startswith="downtime:").sentence
    found_review = review_of(case)
    assert found_review is not None
    assert (found_review.answer, found_review.then) == ("refused", ("hold:apixaban",))
    assert [finding.item for finding in found_review.now] == ["hold:apixaban"]


def test_drug_dropped_before_the_true_start_asks_nobody(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case = tell("checked_in", now=start - MINUTE, drugs=("apixaban",))
    strike_all(case, "hold:apixaban", now=start - MINUTE)
    drop_drugs(case, start)
    assert needs_second(case, start, later) == set()


def test_drug_added_after_the_true_start_counts_as_it_is_worse(ready: Case, start: datetime, later: datetime) -> None:
    plan = replace(plan_of(checklists.current_facts(ready.checklist)), medications=(Medication("apixaban"),))
    change_plan(
        practice_id=ready.practice_id, case_id=ready.pk, plan=plan, seen_version=ready.version, by=BY, now=later
    )
    assert {item.rpartition(":")[2] for item, _ in needs_second(ready, start, later)} == {"apixaban"}


def test_failure_struck_after_the_true_start_still_stands_at_it(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case = tell("checked_in", now=start - MINUTE, infection_check=FEVER)
    clear = {**FEVER, "temperature": 36.6, "answers": dict.fromkeys(asked_of_nurse(case), "no")}
    with undone():
        strike_all(case, "infection_check", now=start)
        record(case, "infection_check", clear, now=later - MINUTE, observed_at=start - 60 * MINUTE)
        assert needs_second(case, start, later) == set()
    strike_all(case, "infection_check", now=start + MINUTE)
    record(case, "infection_check", clear, now=later - MINUTE, observed_at=start - 60 * MINUTE)
    assert needs_second(case, start, later) == {("infection_check", "fever")}


def test_word_struck_after_the_true_start_is_missed_at_it(ready: Case, start: datetime, later: datetime) -> None:
    strike_all(ready, "ride", now=start + MINUTE)
    assert {item for item, _ in needs_second(ready, start, later)} == {"ride"}


def move(case: Case, target: ProtocolVersion, now: datetime) -> None:
    version = case.checklist.protocol_version
    seen = {each.case.pk: each.seen for each in preview_move(version=version, target=target, now=now).rows}
    move_case(version=version, target=target, case_id=case.pk, seen=seen[case.pk], by=BY, now=now)
    case.refresh_from_db()


def test_version_that_the_case_was_under_at_the_true_start_judges_it_too(
    ready: Case, practice: Practice, start: datetime, later: datetime
) -> None:
    move(ready, second_version(practice), start - 10 * MINUTE)
    milder = second_version(practice, demonstration_document(), now=start + MINUTE)
    move(ready, milder, start + 10 * MINUTE)
    withdraw(version=first_version(practice), reason="r", by=BY, now=later)
    assert {item for item, _ in needs_second(ready, start, later)} == {"labs"}
