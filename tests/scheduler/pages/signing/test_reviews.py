"""Reviews: signed for what was read, or nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from checklists.models import Review
from checklists.rules.values import Authority
from scheduler.models import Case, Task
from scheduler.services.evidence import record_evidence
from tests.conftest import NOW
from tests.scheduler.pages.signing.acts import (
    EXEMPT,
    SOON,
    entries,
    only,
    sign,
)

pytestmark = pytest.mark.django_db


def test_review_is_signed_for_the_booked_day_with_its_note_and_leaves_the_list(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    case, client = tell("prepared", start=SOON, ride=EXEMPT), signed_in("clinician")
    answer = sign(client, only(client))
    assert answer["Location"] == "/sign/?done=signed"
    signed = Review.objects.get(checklist=case.checklist)
    assert (signed.item, signed.by, signed.note) == ("ride", staff["clinician"].by, "daughter stays overnight")
    assert (signed.start_from.isoformat(), signed.start_until.isoformat()) == (
        "2027-03-02T05:00:00+00:00",
        "2027-03-03T04:59:59.999999+00:00",
    )
    after = client.get("/sign/?done=signed")
    assert (entries(after), "Signed." in after.content.decode()) == ([], True)
    assert not Task.objects.filter(case=case, kind="review", done_at=None).exists()


def test_finding_that_changed_is_refused_with_the_new_one_shown_and_the_note_kept(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    case, client = tell("prepared", start=SOON, ride=EXEMPT), signed_in("clinician")
    seen = only(client)
    record_evidence(
        practice_id=case.practice_id,
        case_id=case.pk,
        item="ride",
        value={**EXEMPT, "transport": "taxi"},
        observed_at=NOW,
        said_by="staff",
        authority=Authority.NURSE,
        seen_version=seen.finding and 1,
        by=staff["nurse"].by,
        now=NOW,
    )
    answer = sign(client, seen)
    page = answer.content.decode()
    assert (answer.status_code, Review.objects.count()) == (409, 0)
    assert "has changed since you looked" in page
    assert "transport taxi" in page
    assert "daughter stays overnight" in page
    (now_shown,) = entries(answer)
    assert f'name="inputs" value="{now_shown.finding.inputs}"' in page
    assert seen.finding.inputs not in page
    assert sign(client, now_shown).status_code == 302


def test_note_for_a_finding_that_left_the_list_is_not_lost(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    tell("prepared", start=SOON, ride=EXEMPT)
    client = signed_in("clinician")
    seen = only(client)
    sign(client, seen)
    answer = sign(client, seen, note="my long thought")
    assert (answer.status_code, Review.objects.count()) == (409, 1)
    assert "Note: my long thought" in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day_until": "2027-03-01"}, "2027-03-01 is before 2027-03-02."),
        ({"day_from": "tomorrow"}, "Enter a valid date."),
        ({"note": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_review_form_says_what_is_wrong_and_keeps_what_was_typed(
    change: dict[str, str], said: str, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    tell("prepared", start=SOON, ride=EXEMPT)
    client = signed_in("clinician")
    answer = sign(client, only(client), **change)
    page = answer.content.decode()
    (typed,) = change.values()
    assert (answer.status_code, said in page, typed in page, Review.objects.count()) == (400, True, True, 0)
    field = next(iter(change))
    assert f'href="#{entries(answer)[0].slug}-{field}"' in page


@pytest.mark.parametrize(
    "change",
    [{"day_until": "9999-12-31"}, {"day_until": "2072-03-02"}, {"day_from": "0001-01-01"}],
    ids=["last day there is", "mistyped year", "first day there is"],
)
def test_review_is_signed_for_no_start_more_than_a_year_away(
    change: dict[str, str], tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("clinician")
    tell("prepared", start=SOON, ride=EXEMPT)
    refused = sign(client, only(client), **change)
    assert (refused.status_code, Review.objects.count()) == (400, 0)
    assert "is more than a year away. Check the year." in refused.content.decode()
    assert "daughter stays overnight" in refused.content.decode()
