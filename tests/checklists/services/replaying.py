"""A stored verdict, derived once more from what it names."""

from checklists.models import Decision, Evidence, EvidenceError, Facts, ProtocolVersion
from checklists.rules import values
from checklists.rules.assess import assess
from checklists.rules.case_document import facts_from_json, verdict_to_json
from checklists.services.protocols import typed_protocol


def replayed(decision: Decision) -> dict[str, object]:
    """The verdict from what the decision names: facts, evidence, what was struck by then, version, start, now."""
    checklist = decision.checklist
    struck = EvidenceError.objects.filter(evidence__checklist=checklist).order_by("at")[: decision.errors_counted]
    gone = {error.evidence_id for error in struck}
    rows = Evidence.objects.filter(
        checklist=checklist, pk__lte=decision.last_evidence_id, observed_at__lte=decision.now
    ).order_by("pk")
    evidence = [
        values.Evidence(
            id=row.pk,
            item=row.item,
            observed_at=row.observed_at,
            value=row.value,
            said_by=row.said_by,
            authority=values.Authority(row.authority),
            recorded_by=row.recorded_by,
            supersedes=frozenset(row.supersedes),
        )
        for row in rows
        if row.pk not in gone
    ]
    facts = facts_from_json(Facts.objects.get(checklist=checklist, number=decision.facts_number).document)
    version = ProtocolVersion.objects.get(document_hash=decision.version_hash)
    return verdict_to_json(assess(typed_protocol(version), facts, evidence, decision.start, decision.now))
