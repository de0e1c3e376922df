"""W5a: one full case, pure. Ours against a loop written by hand for this case and this protocol."""

import time
from collections.abc import Callable

from checklists.rules.assess import assess
from checklists.rules.values import State
from tests.bench.by_hand import by_hand
from tests.bench.full_case import full_case
from tests.bench.rounds import measured
from tests.checklists.rules.cases import SECOND, START
from tests.checklists.rules.test_reference import REFERENCE

NOW = START - SECOND


def test_full_case_per_item(report: Callable[..., None]) -> None:
    facts, evidence = full_case()
    verdict, listed = assess(REFERENCE, facts, evidence, START, NOW), by_hand(facts, evidence, START, NOW)
    assert verdict.state is State.READY
    answers = sorted((f.item, f.status.value, f.code, f.due_at, f.deadline_at) for f in verdict.findings)
    assert answers == sorted((f.item, f.status, f.code, f.due_at, f.deadline_at) for f in listed)
    found = measured(
        lambda: by_hand(facts, evidence, START, NOW),
        lambda: assess(REFERENCE, facts, evidence, START, NOW),
        time.process_time,
    )
    report(f"W5a assess, {len(listed)} items, per item", found, per=len(listed), at_least=0.5)
