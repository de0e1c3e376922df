"""What an erased patient said, or is still to be sent, in a case that is, or was, another patient's."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from checklists.models import Evidence
from checklists.rules.values import Authority
from scheduler.models import Case, Patient
from scheduler.rules.problems import Refused
from scheduler.services import erasure
from scheduler.services.merging import Choice, merge_patients
from scheduler.services.patient_data import Whose
from scheduler.services.refiling import refile_case, refile_evidence
from scheduler.services.verification import verify_practice
from tests.scheduler.services.erasing import WHY, do_tasks, erase, settle
from tests.scheduler.services.mailing import send_all
from tests.scheduler.services.steps import BY, record

pytestmark = pytest.mark.django_db
THEIRS = ("Room 2", "Sam Second", "Bay 2")
INR = {"analyte": "INR", "value": 1.13, "unit": "ratio"}


@pytest.fixture
def late(start: datetime) -> datetime:
    return start + timedelta(hours=4)


def pass_on(now: datetime, *cases: Case) -> None:
    """A value of the last of these cases, filed to each of the others first."""
    record(cases[0], "labs", INR, now=now)
    for here, there in pairwise(cases):
        word = Evidence.objects.get(checklist=here.checklist_id, value=INR, error=None)
        seen = [dict(case.checklist.items.values_list("key", "version")).get("labs", 0) for case in (here, there)]
        refile_evidence(
            practice_id=here.practice_id,
            public_id=word.public_id,
            to_case_id=there.pk,
            reason="Somebody else was meant",
            seen_versions=(seen[0], seen[1]),
            authority=Authority.NURSE,
            by=BY,
            now=now,
        )


def left(case: Case) -> int:
    return Evidence.objects.filter(practice_id=case.practice_id, value=INR).count()


@pytest.mark.parametrize("way", ["there and back", "by way of a third"])
def test_word_that_was_filed_more_than_once_goes_wherever_it_stands(
    way: str, tell: Callable[..., Case], late: datetime
) -> None:
    mine, theirs = tell("discharged", now=late), tell("discharged", now=late, slot=THEIRS)
    first = mine if way == "there and back" else tell("opened")
    pass_on(late, first, theirs, mine)
    for case in (mine, theirs):
        settle(case, late)
    assert left(mine) == 3
    erase(mine, late)
    assert left(mine) == 0
    assert verify_practice(mine.practice_id).breaks == ()


def test_word_that_went_on_to_another_patient_is_theirs(tell: Callable[..., Case], late: datetime) -> None:
    mine, theirs = tell("discharged", now=late), tell("discharged", now=late, slot=THEIRS)
    pass_on(late, tell("opened"), mine, theirs)
    for case in (mine, theirs):
        settle(case, late)
    erase(mine, late)
    assert left(mine) == 3
    assert len(Whose(mine.practice_id, theirs.patient_id).words_refiled_here) == 2


def test_word_filed_between_two_rows_of_one_person_goes(tell: Callable[..., Case], late: datetime) -> None:
    mine, theirs = (
        tell("discharged", now=late),
        tell("discharged", now=late, start=late - timedelta(days=3), slot=THEIRS),
    )
    pass_on(late, theirs, mine)
    for case in (mine, theirs):
        settle(case, late)
    one, other = (Patient.objects.get(pk=case.patient_id) for case in (mine, theirs))
    merge_patients(
        practice_id=mine.practice_id,
        survivor_id=one.pk,
        duplicate_id=other.pk,
        seen_versions=(one.version, other.version),
        choice=Choice((), "survivor", ("name", "photo_id"), "One card."),
        by=BY,
        now=late,
    )
    erase(mine, late)
    assert left(mine) == 0


def test_mail_that_still_has_to_reach_the_patient_of_a_case_filed_on_is_waited_for(
    tell: Callable[..., Case], now: datetime
) -> None:
    """Emptied meanwhile, the calendar entry would never be taken back."""
    right = tell("booked", start=now + timedelta(days=8), slot=THEIRS)
    moved = tell("booked", start=now + timedelta(days=6))
    send_all(now)
    refile_case(
        practice_id=right.practice_id,
        case_id=moved.pk,
        to_patient_id=right.patient_id,
        reason="Not meant",
        seen_version=moved.version,
        by=BY,
        now=now,
    )
    do_tasks(moved, now)
    named = {"practice_id": right.practice_id, "patient_id": moved.patient_id, "by": BY, "now": now, **WHY}
    with pytest.raises(Refused) as refused:
        erasure.erase_patient(**named)
    assert [reason.code for reason in refused.value.errors] == ["message_pending"]
    send_all(now)
    assert not erasure.erase_patient(**named).before
