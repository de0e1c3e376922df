"""What a medication row says beyond hours: when a clinician looks, what settles it, what a measured level does."""

from collections.abc import Mapping

from checklists.protocols.blocks import Block
from checklists.rules.asked import ASKED_CODES
from checklists.rules.protocol import DrugLevel, ReviewIf
from checklists.rules.shapes import KEY

Groups = Mapping[str, frozenset[str]]
ANY_AMOUNT = 1e6


def read_groups(top: Block) -> dict[str, frozenset[str]]:
    """Classes of drugs under one name, so that a condition names them once."""
    groups = {}
    for row in top.rows("drug_groups", "group", optional=True):
        groups[row.text("group")] = frozenset(row.word_list("drug_classes"))
        row.sourced()
        row.close(annotated=True)
    return groups


def read_named_classes(block: Block, key: str, groups: Groups) -> frozenset[str]:
    """The classes of the groups that are named under `key`."""
    named = block.word_list(key, tuple(groups) or ("none: the protocol has no drug_groups",), optional=True)
    return frozenset[str]().union(*(groups[name] for name in named))


def read_review_if(row: Block, groups: Groups) -> ReviewIf | None:
    if not row.given("review_if"):
        row.take("review_if")
        return None
    block = row.block("review_if")
    found = ReviewIf(
        with_classes=read_named_classes(block, "with", groups),
        platelets_below=block.number("platelets_below", most=ANY_AMOUNT),
        egfr_below=block.number("egfr_below", most=ANY_AMOUNT),
        daily_mg_from=block.number("daily_mg_from", most=ANY_AMOUNT),
        indications=frozenset(word.casefold() for word in block.word_list("indications", optional=True)),
        recorded=frozenset(read_codes(block, "recorded")),
        asked=frozenset(block.word_list("asked", tuple(ASKED_CODES), optional=True)),
        on_the_day=frozenset(block.word_list("on_the_day", tuple(ASKED_CODES), optional=True)),
        cleared=frozenset(block.word_list("cleared", tuple(ASKED_CODES), optional=True)),
    )
    if found == ReviewIf():
        row.refuse("review_if", "names no condition, so that nothing would be looked at", "name one, or drop it")
    block.close()
    return found


def read_codes(block: Block, key: str) -> tuple[str, ...]:
    codes = block.word_list(key, optional=True)
    for code in codes:
        if not KEY.fullmatch(code):
            block.refuse(key, f"{code!r} is not a code", "use small letters and underscores, such as diabetes")
    return codes


def read_slow_stomach(row: Block) -> frozenset[str] | None:
    """`slow_stomach: always`, or the conditions under which the drug calls for a day of liquids only."""
    if row.take("slow_stomach") is None:
        return None
    if row.values["slow_stomach"] == "always":
        return frozenset()
    return frozenset(row.word_list("slow_stomach", tuple(ASKED_CODES)))


def read_level(row: Block) -> DrugLevel | None:
    if row.take("level") is None:
        return None
    block = row.block("level")
    level = DrugLevel(
        labs=frozenset(block.word_list("labs")),
        then=block.choice("then", ("review", "clear")),
        needed=block.flag("needed", default=False),
    )
    block.close()
    return level


def read_rxcui(row: Block, key: str) -> tuple[str, ...]:
    """RxNorm ingredient codes, as text so that no digit is lost."""
    value = row.take(key)
    if value is None:
        return ()
    codes = [value] if isinstance(value, str) else list(row.word_list(key))
    for code in codes:
        if not code.isdigit():
            row.refuse(key, f"{code!r} is not an RxNorm code", "write its digits in quotes")
    return tuple(codes)
