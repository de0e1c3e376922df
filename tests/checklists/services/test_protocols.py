"""A protocol is signed data: complete, immutable, in force until withdrawn."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from checklists.models import Checklist, Protocol, ProtocolVersion
from checklists.rules.values import Gate, Shut
from checklists.services.checklists import refresh
from checklists.services.gate import ask_gate
from checklists.services.protocols import (
    Altered,
    NotInForce,
    NotSignable,
    _typed,
    adopt_protocol,
    sign_version,
    typed_protocol,
    version_in_force,
    withdraw_version,
)
from scheduler.database import triggers_removed
from scheduler.isolation import within
from tests.checklists.services.conftest import BY, NOW, PRACTICE
from tests.house import roles

pytestmark = pytest.mark.django_db
OTHER = uuid.UUID(int=7)


def adopt(document: dict[str, Any], practice_id: uuid.UUID = PRACTICE) -> ProtocolVersion:
    return adopt_protocol(practice_id=practice_id, name="spine", document=document, by=BY, now=NOW)


def sign(version: ProtocolVersion) -> ProtocolVersion:
    return sign_version(practice_id=version.practice_id, version_id=version.pk, by=BY, now=NOW)


def withdraw(version: ProtocolVersion) -> ProtocolVersion:
    return withdraw_version(practice_id=version.practice_id, version_id=version.pk, reason="r", by=BY, now=NOW)


def changed(document: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**document, "title": "another title", **more}


def test_adopting_the_same_document_again_gives_the_same_version(document: dict[str, Any]) -> None:
    first = adopt(document)
    assert (adopt(document).pk, first.number) == (first.pk, 1)
    assert (adopt(changed(document)).number, Protocol.objects.count()) == (2, 1)


def test_versions_are_numbered_in_each_practice(document: dict[str, Any]) -> None:
    with within(OTHER):
        others = adopt(document, OTHER)
    assert (adopt(document).number, others.number) == (1, 1)


def test_version_with_a_missing_number_is_not_signed(document: dict[str, Any]) -> None:
    document["minutes"]["turnover"]["value"] = "missing"
    version = adopt(document)
    with pytest.raises(NotSignable) as refused:
        sign(version)
    assert refused.value.missing == ["minutes.turnover.value"]
    version.refresh_from_db()
    assert (version.signed_at, version.in_force) == (None, False)


def test_newest_signed_version_is_in_force(document: dict[str, Any]) -> None:
    with pytest.raises(NotInForce):
        version_in_force(practice_id=PRACTICE, name="spine")
    first = sign(adopt(document))
    second = adopt(changed(document))
    assert version_in_force(practice_id=PRACTICE, name="spine") == first
    sign(second)
    assert version_in_force(practice_id=PRACTICE, name="spine") == second
    withdraw(second)
    assert version_in_force(practice_id=PRACTICE, name="spine") == first
    with pytest.raises(NotInForce):
        version_in_force(practice_id=OTHER, name="spine")


REWRITTEN: tuple[dict[str, Any], ...] = (
    {"document": {"protocol": "empty"}},
    {"document_hash": "0" * 64},
    {"number": 9},
    {"missing": ["minutes.turnover.value"]},
)


@pytest.mark.parametrize("rewritten", REWRITTEN)
def test_content_is_immutable_from_adoption_on(document: dict[str, Any], rewritten: dict[str, Any]) -> None:
    adopted = adopt(document)
    for act in (lambda: None, lambda: sign(adopted)):
        act()
        with pytest.raises(IntegrityError, match="protocol_version_content_is_kept"), transaction.atomic():
            ProtocolVersion.objects.filter(pk=adopted.pk).update(**rewritten)


def test_signature_is_immutable(version: ProtocolVersion) -> None:
    for forged in ({"signed_by": "staff:2"}, {"signed_at": NOW - timedelta(days=1)}, {"signed_at": None}):
        with pytest.raises(IntegrityError, match="protocol_version_signed_is_immutable"), transaction.atomic():
            ProtocolVersion.objects.filter(pk=version.pk).update(**forged)
    assert sign(version).signed_at == NOW
    assert typed_protocol(version).signed is True


def alter(version: ProtocolVersion, document: Any) -> None:
    """As somebody with the database's own keys would."""
    with roles.owner(), triggers_removed(connection):
        ProtocolVersion.objects.filter(pk=version.pk).update(document=document)


def gate_answer(checklist: Checklist, gate: Gate) -> list[str]:
    answer = ask_gate(checklist=checklist, gate=gate, start=NOW, now=NOW, by=BY, has_booking=True)
    return [refusal.code for refusal in answer.decision.refusals]


def shorter(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "minutes": {**document["minutes"], "turnover": {"value": 0}}}


@pytest.mark.parametrize("content", [{"protocol": "empty"}, [], "text", 7, shorter])
def test_version_whose_content_is_not_what_was_signed_opens_no_gate(
    checklist: Checklist, version: ProtocolVersion, document: dict[str, Any], content: Any
) -> None:
    assert "protocol_altered" not in gate_answer(checklist, Gate.START)  # read, and kept in memory as it was
    alter(version, content(document) if callable(content) else content)
    assert {gate: gate_answer(checklist, gate)[0] for gate in Gate} == dict.fromkeys(Gate, "protocol_altered")
    looked = refresh(checklist=checklist, start=NOW, now=NOW, blocks=True)
    assert looked.assessment.verdict.state == "blocked"
    assert [(finding.item, finding.code) for finding in looked.placed] == [("protocol", "protocol_altered")]
    alter(version, document)
    _typed.cache_clear()
    assert typed_protocol(version).signed is True


def test_version_that_was_altered_before_signing_is_not_signed(document: dict[str, Any]) -> None:
    version = adopt(document)
    alter(version, changed(document))
    with pytest.raises(Altered):
        sign(version)
    version.refresh_from_db()
    assert version.signed_at is None


def test_withdrawal_stands_as_it_was_first_written(version: ProtocolVersion) -> None:
    assert withdraw(version).withdrawn_reason == "r"
    again = withdraw_version(
        practice_id=PRACTICE, version_id=version.pk, reason="other", by="staff:2", now=NOW + timedelta(days=1)
    )
    assert (again.withdrawn_at, again.withdrawn_by, again.withdrawn_reason) == (NOW, BY, "r")
    version.refresh_from_db()
    assert (version.in_force, typed_protocol(version).signed, typed_protocol(version).shut) == (
        False,
        False,
        Shut.WITHDRAWN,
    )
    with pytest.raises(IntegrityError, match="protocol_version_withdrawn_once"), transaction.atomic():
        ProtocolVersion.objects.filter(pk=version.pk).update(withdrawn_at=None)


def test_unsigned_version_is_not_withdrawn(document: dict[str, Any]) -> None:
    with pytest.raises(NotInForce):
        withdraw(adopt(document))


def test_document_of_a_withdrawn_version_may_be_adopted_anew(
    version: ProtocolVersion, document: dict[str, Any]
) -> None:
    withdraw(version)
    again = adopt(document)
    assert (again.number, again.in_force) == (version.number + 1, False)


def test_version_of_another_practice_is_not_found(version: ProtocolVersion) -> None:
    for act in (sign_version, withdraw_version):
        more = {"reason": "r"} if act is withdraw_version else {}
        with pytest.raises(ProtocolVersion.DoesNotExist):
            act(practice_id=OTHER, version_id=version.pk, by=BY, now=NOW, **more)
    version.refresh_from_db()
    assert version.withdrawn_at is None
