"""Drugs found by RxNorm code, route, interval and reason: what matches, contradicts, or is only a candidate."""

import pytest

from checklists.protocols.loader import load
from checklists.rules.drugs import match_medication
from checklists.rules.values import Medication
from tests.checklists.rules.cases import finding, judge, outcome, taking

REFERENCE = load("reference-asra", signed=True)
APIXABAN, SEMAGLUTIDE, DABIGATRAN, EDOXABAN = "1364430", "1991302", "1037042", "1599538"


def found(medication):
    """The drug, its rows, and why a clinician has to look."""
    match = match_medication(REFERENCE, medication)
    assert match is not None
    return match.drug, [row.row for row in match.rows], [code for code, _ in match.doubts]


@pytest.mark.parametrize(
    ("medication", "expected"),
    [
        # A confirmed code finds the drug whatever it is called.
        (Medication("Blutverdünner", rxcui=APIXABAN), ("apixaban", ["MH002", "MH003", "MH004"], [])),
        (Medication("sugar shot", interval_days=7, rxcui=SEMAGLUTIDE), ("semaglutide", ["MH077"], [])),
        (Medication("sugar pill", route="oral", rxcui=SEMAGLUTIDE), ("semaglutide", ["MH081"], [])),
        # A candidate never does.
        (Medication("blood pill", rxcui=DABIGATRAN), ("blood pill", [], ["code_unverified"])),
        (Medication("blood pill", rxcui=EDOXABAN), ("blood pill", [], ["code_unverified"])),
        # Of the same drug, a code changes nothing.
        (Medication("Eliquis 5 mg", rxcui=APIXABAN), ("apixaban", ["MH002", "MH003", "MH004"], [])),
        (Medication("Savaysa", rxcui=EDOXABAN), ("edoxaban", ["MH008", "MH009"], [])),
        # Against the name it is a review, confirmed or not.
        (Medication("warfarin", rxcui=APIXABAN), ("warfarin", ["MH001"], ["code_contradicts_name"])),
        (Medication("warfarin", rxcui=EDOXABAN), ("warfarin", ["MH001"], ["code_contradicts_name"])),
        (Medication("Tylenol", rxcui=APIXABAN), ("tylenol", [], ["code_contradicts_name"])),
        # A code of no row says nothing about a drug that is known, or about one that is not.
        (Medication("warfarin", rxcui="99999999"), ("warfarin", ["MH001"], [])),
        (Medication("blood pill", rxcui="99999999"), ("blood pill", [], [])),
    ],
)
def test_code_finds_contradicts_or_says_nothing(medication, expected):
    assert found(medication) == expected


def test_harmless_drug_with_a_code_of_no_row_stays_harmless():
    assert match_medication(REFERENCE, Medication("Tylenol", rxcui="161")) is None


@pytest.mark.parametrize(
    ("medication", "item", "code"),
    [
        (Medication("blood pill", rxcui=DABIGATRAN), "hold:blood pill", "code_unverified"),
        (Medication("Tylenol", rxcui=APIXABAN), "hold:tylenol", "code_contradicts_name"),
        (Medication("blood pill"), "hold:blood pill", "drug_unknown"),
    ],
)
def test_doubt_about_a_code_is_a_review_that_says_so(medication, item, code):
    assert outcome(item, taking(medication), protocol=REFERENCE) == ("review", code)


def test_every_code_belongs_to_one_drug_and_candidates_are_not_confirmed():
    owners: dict[str, set[str]] = {}
    for row in REFERENCE.holds:
        for code in (*row.rxcui, *row.rxcui_unverified):
            owners.setdefault(code, set()).add(row.drug)
    assert {code: drugs for code, drugs in owners.items() if len(drugs) > 1} == {}
    confirmed = {code for row in REFERENCE.holds for code in row.rxcui}
    assert confirmed & {code for row in REFERENCE.holds for code in row.rxcui_unverified} == set()


@pytest.mark.parametrize(
    ("reason", "row"),
    [
        ("primary prevention", "MH029"),
        ("analgesic", "MH029"),
        ("headache", "MH029"),
        ("stent 2019", "MH030"),
        ("secondary prevention of stroke", "MH030"),
        ("after a heart attack", "MH030"),
        ("PAD", "MH030"),
    ],
)
def test_reason_tells_the_tier_of_aspirin(reason, row):
    assert found(Medication("aspirin 81 mg", indication=reason)) == ("aspirin", [row], [])
    by_tier = found(Medication("aspirin", dose_tier=REFERENCE_TIERS[row]))
    assert by_tier == ("aspirin", [row], [])


REFERENCE_TIERS = {row.row: row.dose_tier for row in REFERENCE.holds if row.drug == "aspirin"}


@pytest.mark.parametrize("reason", [None, "chest pain", "my doctor said so"])
def test_reason_that_tells_no_tier_is_a_review(reason):
    medication = Medication("aspirin", indication=reason)
    assert found(medication) == ("aspirin", ["MH029", "MH030"], ["dose_tier_unknown"])


def test_two_reasons_take_the_stricter_row():
    assert found(Medication("aspirin", indication="headache, stent in 2020"))[1] == ["MH029", "MH030"]
    item = outcome(
        "hold:aspirin", taking(Medication("aspirin", indication="headache, stent in 2020")), protocol=REFERENCE
    )
    assert item == ("review", "clinician_decision")


@pytest.mark.parametrize(
    ("name", "route", "has_item"),
    [
        ("diclofenac", "topical", False),
        ("diclofenac", "oral", True),
        ("ketorolac", "ophthalmic", False),
        ("ketorolac", "nasal", True),  # reaches the blood
        ("prednisolone", "eye drops", False),
        ("hydrocortisone", "cream", False),
        ("dexamethasone", "inhaled", False),
        ("dexamethasone", "oral", True),
        ("warfarin", "topical", True),  # there is no such thing: never waved through
    ],
)
def test_route_takes_local_forms_out(name, route, has_item):
    verdict = judge(taking(Medication(name, route=route)), protocol=REFERENCE)
    assert [f.status != "not_applicable" for f in verdict.findings if f.kind == "hold"] == [has_item]


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ("diclofenac gel", "not_applicable"),
        ("Voltaren 1 % gel", "not_applicable"),
        ("hydrocortisone cream", "not_applicable"),
        ("diclofenac 50 mg", "overdue"),
        ("warfarin gel", "overdue"),
    ],
)
def test_local_form_in_the_name_says_the_route(entry, status):
    verdict = judge(taking(entry), protocol=REFERENCE)
    assert [f.status for f in verdict.findings if f.kind == "hold"] == [status]


@pytest.mark.parametrize("entry", ["timolol ophthalmic", "Centrum", "lidocaine patch", "Entresto", "Seroquel 25 mg"])
def test_common_drug_that_no_source_holds_needs_nothing(entry):
    assert match_medication(REFERENCE, Medication(entry)) is None


def test_insulin_that_only_its_code_names_still_wants_a_glucose():
    for code, wanted in (("274783", True), ("99999999", False)):
        found = finding("labs", taking(Medication("sugar shot", rxcui=code)), protocol=REFERENCE)
        assert any("glucose" in reason.sentence for reason in found.reasons) is wanted


def test_signature_on_a_daily_amount_does_not_cover_more_of_the_same_code():
    signed, raised = (
        finding("hold:prednisone", taking(Medication("prednisone", rxcui="8640", daily_mg=amount)), protocol=REFERENCE)
        for amount in (20.0, 40.0)
    )
    assert signed.code == raised.code == "daily_amount_high"
    assert signed.inputs != raised.inputs
