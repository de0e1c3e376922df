"""What a medication row says beyond its hours, in the signer's words."""

from collections.abc import Iterator

from checklists.rules.asked import ASKED_CODES
from checklists.rules.codes import code_in_words
from checklists.rules.protocol import HoldRule, ReviewIf


def beyond_hours(rule: HoldRule) -> Iterator[str]:
    if rule.after_cycle is not None:
        yield f"clear {rule.after_cycle.days} days after the dose that would have been due"
    if rule.review_if is not None:
        yield f"review only if {' or '.join(conditions(rule.review_if))}"
    if rule.slow_stomach is not None:
        risks = " or ".join(ASKED_CODES[code] for code in sorted(rule.slow_stomach))
        yield f"slows the stomach{f' with {risks}' if risks else ''}"
    if rule.under_local is not None:
        yield f"under local anesthesia without a fast {rule.under_local.replace('_', ' ')}"
    if rule.settled_by:
        yield f"settled by a recorded decision ({', '.join(sorted(rule.settled_by))})"
    if rule.level is not None:
        needed = ", which is needed" if rule.level.needed else ""
        yield f"a level by {', '.join(sorted(rule.level.labs))}: {rule.level.then}{needed}"
    if rule.bridges:
        yield f"may be started while {', '.join(sorted(rule.bridges))} is held"
    if rule.rxcui:
        yield f"RxNorm {', '.join(rule.rxcui)}"
    if rule.rxcui_unverified:
        yield f"RxNorm {', '.join(rule.rxcui_unverified)} not confirmed"


def conditions(when: ReviewIf) -> Iterator[str]:
    if when.with_classes:
        yield f"taken with {', '.join(sorted(when.with_classes))}"
    if when.platelets_below is not None:
        yield f"platelets below {when.platelets_below:g}"
    if when.egfr_below is not None:
        yield f"eGFR or creatinine clearance below {when.egfr_below:g}"
    if when.daily_mg_from is not None:
        yield f"{when.daily_mg_from:g} mg a day or more"
    yield from (f"taken for {word}" for word in sorted(when.indications))
    yield from (code_in_words(code) for code in sorted(when.recorded))
    yield from (ASKED_CODES[code] for code in sorted(when.asked))
    yield from (f"{ASKED_CODES[code]} on the day" for code in sorted(when.on_the_day))
    yield from (f"{ASKED_CODES[code]} is not known to its prescriber" for code in sorted(when.cleared))
