"""Drugs held as a class, and what a source says beyond the rules."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.protocols import loader
from checklists.rules.protocol import HoldRule, Protocol
from tests.checklists.protocols.documents import CHILD, problems

REFERENCE = loader.load("reference-asra")
NSAIDS = "drug_classes: [NSAID (non-selective), COX-2 selective inhibitor]"
FACTOR_XA = "drug_classes: [direct factor Xa inhibitor]"


def held(classes: str, hours: str) -> Protocol:
    row = f"hold_classes: [{{class: ours, {classes}, clear_at_h: {hours}, source: S24, confidence: low}}]\n"
    return loader.load_text(CHILD + row, origin="ours.yaml")


def of(protocol: Protocol, row: str) -> HoldRule:
    return next(rule for rule in protocol.holds if rule.row == row)


def hours(rule: HoldRule) -> tuple[str, float | None, float | None]:
    block, clear = ((None if one is None else one / timedelta(hours=1)) for one in (rule.block_below, rule.clear_at))
    return rule.action, block, clear


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("MH038", ("timed_hold", 72, 72)),  # ibuprofen, 24 h of its own
        ("MH043", ("timed_hold", 96, 96)),  # naproxen, longer of its own
        ("MH048", ("timed_hold", 72, 72)),  # celecoxib, continued of its own
        ("MH049a", ("clinician_decision", None, None)),  # sulindac: a person decides
        ("MH024", ("timed_hold", 168, 168)),  # clopidogrel is not of the class
    ],
)
def test_drug_is_held_for_the_longer_of_its_own_hours_and_its_class(
    row: str, expected: tuple[str, float | None, float | None]
) -> None:
    assert hours(of(held(NSAIDS, "72"), row)) == expected


def test_hours_of_a_class_carry_the_source_of_the_class() -> None:
    ours = held(NSAIDS, "72")
    assert [of(ours, row).sourced.source for row in ("MH038", "MH043")] == ["S24", "S1,S2,SEED000,SEED004"]
    assert of(ours, "MH043") == of(REFERENCE, "MH043")


@pytest.mark.parametrize(
    ("number", "expected"),
    [("100", ("timed_hold", 100, None)), ("48", ("timed_hold", 72, None))],
)
def test_what_time_alone_never_clears_is_not_cleared_by_its_class(
    number: str, expected: tuple[str, float | None, float | None]
) -> None:
    assert hours(of(held(FACTOR_XA, number), "MH004")) == expected


def test_review_between_two_thresholds_begins_no_sooner_than_the_class() -> None:
    row = f"hold_classes: [{{class: ours, {FACTOR_XA}, clear_at_h: 60, source: S24, confidence: low}}]\n"
    child = CHILD.replace("reference-asra", "reference-two-threshold")
    assert hours(of(loader.load_text(child + row, origin="x"), "MH002")) == ("timed_hold", 60, 72)


def test_class_leaves_dose_cycles_and_harmless_drugs_alone() -> None:
    ours = held("drug_classes: [TNF inhibitor, glucocorticoid, analgesic]", "240")
    changed = {rule.row for rule, own in zip(ours.holds, REFERENCE.holds, strict=True) if rule != own}
    assert changed == {"MH073a", "MH073b", "MH073c", "MH073d", "MH073e"}


def test_missing_number_of_a_class_clears_no_drug_of_it_by_time() -> None:
    ours = held(NSAIDS, "missing")
    assert ours.missing == ("hold_classes.ours.clear_at_h",)
    found = {row: hours(of(ours, row)) for row in ("MH038", "MH048")}
    assert found == {"MH038": ("timed_hold", 24, None), "MH048": ("timed_hold", 0, None)}
    assert [rule.row for rule in ours.holds if rule.drug_class.startswith("NSAID") and rule.clear_at] == []


def test_classes_are_kept_beside_the_rows_and_survive_storage() -> None:
    (one,) = held(NSAIDS, "72").hold_classes
    assert (one.name, one.clear_at, one.drug_classes) == (
        "ours",
        timedelta(hours=72),
        {"NSAID (non-selective)", "COX-2 selective inhibitor"},
    )
    assert REFERENCE.hold_classes == ()


def test_child_gives_the_missing_number_of_a_class() -> None:
    fill = "hold_classes: [{class: blood_thinner, clear_at_h: 72, source: S24, confidence: low}]\n"
    ours = loader.load_text(CHILD.replace("reference-asra", "one-tree-health") + fill, origin="x")
    assert (ours.missing, hours(of(ours, "MH031"))) == ((), ("timed_hold", 72, 72))
    assert replace(of(ours, "MH001"), sourced=of(REFERENCE, "MH001").sourced) == of(REFERENCE, "MH001")


# A child's fourth line is the mistake.
MISTAKES = [
    (
        "hold_classes: [{class: ours, drug_classes: [aspirin], clear_at_h: 72, source: S1, confidence: low}]",
        "hold_classes.ours.drug_classes: no row of holds is of the class 'aspirin': "
        "write it as in the `class` of those rows",
    ),
    (
        "hold_classes: [{class: a, drug_classes: [csDMARD], clear_at_h: 72, source: S1, confidence: low}, "
        "{class: b, drug_classes: [csDMARD], clear_at_h: 96, source: S1, confidence: low}]",
        "hold_classes.b.drug_classes: the class 'csDMARD' already belongs to a: name each class of drugs once",
    ),
    (
        "hold_classes: [{class: ours, drug_classes: [csDMARD], source: S1, confidence: low}]",
        "hold_classes.ours.clear_at_h: is not given: add `clear_at_h: 72`",
    ),
    (
        "hold_classes: [{class: ours, drug_classes: [csDMARD], clear_at_h: -1, source: S1, confidence: low}]",
        "hold_classes.ours.clear_at_h: -1 is below 0: write a number from 0 upwards",
    ),
    (
        "hold_classes: [{class: ours, drug_classes: [], clear_at_h: 72, source: S1, confidence: low}]",
        "hold_classes.ours.drug_classes: the list is empty: name at least one",
    ),
    (
        "hold_classes: [{class: ours, drug_classes: [csDMARD], clear_at_h: 72, confidence: low}]",
        "hold_classes.ours.source: is not given: no number stands without saying where it comes from: add `source: S1`",
    ),
    (
        "hold_classes: [{drug_classes: [csDMARD]}]",
        "hold_classes: a row does not say its `class`: begin it with `class: ...`",
    ),
    (
        "hold_classes: {class: ours}",
        "hold_classes.0: 'ours' is not a mapping: write `key: value` pairs here",
    ),
    (
        "stated: [{topic: parking, says: behind the house, source: S24, confidence: low}]",
        "stated.parking.topic: 'parking' is not known: use one of indication, exclusions, conservative_care, consult, "
        "diagnostic_injection, imaging, labs, allergies, pregnancy, anesthesia, antibiotics, preparation, infection, "
        "ride, position, duration, recovery, overnight, discharge_medicines, driving, activity, work, alcohol, "
        "comfort, pain_relief, bone_health, follow_up",
    ),
    (
        "stated: [{topic: ride, source: S24, confidence: low}]",
        "stated.ride.says: is not given: add `says: ...`",
    ),
    (
        "stated: [{topic: ride, says: by bus, source: S24}]",
        "stated.ride.confidence: is not given: no number stands without saying where it comes from: "
        "add `confidence: low`",
    ),
    (
        "imaging: {acceptable: [[mri], [xray]], source: S24, confidence: low}",
        "imaging.xray_proves_acuity: an X-ray alone is either a way of proving the fracture or it is not: "
        "list [xray] under acceptable and write true, or do neither",
    ),
]


@pytest.mark.parametrize(("change", "said"), MISTAKES, ids=[said.split(":")[0] for _, said in MISTAKES])
def test_mistake_is_refused_at_its_line(change: str, said: str) -> None:
    assert f"ours.yaml:4: {said}" in problems(f"{CHILD}{change}\n")
