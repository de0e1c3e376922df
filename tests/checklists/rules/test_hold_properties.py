"""Properties of the reference's holds on random lists, doses, answers and decisions."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from checklists.protocols.loader import load
from checklists.rules.asked import ASKED_CODES
from checklists.rules.values import Authority, Evidence, Medication
from tests.checklists.rules.cases import FACTS, START, judge
from tests.checklists.rules.random_cases import days, doses, examples, instants
from tests.checklists.rules.test_properties import assert_constant

REFERENCE = load("reference-asra", signed=True)
DRUGS = ("warfarin", "apixaban", "dabigatran", "aspirin", "enoxaparin", "sertraline", "Ozempic", "liraglutide")
DRUGS += ("prednisone", "metformin", "insulin", "fish oil", "Jardiance", "Humira", "argatroban", "mystery")
SUBJECTS = tuple(
    {"Ozempic": "semaglutide", "Jardiance": "empagliflozin", "Humira": "adalimumab"}.get(d, d) for d in DRUGS
)
medications = st.builds(
    Medication,
    st.sampled_from(DRUGS),
    st.none() | st.sampled_from(["therapeutic", "prophylactic"]),
    st.none() | st.sampled_from(["oral", "topical", "subcutaneous"]),
    st.none() | st.sampled_from(["stent", "primary prevention", "cancer"]),
    st.none() | st.sampled_from([1, 7, 14]),
    st.none() | st.sampled_from(["1364430", "1037042", "1"]),
    st.none() | st.sampled_from([5.0, 20.0]),
)
cases = st.builds(
    replace,
    st.just(FACTS),
    anesthesia=st.none() | st.sampled_from(["local", "sedation", "general"]),
    born_on=st.dates(date(1930, 1, 1), date(1990, 1, 1)),
    conditions=st.frozensets(st.sampled_from([*ASKED_CODES, "iodinated_contrast"])),
    conditions_denied=st.frozensets(st.sampled_from(sorted(ASKED_CODES))),
    medications=st.lists(medications, max_size=4).map(tuple),
)
answers = st.dictionaries(st.sampled_from(sorted(ASKED_CODES)), st.sampled_from(["yes", "no", "not_sure"]), min_size=1)
words = st.one_of(
    doses,
    st.builds(lambda given: {"answers": given}, answers),
    st.sampled_from(
        [
            {"decision": "continue", "decided_by": "Dr. P"},
            {"decision": "stop", "decided_by": "Dr. P", "hours": 96},
            {"decision": "instruction", "decided_by": "Dr. P"},
        ]
    ),
)
prescribers = st.builds(
    lambda answer, day: {"answer": answer, "prescriber": "Dr. P", "how": "phone", **day},
    st.sampled_from(["asked", "agreed", "continue", "refused"]),
    st.just({}) | st.builds(lambda day: {"last_dose_on": day.isoformat()}, days),
)
results = st.builds(
    lambda what, value: {"analyte": what[0], "value": value, "unit": what[1]},
    st.sampled_from(
        [("creatinine", "mg/dL"), ("platelets", "10^9/L"), ("eGFR", "mL/min/1.73m2"), ("anti-Xa", "IU/mL")]
    ),
    st.sampled_from([0.05, 1.0, 3.0, 45.0, 150.0]),
)


@st.composite
def evidence(draw):
    entries = []
    for number in range(1, draw(st.integers(0, 10)) + 1):
        kind = draw(st.sampled_from(["hold", "hold", "prescriber_clearance", "labs"]))
        item = kind if kind == "labs" else f"{kind}:{draw(st.sampled_from(SUBJECTS))}"
        value = draw({"hold": words, "prescriber_clearance": prescribers, "labs": results}[kind])
        authority = draw(st.sampled_from(Authority))
        entries.append(Evidence(number, item, draw(instants), value, "staff", authority, "staff:1"))
    return tuple(entries)


@examples(16)
@given(cases, evidence(), st.none() | instants, instants, st.data())
def test_hold_is_total_and_constant_until_the_next_change(case, entries, start, now, data):
    verdict = judge(case, entries, start, now, REFERENCE)
    assert [f.item for f in verdict.findings if f.code == "rule_error"] == []
    assert_constant(lambda then: judge(case, entries, start, then, REFERENCE), verdict, now, data)


@examples(16)
@given(cases, evidence())
def test_no_drug_in_doubt_or_unanswered_is_satisfied(case, entries):
    """Whatever was recorded: a finding that passes has no reason left, and one with a reason does not pass."""
    verdict = judge(case, entries, START, START, REFERENCE)
    assert [f.item for f in verdict.findings if f.kind == "hold" and bool(f.reasons) is f.passes] == []
