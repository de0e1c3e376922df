"""A verdict in plain JSON types."""

from datetime import datetime
from typing import Any

from checklists.rules.values import Finding, Verdict


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as the API and the command show it; times in ISO 8601."""
    return {
        "state": verdict.state.value,
        "findings": [finding_to_json(finding) for finding in verdict.findings],
        "earliest_safe_start": moment(verdict.earliest_safe_start),
        "next_change_at": moment(verdict.next_change_at),
        "signed": verdict.signed,
    }


def finding_to_json(finding: Finding) -> dict[str, Any]:
    return {
        "item": finding.item,
        "kind": finding.kind,
        "step": finding.step.value,
        "status": finding.status.value,
        "code": finding.code,
        "sentence": finding.sentence,
        "owner": finding.owner,
        "needed_by": finding.needed_by.value,
        "override": finding.override.value,
        "due_at": moment(finding.due_at),
        "deadline_at": moment(finding.deadline_at),
        "clear_at": moment(finding.clear_at),
        "inputs": finding.inputs,
        "recorded": finding.recorded,
        "evidence": list(finding.evidence),
        "reasons": [
            {"code": reason.code, "sentence": reason.sentence, "status": reason.status.value}
            for reason in finding.reasons
        ],
    }


def moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
