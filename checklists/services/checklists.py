"""One checklist: open it, write facts, look at the verdict, place and lift blocks."""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from checklists.models import (
    Block,
    Checklist,
    Decision,
    Evidence,
    Facts,
    Override,
    ProtocolVersion,
    Review,
)
from checklists.rules import values
from checklists.rules.assess import ENGINE_VERSION, assess, item_keys, tzdata_version
from checklists.rules.case_document import facts_from_json, facts_to_json, verdict_to_json
from checklists.rules.gate import refusals_of_case
from checklists.rules.protocol import Protocol
from checklists.rules.recent import Inputs, RecentVerdicts
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


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that a verdict rests on: current facts, evidence not entered in error, signed reviews."""

    facts: values.Facts
    evidence: tuple[values.Evidence, ...]
    reviews: tuple[values.Review, ...]
    last_evidence_id: int  # of all that was ever recorded, errors too: what a gate pass is measured by
    errors_counted: int


COUNTED = (
    "checklist_id",
    "pk",
    "item",
    "observed_at",
    "value",
    "said_by",
    "authority",
    "recorded_by",
    "supersedes",
)


def load_dossiers(checklists: Sequence[Checklist]) -> dict[uuid.UUID, Dossier]:
    """The dossiers of any number of checklists in three queries."""
    ids = [checklist.pk for checklist in checklists]
    current = Facts.objects.filter(checklist__in=ids, number=F("checklist__facts_number"))
    facts = {pk: facts_from_json(document) for pk, document in current.values_list("checklist_id", "document")}
    evidence: dict[uuid.UUID, list[values.Evidence]] = {pk: [] for pk in ids}
    last = dict.fromkeys(ids, 0)
    errors = Counter[uuid.UUID]()
    # Columns rather than instances: a board reads all evidence of all its cases each time.
    for row in Evidence.objects.filter(checklist__in=ids).order_by("pk").values_list(*COUNTED, "error", named=True):
        last[row.checklist_id] = row.pk
        if row.error is not None:
            errors[row.checklist_id] += 1
        else:
            evidence[row.checklist_id].append(as_value(row))
    reviews: dict[uuid.UUID, list[values.Review]] = {pk: [] for pk in ids}
    for review in Review.objects.filter(checklist__in=ids).order_by("at"):
        reviews[review.checklist_id].append(
            values.Review(review.item, review.inputs, review.start_from, review.start_until, review.by)
        )
    return {pk: Dossier(facts[pk], tuple(evidence[pk]), tuple(reviews[pk]), last[pk], errors[pk]) for pk in ids}


def as_value(row: Any) -> values.Evidence:
    """A row of the columns COUNTED as the rules read it."""
    return values.Evidence(
        id=row.pk,
        item=row.item,
        observed_at=row.observed_at,
        # What no writer of ours wrote is unknown to every rule, and unknown is not ready.
        value=row.value if isinstance(row.value, dict) else {},
        said_by=row.said_by,
        authority=values.Authority(row.authority),
        recorded_by=row.recorded_by,
        supersedes=frozenset(row.supersedes),
    )


def load_dossier(checklist: Checklist) -> Dossier:
    return load_dossiers([checklist])[checklist.pk]


def load_evidence(checklist: Checklist) -> tuple[values.Evidence, ...]:
    """All that counts: evidence not entered in error, in the order of recording."""
    return load_dossier(checklist).evidence


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
    dossiers = load_dossiers(list(checklists))
    return {
        checklist.pk: assess_as(
            typed_protocol(checklist.protocol_version),
            dossiers[checklist.pk],
            start,
            now,
            shown_as=checklist.pk if for_show else None,
        )
        for checklist, start in checklists.items()
    }


def assess_as(
    protocol: Protocol,
    dossier: Dossier,
    start: datetime | None,
    now: datetime,
    shown_as: uuid.UUID | None = None,
) -> Assessment:
    """The verdict on a dossier by any protocol, its own or another; a recent one that still holds if `shown_as`."""
    # In UTC, as the database gives them back: a replay writes the same verdict to the letter.
    start, now = start and start.astimezone(UTC), now.astimezone(UTC)
    if shown_as is None:
        verdict = assess(protocol, dossier.facts, dossier.evidence, start, now, dossier.reviews)
    else:
        verdict = _recent.assess(
            shown_as, protocol, Inputs(dossier.facts, dossier.evidence, start, dossier.reviews), now
        )
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
