"""The same cases under two protocols: what each makes of the same facts, evidence, start and moment. Writes nothing."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from checklists.models import ProtocolVersion
from checklists.rules.dossier import Dossier
from checklists.rules.gate import refusals_of_case
from checklists.rules.protocol import Protocol
from checklists.rules.values import Override, State, digest
from checklists.services.checklists import Assessment, assess_as, load_overrides
from checklists.services.dossiers import load_dossiers
from checklists.services.protocols import typed_protocol
from scheduler.models import Case
from scheduler.services.boards import OVERRIDDEN, carried, gate_ahead, shown_state
from scheduler.services.readiness import judged_start

log = logging.getLogger(__name__)
CHUNK = 500  # cases that are in memory at once


class Word(NamedTuple):
    """What is shown of one item."""

    status: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Side:
    """One case under one protocol: the state as boards show it, and a word for each item."""

    assessment: Assessment
    state: str
    words: Mapping[str, Word]

    @property
    def earliest(self) -> datetime | None:
        return self.assessment.verdict.earliest_safe_start

    def shown(self) -> list[object]:
        return [self.state, sorted((item, word.status, word.code) for item, word in self.words.items())]


class ItemChange(NamedTuple):
    """None: the protocol does not ask for the item."""

    item: str
    before: Word | None
    after: Word | None


@dataclass(frozen=True)
class BothSides:
    """A case, judged by the protocol it is pinned to and by another."""

    case: Case
    before: Side
    after: Side

    @cached_property
    def items(self) -> tuple[ItemChange, ...]:
        """The items whose status or code differs; a sentence alone is no change."""
        keys = [*self.before.words, *(key for key in self.after.words if key not in self.before.words)]
        found = (ItemChange(key, self.before.words.get(key), self.after.words.get(key)) for key in keys)
        return tuple(one for one in found if one.before is None or one.after is None or one.before[:2] != one.after[:2])

    @property
    def changes(self) -> bool:
        return bool(self.items) or self.before.state != self.after.state or self.before.earliest != self.after.earliest

    @property
    def blocks_a_booking(self) -> bool:
        return self.case.booking is not None and self.before.state != State.BLOCKED == self.after.state

    @property
    def seen(self) -> str:
        """What somebody has seen who saw this: both verdicts, and all that they rest on."""
        rests_on = self.before.assessment
        return digest(
            str(self.case.pk),
            self.case.version,
            rests_on.facts.number,
            rests_on.last_evidence_id,
            rests_on.errors_counted,
            self.before.assessment.protocol.document_hash,
            self.after.assessment.protocol.document_hash,
            self.before.shown(),
            self.after.shown(),
        )


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A case whose recorded data cannot be read; the others go on."""

    case: Case
    why: str


def judge_both(cases: Iterable[Case], other: Protocol, now: datetime) -> Iterator[BothSides | Unjudged]:
    """Each case by its own protocol and by `other`, in a constant number of queries unless one cannot be read."""
    found = list(cases)
    try:
        dossiers = load_dossiers([case.checklist for case in found])
    except Exception:
        if len(found) == 1:
            yield _unjudged(found[0])
            return
        for case in found:
            yield from judge_both([case], other, now)
        return
    overrides = load_overrides([case.checklist for case in found])
    for case in found:
        try:
            given = (dossiers[case.checklist_id], overrides[case.checklist_id], now)
            own = typed_protocol(case.checklist.protocol_version)
            yield BothSides(case, side_of(case, own, *given), side_of(case, other, *given))
        except Exception:
            yield _unjudged(case)


def _unjudged(case: Case) -> Unjudged:
    log.exception("case %s could not be judged", case.pk)
    return Unjudged(case, "What is recorded of this case cannot be read.")


def side_of(case: Case, protocol: Protocol, dossier: Dossier, overrides: Iterable[Override], now: datetime) -> Side:
    assessment = assess_as(protocol, dossier, judged_start(case, now), now)
    over, verdict, gate = carried(assessment, overrides), assessment.verdict, gate_ahead(case)
    state = shown_state(verdict, over, booked=assessment.start is not None, gate=gate)
    findings = (*refusals_of_case(verdict, gate, True), *verdict.findings)
    words = {f.item: Word(OVERRIDDEN if f.item in over else f.status, f.code, f.sentence) for f in findings}
    return Side(assessment, state, words)


def in_chunks(cases: QuerySet[Case], size: int) -> Iterator[list[Case]]:
    """The cases with booking and checklist, a chunk at a time by id; no version's document is read along."""
    versions = Versions()
    rows = cases.select_related("practice", "booking", "checklist").order_by("pk")
    last: UUID | None = None
    while chunk := list((rows if last is None else rows.filter(pk__gt=last))[:size]):
        last = chunk[-1].pk
        for case in chunk:
            case.checklist.protocol_version = versions[case.checklist.protocol_version_id]
        yield chunk


class Versions(dict[UUID, ProtocolVersion]):
    """Versions by id, each read once and without its document."""

    def __missing__(self, pk: UUID) -> ProtocolVersion:
        self[pk] = ProtocolVersion.objects.defer("document").get(pk=pk)
        return self[pk]
