"""Whom one practice's own pathway excludes, beyond the contraindications of everybody (row IM38)."""

from collections.abc import Iterator

from checklists.rules.context import Check, Context, failed, pending, review
from checklists.rules.lab_values import age_at_start
from checklists.rules.protocol import ExclusionRule

FAIL = "fail"


def exclusion_checks(context: Context) -> Iterator[Check]:
    for rule in context.protocol.exclusions:
        excluded = is_excluded(context, rule)
        if excluded is None and rule.action == FAIL:
            ask = (
                f"This pathway excludes: {rule.says}. Whether that is so is not known. Ask, and record it in the plan."
            )
            yield pending("exclusion_unknown", ask)
        elif excluded:
            yield found(rule)


def exclusion_grounds(context: Context) -> list[tuple[str, list[str]]]:
    """What a signature on a doubt was about: the causes and conditions of its row that are there."""
    facts = context.facts
    doubts = [rule for rule in context.protocol.exclusions if is_excluded(context, rule)]
    told = {facts.cause, *facts.conditions}
    return [(rule.row, sorted((rule.causes | rule.conditions) & told)) for rule in doubts]


def found(rule: ExclusionRule) -> Check:
    if rule.action == FAIL:
        return failed("pathway_excludes", f"This pathway excludes: {rule.says}. Call the clinician.")
    return review("pathway_doubts", f"This pathway is not meant for: {rule.says}. A clinician decides.")


def is_excluded(context: Context, rule: ExclusionRule) -> bool | None:
    """None where something that would exclude is not known."""
    facts = context.facts
    known: list[bool | None] = [False]
    if rule.causes:
        known.append(None if facts.cause is None else facts.cause in rule.causes)
    for code in rule.conditions:
        known.append(True if code in facts.conditions else False if code in facts.conditions_denied else None)
    if rule.younger_than is not None:
        age = age_at_start(context)
        known.append(None if age is None else age < rule.younger_than)
    return True if True in known else None if None in known else False
