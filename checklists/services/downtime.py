"""What was begun while nobody could ask the gate: judged afterwards as at that moment.

What was changed, moved to another version or struck out after that moment hides nothing: it is judged both ways.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from django.db import transaction

from checklists.models import Checklist, Decision, Evidence, Facts, GatePass, Override, ProtocolVersion, Review
from checklists.rules import values
from checklists.rules.case_document import facts_from_json
from checklists.rules.dossier import Dossier, evidence_of
from checklists.rules.gate import OPEN, OPEN_OVERRIDDEN, REFUSED, TESTED
from checklists.rules.protocol import Protocol
from checklists.rules.values import PASSING, Gate, GateDecision
from checklists.services.checklists import (
    Assessment,
    assess_as,
    current_facts,
    load_overrides,
    write_facts,
)
from checklists.services.dossiers import load_dossier
from checklists.services.gate import DOWNTIME, Answer, answer_gate
from checklists.services.protocols import look_afresh, typed_protocol, typed_protocol_as_at

COUNTED = ("pk", "item", "observed_at", "value", "said_by", "authority", "recorded_by", "supersedes")
WORST_FIRST = (REFUSED, OPEN_OVERRIDDEN, OPEN)


@transaction.atomic
def note_facts_as_at(
    *, checklist: Checklist, moment: datetime, by: str, now: datetime, **happened: Any
) -> tuple[int, ...]:
    """Add what happened, as paper says, to the facts; where the plan was another at that moment, to that one too.

    The numbers of the documents that the moment is judged by besides the present one. Under the subject's row lock.
    """
    present = current_facts(checklist)
    then = replace(_facts_as_at(checklist, moment), number=present.number)
    beside = []
    if replace(then, **happened) != replace(present, **happened):
        beside.append(write_facts(checklist=checklist, facts=replace(then, **happened), by=by, now=now))
    if beside or replace(present, **happened) != present:
        write_facts(checklist=checklist, facts=replace(present, **happened), by=by, now=now)
    return tuple(beside)


def _facts_as_at(checklist: Checklist, moment: datetime) -> values.Facts:
    """The document of that moment; the first, where the case was opened only after it."""
    documents = Facts.objects.filter(checklist=checklist).values_list("document", flat=True)
    then = documents.filter(at__lte=moment).order_by("-number").first() or documents.order_by("number")[0]
    return facts_from_json(then)


@dataclass(frozen=True, slots=True)
class AsAt:
    """A moment that is past, and the facts documents that it is judged by besides the present one."""

    start: datetime
    moment: datetime
    beside: tuple[int, ...] = ()


def assess_as_at(*, checklist: Checklist, past: AsAt, with_struck: bool = True) -> Iterator[Assessment]:
    """Verdicts by all that is recorded of what was seen until then: the present one first.

    Then by each mix of what was otherwise then: the plan, the protocol version and, `with_struck`, words struck since.
    """
    dossier = _seen_until(load_dossier(checklist), checklist, past.moment)
    plans = Facts.objects.filter(checklist=checklist, number__in=past.beside).order_by("number")
    facts = [dossier.facts, *map(facts_from_json, plans.values_list("document", flat=True))]
    struck = _struck_since(checklist, past.moment) if with_struck else ()
    words = [dossier, _unstruck(dossier, struck, past.moment)] if struck else [dossier]
    for protocol, plan, known in product(_protocols_as_at(checklist, past.moment), facts, words):
        yield assess_as(protocol, replace(known, facts=plan), past.start, past.moment)


def _seen_until(dossier: Dossier, checklist: Checklist, moment: datetime) -> Dossier:
    signed_later = Review.objects.filter(checklist=checklist, at__gt=moment).count()
    return replace(
        dossier,
        evidence=tuple(entry for entry in dossier.evidence if entry.observed_at <= moment),
        reviews=dossier.reviews[: len(dossier.reviews) - signed_later],
    )


def _struck_since(checklist: Checklist, moment: datetime) -> tuple[values.Evidence, ...]:
    """Words that nobody had called an error at that moment."""
    rows = Evidence.objects.filter(checklist=checklist, error__at__gt=moment)
    return tuple(evidence_of(*row) for row in rows.values_list(*COUNTED))


def _unstruck(dossier: Dossier, struck: Sequence[values.Evidence], moment: datetime) -> Dossier:
    seen = (entry for entry in struck if entry.observed_at <= moment)
    evidence = tuple(sorted((*dossier.evidence, *seen), key=lambda entry: entry.id))
    return replace(dossier, evidence=evidence, errors_counted=dossier.errors_counted - len(struck))


def _protocols_as_at(checklist: Checklist, moment: datetime) -> list[Protocol]:
    """The version that the case is under, and the one that it was last judged by until then."""
    version = checklist.protocol_version
    found = [typed_protocol(version)]
    judged = Decision.objects.filter(checklist=checklist, at__lte=moment).order_by("-at")
    then = judged.values_list("version_hash", flat=True).first()
    if then is not None and then != found[0].document_hash:
        of_then = ProtocolVersion.objects.filter(practice_id=checklist.practice_id, document_hash=then)
        found += [typed_protocol_as_at(each, moment) for each in of_then.order_by("-number")[:1]]
    return found


@transaction.atomic
def ask_gate_as_at(*, checklist: Checklist, gate: Gate, past: AsAt, by: str, now: datetime) -> Answer:
    """What the gate would have answered at that moment: the worst of all answers, each stored.

    The stored row is the present one's, which a pass can stand on. Under the subject's row lock.
    """
    look_afresh(checklist.protocol_version)
    signed_later = Override.objects.filter(checklist=checklist, at__gt=past.moment).count()
    overrides = load_overrides([checklist])[checklist.pk]
    overrides = overrides[: len(overrides) - signed_later]
    answers = [
        answer_gate(
            checklist=checklist,
            gate=gate,
            assessment=assessment,
            overrides=overrides,
            has_booking=True,
            by=by,
            at=now,
        )
        for assessment in assess_as_at(checklist=checklist, past=past)
    ]
    return replace(answers[0], decision=_worst([answer.decision for answer in answers]))


def _worst(decisions: Sequence[GateDecision]) -> GateDecision:
    """Every reason once, in the order of the answers."""
    refusals = {(f.item, f.code, f.sentence): f for decision in decisions for f in decision.refusals}
    overridden = dict.fromkeys(item for decision in decisions for item in decision.overridden)
    return GateDecision(
        min((decision.answer for decision in decisions), key=WORST_FIRST.index),
        tuple(refusals.values()),
        tuple(overridden),
        all(decision.signed for decision in decisions),
    )


def answers_behind(issued: GatePass) -> list[Decision]:
    """All that was answered about the start of a pass of paper when it was entered, the pass's own first."""
    asked = Decision.objects.filter(
        checklist_id=issued.decision.checklist_id, kind="gate", gate=Gate.START, start=issued.start, at=issued.issued_at
    )
    return [issued.decision, *asked.exclude(pk=issued.decision_id).order_by("facts_number", "errors_counted", "pk")]


def worst_answer(decisions: Iterable[Decision]) -> str:
    """Of stored answers, at least one."""
    return min((decision.answer for decision in decisions), key=WORST_FIRST.index)


def pass_of_downtime(subject: UUID) -> GatePass | None:
    """The pass that this subject entered with, where it was one of paper."""
    return GatePass.objects.select_related("decision").filter(subject=subject, kind=DOWNTIME).first()


def missing_then(decisions: Collection[Decision]) -> tuple[str, ...]:
    """Of stored verdicts: the items that the start gate tests and that did not pass in each of them."""
    missing = (
        finding["item"]
        for decision in decisions
        for finding in decision.verdict["findings"]
        if finding["needed_by"] in TESTED[Gate.START] and finding["status"] not in PASSING
    )
    return tuple(dict.fromkeys(missing))
