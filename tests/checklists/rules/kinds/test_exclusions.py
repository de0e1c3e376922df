"""Row IM38: whom one clinic's own pathway excludes, each boundary on both sides."""

from dataclasses import replace
from datetime import date

import pytest

from checklists.rules.protocol import ExclusionRule
from checklists.rules.values import Review
from tests.checklists.protocols.test_clinics import ARIZONA, filled
from tests.checklists.rules.cases import FACTS, PROTOCOL, SOURCED, START, finding, outcome
from tests.checklists.rules.notes import CANDIDACY, Notes

OK = ("satisfied", "satisfied")
EXCLUDED, DOUBTED = ("failed", "pathway_excludes"), ("review", "pathway_doubts")
UNKNOWN = ("pending", "exclusion_unknown")
ASKED = replace(FACTS, conditions_denied=frozenset({"severe_osteoporosis"}))


def judged(facts, exclusions=None):
    notes = Notes()
    notes.add("candidacy", CANDIDACY)
    rules = filled(ARIZONA).exclusions if exclusions is None else exclusions
    return outcome("candidacy", facts, notes.all, protocol=replace(PROTOCOL, exclusions=rules))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, OK),
        ({"cause": "trauma"}, EXCLUDED),
        ({"cause": None}, UNKNOWN),
        ({"born_on": date(1977, 3, 10)}, OK),  # fifty on the day of the start
        ({"born_on": date(1977, 3, 11)}, EXCLUDED),
        ({"born_on": None}, UNKNOWN),
        ({"conditions_denied": frozenset()}, UNKNOWN),
        ({"conditions": frozenset({"severe_osteoporosis"})}, EXCLUDED),
        ({"conditions": frozenset({"scoliosis"})}, DOUBTED),
        ({"conditions": frozenset({"herniated_disc", "severe_osteoporosis"})}, EXCLUDED),
    ],
)
def test_pathway_excludes_whom_its_page_excludes(change, expected):
    assert START.date() == date(2027, 3, 10)
    assert judged(replace(ASKED, **change)) == expected


def test_known_reason_excludes_also_where_another_is_not_known():
    rule = ExclusionRule("X", "both", "fail", frozenset({"trauma"}), frozenset({"x"}), 50, SOURCED)
    assert judged(replace(FACTS, cause="trauma", born_on=None), (rule,)) == EXCLUDED
    assert judged(replace(FACTS, cause="trauma", born_on=None), (replace(rule, causes=frozenset()),)) == UNKNOWN


def test_nobody_else_excludes_them():
    assert judged(replace(FACTS, cause="trauma", conditions=frozenset({"severe_osteoporosis"})), ()) == OK


def test_signature_on_one_doubt_does_not_cover_another_of_the_same_row():
    notes = Notes()
    notes.add("candidacy", CANDIDACY)
    protocol = replace(PROTOCOL, exclusions=filled(ARIZONA).exclusions)
    doubted = replace(ASKED, conditions=frozenset({"scoliosis"}))
    inputs = finding("candidacy", doubted, notes.all, protocol=protocol).inputs
    signed = [Review("candidacy", inputs, START, START, "clinician:7")]
    assert outcome("candidacy", doubted, notes.all, protocol=protocol, reviews=signed) == ("satisfied", "signed")
    more = replace(ASKED, conditions=frozenset({"scoliosis", "spinal_stenosis"}))
    assert outcome("candidacy", more, notes.all, protocol=protocol, reviews=signed) == DOUBTED


def test_signature_on_one_cause_does_not_cover_another_of_the_same_row():
    rule = ExclusionRule("X", "by cause", "review", frozenset({"trauma", "steroid"}), frozenset(), None, SOURCED)
    notes, protocol = Notes(), replace(PROTOCOL, exclusions=(rule,))
    notes.add("candidacy", CANDIDACY)
    after_trauma, on_steroids = (
        finding("candidacy", replace(FACTS, cause=cause), notes.all, protocol=protocol)
        for cause in ("trauma", "steroid")
    )
    assert (after_trauma.code, on_steroids.code) == ("pathway_doubts", "pathway_doubts")
    assert after_trauma.inputs != on_steroids.inputs
    assert after_trauma.sentence == "This pathway is not meant for: by cause. A clinician decides."
