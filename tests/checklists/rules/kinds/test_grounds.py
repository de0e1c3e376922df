"""A signature or an override is for what was looked at: another word, plan or time wants another one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.rules.values import DateAbout
from tests.checklists.rules.cases import FACTS, HOUR, PROTOCOL, START, finding
from tests.checklists.rules.notes import (
    ALLERGIES,
    AUTHORISED,
    CANDIDACY,
    CARE,
    CHECK,
    CONSENT,
    EVALUATION,
    MRI,
    NO_ANSWERS,
    RECOVERED,
    replaced,
)

DAY = timedelta(days=1)
SEEN = START - 8 * DAY
YOUNG = replace(FACTS, born_on=date(1990, 6, 1))
OTHER_LEVELS = replace(FACTS, levels=("L1",))
EVERYTHING = replace(PROTOCOL, items=tuple(replace(rule, required=True) for rule in PROTOCOL.items))
ALLERGIC = {**ALLERGIES, "contrast": "known", "substances": ["iohexol"]}
WIDE = {"levels": ["T12", "L1", "L2"]}
INJECTED = {"result": "confirmed", **WIDE}


def looked_at(item, value, facts=FACTS, seen=START - HOUR):
    return finding(item, facts, replaced(item, value, observed_at=seen), protocol=EVERYTHING)


def about(earliest, latest=None):
    return DateAbout(date.fromisoformat(earliest), date.fromisoformat(latest or earliest))


def ate(intake):
    return {"intakes": [{"intake": intake, "at": (START - 10 * HOUR).isoformat()}]}


@pytest.mark.parametrize(
    ("item", "one", "other"),
    [
        ("consult", {"outcome": "procedure"}, {"outcome": "procedure", "levels": ["T12", "L1"]}),
        ("conservative_care", CARE, {**CARE, "measures": [{"measure": "bracing", "from": "2027-02-11"}]}),
        ("diagnostic_injection", INJECTED, {**INJECTED, "levels": ["T12", "L1"]}),
        ("imaging", {**MRI, "fluid_sensitive": False}, {**MRI, "fluid_sensitive": False, "oedema_levels": []}),
        ("fasting", ate("light meal"), ate("fatty meal")),
        ("ride", {"available": True, "exempt": True}, {"available": False, "exempt": True}),
        ("infection_prescreen", {"answers": NO_ANSWERS}, {"answers": {**NO_ANSWERS, "vaccine": "yes"}}),
        ("infection_check", {**CHECK, "temperature": 37.5}, {**CHECK, "temperature": 37.6}),
        ("allergies", ALLERGIC, {**ALLERGIC, "substances": ["iodixanol"]}),
        ("pregnancy", {"result": "declined"}, {"result": "declined", "reason": "had one last week"}),
        ("anesthesia_evaluation", EVALUATION, {**EVALUATION, "asa_class": 3}),
        ("antibiotic_plan", {"plan": "none"}, {"plan": "antibiotic", "before_iv": "cefazolin"}),
        ("authorisation", AUTHORISED, {**AUTHORISED, "number": "PA-8"}),
        ("recovery_observation", RECOVERED, {**RECOVERED, "pain": 9}),
        ("after_care", {"explained": ["driving"]}, {"explained": ["driving", "ice"]}),
        ("follow_up", {"arranged": ["visit"]}, {"arranged": ["visit", "xray"]}),
    ],
)
def test_signature_on_one_word_is_not_for_another(item, one, other):
    facts = YOUNG if item == "pregnancy" else FACTS
    said, said_otherwise = looked_at(item, one, facts), looked_at(item, other, facts)
    assert (said.status, said.code) == (said_otherwise.status, said_otherwise.code)
    assert said.inputs != said_otherwise.inputs


@pytest.mark.parametrize(
    ("item", "value", "one", "other"),
    [
        ("consult", {"outcome": "procedure"}, FACTS, OTHER_LEVELS),
        ("diagnostic_injection", INJECTED, FACTS, OTHER_LEVELS),
        ("imaging", {**MRI, "fluid_sensitive": False}, FACTS, OTHER_LEVELS),
        ("authorisation", AUTHORISED, FACTS, OTHER_LEVELS),
        ("consent", CONSENT, replace(FACTS, levels=("T12", "L2")), replace(FACTS, levels=("T11", "L1"))),
        (
            "consent",
            CONSENT,
            replace(FACTS, procedure="vertebroplasty"),
            replace(FACTS, procedure="sacroplasty"),
        ),
        ("fasting", ate("fatty meal"), FACTS, replace(FACTS, anesthesia="general")),
        ("fasting", ate("fatty meal"), replace(FACTS, anesthesia="local"), replace(FACTS, anesthesia="none")),
        ("candidacy", CANDIDACY, replace(FACTS, levels=("T9", "L1")), replace(FACTS, levels=("T8", "L1"))),
        ("candidacy", CANDIDACY, FACTS, replace(FACTS, cause="trauma")),
        ("candidacy", CANDIDACY, FACTS, replace(FACTS, procedure="vertebroplasty")),
        ("candidacy", CANDIDACY, FACTS, replace(FACTS, onset=about("2027-02-12"))),
        ("candidacy", CANDIDACY, FACTS, replace(FACTS, diagnosed=about("2027-02-12"))),
        ("candidacy", CANDIDACY, FACTS, replace(FACTS, worsened=about("2027-02-12"))),
        (
            "candidacy",
            CANDIDACY,
            replace(FACTS, worsened=about("2027-02-12")),
            replace(FACTS, worsened=about("2027-02-13")),
        ),
        ("candidacy", CANDIDACY, FACTS, replace(FACTS, fractured=about("2027-02-11"))),
        (
            "candidacy",
            CANDIDACY,
            replace(FACTS, fractured=about("2027-02-10", "2027-02-12")),
            replace(FACTS, fractured=about("2027-02-10", "2027-02-13")),
        ),
        (
            "anesthesia_evaluation",
            {**EVALUATION, "anesthesia": "general"},
            FACTS,
            replace(FACTS, anesthesia="general"),
        ),
        ("allergies", ALLERGIC, replace(FACTS, allergies=("latex",)), replace(FACTS, allergies=("pollen",))),
        (
            "antibiotic_plan",
            {"plan": "antibiotic", "before_iv": "cefazolin"},
            FACTS,
            replace(FACTS, allergies=("latex",)),
        ),
    ],
)
def test_signature_on_one_plan_is_not_for_another(item, value, one, other):
    planned, changed = looked_at(item, value, one), looked_at(item, value, other)
    assert (planned.status, planned.code) == (changed.status, changed.code)
    assert planned.inputs != changed.inputs


@pytest.mark.parametrize(
    ("item", "value"), [("imaging", MRI), ("infection_check", CHECK), ("pregnancy", {"result": "declined"})]
)
def test_signature_on_what_was_seen_once_is_not_for_the_same_seen_later(item, value):
    seen, again = looked_at(item, value, YOUNG), looked_at(item, value, YOUNG, START - HOUR / 2)
    assert (seen.status, seen.code) == (again.status, again.code)
    assert seen.inputs != again.inputs


@pytest.mark.parametrize("item", ["consult", "diagnostic_injection", "imaging", "authorisation", "consent"])
def test_signature_stays_where_the_same_levels_are_named_in_another_order_or_twice(item):
    values = {
        "consult": {"outcome": "procedure"},
        "diagnostic_injection": INJECTED,
        "imaging": {**MRI, "fluid_sensitive": False},
        "authorisation": AUTHORISED,
        "consent": CONSENT,
    }
    named, again = (
        looked_at(item, values[item], replace(FACTS, levels=levels)) for levels in (("T12", "L1"), ("L1", "T12"))
    )
    assert named.inputs == again.inputs


def test_what_is_said_of_no_antibiotic_stays_whatever_the_allergies():
    named = looked_at("antibiotic_plan", {"plan": "none"}, replace(FACTS, allergies=("latex",)))
    assert named.inputs == looked_at("antibiotic_plan", {"plan": "none"}).inputs


def test_override_of_one_missing_result_is_not_for_another_row_of_the_same_analyte():
    only_inr = replace(PROTOCOL, labs=tuple(replace(rule, validity_days=30) for rule in PROTOCOL.labs[:2]))
    held = replace(FACTS, conditions=frozenset({"vka_held"}))
    general, on_warfarin = (finding("labs", f, now=START - 30 * DAY, protocol=only_inr) for f in (FACTS, held))
    assert general.reasons == on_warfarin.reasons
    assert general.inputs != on_warfarin.inputs


def test_signature_on_one_result_is_not_for_another():
    one, other = (looked_at("labs", {"analyte": "INR", "value": value, "unit": "ratio"}) for value in (1.6, 1.7))
    assert one.reasons[0] == other.reasons[0]  # the platelets are missing
    assert one.inputs != other.inputs
