"""Less is never safer: what fails, is taken away or cannot be judged opens nothing that was shut."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from checklists.rules.gate import decide
from checklists.rules.values import Authority, Evidence, Gate, State, Status
from tests.checklists.rules.cases import SECOND, START, judge
from tests.checklists.rules.duties import PROTOCOLS, with_every_duty_done
from tests.checklists.rules.notes import ALLERGIES, CHECK, NO_ANSWERS
from tests.checklists.rules.random_cases import accepted_evidence, evidence, examples, facts, instants
from tests.checklists.rules.test_safe_start import NOW, SITE, facts_of

OFTEN = examples(10)
GATES = (Gate.BOOKING, Gate.CHECK_IN, Gate.START)
# What a person records as a no, of items that every case has.
NOES = {
    "consult": {"outcome": "not_candidate"},
    "ride": {"available": False},
    "infection_prescreen": {"answers": {**NO_ANSWERS, "cough_or_cold": "yes"}},
    "infection_check": {**CHECK, "outcome": "infection"},
    "allergies": {**ALLERGIES, "cement": "known", "substances": ["cement"]},
    "consent": {"refused": True},
    "authorisation": {"refused": True, "payer": "P"},
}


def open_gates(verdict, start):
    return {gate for gate in GATES if decide(verdict, gate, (), has_booking=True, start=start).is_open}


@st.composite
def nearly_ready(draw):
    """Every duty done, then up to three more things observed: some cases stay ready, most do not."""
    protocol = PROTOCOLS[draw(st.sampled_from(sorted(PROTOCOLS)))]
    drugs = draw(st.lists(st.sampled_from(["warfarin", "ibuprofen", "Humira"]), max_size=2, unique=True))
    case = facts_of(SITE, NOW.date() - timedelta(days=5), *drugs)
    entries = with_every_duty_done(protocol, case, (), START, NOW)
    more = draw(st.just(()) | accepted_evidence(at_most=3))
    return protocol, case, (*entries, *(replace(e, id=e.id + 1000) for e in more))


@OFTEN
@given(facts, evidence(with_junk=False), instants, instants, st.sampled_from(sorted(NOES)), instants)
def test_recorded_no_blocks_whatever_else_is_known(case, entries, start, now, item, seen):
    no = Evidence(1000, item, seen, NOES[item], "staff", Authority.PATIENT, "staff:1")
    verdict = judge(case, (*entries, no), start, now)
    assert (verdict.state, verdict.finding(item).status) == (State.BLOCKED, Status.FAILED)
    assert Gate.START not in open_gates(verdict, start)


@examples(3)
@given(nearly_ready())
def test_taking_away_what_satisfied_an_item_opens_no_gate_and_unreadies_the_item(case):
    protocol, case, entries = case
    verdict = judge(case, entries, START, START, protocol)
    for item in (f for f in verdict.findings if f.status is Status.SATISFIED and f.evidence):
        left = [entry for entry in entries if entry.item != item.item or entry.id not in item.evidence]
        after = judge(case, left, START, START, protocol)
        assert open_gates(after, START) <= open_gates(verdict, START)
        if not any(entry.item == item.item for entry in left):
            assert not after.finding(item.item).passes
            assert after.state is State.BLOCKED or item.needed_by is Gate.DISCHARGE


@OFTEN
@given(nearly_ready())
def test_item_that_nobody_can_judge_readies_no_case(case):
    protocol, case, entries = case
    more = replace(protocol, items=(*protocol.items, replace(protocol.items[0], kind="unheard_of")))
    before, after = (judge(case, entries, START, START, each) for each in (protocol, more))
    assert (after.state, after.finding("unheard_of").code) == (State.BLOCKED, "rule_error")
    assert after.findings[:-1] == before.findings
    assert open_gates(after, START) == set()


@OFTEN
@given(nearly_ready(), st.sampled_from([0, 1, 3600]))
def test_without_its_signature_a_version_opens_no_gate_and_judges_as_ever(case, late):
    protocol, case, entries = case
    now = START + late * SECOND
    signed, unsigned = (judge(case, entries, START, now, replace(protocol, signed=s)) for s in (True, False))
    assert (unsigned.state, unsigned.findings) == (signed.state, signed.findings)
    assert open_gates(unsigned, START) == set()
    refused = decide(unsigned, Gate.START, (), has_booking=True, start=START)
    assert refused.refusals[0].code == "protocol_unsigned"


def test_case_with_every_duty_done_opens_every_gate_under_every_complete_protocol():
    """Without this the properties above could hold of shut gates alone."""
    case = facts_of(SITE, NOW.date() - timedelta(days=5), "ibuprofen")
    for protocol in PROTOCOLS.values():
        entries = with_every_duty_done(protocol, case, (), START, NOW)
        verdict = judge(case, entries, START, START, replace(protocol, signed=True))
        assert (verdict.state, open_gates(verdict, START)) == (State.READY, set(GATES))
