"""Conditions, codes and levels of the medication rows: what is read, what is refused, what the signer is shown."""

import pytest

from checklists.protocols.hold_words import beyond_hours
from checklists.protocols.loader import ProtocolError, from_document, load, load_text, resolve
from checklists.rules.protocol import DrugLevel, HoldRule, Protocol, ReviewIf

REFERENCE = load("reference-asra")
OWN = """\
protocol: ours
title: Ours
extends: reference-asra
sources: {ours: our own}
holds:
  - {row: %s, source: ours, confidence: low}
"""


def row(protocol: Protocol, name: str) -> HoldRule:
    return next(hold for hold in protocol.holds if hold.row == name)


@pytest.mark.parametrize(
    ("name", "codes", "candidates"),
    [("MH002", ("1364430",), ()), ("MH008", (), ("1599538",)), ("MH013", (), ()), ("MH074a", ("36437",), ())],
)
def test_code_is_read_with_its_status(name: str, codes: tuple[str, ...], candidates: tuple[str, ...]) -> None:
    read = row(REFERENCE, name)
    assert (read.rxcui, read.rxcui_unverified) == (codes, candidates)


def test_conditions_of_the_reference_are_those_of_the_table() -> None:
    assert row(REFERENCE, "MH082").review_if == ReviewIf(on_the_day=frozenset({"stomach_symptoms"}))
    assert row(REFERENCE, "MH091").review_if == ReviewIf(egfr_below=30, recorded=frozenset({"iodinated_contrast"}))
    assert row(REFERENCE, "MH012").level == DrugLevel(frozenset({"LB11a"}), "review", needed=True)
    ssri = row(REFERENCE, "MH074a").review_if
    assert ssri is not None
    assert (
        ssri.platelets_below,
        "P2Y12 inhibitor" in ssri.with_classes,
        "NSAID (non-selective)" in ssri.with_classes,
    ) == (
        100,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ('MH008, rxcui: "15x"', "write its digits in quotes"),
        ('MH008, rxcui: "1364430"', "give each code to one drug, confirmed or not"),
        ('MH008, rxcui: "1599538"', "give each code to one drug, confirmed or not"),
        ("MH077, review_if: {on_the_day: [stomach_ache]}", "use only stomach_symptoms"),
        ("MH074a, review_if: {with: [blood_thinner]}", "use only antithrombotic"),
        ("MH038, review_if: {}", "name one, or drop it"),
        ("MH038, review_if: {platelets_under: 1}", "did you mean 'platelets_below'?"),
        ("MH038, settled_by: [continue]", "drop it, or the action"),
        ("MH030, settled_by: [perhaps]", "use only continue, stop, instruction"),
        ("MH030, level: {labs: [LB11a], then: review}", "drop it, or the action"),
        ("MH038, after_cycle_h: 168", "drop it, or the action"),
        ("MH038, under_local: never", "use one of not_applicable, review"),
        ("MH004, level: {labs: [LB99], then: review}", "name rows of labs, such as LB11a"),
    ],
)
def test_field_that_would_do_nothing_or_something_else_is_refused(change: str, remedy: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        load_text(OWN % change, origin="ours.yaml")
    assert any(remedy in problem.remedy for problem in refused.value.problems), refused.value.problems


def test_document_from_before_these_fields_stays_readable() -> None:
    document = resolve("reference-asra")
    del document["drug_groups"]
    later = ("rxcui_unverified", "tier_words", "review_if", "under_local", "settled_by", "level", "after_cycle_h")
    for hold in document["holds"]:
        for key in (*later, "slow_stomach", "bridges"):
            hold.pop(key, None)
    old = from_document(document, signed=True)
    assert (row(old, "MH055").after_cycle, row(old, "MH077").review_if) == (None, None)


def test_signer_is_shown_every_condition() -> None:
    assert list(beyond_hours(row(REFERENCE, "MH012"))) == [
        "a level by LB11a: review, which is needed",
        "RxNorm 1037042 not confirmed",
    ]
    assert list(beyond_hours(row(REFERENCE, "MH077"))) == [
        "review only if nausea, vomiting, bloating or belly pain on the day",
        "slows the stomach",
        "under local anesthesia without a fast not applicable",
        "RxNorm 1991302",
    ]
    assert next(beyond_hours(row(REFERENCE, "MH055"))) == "clear 7 days after the dose that would have been due"
