"""What is left of a drug, measured: rows that no elapsed time clears (LB10, LB11)."""

from datetime import datetime

from checklists.rules.context import Check, Context, failed, pending, review
from checklists.rules.lab_values import FAIL, PASS, Result, analyte_name, band_of, is_valid, latest_results
from checklists.rules.protocol import DrugLevel, HoldRule, LabRule


def level_checks(context: Context, drug: str, row: HoldRule, level: DrugLevel, taken_at: datetime) -> list[Check]:
    """The measurements that count for this dose, each with what the protocol makes of it; the worst decides."""
    bands = bands_of(context, level, taken_at)
    if FAIL in bands:
        return [too_high(drug)]
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


def high_checks(context: Context, drug: str, row: HoldRule, taken_at: datetime) -> list[Check]:
    """A level above its limit, also where the time since the last dose alone would be enough."""
    if row.level is None or FAIL not in bands_of(context, row.level, taken_at):
        return []
    return [too_high(drug)]


def short_hold_checks(context: Context, drug: str, row: HoldRule, short: str, taken_at: datetime) -> list[Check]:
    """A hold between the two thresholds: a clinician decides, knowing the level where one was measured (LB11)."""
    bands = bands_of(context, row.level, taken_at) if row.level is not None else set[str]()
    if FAIL in bands:
        return [too_high(drug)]
    if bands == {PASS}:
        return [review("level_to_review", f"{short}, and its level is within the limit: a clinician decides.")]
    return [review("hold_between_thresholds", f"{short}: a clinician decides.")]


def too_high(drug: str) -> Check:
    much = f"What is left of {drug} is above the limit of the protocol"
    return failed("level_too_high", f"{much}. Call the clinician: wait and measure it again.")


def bands_of(context: Context, level: DrugLevel, taken_at: datetime) -> set[str]:
    return {band_of(rule, result) for rule, result in measured(context, level, taken_at)}


def level_grounds(context: Context, row: HoldRule, taken_at: datetime) -> list[str]:
    """The levels that a signature is about."""
    return [str(result.value) for _, result in measured(context, row.level, taken_at)] if row.level else []


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
