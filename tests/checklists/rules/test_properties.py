"""Properties on random cases: total, never ready with something unknown, constant until the next change."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checklists.rules.assess import item_keys
from checklists.rules.case_document import verdict_to_json
from checklists.rules.shapes import LEVELS
from checklists.rules.values import Authority, DateAbout, Evidence, Medication, Review, State
from tests.checklists.rules.cases import FACTS, HOLDS, INSTANT, PHOENIX, PROTOCOL, SITE, START, judge
from tests.checklists.rules.notes import (
    ALLERGIES,
    AUTHORISED,
    CANDIDACY,
    CARE,
    CHECK,
    CONSENT,
    CONSULT,
    EVALUATION,
    MRI,
    NO_ANSWERS,
    PLAN,
    RECOVERED,
    ready_notes,
)

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
instants = st.builds(lambda minutes: START + timedelta(minutes=minutes), st.integers(-150 * 24 * 60, 10 * 24 * 60))
days = st.dates(date(2026, 10, 1), date(2027, 4, 1))
texts = instants.map(datetime.isoformat)
abouts = st.none() | st.builds(DateAbout, days, days).map(lambda d: DateAbout(min(d.earliest, d.latest), d.latest))
names = st.sampled_from([*dict.fromkeys(row.drug for row in HOLDS), "mystery", "Advil 200 mg", ""])
tiers = st.none() | st.sampled_from(["treatment dose", "prophylactic", "secondary prevention", "odd"])
medications = st.builds(
    Medication,
    names,
    tiers,
    st.none() | st.sampled_from(["oral", "topical"]),
    st.none(),
    st.none() | st.integers(0, 60),
)
facts = st.builds(
    replace,
    st.just(FACTS),
    site=st.sampled_from([SITE, PHOENIX]),
    levels=st.lists(st.sampled_from(LEVELS), max_size=4).map(tuple),
    cause=st.none() | st.sampled_from(["osteoporosis", "malignancy"]),
    anesthesia=st.none() | st.sampled_from(["local", "sedation", "general"]),
    fractured=abouts,
    onset=abouts,
    born_on=st.none() | st.dates(date(1930, 1, 1), date(1990, 1, 1)),
    sex=st.none() | st.sampled_from(["male", "female", "other"]),
    weight_kg=st.none() | st.floats(30, 150),
    conditions=st.frozensets(st.sampled_from(["diabetes", "glucose_on_arrival", "mri_contraindicated"])),
    medications=st.lists(medications, max_size=4).map(tuple),
    arrived_at=st.none() | instants,
    not_happening=st.booleans(),
)
doses = st.one_of(
    st.builds(lambda t: {"last_dose_at": t}, texts),
    st.builds(lambda d: {"last_dose_on": d.isoformat()}, days),
    st.builds(lambda t: {"took_it": True, "last_dose_at": t}, texts),
    st.just({"not_taking": True}),
)
answers = st.builds(
    lambda answer, more: {"answer": answer, **more},
    st.sampled_from(["asked", "agreed", "refused", "continue"]),
    st.just({})
    | st.builds(lambda d, on: {"last_dose_on": d.isoformat(), "start_on": on.isoformat()}, days, days)
    | st.builds(lambda h: {"hold_hours": h}, st.sampled_from([24, 72, 120])),
)
results = st.builds(
    lambda a, value: {"analyte": a[0], "value": value, "unit": a[1]},
    st.sampled_from([("INR", "ratio"), ("platelets", "10^9/L"), ("creatinine", "mg/dL"), ("glucose", "mg/dL")]),
    st.floats(0, 300),
)
intakes = st.lists(
    st.builds(
        lambda name, t: {"intake": name, "at": t},
        st.sampled_from(["clear liquids", "fatty meal", "sip", "x"]),
        texts,
    ),
    max_size=3,
)
junk = st.dictionaries(
    st.sampled_from(["outcome", "answer", "value", "analyte", "modality", "stage", "last_dose_at", "intakes"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers()),
    max_size=4,
)
VALUES = {
    "consult": st.sampled_from([CONSULT, {"outcome": "not_candidate"}, {"outcome": "procedure"}]),
    "candidacy": st.sampled_from([CANDIDACY, {**CANDIDACY, "exclusions": ["instability", "pregnancy"]}]),
    "imaging": st.sampled_from([MRI, {**MRI, "modality": "ct"}, {**MRI, "modality": "bone_scan"}]),
    "labs": results | st.just({"stage": "looked_at"}),
    "fasting": st.builds(lambda found: {"intakes": found}, intakes),
    "ride": st.sampled_from([{"available": True, "adult": True}, {"available": False}]),
    "infection_prescreen": st.sampled_from([{"answers": NO_ANSWERS}, {"answers": {"cough_or_cold": "yes"}}]),
    "infection_check": st.sampled_from([CHECK, {**CHECK, "outcome": "infection"}]),
    "responsible_adult": st.sampled_from([{"present": True}, {"present": False}]),
    "allergies": st.sampled_from([ALLERGIES, {**ALLERGIES, "antibiotic": "known", "substances": ["cefazolin"]}]),
    "pregnancy": st.sampled_from([{"result": "negative"}, {"result": "positive"}, {"result": "declined"}]),
    "anesthesia_evaluation": st.sampled_from([EVALUATION, {**EVALUATION, "outcome": "not_fit"}]),
    "antibiotic_plan": st.sampled_from([PLAN, {"plan": "none"}]),
    "recovery_observation": st.sampled_from([RECOVERED, {**RECOVERED, "observed_minutes": 59, "reactions": "seen"}]),
    "after_care": st.sampled_from([{"explained": ["driving", "red_flags"]}, {"explained": []}]),
    "follow_up": st.sampled_from([{"arranged": ["visit", "call_24h"]}, {"arranged": ["visit"]}]),
    "authorisation": st.sampled_from([AUTHORISED, {**AUTHORISED, "valid_from": "2027-03-20"}]),
    "conservative_care": st.sampled_from([CARE, {**CARE, "outcome": "helped"}]),
    "diagnostic_injection": st.sampled_from([{"result": "confirmed", "levels": ["T12", "L1"]}, {"stage": "ordered"}]),
    "consent": st.sampled_from([CONSENT, {**CONSENT, "levels": ["L1"]}, {"refused": True}]),
}


@st.composite
def evidence(draw, with_junk=True):
    """Entries of any item, mostly well formed."""
    entries = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        item = draw(st.sampled_from([*VALUES, "hold", "prescriber_clearance", "restart_decision"]))
        values = VALUES.get(item)
        if item == "hold":
            item, values = f"hold:{draw(names)}", doses
        elif item == "prescriber_clearance":
            item = f"prescriber_clearance:{draw(names)}"
            values = answers
        elif values is None:
            item, values = f"restart_decision:{draw(names)}", st.just({"decision": "restart"})
        if with_junk:
            values = st.one_of(values, st.just({"answer": "not_sure"}), junk)
        entries.append(
            Evidence(
                number,
                item,
                draw(instants),
                draw(values),
                "staff",
                draw(st.sampled_from(Authority)),
                "staff:1",
                draw(st.frozensets(st.integers(1, 12), max_size=2)),
            )
        )
    return tuple(entries)


CHASING = replace(PROTOCOL, items=tuple(replace(rule, chase_after_days=2) for rule in PROTOCOL.items))


def unchanging(verdict):
    """State and findings: what must stay as it is until the next change."""
    return verdict.state, verdict.findings


@MANY
@given(facts, evidence(), st.none() | instants, instants)
def test_assess_is_total(case, entries, start, now):
    verdict = judge(case, entries, start, now)
    assert verdict.state in State
    assert len({f.item for f in verdict.findings}) == len(verdict.findings)
    assert verdict_to_json(verdict)["state"] == verdict.state.value
    assert item_keys(PROTOCOL, case, entries, start, now) == tuple(f.item for f in verdict.findings)


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
    moments = {until - INSTANT, now + (until - now) / 2}
    moments.add(now + (until - now) * data.draw(st.floats(0, 0.999)))
    for moment in moments:
        assert unchanging(judged(moment)) == unchanging(verdict)


@FEW
@given(st.data())
def test_case_is_not_ready_once_any_evidence_of_an_item_is_missing(data):
    entries = ready_notes().all
    gone = data.draw(st.sets(st.sampled_from(sorted({e.item for e in entries})), min_size=1))
    now = data.draw(instants)
    left = [entry for entry in entries if entry.item not in gone]
    assert judge(evidence=left, now=now).state is not State.READY


@FEW
@given(st.sampled_from(["cause", "born_on", "fractured", "levels", "anesthesia", "arrived_at"]))
def test_unknown_fact_never_makes_a_case_ready(name):
    unknown = replace(FACTS, **{name: () if name == "levels" else None})
    still_known = {"cause", "arrived_at"}
    state = judge(unknown, ready_notes().all).state
    assert (state is State.READY) == (name in still_known)


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
