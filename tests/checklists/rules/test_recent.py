"""A verdict that is given again is the one that would be judged anew."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.rules.assess import judged_case
from checklists.rules.dossier import dossier_from
from checklists.rules.recent import RecentVerdicts
from checklists.rules.values import Review
from tests.checklists.rules.cases import FACTS, HOUR, INSTANT, PROTOCOL, START, judge, taking
from tests.checklists.rules.notes import ready_notes
from tests.checklists.rules.test_properties import MANY, evidence, facts, instants
from tests.checklists.rules.writing import written

MOST = 8
READY = written(FACTS, ready_notes().all)


@MANY
@given(facts, evidence(), st.none() | instants, instants, st.data())
def test_verdict_given_again_is_the_one_judged_anew(case, entries, start, now, data):
    recent, told = RecentVerdicts(MOST), written(case, entries)
    until = judged_case(PROTOCOL, case, entries, start, now).until or now + timedelta(days=400)
    moments = [now, until - INSTANT, until, now + (until - now) * data.draw(st.floats(0, 0.999))]
    for moment in [*sorted({moment for moment in moments if moment >= now}), now - HOUR]:
        dossier, verdict = recent.assess("case", PROTOCOL, told, start, moment)
        assert verdict == judge(dossier.facts, dossier.evidence, start, moment)


@pytest.fixture
def judged(monkeypatch):
    """Every judging that was done, and every text that was read."""
    done = []
    for name, work in (("judged_case", judged_case), ("dossier_from", dossier_from)):
        counted = lambda *given, name=name, work=work: done.append(name) or work(*given)  # noqa: E731
        monkeypatch.setattr(f"checklists.rules.recent.{name}", counted)
    return done


def test_same_case_is_read_and_judged_once_until_it_changes(judged):
    recent, told, now = RecentVerdicts(MOST), written(FACTS), START - timedelta(days=30)
    found = [recent.assess("case", PROTOCOL, told, START, now + hours * HOUR) for hours in (0, 1, 2)]
    assert judged == ["dossier_from", "judged_case"]
    assert len({verdict.next_change_at for _, verdict in found}) == 1
    assert {dossier == dossier_from(told) for dossier, _ in found} == {True}
    recent.assess("case", PROTOCOL, told, START, found[0][1].next_change_at)
    assert judged == ["dossier_from", "judged_case", "judged_case"]


def test_text_that_is_written_again_is_the_same_text(judged):
    """Two looks never get the same object from a database."""
    recent = RecentVerdicts(MOST)
    for _ in range(2):
        recent.assess("case", PROTOCOL, READY._replace(evidence="".join(list(READY.evidence))), START, START - HOUR)
    assert judged == ["dossier_from", "judged_case"]


def ready_before(recent, now):
    """What is kept is of the case as it is when nothing differs."""
    assert recent.assess("case", PROTOCOL, READY, START, now)[1].state == "ready"


@pytest.mark.parametrize(
    ("protocol", "told", "start"),
    [
        (PROTOCOL, written(taking("mystery"), ready_notes().all), START),
        (PROTOCOL, written(FACTS, ready_notes().all[:-1]), START),
        (PROTOCOL, READY, None),
        (PROTOCOL, READY, START - 3 * HOUR),
        (replace(PROTOCOL, signed=False), READY, START),
    ],
    ids=["facts", "evidence", "not booked", "another start", "protocol"],
)
def test_any_other_input_is_judged_anew(protocol, told, start):
    recent, now, dossier = RecentVerdicts(MOST), START - HOUR, dossier_from(told)
    ready_before(recent, now)
    anew = judge(dossier.facts, dossier.evidence, start, now, protocol)
    assert recent.assess("case", protocol, told, start, now) == (dossier, anew)
    assert anew != recent.assess("case", PROTOCOL, READY, START, now)[1]


def test_signature_is_seen_and_its_taking_back():
    recent, now, unknown = RecentVerdicts(MOST), START - HOUR, (taking("mystery"), ready_notes().all)
    found = recent.assess("case", PROTOCOL, written(*unknown), START, now)[1]
    review = Review("hold:mystery", found.finding("hold:mystery").inputs, START - HOUR, START + HOUR, "clinician:7")
    signed = [recent.assess("case", PROTOCOL, written(*unknown, r), START, now)[1] for r in ((), (review,), ())]
    assert [verdict.state for verdict in signed] == ["needs_review", "ready", "needs_review"]


def test_word_struck_through_is_judged_anew_and_leaves_the_dossier():
    recent, now, all_of_it = RecentVerdicts(MOST), START - HOUR, ready_notes().all
    ready_before(recent, now)
    struck = written(FACTS, all_of_it[:-1], struck=all_of_it[-1:])
    dossier, verdict = recent.assess("case", PROTOCOL, struck, START, now)
    assert (dossier.evidence, dossier.errors_counted) == (tuple(all_of_it[:-1]), 1)
    assert verdict == judge(evidence=all_of_it[:-1], now=now)


def test_two_cases_of_the_same_text_are_two():
    recent, now = RecentVerdicts(MOST), START - HOUR
    recent.assess("one", PROTOCOL, READY, START, now)
    assert recent.assess("other", PROTOCOL, written(FACTS), START, now)[1].state != "ready"
    assert recent.assess("one", PROTOCOL, READY, START, now)[1].state == "ready"


def test_no_more_than_the_most_are_kept():
    recent = RecentVerdicts(MOST)
    for number in range(3 * MOST):
        recent.assess(number, PROTOCOL, READY, START, START - HOUR)
        assert len(recent._kept) <= MOST


def test_case_not_looked_at_for_longest_makes_room(judged):
    recent = RecentVerdicts(2)
    looked = lambda case: recent.assess(case, PROTOCOL, READY, START, START - HOUR)  # noqa: E731
    for case in ("first", "second", "first", "third"):
        looked(case)
    judged.clear()
    looked("first"), looked("third")
    assert judged == []
    looked("second")
    assert judged == ["dossier_from", "judged_case"]
