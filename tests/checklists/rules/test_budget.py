"""Signatures cost clinicians' time: how many cases of a realistic mix need one, with everybody's duties done.

Measured on 1,000 cases (the mix and its assumptions stand in realistic.py): 8 % need a review of a drug, 14 % one of
anything that is judged after booking, 20 % (198 cases) one of anything at all.
"""

from collections import Counter
from functools import cache

import pytest

from checklists.rules.values import State, Step
from tests.checklists.rules.realistic import Told, realistic_cases

MEDICATION, AFTER_BOOKING = (Step.MEDICATION,), tuple(step for step in Step if step is not Step.CONSULT)
ONE_IN_FIVE = 0.2


@cache
def few_cases() -> list[Told]:
    return realistic_cases(100)


def share(cases: list[Told], *steps: Step) -> float:
    return sum(bool(told.reviews(*steps)) for told in cases) / len(cases)


def test_every_case_is_ready_or_waits_for_a_signature_alone():
    cases = few_cases()
    assert {told.verdict.state for told in cases} == {State.READY, State.NEEDS_REVIEW}
    assert [told for told in cases if bool(told.reviews()) is (told.verdict.state is State.READY)] == []


def test_at_most_one_case_in_five_needs_a_signature():
    cases = few_cases()
    assert share(cases, *MEDICATION) <= ONE_IN_FIVE
    assert share(cases, *AFTER_BOOKING) <= ONE_IN_FIVE
    assert share(cases) <= ONE_IN_FIVE


@pytest.mark.matrix
def test_share_of_a_thousand_cases_is_what_is_said_of_it():
    cases = realistic_cases(1000)
    shares = [share(cases, *MEDICATION), share(cases, *AFTER_BOOKING), share(cases)]
    assert [round(one, 2) for one in shares] == [0.08, 0.14, 0.2]
    causes = Counter(code for told in cases for code in {code for _, code in told.reviews(*MEDICATION)})
    assert causes.most_common(1)[0][0] == "class_review"
