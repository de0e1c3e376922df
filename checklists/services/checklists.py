"""One checklist: open it, write facts, look at the verdict, place and lift blocks."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from checklists.models import (
    Block,
    Checklist,
    Decision,
    Facts,
    Override,
    ProtocolVersion,
)
from checklists.rules import values
from checklists.rules.assess import ENGINE_VERSION, assess, item_keys, tzdata_version
from checklists.rules.case_document import facts_from_json, facts_to_json, verdict_to_json
from checklists.rules.dossier import Dossier, Written, dossier_from
from checklists.rules.gate import refusals_of_case
from checklists.rules.protocol import Protocol
from checklists.rules.recent import RecentVerdicts
from checklists.services.dossiers import load_dossier, read_written
from checklists.services.protocols import NotInForce, typed_protocol
from checklists.services.stored import NOTED, note_state

SYSTEM = "system"
_recent = RecentVerdicts(most=500)  # as many as the largest board shows


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict with all that replays it."""

    verdict: values.Verdict
    facts: values.Facts
    evidence: tuple[values.Evidence, ...]
    protocol: Protocol
    start: datetime | None
    now: datetime
    last_evidence_id: int
    errors_counted: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What noticing a change did: for the caller's tasks, record and messages."""

    assessment: Assessment
    changed: bool
    placed: tuple[values.Finding, ...]
    lifted: tuple[str, ...]


@transaction.atomic
def open_checklist(
    *, practice_id: uuid.UUID, subject: uuid.UUID, version: ProtocolVersion, facts: values.Facts, by: str, now: datetime
) -> Checklist:
    """A new checklist pinned to a version in force. Raises NotInForce."""
    if not version.in_force:
        raise NotInForce("No case opens on a protocol version that is unsigned or withdrawn. Have a clinician sign it.")
    checklist = Checklist.objects.create(
        practice_id=practice_id, subject=subject, protocol_version=version, opened_at=now, next_change_at=now
    )
    write_facts(checklist=checklist, facts=facts, by=by, now=now)
    return checklist


@transaction.atomic
def write_facts(*, checklist: Checklist, facts: values.Facts, by: str, now: datetime) -> int:
    """Append the next facts document and return its number."""
    Checklist.objects.filter(pk=checklist.pk).update(facts_number=F("facts_number") + 1)
    checklist.refresh_from_db(fields=["facts_number"])
    document = {**facts_to_json(facts), "number": checklist.facts_number}
    Facts.objects.create(
        practice_id=checklist.practice_id,
        checklist=checklist,
        number=checklist.facts_number,
        document=document,
        at=now,
        by=by,
    )
    return checklist.facts_number


def current_facts(checklist: Checklist) -> values.Facts:
    document = Facts.objects.values_list("document", flat=True).get(checklist=checklist, number=checklist.facts_number)
    return facts_from_json(document)


def load_overrides(checklists: Collection[Checklist]) -> dict[uuid.UUID, tuple[values.Override, ...]]:
    """The overrides of any number of checklists, the oldest first, in one query."""
    found: dict[uuid.UUID, list[values.Override]] = {checklist.pk: [] for checklist in checklists}
    for row in Override.objects.filter(checklist__in=list(found)).order_by("at"):
        found[row.checklist_id].append(
            values.Override(row.item, row.inputs, row.by, row.second_by or None, row.start_from, row.start_until)
        )
    return {pk: tuple(rows) for pk, rows in found.items()}


def items_of_checklist(*, checklist: Checklist, start: datetime | None, now: datetime) -> tuple[str, ...]:
    """The items of this checklist at this instant, without judging them."""
    dossier = load_dossier(checklist)
    return item_keys(typed_protocol(checklist.protocol_version), dossier.facts, dossier.evidence, start, now)


def assess_checklist(*, checklist: Checklist, start: datetime | None, now: datetime) -> Assessment:
    """The verdict of this instant, from what is recorded; writes nothing."""
    return assess_many(checklists={checklist: start}, now=now)[checklist.pk]


def assess_many(
    *, checklists: Mapping[Checklist, datetime | None], now: datetime, for_show: bool = False
) -> dict[uuid.UUID, Assessment]:
    """The verdicts of many checklists, each for its start, in a constant number of queries.

    `for_show`: for boards, which look at the same cases again and again; what gates or writes judges anew.
    """
    written = read_written(list(checklists))
    return {
        checklist.id: (_assess_again if for_show else _assess_anew)(checklist, written[checklist.id], start, now)
        for checklist, start in checklists.items()
    }


def _assess_anew(checklist: Checklist, written: Written, start: datetime | None, now: datetime) -> Assessment:
    return assess_as(typed_protocol(checklist.protocol_version), dossier_from(written), start, now)


def _assess_again(checklist: Checklist, written: Written, start: datetime | None, now: datetime) -> Assessment:
    protocol, start, now = typed_protocol(checklist.protocol_version), _in_utc(start), now.astimezone(UTC)
    dossier, verdict = _recent.assess(checklist.id, protocol, written, start, now)
    return _assessment(verdict, dossier, protocol, start, now)


def assess_as(protocol: Protocol, dossier: Dossier, start: datetime | None, now: datetime) -> Assessment:
    """The verdict on a dossier by any protocol, its own or another."""
    start, now = _in_utc(start), now.astimezone(UTC)
    verdict = assess(protocol, dossier.facts, dossier.evidence, start, now, dossier.reviews)
    return _assessment(verdict, dossier, protocol, start, now)


def _in_utc(start: datetime | None) -> datetime | None:
    """As the database gives instants back: a replay writes the same verdict to the letter."""
    return None if start is None else start.astimezone(UTC)


def _assessment(
    verdict: values.Verdict, dossier: Dossier, protocol: Protocol, start: datetime | None, now: datetime
) -> Assessment:
    return Assessment(
        verdict=verdict,
        facts=dossier.facts,
        evidence=dossier.evidence,
        protocol=protocol,
        start=start,
        now=now,
        last_evidence_id=dossier.last_evidence_id,
        errors_counted=dossier.errors_counted,
    )


def store_decision(
    *,
    checklist: Checklist,
    assessment: Assessment,
    kind: str,
    answer: str,
    by: str,
    gate: str = "",
    overrides: Any = (),
    at: datetime | None = None,
) -> Decision:
    """`at`: when it was asked, where it was asked about a moment that was past."""
    return Decision.objects.create(
        practice_id=checklist.practice_id,
        checklist=checklist,
        kind=kind,
        gate=gate,
        answer=answer,
        facts_number=assessment.facts.number,
        last_evidence_id=assessment.last_evidence_id,
        errors_counted=assessment.errors_counted,
        version_hash=assessment.protocol.document_hash,
        start=assessment.start,
        now=assessment.now,
        engine_version=ENGINE_VERSION,
        tzdata_version=tzdata_version(),
        verdict=verdict_to_json(assessment.verdict),
        overrides=list(overrides),
        at=at or assessment.now,
        by=by,
    )


def _verdict_digest(verdict: values.Verdict) -> str:
    """What counts as a change of verdict: state, and each finding's status and code."""
    return values.digest(
        verdict.state, verdict.signed, verdict.shut, [(f.item, f.status, f.code) for f in verdict.findings]
    )


@transaction.atomic(savepoint=False)
def refresh(
    *,
    checklist: Checklist,
    start: datetime | None,
    now: datetime,
    blocks: bool,
    next_look_at: datetime | None = None,
    by: str = SYSTEM,
) -> Refreshed:
    """Look again: store a changed verdict, place the blocks that are due, lift those that are mended.

    `blocks` False: the procedure began or will not be, so nothing is blocked any more, and time changes nothing.
    `next_look_at`: when the caller wants the next look at the latest, whatever the verdict's next change.
    """
    assessment = assess_checklist(checklist=checklist, start=start, now=now)
    verdict = assessment.verdict
    found = _verdict_digest(verdict)
    changed = found != checklist.verdict_digest
    if changed:
        store_decision(checklist=checklist, assessment=assessment, kind="verdict", answer=verdict.state, by=by)
    placed, lifted = _settle_blocks(checklist, verdict if blocks else None, by, now)
    looks = [moment for moment in (verdict.next_change_at, next_look_at) if moment is not None]
    checklist.verdict_digest = found
    checklist.next_change_at = min(looks, default=None) if blocks else None
    note_state(
        checklist,
        state=verdict.state,
        facts_number=assessment.facts.number,
        last_evidence_id=assessment.last_evidence_id,
        start=assessment.start,
    )
    checklist.save(update_fields=["verdict_digest", "next_change_at", *NOTED])
    return Refreshed(assessment, changed, placed, lifted)


def _settle_blocks(
    checklist: Checklist, verdict: values.Verdict | None, by: str, now: datetime
) -> tuple[tuple[values.Finding, ...], tuple[str, ...]]:
    standing = {block.item: block for block in Block.objects.filter(checklist=checklist, lifted_at=None)}
    # A version withdrawn since blocks like a failed item, and no override carries it.
    findings = (*verdict.findings, *refusals_of_case(verdict, values.Gate.BOOKING, True)) if verdict else ()
    blocking = {f.item: f for f in findings if f.blocks and f.needed_by != values.Gate.DISCHARGE}
    lifted = tuple(item for item in standing if item not in blocking)
    placed = tuple(finding for item, finding in blocking.items() if item not in standing)
    Block.objects.filter(checklist=checklist, lifted_at=None, item__in=lifted).update(lifted_at=now, lifted_by=by)
    Block.objects.bulk_create(
        Block(
            practice_id=checklist.practice_id,
            checklist=checklist,
            item=finding.item,
            code=finding.code,
            sentence=finding.sentence,
            owner=finding.owner,
            at=now,
            by=by,
        )
        for finding in placed
    )
    return placed, lifted
