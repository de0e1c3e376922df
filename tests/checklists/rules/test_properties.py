"""Properties on random cases: total, never ready with something unknown, constant until the next change, replayable."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.protocols.loader import load
from checklists.rules.assess import BEFORE_PROCEDURE, item_keys
from checklists.rules.case_document import verdict_to_json
from checklists.rules.kinds import KINDS
from checklists.rules.values import PASSING, Review, State
from tests.checklists.rules.cases import FACTS, INSTANT, PROTOCOL, SECOND, judge
from tests.checklists.rules.notes import ready_notes
from tests.checklists.rules.random_cases import accepted_evidence, evidence, examples, facts, instants

SHIPPED = st.sampled_from([PROTOCOL, *(load(name) for name in ("reference-asra", "reference-sir"))])
CHASING = replace(PROTOCOL, items=tuple(replace(rule, chase_after_days=2) for rule in PROTOCOL.items))
MANY = examples(10)
FEW = examples(5)


def unchanging(verdict):
    """State and findings: what must stay as it is until the next change."""
    return verdict.state, verdict.findings


def as_text(verdict):
    return json.dumps(verdict_to_json(verdict))


@MANY
@given(facts, evidence(), st.none() | instants, instants)
def test_assess_is_total(case, entries, start, now):
    verdict = judge(case, entries, start, now)
    assert verdict.state in State
    assert len({f.item for f in verdict.findings}) == len(verdict.findings)
    assert verdict_to_json(verdict)["state"] == verdict.state.value
    assert item_keys(PROTOCOL, case, entries, start, now) == tuple(f.item for f in verdict.findings)


@pytest.mark.parametrize("kind", KINDS)
@examples(3)
@given(st.data())
def test_nothing_that_the_input_check_accepts_breaks_a_rule(kind, data):
    """Each kind by itself, with a few others beside it, since rules look at each other's evidence."""
    entries = data.draw(accepted_evidence(of=kind))
    case, start, now = data.draw(facts), data.draw(st.none() | instants), data.draw(instants)
    verdict = judge(case, entries, start, now, data.draw(SHIPPED))
    assert [f.sentence for f in verdict.findings if f.code == "rule_error"] == []


@MANY
@given(facts, evidence(), instants, st.none() | instants, instants)
def test_case_is_ready_only_booked_and_with_every_item_passing(case, entries, late, start, now):
    """Whether anything, much, or one thing only is wrong; and nothing else keeps a case from being ready."""
    last = late.second + len(entries)
    ready = ready_notes().all
    lacking = [entry for place, entry in enumerate(ready) if place != last]
    for verdict, booked in (
        (judge(case, entries, start, now), start is not None),
        (judge(evidence=lacking, now=late), True),
        (judge(evidence=ready, start=start, now=now), start is not None),
    ):
        needed = {f.status for f in verdict.findings if f.needed_by in BEFORE_PROCEDURE}
        assert (verdict.state is State.READY) == (booked and needed <= PASSING)


@MANY
@given(facts, evidence(with_junk=False), instants, instants, st.data())
def test_verdict_is_constant_until_its_next_change(case, entries, start, now, data):
    verdict = judge(case, entries, start, now, CHASING)
    assert_constant(lambda then: judge(case, entries, start, then, CHASING), verdict, now, data)


@MANY
@given(facts, evidence(with_junk=False), instants, st.data())
def test_verdict_without_booking_is_constant_until_its_next_change(case, entries, now, data):
    unsigned = judge(case, entries, None, now, CHASING)
    reviews = [
        Review(f.item, f.inputs, data.draw(instants), data.draw(instants), "clinician:7")
        for f in unsigned.findings
        if f.status == "review"
    ]
    verdict = judge(case, entries, None, now, CHASING, reviews=reviews)
    assert_constant(lambda then: judge(case, entries, None, then, CHASING, reviews=reviews), verdict, now, data)


def assert_constant(judged, verdict, now, data):
    until = verdict.next_change_at
    if until is None:
        until = now + timedelta(days=400)
    assert until > now
    moments = {until - INSTANT, max(now, until - SECOND), now + (until - now) / 2}
    moments.add(now + (until - now) * data.draw(st.floats(0, 0.999)))
    for moment in moments:
        assert unchanging(judged(moment)) == unchanging(verdict)


@FEW
@given(facts, evidence(with_junk=False), instants, instants)
def test_next_changes_lead_from_any_moment_to_the_last_word(case, entries, start, now):
    """Hopping from change to change ends, skips nothing, and arrives where time alone changes nothing any more."""
    verdict, hops = judge(case, entries, start, now, CHASING), 0
    while verdict.next_change_at is not None:
        assert verdict.next_change_at > now
        now, hops = verdict.next_change_at, hops + 1
        verdict = judge(case, entries, start, now, CHASING)
        assert hops < 200
    assert unchanging(judge(case, entries, start, now + timedelta(days=4000), CHASING)) == unchanging(verdict)


def test_every_change_of_a_plain_case_is_announced_and_none_is_empty_of_reason():
    """Nothing recorded: each deadline of the protocol is a next change, and at each of them something is overdue."""
    now, changes = judge().findings[0].deadline_at or FACTS.arrived_at - timedelta(days=60), []
    while (until := judge(now=now).next_change_at) is not None:
        before, now = judge(now=now), until
        changed = {f.item for f in judge(now=now).findings} & {
            f.item for f, old in zip(judge(now=now).findings, before.findings, strict=True) if f.status != old.status
        }
        changes.append((until, changed))
    deadlines = {f.deadline_at for f in judge().findings if f.deadline_at and f.status in ("pending", "overdue")}
    assert {moment for moment, changed in changes if changed} == deadlines
    assert set().union(*(changed for _, changed in changes)) == {
        f.item for f in judge(now=now).findings if f.status == "overdue"
    }


@MANY
@given(facts, evidence(), st.none() | instants, instants, st.data())
def test_same_inputs_give_the_same_bytes_in_whatever_order_the_evidence_is_read(case, entries, start, now, data):
    """Also where much was observed at one instant."""
    at_once = data.draw(st.booleans())
    entries = tuple(replace(e, observed_at=now) if at_once else e for e in entries)
    shuffled = entries[::-1] if data.draw(st.booleans()) else data.draw(st.permutations(entries))
    first = judge(case, entries, start, now)
    assert as_text(judge(replace(case), tuple(replace(e) for e in entries), start, now)) == as_text(first)
    assert as_text(judge(case, shuffled, start, now)) == as_text(first)


@FEW
@given(st.data())
def test_case_is_not_ready_once_any_evidence_of_an_item_is_missing(data):
    entries = ready_notes().all
    gone = data.draw(st.sets(st.sampled_from(sorted({e.item for e in entries})), min_size=1))
    now = data.draw(instants)
    left = [entry for entry in entries if entry.item not in gone]
    assert judge(evidence=left, now=now).state is not State.READY


@pytest.mark.parametrize("name", ["cause", "born_on", "fractured", "levels", "anesthesia", "arrived_at"])
def test_unknown_fact_never_makes_a_case_ready(name):
    unknown = replace(FACTS, **{name: () if name == "levels" else None})
    state = judge(unknown, ready_notes().all).state
    assert (state is State.READY) == (name == "arrived_at")


@FEW
@given(facts, evidence(), instants)
def test_earliest_safe_start_is_never_in_the_past_and_never_too_early(case, entries, now):
    verdict = judge(case, entries, None, now)
    assert verdict.earliest_safe_start >= now
    assert [f.item for f in verdict.findings if f.status == "too_early"] == []


def test_naive_observation_blocks_instead_of_raising():
    entries = [
        replace(entry, observed_at=entry.observed_at.replace(tzinfo=None)) if entry.item == "labs" else entry
        for entry in ready_notes().all
    ]
    verdict = judge(evidence=entries)
    assert (verdict.state, verdict.finding("labs").code) == (State.BLOCKED, "rule_error")
