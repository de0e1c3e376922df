"""Classes of drugs that a source holds together: "blood thinners, a few days before"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from checklists.protocols.blocks import Block
from checklists.rules.protocol import HoldClass, HoldRule

# What a person or a dose cycle decides stays as it is: an hour count would settle it without them.
BY_THE_CLOCK = ("timed_hold", "avoid_without_level", "continue")
NOTHING = timedelta(0)


def read_hold_classes(top: Block) -> tuple[HoldClass, ...]:
    return tuple(read_hold_class(row) for row in top.rows("hold_classes", "class", optional=True))


def read_hold_class(row: Block) -> HoldClass:
    row.required("clear_at_h", "72")
    one = HoldClass(
        name=row.text("class"),
        drug_classes=frozenset(row.word_list("drug_classes")),
        clear_at=row.hours("clear_at_h"),
        sourced=row.sourced(),
    )
    row.close(annotated=True)
    return one


def held_with_class(rule: HoldRule, classes: Sequence[HoldClass]) -> HoldRule:
    """The row, held at least as long as its class; a class whose number is missing never clears by time alone."""
    one = next((one for one in classes if rule.drug_class in one.drug_classes), None)
    if one is None or rule.action not in BY_THE_CLOCK:
        return rule
    action = "timed_hold" if rule.action == "continue" else rule.action
    if one.clear_at is None:
        own = rule.clear_at if rule.clear_at is not None else rule.block_below
        return replace(rule, action=action, block_below=own, clear_at=None)
    block_below = max(rule.block_below or NOTHING, one.clear_at)
    clear_at = None if rule.clear_at is None else max(rule.clear_at, one.clear_at)
    if (action, block_below, clear_at) == (rule.action, rule.block_below, rule.clear_at):
        return rule
    return replace(rule, action=action, block_below=block_below, clear_at=clear_at, sourced=one.sourced)
