"""Which conditions of a case a protocol's rules ask about, for the forms that record them."""

from checklists.rules.kinds.imaging import CONTRAINDICATED
from checklists.rules.kinds.lab_contexts import DERIVED
from checklists.rules.protocol import Protocol

DIABETES, STEROID = "diabetes", "steroid"
# Contexts of laboratory rows that somebody orders for a case rather than finds in the patient.
ORDERED = frozenset({"doac_level"})


def conditions_named(protocol: Protocol) -> tuple[str, ...]:
    """Codes in alphabetical order; others may be recorded too, and no rule of this protocol knows them."""
    found = {CONTRAINDICATED, DIABETES, STEROID}
    found |= {rule.context for rule in protocol.labs} - DERIVED - ORDERED
    for row in protocol.holds:
        found |= row.slow_stomach or frozenset()
        if when := row.review_if:
            found |= when.recorded | when.asked | when.cleared
    if suspicion := protocol.imaging.suspicion:
        found |= suspicion.conditions
    found |= {code for rule in protocol.exclusions for code in rule.conditions}
    return tuple(sorted(found))
