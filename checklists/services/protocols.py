"""Protocols of a practice: adopt a document, sign a version, withdraw it."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction

from checklists.models import Checklist, Protocol, ProtocolVersion
from checklists.protocols import loader
from checklists.rules import protocol as rules


class NotSignable(Exception):
    """`missing` names every number that the version names but does not give."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"{len(missing)} number(s) are missing: {', '.join(missing)}. Fill them in a new version, then sign it."
        )
        self.missing = missing


class NotInForce(Exception):
    """The version is unsigned or withdrawn."""


@transaction.atomic
def adopt_protocol(
    *, practice_id: uuid.UUID, name: str, document: Mapping[str, Any], by: str, now: datetime
) -> ProtocolVersion:
    """Copy a resolved document into the practice as its next version of `name`, unsigned.

    Adopting the document of the latest version again returns that version.
    """
    typed = loader.from_document(dict(document), signed=False, complete=True)
    protocol, _ = Protocol.objects.get_or_create(practice_id=practice_id, name=name, defaults={"created_at": now})
    latest = protocol.versions.select_for_update().order_by("-number").first()
    if latest is not None and latest.document_hash == typed.document_hash and latest.withdrawn_at is None:
        return latest
    return ProtocolVersion.objects.create(
        practice_id=practice_id,
        protocol=protocol,
        number=latest.number + 1 if latest else 1,
        document=document,
        document_hash=typed.document_hash,
        missing=list(typed.missing),
        adopted_at=now,
        adopted_by=by,
    )


@transaction.atomic
def sign_version(*, practice_id: uuid.UUID, version_id: uuid.UUID, by: str, now: datetime) -> ProtocolVersion:
    """A clinician's signature over the resolved document; signing twice changes nothing. Raises NotSignable."""
    version = ProtocolVersion.objects.select_for_update().get(practice_id=practice_id, pk=version_id)
    if version.signed_at is not None:
        return version
    if version.missing:
        raise NotSignable(version.missing)
    version.signed_at, version.signed_by = now, by
    version.save(update_fields=["signed_at", "signed_by"])
    return version


@transaction.atomic
def withdraw_version(
    *, practice_id: uuid.UUID, version_id: uuid.UUID, reason: str, by: str, now: datetime
) -> list[uuid.UUID]:
    """Stop the version's gates from this instant. Returns the subjects of the open checklists pinned to it."""
    version = ProtocolVersion.objects.select_for_update().get(practice_id=practice_id, pk=version_id)
    if version.signed_at is None:
        raise NotInForce("This version was never signed; there is nothing to withdraw.")
    if version.withdrawn_at is None:
        version.withdrawn_at, version.withdrawn_by, version.withdrawn_reason = now, by, reason
        version.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    # Their verdicts change with the signature: let the sweep look at once at those it still looks at.
    pinned = Checklist.objects.filter(protocol_version=version, next_change_at__isnull=False)
    pinned.update(next_change_at=now)
    return list(pinned.values_list("subject", flat=True))


def version_in_force(*, practice_id: uuid.UUID, name: str) -> ProtocolVersion:
    """The newest signed, not withdrawn version. Raises NotInForce with the remedy."""
    version = (
        ProtocolVersion.objects.filter(
            practice_id=practice_id, protocol__name=name, signed_at__isnull=False, withdrawn_at=None
        )
        .order_by("-number")
        .first()
    )
    if version is None:
        raise NotInForce(
            f"Protocol '{name}' has no signed version in this practice. Adopt it and have a clinician sign it."
        )
    return version


@lru_cache(maxsize=64)
def _typed(version_id: uuid.UUID, signed: bool) -> rules.Protocol:
    document = ProtocolVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return loader.from_document(document, signed=signed)


def typed_protocol(version: ProtocolVersion) -> rules.Protocol:
    """The version as the engine reads it; a withdrawn version counts as unsigned."""
    return _typed(version.pk, version.in_force)
