"""The conditions that the forms of a case ask about."""

from dataclasses import replace

from checklists.protocols import loader
from checklists.rules.conditions_named import conditions_named
from checklists.rules.protocol import ExclusionRule, ReviewIf, SuspicionRule
from tests.checklists.rules.cases import PROTOCOL, SOURCED, hold, lab


def test_form_asks_about_every_condition_that_a_rule_of_the_protocol_knows():
    rows = (
        hold("a", slow_stomach=frozenset({"gastroparesis"}), clear=1),
        hold(
            "b",
            clear=1,
            review_if=ReviewIf(
                recorded=frozenset({"pregnant"}), asked=frozenset({"higher_dose"}), cleared=frozenset({"stent"})
            ),
        ),
    )
    labs = (lab("INR", "ratio", (), context="chronic_liver_disease"), lab("WBC", "10^9/L", (), context="doac_level"))
    excluded = ExclusionRule("EX1", "says", "fail", frozenset(), frozenset({"myelopathy"}), None, SOURCED)
    suspected = SuspicionRule(frozenset(), frozenset({"fever_of_unknown_origin"}), 30, SOURCED)
    protocol = replace(
        PROTOCOL,
        holds=rows,
        labs=labs,
        exclusions=(excluded,),
        imaging=replace(PROTOCOL.imaging, suspicion=suspected),
    )
    assert conditions_named(protocol) == (
        "chronic_liver_disease",
        "diabetes",
        "fever_of_unknown_origin",
        "gastroparesis",
        "higher_dose",
        "mri_contraindicated",
        "myelopathy",
        "pregnant",
        "stent",
        "steroid",
    )
    assert conditions_named(replace(PROTOCOL, holds=(), labs=())) == ("diabetes", "mri_contraindicated", "steroid")


def test_form_asks_about_no_condition_that_follows_from_the_drugs_the_age_or_the_plan():
    asked = {code for name in loader.shipped() for code in conditions_named(loader.load(name))}
    assert "chronic_liver_disease" in asked
    derived = {"general", "vka_held", "renal_function", "parenteral_anticoagulant", "diabetes_or_steroid", "doac_level"}
    assert asked & derived == set()
