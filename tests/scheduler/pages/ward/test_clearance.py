"""A prescriber's answer that nobody verified before the day is verified at the bedside."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from checklists.models import Evidence
from checklists.rules.values import Authority
from scheduler.models import Case, User
from scheduler.services.evidence import record_evidence
from scheduler.services.transitions import arrive
from tests.conftest import NOW, START
from tests.scheduler.pages.ward.conftest import Bedside

pytestmark = pytest.mark.django_db
ITEM = "prescriber_clearance:apixaban"
SAID = {"answer": "agreed", "prescriber": "Dr. Cardio", "how": "link"}


def test_nurse_agrees_with_what_the_prescriber_answered(
    tell: Callable[..., Case],
    bedside: Callable[..., Bedside],
    staff: dict[str, User],
    at: Callable[[datetime], None],
) -> None:
    case = tell("prepared", drugs=("apixaban",), start=START, **{ITEM: None})
    record_evidence(
        practice_id=case.practice_id,
        case_id=case.pk,
        item=ITEM,
        value=SAID,
        observed_at=NOW - timedelta(minutes=9),
        said_by="prescriber",
        authority=Authority.PATIENT,
        seen_version=0,
        by=staff["scheduler"].by,
        now=NOW - timedelta(minutes=9),
    )
    arrive(practice_id=case.practice_id, case_id=case.pk, by=staff["nurse"].by, now=NOW)
    case.refresh_from_db()
    place = bedside(case)
    place.verify(ITEM)
    verified = Evidence.objects.filter(checklist=case.checklist, item=ITEM).latest("pk")
    assert (verified.value, verified.said_by, verified.recorded_by) == (SAID, "staff", staff["nurse"].by)
    assert place.lines()[ITEM].finding.status == "satisfied"
