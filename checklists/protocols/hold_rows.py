"""The medication rows: drug x dose tier x renal band, with the names a drug has in real lists."""

from collections.abc import Sequence
from datetime import timedelta

from checklists.protocols.blocks import Block
from checklists.protocols.hold_classes import held_with_class
from checklists.protocols.hold_conditions import (
    Groups,
    read_groups,
    read_level,
    read_named_classes,
    read_review_if,
    read_rxcui,
    read_slow_stomach,
)
from checklists.rules.protocol import HoldClass, HoldRule

ACTIONS = (
    "timed_hold",
    "clinician_decision",
    "avoid_without_level",
    "continue",
    "class_review",
    "cycle_based",
    "hold_day_of",
    "no_action",
)
# Here one threshold serves: what is not yet clear is too early.
ONE_THRESHOLD = ("timed_hold", "continue")
MOST_CLEARANCE = 500  # mL/min
MEASURED = ("timed_hold", "avoid_without_level")
DECISIONS = ("continue", "stop", "instruction")


def read_holds(top: Block, classes: Sequence[HoldClass]) -> tuple[HoldRule, ...]:
    names = read_names(top.block("names"))
    groups = read_groups(top)
    holds = tuple(held_with_class(read_hold(row, names, groups), classes) for row in top.rows("holds", "row"))
    drugs = {hold.drug for hold in holds}
    for drug in names.keys() - drugs:
        top.reading.refuse(("names", drug), "no row of holds is about this drug", "correct the drug or add its row")
    return holds


def read_names(block: Block) -> dict[str, tuple[str, ...]]:
    return {normalised(drug): tuple(map(normalised, block.word_list(drug))) for drug in block.values}


def normalised(name: str) -> str:
    """A drug's name in small letters with single spaces."""
    return " ".join(name.lower().split())


def read_hold(row: Block, names: dict[str, tuple[str, ...]], groups: Groups) -> HoldRule:
    drug = normalised(row.text("drug"))
    action = row.choice("action", ACTIONS)
    low, high = read_band(row)
    block_below, clear_at = read_thresholds(row, action)
    own = tuple(map(normalised, row.word_list("names", optional=True)))
    tier = row.optional_text("tier")
    rule = HoldRule(
        row=row.text("row"),
        drug=drug,
        names=(*names.get(drug, ()), *own),
        drug_class=row.text("class"),
        dose_tier=None if tier is None else normalised(tier),
        route=row.word_list("routes", optional=True),
        crcl_min=low,
        crcl_max=high,
        action=action,
        block_below=block_below,
        clear_at=clear_at,
        extra_gate=row.optional_text("gate") or "",
        restart_after=row.optional_text("restart") or "",
        prescriber_clearance=row.flag("clearance", default=False if action == "no_action" else None),
        sourced=row.sourced(),
        rxcui=read_rxcui(row, "rxcui"),
        rxcui_unverified=read_rxcui(row, "rxcui_unverified"),
        tier_words=tuple(map(normalised, row.word_list("tier_words", optional=True))),
        review_if=read_review_if(row, groups),
        under_local=read_under_local(row),
        settled_by=frozenset(row.word_list("settled_by", DECISIONS, optional=True)),
        level=read_level(row),
        after_cycle=row.hours("after_cycle_h"),
        slow_stomach=read_slow_stomach(row),
        bridges=read_named_classes(row, "bridges", groups),
    )
    check_settling(row, rule)
    row.close(annotated=True)
    return rule


def read_under_local(row: Block) -> str | None:
    """What becomes of the row under local anesthesia without a fast."""
    if row.take("under_local") is None:
        return None
    return row.choice("under_local", ("not_applicable", "review"))


def check_settling(row: Block, rule: HoldRule) -> None:
    """Fields that would be read and never used."""
    if rule.settled_by and rule.action != "clinician_decision":
        row.refuse("settled_by", f"nobody decides on a row with the action {rule.action}", "drop it, or the action")
    if rule.level is not None and rule.action not in MEASURED:
        row.refuse("level", f"no level is looked at with the action {rule.action}", "drop it, or the action")
    if rule.after_cycle is not None and rule.action != "cycle_based":
        row.refuse("after_cycle_h", f"a row with the action {rule.action} has no cycle", "drop it, or the action")


def read_band(row: Block) -> tuple[float | None, float | None]:
    """`crcl: [min, max]` in mL/min, half-open, null = no end."""
    band = row.sequence("crcl", optional=True)
    if not row.given("crcl"):
        return None, None
    if len(band) != 2:
        row.refuse("crcl", "a band has two ends", "write [30, 50], with null for no end")
        return None, None
    ends = Block(row.reading, {"0": band[0], "1": band[1]}, (*row.where, "crcl"))
    low, high = ends.number("0", most=MOST_CLEARANCE), ends.number("1", most=MOST_CLEARANCE)
    if low is not None and high is not None and low >= high:
        row.refuse("crcl", f"the band from {low:g} to {high:g} holds no clearance", "exchange the two ends")
    return low, high


def read_thresholds(row: Block, action: str) -> tuple[timedelta | None, timedelta | None]:
    """Hours since the last dose: below block_below_h no procedure starts, from clear_at_h on it may."""
    block_below, clear_at = row.hours("block_below_h"), row.hours("clear_at_h")
    if block_below is None and not row.given("block_below_h") and action in ONE_THRESHOLD:
        block_below = clear_at
    if action == "timed_hold" and not row.given("block_below_h") and not row.given("clear_at_h"):
        row.refuse("clear_at_h", "a timed hold names no hours", "add `clear_at_h: 72`, or `missing`")
    if block_below is not None and clear_at is not None and block_below > clear_at:
        wrong = "the procedure would be blocked after the drug is clear"
        row.refuse("block_below_h", wrong, "make it at most clear_at_h")
    if action == "no_action" and (block_below or clear_at):
        row.refuse("clear_at_h", "a drug without action has hours", "drop the hours or change the action")
    return block_below, clear_at
