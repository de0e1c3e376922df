"""A verdict that is given again is the one that would be judged anew."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from checklists.rules.assess import judged_case
from checklists.rules.recent import Inputs, RecentVerdicts
from checklists.rules.values import Review
from tests.checklists.rules.cases import FACTS, HOUR, INSTANT, PROTOCOL, START, judge, taking
from tests.checklists.rules.notes import ready_notes
from tests.checklists.rules.test_properties import MANY, evidence, facts, instants

MOST = 8


def inputs(case=FACTS, entries=None, start=START, reviews=()):
    return Inputs(case, tuple(ready_notes().all if entries is None else entries), start, tuple(reviews))


@MANY
@given(facts, evidence(), st.none() | instants, instants, st.data())
def test_verdict_given_again_is_the_one_judged_anew(case, entries, start, now, data):
    recent, told = RecentVerdicts(MOST), inputs(case, entries, start)
    until = judged_case(PROTOCOL, case, entries, start, now).until or now + timedelta(days=400)
    moments = [now, until - INSTANT, until, now + (until - now) * data.draw(st.floats(0, 0.999))]
    for moment in sorted({moment for moment in moments if moment >= now}):
        assert recent.assess("case", PROTOCOL, told, moment) == judge(case, entries, start, moment)
    assert recent.assess("case", PROTOCOL, told, now - HOUR) == judge(case, entries, start, now - HOUR)


def test_same_case_is_judged_once_until_it_changes(monkeypatch):
    judged = []
    monkeypatch.setattr(
        "checklists.rules.recent.judged_case", lambda *given: judged.append(given) or judged_case(*given)
    )
    recent, told, now = RecentVerdicts(MOST), inputs(entries=()), START - timedelta(days=30)
    changes = [recent.assess("case", PROTOCOL, told, now + hours * HOUR).next_change_at for hours in (0, 1, 2)]
    assert (len(judged), len(set(changes))) == (1, 1)
    recent.assess("case", PROTOCOL, told, changes[0])
    assert len(judged) == 2


def test_any_other_input_is_judged_anew():
    recent, now = RecentVerdicts(MOST), START - HOUR
    assert recent.assess("case", PROTOCOL, inputs(), now).state == "ready"
    fewer = ready_notes().all[:-1]
    assert recent.assess("case", PROTOCOL, inputs(entries=fewer), now) == judge(evidence=fewer, now=now)
    assert recent.assess("case", PROTOCOL, inputs(start=None), now) == judge(FACTS, ready_notes().all, None, now)
    unknown = taking("mystery")
    found = recent.assess("case", PROTOCOL, inputs(unknown), now)
    review = Review("hold:mystery", found.finding("hold:mystery").inputs, START - HOUR, START + HOUR, "clinician:7")
    assert [recent.assess("case", PROTOCOL, inputs(unknown, reviews=r), now).state for r in ((), (review,))] == [
        "needs_review",
        "ready",
    ]
    withdrawn = replace(PROTOCOL, signed=False)
    assert not recent.assess("case", withdrawn, inputs(), now).signed


def test_no_more_than_the_most_are_kept():
    recent = RecentVerdicts(MOST)
    for number in range(3 * MOST):
        recent.assess(number, PROTOCOL, inputs(), START - HOUR)
        assert len(recent._kept) <= MOST
