"""A protocol is signed data: complete, immutable, in force until withdrawn."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from checklists.models import Checklist, Protocol, ProtocolVersion
from checklists.services.protocols import (
    NotInForce,
    NotSignable,
    adopt_protocol,
    sign_version,
    typed_protocol,
    version_in_force,
    withdraw_version,
)
from tests.checklists.services.conftest import BY, NOW, PRACTICE

pytestmark = pytest.mark.django_db
OTHER = uuid.UUID(int=7)


def adopt(document: dict[str, Any], practice_id: uuid.UUID = PRACTICE) -> ProtocolVersion:
    return adopt_protocol(practice_id=practice_id, name="spine", document=document, by=BY, now=NOW)


def sign(version: ProtocolVersion) -> ProtocolVersion:
    return sign_version(practice_id=version.practice_id, version_id=version.pk, by=BY, now=NOW)


def withdraw(version: ProtocolVersion) -> list[uuid.UUID]:
    return withdraw_version(practice_id=version.practice_id, version_id=version.pk, reason="r", by=BY, now=NOW)


def changed(document: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**document, "title": "another title", **more}


def test_adopting_the_same_document_again_gives_the_same_version(document: dict[str, Any]) -> None:
    first = adopt(document)
    assert (adopt(document).pk, first.number) == (first.pk, 1)
    assert (adopt(changed(document)).number, Protocol.objects.count()) == (2, 1)


def test_versions_are_numbered_in_each_practice(document: dict[str, Any]) -> None:
    assert (adopt(document).number, adopt(document, OTHER).number) == (1, 1)


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


def test_signed_version_is_immutable(version: ProtocolVersion, document: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="protocol_version_signed_is_immutable"), transaction.atomic():
        ProtocolVersion.objects.filter(pk=version.pk).update(document=changed(document))
    assert sign(version).signed_at == NOW
    assert typed_protocol(version).signed is True


def test_withdrawal_lists_the_checklists_and_stands(checklist: Checklist, version: ProtocolVersion) -> None:
    assert withdraw(version) == [checklist.subject]
    assert withdraw(version) == [checklist.subject]
    version.refresh_from_db()
    assert (version.in_force, typed_protocol(version).signed) == (False, False)
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
