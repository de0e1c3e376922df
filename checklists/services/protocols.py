"""Protocols of a practice: adopt a document, sign a version, withdraw it."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction

from checklists.models import Protocol, ProtocolVersion
from checklists.protocols import loader
from checklists.rules import protocol as rules
from checklists.rules.values import Shut


class NotSignable(Exception):
    """`missing` names every number that the version names but does not give."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"{len(missing)} number(s) are missing: {', '.join(missing)}. Fill them in a new version, then sign it."
        )
        self.missing = missing


class Altered(Exception):
    """The stored document is not the one that its hash names."""


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
    if not is_intact(version.document, version.document_hash):
        raise Altered("The stored protocol is not the one that was adopted. Adopt it again, then sign that version.")
    version.signed_at, version.signed_by = now, by
    version.save(update_fields=["signed_at", "signed_by"])
    return version


@transaction.atomic
def withdraw_version(
    *, practice_id: uuid.UUID, version_id: uuid.UUID, reason: str, by: str, now: datetime
) -> ProtocolVersion:
    """Stop the version's gates from this instant; withdrawing twice changes nothing. Raises NotInForce."""
    version = ProtocolVersion.objects.select_for_update().get(practice_id=practice_id, pk=version_id)
    if version.signed_at is None:
        raise NotInForce("This version was never signed; there is nothing to withdraw.")
    if version.withdrawn_at is None:
        version.withdrawn_at, version.withdrawn_by, version.withdrawn_reason = now, by, reason
        version.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    return version


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


def is_intact(document: Any, document_hash: str) -> bool:
    """Whether this is the content that the hash, and so the signature, names."""
    try:
        return loader.document_hash(document) == document_hash
    except (TypeError, ValueError):
        return False


@lru_cache(maxsize=64)
def _typed(version_id: uuid.UUID, shut: Shut | None) -> rules.Protocol:
    document, digest = ProtocolVersion.objects.values_list("document", "document_hash").get(pk=version_id)
    if not is_intact(document, digest):
        return _unread(digest)
    protocol = loader.from_document(document, signed=shut is None)
    return protocol if shut is None else replace(protocol, shut=shut)


def _unread(digest: str) -> rules.Protocol:
    """Nobody is judged by content that nobody signed: no items, and every gate shut."""
    frame = loader.load("reference-asra")
    return replace(frame, document_hash=digest, signed=False, shut=Shut.ALTERED, items=())


def typed_protocol(version: ProtocolVersion) -> rules.Protocol:
    """The version as the engine reads it; shut where it is unsigned, withdrawn, or not what was signed."""
    if version.withdrawn_at is not None:
        return _typed(version.pk, Shut.WITHDRAWN)
    return _typed(version.pk, None if version.signed_at is not None else Shut.UNSIGNED)


def typed_protocol_as_at(version: ProtocolVersion, moment: datetime) -> rules.Protocol:
    """As the engine read it at that moment: a withdrawal since does not count."""
    if version.withdrawn_at is not None and version.withdrawn_at > moment:
        return _typed(version.pk, None)
    return typed_protocol(version)


def look_afresh(version: ProtocolVersion) -> None:
    """Before a gate is answered: a withdrawal since the version was read counts, and altered content is forgotten."""
    version.refresh_from_db(fields=["document", "document_hash", "signed_at", "withdrawn_at"])
    if not is_intact(version.document, version.document_hash):
        _typed.cache_clear()
