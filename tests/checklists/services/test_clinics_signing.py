"""A shipped protocol in a practice: refused while a number is missing, signed once all are given."""

import uuid

import pytest

from checklists.models import ProtocolVersion
from checklists.protocols import loader
from checklists.services.protocols import (
    NotInForce,
    NotSignable,
    adopt_protocol,
    sign_version,
    typed_protocol,
    version_in_force,
)
from tests.checklists.protocols.test_clinics import CLINICS, MISSING, fill
from tests.checklists.services.conftest import BY, NOW, PRACTICE

pytestmark = pytest.mark.django_db
COMPLETE = tuple(name for name in loader.shipped() if not MISSING.get(name))


def adopted(name: str, text: str | None = None) -> ProtocolVersion:
    document = loader.resolve(name) if text is None else loader.resolve_text(text, origin="ours.yaml")
    return adopt_protocol(practice_id=PRACTICE, name=name, document=document, by=BY, now=NOW)


def signed(version_id: uuid.UUID) -> ProtocolVersion:
    return sign_version(practice_id=PRACTICE, version_id=version_id, by=BY, now=NOW)


@pytest.mark.parametrize("name", [name for name in CLINICS if MISSING[name]])
def test_clinic_with_missing_numbers_is_signed_only_when_they_are_given(name: str) -> None:
    with pytest.raises(NotSignable) as refused:
        signed(adopted(name).pk)
    assert refused.value.missing == list(MISSING[name])
    with pytest.raises(NotInForce):
        version_in_force(practice_id=PRACTICE, name=name)
    second = signed(adopted(name, fill(name)).pk)
    assert version_in_force(practice_id=PRACTICE, name=name) == second
    assert (second.number, typed_protocol(second).signed, typed_protocol(second).missing) == (2, True, ())


@pytest.mark.parametrize("name", COMPLETE)
def test_complete_protocol_is_signed_as_it_is_shipped(name: str) -> None:
    version = signed(adopted(name).pk)
    assert (typed_protocol(version).signed, version.document_hash) == (True, loader.load(name).document_hash)
