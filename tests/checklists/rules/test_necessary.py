"""Nobody finds a case that is called ready against the clinical tables: a plain reading of them looks for one."""

from random import Random

import pytest

from checklists.rules.assess import assess
from checklists.rules.values import State
from tests.checklists.rules.around_ready import CHANGES, PROTOCOLS, done
from tests.checklists.rules.necessary import against


def verdict_of(case):
    return assess(PROTOCOLS[case.protocol], case.facts, case.said, case.start, case.start)


def look(seeds):
    """How many of these cases are ready, how many of them not, and what stands against those that are."""
    ready, others, wrong = 0, 0, []
    for seed in seeds:
        random = Random(seed)
        case = done(random)
        for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3))):
            case = random.choice(CHANGES)(random, case)
        if verdict_of(case).state is State.READY:
            ready += 1
            wrong += [(seed, case.protocol, found)] if (found := against(case)) else []
        else:
            others += 1
    return ready, others, wrong


def test_no_case_is_ready_against_the_tables():
    ready, others, wrong = look(range(600))
    assert wrong == []
    assert min(ready, others) > 100


@pytest.mark.matrix
def test_none_of_many_cases_is_ready_against_the_tables():
    assert look(range(600, 5000))[-1] == []


def test_case_on_which_all_is_done_is_ready_unless_a_clinician_decides():
    for seed in range(200):
        case = done(Random(seed))
        left = [f.code for f in verdict_of(case).findings if not f.passes and f.needed_by != "discharge"]
        assert (left == []) == (against(case) == []), (seed, case.protocol, left, against(case))
