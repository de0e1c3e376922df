"""What is left of a drug, measured: rows that no elapsed time clears (LB10, LB11)."""

from datetime import datetime

from checklists.rules.context import Check, Context, failed, pending, review
from checklists.rules.lab_values import FAIL, PASS, Result, analyte_name, band_of, is_valid, latest_results
from checklists.rules.protocol import DrugLevel, HoldRule, LabRule


def level_checks(context: Context, drug: str, row: HoldRule, level: DrugLevel, taken_at: datetime) -> list[Check]:
    """The measurements that count for this dose, each with what the protocol makes of it; the worst decides."""
    bands = {band for rule, result in measured(context, level, taken_at) for band in (band_of(rule, result),)}
    if FAIL in bands:
        much = f"What is left of {drug} is above the limit of the protocol"
        return [failed("level_too_high", f"{much}. Call the clinician: wait and measure it again.")]
    if bands == {PASS}:
        if level.then == "clear":
            return []
        return [review("level_to_review", f"The level of {drug} is within the limit: a clinician decides.")]
    needs = f"Time alone does not clear {drug}; it needs: {row.extra_gate or 'a measured level'}."
    checks = [review("hold_needs_decision", needs)]
    if level.needed and not bands:
        ask = f"Measure the level of {drug}, drawn after its last dose, and record it."
        checks.append(pending("level_missing", ask, until_start=True))
    return checks


def measured(context: Context, level: DrugLevel, taken_at: datetime) -> list[tuple[LabRule, Result]]:
    """Results that are valid at the start and were drawn after the last dose."""
    rules = [rule for rule in context.protocol.labs if rule.row in level.labs]
    found = (
        (rule, result) for rule in rules for result in latest_results(context, analyte_name(rule.analyte), rule.unit)
    )
    return [
        (rule, result)
        for rule, result in found
        if is_valid(context, rule, result) and result.evidence.observed_at > taken_at
    ]
