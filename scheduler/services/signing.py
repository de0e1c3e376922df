"""Protocols of a practice, with what adopting, signing and withdrawing leave in the record."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from checklists.models import Checklist, ProtocolVersion
from checklists.protocols import filling, loader
from checklists.protocols.inherit import NAME
from checklists.services import protocols
from scheduler.models import Case, Practice
from scheduler.rules.problems import Invalid, NotFound, Reason, Refused
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.record import append_record

DEMONSTRATION = "demonstration"


def version_of(practice_id: uuid.UUID, version_id: uuid.UUID) -> ProtocolVersion:
    """A version for reading; another practice's is not found."""
    found = ProtocolVersion.objects.select_related("protocol").filter(practice_id=practice_id, pk=version_id).first()
    if found is None:
        raise NotFound("There is no such protocol version in this practice.")
    return found


def others_of(version: ProtocolVersion) -> list[ProtocolVersion]:
    """The practice's other versions, without their documents: those of the same protocol first, newest first."""
    found = ProtocolVersion.objects.filter(practice_id=version.practice_id).exclude(pk=version.pk)
    rows = found.select_related("protocol").defer("document").order_by("protocol__name", "-number")
    return sorted(rows, key=lambda other: other.protocol_id != version.protocol_id)


def against(version: ProtocolVersion, other_id: uuid.UUID | None) -> ProtocolVersion:
    """The version to compare with; left out, the one before it, else the newest other. Raises Invalid, NotFound."""
    if other_id is not None:
        return version_of(version.practice_id, other_id)
    others = others_of(version)
    before = [o for o in others if o.protocol_id == version.protocol_id and o.number < version.number]
    found = next(iter([*before, *others]), None)
    if found is None:
        reason = Reason("nothing_to_compare", "Adopt another version first, then compare the two.", field="against")
        raise Invalid("The practice has no other protocol version.", errors=(reason,))
    return version_of(version.practice_id, found.pk)


def cases_of(version: ProtocolVersion) -> QuerySet[Case]:
    """Those pinned to the version that still wait for their procedure."""
    waiting = Case.objects.filter(checklist__protocol_version=version, state__in=BEFORE_PROCEDURE)
    return waiting.select_related("practice", "patient", "booking").order_by("opened_at")


def under_way(version: ProtocolVersion) -> int:
    """How many had or have their procedure under the version and are not home yet."""
    return Case.objects.filter(checklist__protocol_version=version, state__in=("in_procedure", "recovering")).count()


@transaction.atomic
def adopt(*, practice_id: uuid.UUID, name: str, document: Mapping[str, Any], by: str, now: datetime) -> ProtocolVersion:
    version = protocols.adopt_protocol(practice_id=practice_id, name=name, document=document, by=by, now=now)
    _note(version, "protocol_adopted", by, now)
    return version


@transaction.atomic
def adopt_shipped(*, practice: Practice, name: str, by: str, now: datetime) -> ProtocolVersion:
    """A copy of a protocol that comes with the software. Raises Invalid."""
    if name not in loader.shipped():
        reason = Reason("protocol_unknown", f"Use one of: {', '.join(loader.shipped())}.", field="name")
        raise Invalid(f"No protocol '{name}' is shipped.", errors=(reason,))
    return adopt_document(practice=practice, name=name, document=loader.resolve(name), by=by, now=now)


@transaction.atomic
def adopt_document(
    *, practice: Practice, name: str, document: Mapping[str, Any], by: str, now: datetime
) -> ProtocolVersion:
    """Any resolved document as the next version of `name`; what rests on made-up numbers only in the demonstration."""
    if DEMONSTRATION in (document["protocol"], *document.get("based_on", ())) and not practice.is_demo:
        reason = Reason("protocol_for_demonstration", "Its numbers are made up. Adopt another.", field="name")
        raise Invalid("The demonstration protocol is not for patients.", errors=(reason,))
    if not NAME.match(name) or len(name) > 100:
        reason = Reason("protocol_name", "Use small letters, digits and hyphens, as in reference-asra.", field="name")
        raise Invalid(f"'{name[:60]}' is no name of a protocol.", errors=(reason,))
    return adopt(practice_id=practice.pk, name=name, document=document, by=by, now=now)


@transaction.atomic
def fill(*, version: ProtocolVersion, numbers: Sequence[filling.Number], by: str, now: datetime) -> ProtocolVersion:
    """The next version, unsigned, with every missing number given. Raises Invalid naming each path and remedy."""
    if not version.missing:
        raise Refused("Nothing is missing in this version.", code="nothing_missing")
    try:
        filled = filling.fill(version.document, numbers)
    except loader.ProtocolError as error:
        reasons = (Reason("number_unusable", f"{p.path}: {p.wrong}: {p.remedy}.", field=p.path) for p in error.problems)
        raise Invalid("The numbers cannot be used as they are.", errors=tuple(reasons)) from error
    name = version.protocol.name
    return adopt(practice_id=version.practice_id, name=name, document=filled.document, by=by, now=now)


@transaction.atomic
def sign(*, version: ProtocolVersion, by: str, now: datetime) -> None:
    """Raises Refused naming every number that is missing."""
    try:
        protocols.sign_version(practice_id=version.practice_id, version_id=version.pk, by=by, now=now)
    except protocols.NotSignable as error:
        raise Refused(
            str(error),
            code="protocol_incomplete",
            errors=tuple(
                Reason("number_missing", f"{path} is named but has no number. Enter it in a new version.", field=path)
                for path in error.missing
            ),
        ) from error
    except protocols.Altered as error:
        raise Refused(str(error), code="protocol_altered") from error
    _note(version, "protocol_signed", by, now)


@transaction.atomic
def withdraw(*, version: ProtocolVersion, reason: str, by: str, now: datetime) -> list[uuid.UUID]:
    """Shut its gates now. Returns the cases that waited under it: the sweep looks at each at once, owners get tasks."""
    try:
        protocols.withdraw_version(
            practice_id=version.practice_id, version_id=version.pk, reason=reason, by=by, now=now
        )
    except protocols.NotInForce as error:
        raise Refused(str(error), code="never_signed") from error
    pinned = list(cases_of(version).values_list("pk", flat=True))
    Checklist.objects.filter(protocol_version=version, subject__in=pinned).update(next_change_at=now)
    _note(version, "protocol_withdrawn", by, now, reason=reason)
    return pinned


def _note(version: ProtocolVersion, action: str, by: str, now: datetime, **more: str) -> None:
    append_record(
        practice_id=version.practice_id,
        by=by,
        action=action,
        subject=version.pk,
        now=now,
        fields={"document_hash": version.document_hash, **more},
    )
