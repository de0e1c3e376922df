"""What the record keeps of a gate pass, and whether each start in the database has its pass in the record.

Only what identifies pass and decision is digested: erasing a patient's values leaves all of it as it was.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checklists.database import GATE_PASS_ANSWERED_BY, GATE_PASS_OPENS
from checklists.models import Decision, GatePass
from checklists.services.downtime import answers_behind
from checklists.services.gate import DOWNTIME
from scheduler.models import Case
from scheduler.rules.breaks import Break
from scheduler.services.record import salted_digest

OF_PASS = ("id", *GATE_PASS_OPENS, *GATE_PASS_ANSWERED_BY)
# The reason of a start on paper may be about the patient and stays out.
OF_PAPER = (*OF_PASS, *GATE_PASS_ANSWERED_BY, "paper")
OF_DECISION = (
    "id",
    "checklist_id",
    "at",
    "by",
    "kind",
    "gate",
    "answer",
    "facts_number",
    "last_evidence_id",
    "errors_counted",
    "version_hash",
    "start",
    "now",
    "engine_version",
    "tzdata_version",
)
PASS, DECISION = "gate_pass", "decision"


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the record that tells of a pass."""

    number: int
    fields: Mapping[str, str]


def trail_of(gate_pass: GatePass) -> dict[str, Any]:
    """The fields of the record's row of a start, of whatever kind the pass is that lets the procedure in."""
    if gate_pass.kind != DOWNTIME:
        return {PASS: _said(gate_pass, OF_PASS), DECISION: _said(gate_pass.decision, OF_DECISION)}
    behind = [text for decision in answers_behind(gate_pass) for text in _said(decision, OF_DECISION)]
    return {PASS: _said(gate_pass, OF_PAPER), DECISION: behind}


def _said(row: GatePass | Decision, names: tuple[str, ...]) -> list[str]:
    return [_text(getattr(row, name)) for name in names]


def _text(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def breaks_of_passes(practice_id: uuid.UUID, told: list[Told]) -> Iterator[Break]:
    """Used passes and started cases that the record does not know, and passes it tells of that are no more."""
    rows = {each.fields[PASS]: each for each in told}
    entered = set()
    used = GatePass.objects.filter(practice_id=practice_id, used_at__isnull=False).select_related("decision")
    for gate_pass in used.defer("decision__verdict", "decision__overrides").order_by("used_at").iterator():
        entered.add((gate_pass.subject, gate_pass.start))
        trail = {name: salted_digest(practice_id, name, value) for name, value in trail_of(gate_pass).items()}
        row = rows.pop(trail[PASS], None)
        if row is None:
            sentence = f"the gate pass {gate_pass.pk} of the case {gate_pass.subject} is not the record's"
            yield Break("pass_unknown", sentence)
        elif row.fields.get(DECISION) != trail[DECISION]:
            sentence = f"the decision behind the gate pass of row {row.number} was altered"
            yield Break("decision_altered", sentence, row.number)
    for row in rows.values():
        sentence = f"the gate pass that row {row.number} tells of was removed or altered"
        yield Break("pass_altered", sentence, row.number)
    started = Case.objects.filter(practice_id=practice_id, started_at__isnull=False)
    for case_id, started_at in started.values_list("pk", "started_at").order_by("started_at").iterator():
        if (case_id, started_at) not in entered:
            yield Break("start_without_pass", f"the case {case_id} was started without a gate pass")
