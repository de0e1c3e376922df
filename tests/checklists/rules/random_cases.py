"""Random cases: facts, evidence that is mostly well formed, and evidence of whatever the input check accepts."""

import os
from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from checklists.rules.kinds import KINDS, check_value, value_schema
from checklists.rules.shapes import LEVELS
from checklists.rules.values import Authority, DateAbout, Evidence, Medication
from tests.checklists.rules.cases import FACTS, HOLDS, PHOENIX, SITE, START
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
)


def examples(number):
    """Settings of a property: so many random cases, times EXAMPLES. A busy machine refutes nothing."""
    return settings(
        max_examples=number * int(os.environ.get("EXAMPLES", "1")),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


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


def accepted_values(schema):
    """Values of a JSON Schema of ours: what a caller can send, however odd."""
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    return OF_TYPE[schema.get("format", schema["type"])](schema)


def accepted_objects(schema):
    if "properties" not in schema:
        return st.dictionaries(ANY_KEY, accepted_values(schema["additionalProperties"]), max_size=4)
    fields = {key: accepted_values(kind) for key, kind in schema["properties"].items()}
    required = {key: fields.pop(key) for key in schema["required"]}
    return st.fixed_dictionaries(required, optional=fields)


ANY_KEY = st.sampled_from([*NO_ANSWERS, "positive_covid_test", "better_without_fever", "x", "a_new_question"])
ANY_DAY = days | st.dates(date(2000, 1, 1), date(2100, 12, 31))
FIRST, LAST = datetime.fromisoformat("2000-01-02"), datetime.fromisoformat("2100-12-30")
ANY_TIME = instants | st.datetimes(FIRST, LAST, timezones=st.timezones())
ODD_TEXTS = st.sampled_from([" sip ", "A sip of water", "fatty meal", "cefazolin", "CT", "\u00df\n", "%s{}", "0" * 500])
OF_TYPE = {
    "string": lambda _: ODD_TEXTS | st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8),
    "date": lambda _: ANY_DAY.map(date.isoformat),
    "date-time": lambda _: ANY_TIME.map(datetime.isoformat),
    "uuid": lambda _: st.uuids().map(str),
    "boolean": lambda _: st.booleans(),
    "integer": lambda schema: st.integers(schema["minimum"], schema["maximum"]),
    "number": lambda schema: (
        st.floats(schema["minimum"], schema["maximum"]) | st.integers(schema["minimum"], schema["maximum"])
    ),
    "array": lambda schema: st.lists(
        accepted_values(schema["items"]), min_size=schema.get("minItems", 0), max_size=max(3, schema.get("minItems", 0))
    ),
    "object": accepted_objects,
}
OF_A_DRUG = ("hold", "prescriber_clearance", "restart_decision")
ACCEPTED = {
    kind: st.one_of(*(accepted_values(shape) for shape in value_schema(kind)["oneOf"])).filter(
        lambda value, kind=kind: check_value(kind, value) == []
    )
    for kind in KINDS
}


@st.composite
def accepted_evidence(draw, at_most=8, of=None):
    """Entries that the input check lets through, at any time, by anybody: of any kind, the odd ones of one kind."""
    entries = []
    for number in range(1, draw(st.integers(1, at_most)) + 1):
        kind = of if of and number % 2 else draw(st.sampled_from(sorted(ACCEPTED)))
        item = f"{kind}:{draw(names)}" if kind in OF_A_DRUG else kind
        authority, supersedes = draw(st.sampled_from(Authority)), draw(st.frozensets(st.integers(1, 8), max_size=2))
        seen, value = draw(instants), draw(ACCEPTED[kind])
        entries.append(Evidence(number, item, seen, value, "staff", authority, "staff:1", supersedes))
    return tuple(entries)
