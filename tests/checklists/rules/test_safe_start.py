"""The earliest safe start is exactly that: not a second earlier, and then, when everybody has done their duty."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.rules.kinds import KINDS
from checklists.rules.values import DateAbout, Medication, State
from tests.checklists.rules.cases import FACTS, HOUR, PHOENIX, SECOND, SITE, START, judge
from tests.checklists.rules.duties import IN_RANGE, PROTOCOLS, left, recorded, signatures, with_every_duty_done
from tests.checklists.rules.random_cases import examples

OFTEN = examples(10)
NOW = START - timedelta(days=20)
DAY = timedelta(days=1)
protocols = st.sampled_from(sorted(PROTOCOLS))
moments = st.builds(lambda minutes: NOW + timedelta(minutes=minutes), st.integers(0, 60 * 24 * 40))
# Drugs that time alone clears, by their names under every protocol here.
TIMED = ("warfarin", "clopidogrel", "ibuprofen", "naproxen", "apixaban", "dabigatran", "metformin", "ticagrelor")
JUDGED = ("Humira", "insulin glargine", "semaglutide", "sertraline", "unheard-of", "enoxaparin", "aspirin")


def facts_of(site, fractured_on, *names):
    known = DateAbout(fractured_on, fractured_on)
    medications = tuple(Medication(name, interval_days=14 if name == "Humira" else None) for name in names)
    return replace(FACTS, site=site, fractured=known, arrived_at=None, medications=medications)


@st.composite
def planned(draw, drugs):
    """A case at a moment of planning: what the patient takes, ate, is authorised for, and was ill with."""
    name, now = draw(protocols), draw(moments)
    protocol = PROTOCOLS[name]
    taken = draw(st.lists(st.sampled_from(drugs), max_size=3, unique=True))
    facts = facts_of(draw(st.sampled_from([SITE, PHOENIX])), now.date() - 5 * DAY, *taken)
    analyte = {"analyte": "creatinine", "value": draw(st.sampled_from([0.8, 1.9])), "unit": "mg/dL"}
    known = [("labs", analyte)]
    ago = st.integers(0, 12 * 24 * 60).map(lambda minutes: now - timedelta(minutes=minutes))
    for item in [f.item for f in judge(facts, (), now, now, protocol).findings if f.kind == "hold"]:
        stated = draw(st.none() | ago | ago.map(lambda moment: moment.date()))
        if isinstance(stated, date) and not hasattr(stated, "hour"):
            known.append((item, {"last_dose_on": stated.isoformat()}))
        elif stated is not None:
            known.append((item, {"last_dose_at": stated.isoformat()}))
    if draw(st.booleans()):
        eaten = draw(st.sampled_from(["clear liquids", "light meal", "fatty meal", "stew"]))
        known.append(
            ("fasting", {"intakes": [{"intake": eaten, "at": (now - draw(st.integers(0, 9)) * HOUR).isoformat()}]})
        )
    if draw(st.booleans()):
        begins = now.date() + draw(st.integers(-5, 9)) * DAY
        number = {"payer": "P", "number": "1", "levels": list(facts.levels)}
        ends = begins + 300 * DAY
        known.append(("authorisation", {**number, "valid_from": begins.isoformat(), "valid_until": ends.isoformat()}))
    return name, facts, recorded((), now, *known), now


def ready_at(protocol, facts, entries, start, stopped_at, *, signed=False):
    """The verdict at the start itself, every duty done; `signed`: a clinician signs what is for review."""
    done = with_every_duty_done(protocol, facts, entries, start, stopped_at)
    # The creatinine stays the one that the start was planned by.
    done = tuple(e for e in done if e in entries or not is_creatinine(e))
    verdict = judge(facts, done, start, start, protocol)
    return judge(facts, done, start, start, protocol, reviews=signatures(verdict, start)) if signed else verdict


def is_creatinine(entry):
    return entry.value.get("analyte") == "creatinine"


@OFTEN
@given(planned(TIMED), st.floats(0, 1))
def test_nothing_earlier_than_the_earliest_safe_start_is_ready_and_that_start_is(case, share):
    name, facts, entries, now = case
    protocol = PROTOCOLS[name]
    earliest = judge(facts, entries, None, now, protocol).earliest_safe_start
    # Reviews postpone nothing; also that of a drug which is left out on the day only, and was taken at the planning.
    signable = {"hold_needs_decision", "dose_tier_unknown", "drug_unknown", "taken_on_the_day"}
    at_start = ready_at(protocol, facts, entries, earliest, now)
    assert {code for _, code in left(at_start)} <= signable
    assert ready_at(protocol, facts, entries, earliest, now, signed=True).state is State.READY
    for start in {earliest - SECOND, now + (earliest - now) * share * 0.999}:
        if now <= start < earliest:
            assert ready_at(protocol, facts, entries, start, now).state is not State.READY


@OFTEN
@given(planned(TIMED + JUDGED))
def test_earliest_safe_start_is_ready_once_every_duty_is_done_and_every_review_signed(case):
    name, facts, entries, now = case
    protocol = PROTOCOLS[name]
    earliest = judge(facts, entries, None, now, protocol).earliest_safe_start
    assert left(ready_at(protocol, facts, entries, earliest, now, signed=True)) == []


@pytest.mark.parametrize("name", PROTOCOLS)
def test_duties_reach_every_kind_that_can_stop_a_procedure(name):
    protocol = PROTOCOLS[name]
    facts = facts_of(SITE, NOW.date() - 5 * DAY, "warfarin", "ibuprofen")
    done = with_every_duty_done(protocol, facts, (), START, NOW)
    touched = {entry.item.partition(":")[0] for entry in done}
    judged = {f.kind for f in judge(facts, done, START, START, protocol).findings if f.needed_by != "discharge"}
    assert judged - touched == {"conservative_care", "diagnostic_injection"} & judged
    assert touched <= set(KINDS)
    assert set(IN_RANGE) == {e.value["analyte"] for e in done if e.item == "labs"}
