"""A second opinion: a program that somebody wrote by hand for the full case, without a protocol, says the same."""

from collections import Counter

import pytest

from checklists.rules.assess import assess
from tests.bench.by_hand.judge import by_hand
from tests.bench.variants import Variant, told, variants
from tests.checklists.rules.cases import SENTENCE
from tests.checklists.rules.test_reference import REFERENCE

VARIANTS = tuple(variants())
EVERY = 12  # of the variants here, so that it takes a second; the matrix takes all of them


def disagreement(case: Variant) -> list[object]:
    """What the two do not say alike of a case."""
    ours = told(assess(REFERENCE, case.facts, case.evidence, case.start, case.now))
    theirs = told(by_hand(case.facts, case.evidence, case.start, case.now))
    return [] if ours == theirs else [case.name, *differing(ours[:-1], theirs[:-1]), *differing(ours[-1], theirs[-1])]


def differing(ours: tuple[object, ...], theirs: tuple[object, ...]) -> list[object]:
    return [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]


def test_variants_have_names_of_their_own():
    assert [name for name, times in Counter(case.name for case in VARIANTS).items() if times > 1] == []


def test_both_agree_on_variants_of_the_full_case():
    assert [found for case in VARIANTS[::EVERY] if (found := disagreement(case))] == []


@pytest.mark.matrix
def test_both_agree_on_every_variant():
    assert [found for case in VARIANTS if (found := disagreement(case))] == []


@pytest.mark.matrix
def test_by_hand_says_each_reason_in_words():
    cases = (by_hand(case.facts, case.evidence, case.start, case.now) for case in VARIANTS)
    said = {reason.sentence for verdict in cases for found in verdict.findings for reason in (found, *found.reasons)}
    assert [sentence for sentence in said if not SENTENCE.fullmatch(sentence)] == []
