"""Two versions of a protocol side by side on a page."""

import uuid
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from checklists.models import ProtocolVersion
from scheduler.database import triggers_removed
from scheduler.models import Practice
from scheduler.services.demonstration import demonstration_document
from scheduler.services.signing import adopt
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(practice: Practice) -> ProtocolVersion:
    return ProtocolVersion.objects.get(practice_id=practice.pk, number=1)


@pytest.fixture
def second(practice: Practice, staff: dict[str, Any]) -> ProtocolVersion:
    """Apixaban at a good clearance is held for 96 h instead of 72, says a hostile hand."""
    document = deepcopy(demonstration_document())
    row = next(row for row in document["holds"] if row["row"] == "MH002")
    row |= {"clear_at_h": 96, "source": "demonstration", "confidence": "low", "note": "<script>alert(1)</script>"}
    return adopt(practice_id=practice.pk, name="demonstration", document=document, by=staff["clinician"].by, now=NOW)


def test_each_changed_rule_stands_beside_the_old_one_with_its_source(
    clinician: Client, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    answer = clinician.get(f"/settings/protocols/{second.pk}/diff/")
    assert (answer.context["older"], len(answer.context["changes"])) == (first, 2)
    page = " ".join(answer.content.decode().split())
    assert "apixaban (treatment dose), kidney clearance 50 and over</th>" in page
    assert "<td>72 h <small>S1,S2,S3,S6; high confidence</small></td>" in page
    assert "<td>96 h <small>demonstration; low confidence</small></td>" in page
    assert ("<script>alert" in page, "&lt;script&gt;alert(1)" in page) == (False, True)


def test_any_two_versions_are_compared_in_the_order_asked_for(
    clinician: Client, first: ProtocolVersion, second: ProtocolVersion
) -> None:
    answer = clinician.get(f"/settings/protocols/{first.pk}/diff/", {"against": str(second.pk)})
    assert answer.context["changes"][0].sentence.endswith("96 h [demonstration; low] becomes 72 h [S1,S2,S3,S6; high]")
    assert "What this version changes" in clinician.get(f"/settings/protocols/{first.pk}/").content.decode()


@pytest.mark.parametrize("against", ["", "x", "'; --", str(uuid.UUID(int=7)), "self", "other"])
def test_version_that_cannot_be_compared_with_is_refused(
    clinician: Client, other_practice: Practice, second: ProtocolVersion, first: ProtocolVersion, against: str
) -> None:
    strange = ProtocolVersion.objects.get(practice_id=other_practice.pk)
    given = {"self": str(second.pk), "other": str(strange.pk)}.get(against, against)
    answer = clinician.get(f"/settings/protocols/{second.pk}/diff/", {"against": given})
    assert (answer.status_code, answer.context["older"]) == (400, None)


def test_only_version_of_a_practice_has_nothing_beside_it(clinician: Client, first: ProtocolVersion) -> None:
    page = clinician.get(f"/settings/protocols/{first.pk}/diff/")
    assert (page.status_code, "no other version to compare with" in page.content.decode()) == (200, True)
    assert "What this version changes" not in clinician.get(f"/settings/protocols/{first.pk}/").content.decode()


@pytest.mark.parametrize("content", [{"protocol": "empty"}, [], {"holds": [{"row": "MH002"}]}])
def test_altered_version_says_so_and_can_still_be_looked_at(
    clinician: Client, first: ProtocolVersion, second: ProtocolVersion, content: Any
) -> None:
    with triggers_removed(connection):
        ProtocolVersion.objects.filter(pk=first.pk).update(document=content)
    page = clinician.get(f"/settings/protocols/{first.pk}/")
    assert (page.status_code, "The stored content is not what was signed." in page.content.decode()) == (200, True)
    assert clinician.get(f"/settings/protocols/{second.pk}/diff/").status_code == 200
