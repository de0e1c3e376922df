"""W5a: one full case, pure. Ours against a program that gives the same verdict, by hand for this case and protocol."""

import time
from collections.abc import Callable

import pytest

from checklists.rules.assess import assess
from checklists.rules.values import State
from tests.bench.by_hand.judge import by_hand
from tests.bench.full_case import case_of, full_case
from tests.bench.rounds import measured
from tests.bench.variant_words import NOW
from tests.bench.variants import told, variants
from tests.checklists.rules.cases import START
from tests.checklists.rules.test_reference import REFERENCE

MOST_GROWTH = 1.15


def test_full_case_per_item(report: Callable[..., None]) -> None:
    facts, evidence = full_case()
    verdict = assess(REFERENCE, facts, evidence, START, NOW)
    assert verdict.state is State.READY
    assert told(by_hand(facts, evidence, START, NOW)) == told(verdict)
    found = measured(
        lambda: by_hand(facts, evidence, START, NOW),
        lambda: assess(REFERENCE, facts, evidence, START, NOW),
        time.process_time,
    )
    items = len(verdict.findings)
    report(f"W5a assess, {items} items, per item", found, per=items, at_least=0.5)


def test_variants_of_the_full_case(report: Callable[..., None]) -> None:
    cases = list(variants())
    for case in cases:
        by_rules = assess(REFERENCE, case.facts, case.evidence, case.start, case.now)
        assert told(by_hand(case.facts, case.evidence, case.start, case.now)) == told(by_rules), case.name
    some = cases[::20]
    found = measured(
        lambda: [by_hand(case.facts, case.evidence, case.start, case.now) for case in some],
        lambda: [assess(REFERENCE, case.facts, case.evidence, case.start, case.now) for case in some],
        time.process_time,
    )
    report(f"W5a the mean of {len(some)} of {len(cases):,} variants, per case", found, per=len(some))


def test_time_per_finding_does_not_grow_with_the_findings(say: Callable[[str], None]) -> None:
    few, many = case_of(4), case_of(40)
    items = [len(assess(REFERENCE, *case, START, NOW).findings) for case in (few, many)]
    found = measured(
        lambda: assess(REFERENCE, *few, START, NOW), lambda: assess(REFERENCE, *many, START, NOW), time.process_time
    )
    if found.limit is None or found.ours is None:
        pytest.fail(f"no verdict, the machine was too busy ({found.void} void rounds)")
    growth = (found.ours / items[1]) / (found.limit / items[0])
    say(
        f"W5a growth: a finding of {items[1]} takes {growth:.2f} x the time of one of {items[0]} (target {MOST_GROWTH})"
    )
    assert growth <= MOST_GROWTH, "W5a grows faster than its items"
