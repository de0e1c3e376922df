"""The gates of a case's day: refused with every reason, open, or open because an override carries an item."""

from collections.abc import Sequence
from datetime import datetime

from checklists.rules.values import (
    Finding,
    Gate,
    GateDecision,
    Override,
    OverrideClass,
    Shut,
    Status,
    Step,
    Verdict,
)

# Which items each gate tests, by the gate that needs them.
TESTED = {
    Gate.BOOKING: frozenset({Gate.BOOKING}),
    Gate.CHECK_IN: frozenset({Gate.BOOKING, Gate.CHECK_IN}),
    Gate.START: frozenset({Gate.BOOKING, Gate.CHECK_IN, Gate.START}),
    Gate.DISCHARGE: frozenset({Gate.DISCHARGE}),
}
NEEDS_BOOKING = frozenset({Gate.CHECK_IN, Gate.START})
REFUSED, OPEN, OPEN_OVERRIDDEN = "refused", "open", "open_overridden"
SHUT = {
    Shut.UNSIGNED: "No clinician has signed this protocol version. Sign it before any case uses it.",
    Shut.WITHDRAWN: "This protocol version was withdrawn. A clinician moves the case to a version in force.",
    Shut.ALTERED: "The stored protocol version is not what was signed. A clinician moves the case to another version; "
    "the administrator restores this one.",
}


def decide(
    verdict: Verdict, gate: Gate, overrides: Sequence[Override], has_booking: bool, start: datetime | None = None
) -> GateDecision:
    """Whether the gate opens on this verdict of `start`; each tested finding passes or is carried by an override."""
    tested = [
        finding for finding in verdict.findings if finding.needed_by in TESTED[gate] and not passes(gate, finding)
    ]
    overridden = tuple(f.item for f in tested if any(carries(override, f, start) for override in overrides))
    refusals = (
        *refusals_of_case(verdict, gate, has_booking),
        *(f for f in tested if f.item not in overridden),
    )
    if refusals:
        return GateDecision(REFUSED, refusals, overridden, verdict.signed)
    return GateDecision(OPEN_OVERRIDDEN if overridden else OPEN, (), overridden, verdict.signed)


def passes(gate: Gate, finding: Finding) -> bool:
    """At booking time itself mends what is too early by the start."""
    return finding.passes or (gate is Gate.BOOKING and finding.status is Status.TOO_EARLY)


def carries(override: Override, finding: Finding, start: datetime | None) -> bool:
    """Same item, same inputs, a start that it was given for, and a second person where the item wants two."""
    if finding.override is OverrideClass.NEVER or override.item != finding.item:
        return False
    if override.inputs != finding.inputs or not covers(override, start):
        return False
    if finding.override is OverrideClass.ONE:
        return True
    return override.second_by is not None and override.second_by != override.by


def covers(override: Override, start: datetime | None) -> bool:
    """Given for any start; else for those of a whole range, and a range without an end is none."""
    if override.start_from is None and override.start_until is None:
        return True
    if start is None or override.start_from is None or override.start_until is None:
        return False
    return override.start_from <= start < override.start_until


def refusals_of_case(verdict: Verdict, gate: Gate, has_booking: bool) -> tuple[Finding, ...]:
    """What no override carries."""
    refusals = []
    # Whoever is in recovery goes home by the version that the procedure was done under.
    leaves = gate is Gate.DISCHARGE and verdict.shut is Shut.WITHDRAWN
    if not verdict.signed and not leaves:
        refusals.append(synthetic("protocol", verdict.shut, SHUT[verdict.shut], gate))
    elif not verdict.findings:
        empty = "The protocol demands nothing of this case, so nothing was judged. Complete the protocol."
        refusals.append(synthetic("protocol", "nothing_judged", empty, gate))
    if gate in NEEDS_BOOKING and not has_booking:
        refusals.append(synthetic("booking", "not_booked", "The case has no booking. Book it first.", gate))
    return tuple(refusals)


def synthetic(item: str, code: str, sentence: str, gate: Gate) -> Finding:
    return Finding(
        item=item,
        kind=item,
        step=Step.CONSULT,
        status=Status.FAILED,
        code=code,
        sentence=sentence,
        owner="clinician" if item == "protocol" else "scheduler",
        needed_by=gate,
        override=OverrideClass.NEVER,
        due_at=None,
        deadline_at=None,
        clear_at=None,
        rests_on=(item, code),
    )
