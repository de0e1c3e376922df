"""Entries of real medication lists, and the rows that they lead to."""

from datetime import timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.drugs import match_medication
from checklists.rules.values import Medication, State
from tests.checklists.rules.cases import finding, judge, taking
from tests.checklists.rules.test_reference import reference_notes

REFERENCE = load("reference-asra", signed=True)


@pytest.mark.parametrize(
    ("entry", "drug"),
    [
        ("warfarin sodium 5 mg", "warfarin"),
        ("Warfarin (Coumadin) 5 mg tablet", "warfarin"),
        ("Eliquis (apixaban)", "apixaban"),
        ("Aspirin EC 81 mg", "aspirin"),
        ("low dose aspirin", "aspirin"),
        ("clopidogrel bisulfate", "clopidogrel"),
        ("metformin HCl ER 500 mg", "metformin"),
        ("insulin glargine 10 units nightly", "insulin"),
        ("apixaban 5 mg tablets twice daily for atrial fibrillation", "apixaban"),
    ],
)
def test_salt_form_and_brand_lead_to_the_rows_of_the_drug(entry: str, drug: str) -> None:
    match = match_medication(REFERENCE, Medication(entry))
    assert match is not None
    assert (match.drug, bool(match.rows), "several_drugs" in dict(match.doubts)) == (drug, True, False)


@pytest.mark.parametrize(
    "entry",
    [
        "losartan potassium 50 mg",
        "potassium chloride ER 20 meq",
        "Toprol XL 50",
        "atorvastatin calcium 40 mg",
        "hydrocodone 5 mg/acetaminophen 325 mg",
        "lisinopril 10 mg for blood pressure",
        "folic acid 1 mg",
        "albuterol 90 mcg/actuation inhaler",
        "lisinopril 10 mg, at bedtime",
        "atorvastatin 20 mg and take with water",
        "omeprazole 20 mg, before breakfast, as directed",
        "acetaminophen 500 mg every 6 hours as needed, max 3000 mg per day",
        "gabapentin 300 mg for nerve pain, three times daily",
        "metoprolol succinate 25 mg for high blood pressure and take with food",
        "calcium carbonate 500 mg chewable tablets, alternate days without food",
        "levothyroxine 75 mcg every morning on an empty stomach",
    ],
)
def test_harmless_drug_stays_harmless_however_it_is_written(entry: str) -> None:
    assert match_medication(REFERENCE, Medication(entry)) is None


@pytest.mark.parametrize(
    "entry",
    [
        "acetaminophen 250 MG / aspirin 250 MG / caffeine 65 MG Oral Tablet",
        "hydrocodone 5 mg / ibuprofen 200 mg",
        "metoprolol 50 mg, aspirin 81 mg daily",
        "oxycodone 5 mg + unheardof 3 mg",
        "lisinopril 10 mg; Eliqius",
        "atorvastatin 20 mg and a blood thinner",
        "metoprolol 25 mg, also unheardof",
        "metoprolol 25 mg unheardof 10 mg",
        "metoprolol 25 mg unheardof",
        "metoprolol 25 mg twice daily then unheardof",
        "metoprolol 25 mg plus blood thinner",
        "lisinopril 10 mg\nEliqius 5",
        "gabapentin 300 mg for pain, Eliqius",
        "gabapentin 300 mg for pain and Eliqius",
        "gabapentin 300 mg (Eliqius)",
        "omeprazole 20 mg - Plavx",
        "metoprolol 25 mg/zinc",
        "metoprolol succinate 50 mg extended release, one tablet by mouth in the morning with food, warfarin 5 mg",
    ],
)
def test_second_drug_in_an_entry_of_a_harmless_one_is_never_overlooked(entry: str) -> None:
    verdict = judge(taking(entry), reference_notes().all, protocol=REFERENCE)
    assert [(f.status.value, f.code) for f in verdict.findings if f.kind == "hold"] == [("review", "several_drugs")]
    assert verdict.state is State.NEEDS_REVIEW


@pytest.mark.parametrize(
    ("brand", "hours", "asks_for_kidneys"),
    [
        ("Xigduo XR 10 mg", 72, True),
        ("Synjardy", 72, True),
        ("Invokamet", 72, True),
        ("Segluromet", 96, True),
        ("Glyxambi", 72, False),
        ("Janumet 50 mg", None, True),
        ("Jentadueto", None, True),
    ],
)
def test_brand_of_two_drugs_for_diabetes_is_held_as_both(brand: str, hours: int | None, asks_for_kidneys: bool) -> None:
    match = match_medication(REFERENCE, Medication(brand))
    assert match is not None
    (row,) = match.rows
    assert (row.clear_at, row.review_if is not None) == (hours and timedelta(hours=hours), asks_for_kidneys)
    # Whoever takes it has diabetes: the glucose on arrival is owed.
    assert "glucose" in finding("labs", taking(brand), reference_notes().all, protocol=REFERENCE).sentence


def test_pen_of_insulin_and_a_drug_that_slows_the_stomach_is_looked_at_for_both() -> None:
    notes = reference_notes()
    notes.add("hold:insulin with glp-1", {"decision": "instruction", "decided_by": "Dr. Weber"})
    found = finding("hold:insulin with glp-1", taking("Soliqua"), notes.all, protocol=REFERENCE)
    owed = ["stomach_symptoms_unknown", "dose_escalation_unknown", "gastroparesis_unknown", "higher_dose_unknown"]
    assert [reason.code for reason in found.reasons] == owed


def test_held_drug_keeps_its_row_beside_a_second_one() -> None:
    match = match_medication(REFERENCE, Medication("warfarin 5 mg, clopidogrel 75 mg"))
    assert match is not None
    assert (match.drug, [row.row for row in match.rows], [code for code, _ in match.doubts]) == (
        "warfarin",
        ["MH001"],
        ["several_drugs"],
    )


@pytest.mark.parametrize(
    ("name", "route", "codes"),
    [
        ("Voltaren 75 mg tablets", "topical", ["route_contradicts_name", "route_unknown"]),
        ("diclofenac capsule", "gel", ["route_contradicts_name", "route_unknown"]),
        ("diclofenac", "topical", None),
        ("diclofenac gel", None, None),
        ("diclofenac gel 1%, 4 g four times daily", None, None),
        ("diclofenac gel 10 mg/g", None, None),
        ("diclofenac 75 mg", "topical", None),
        ("diclofenac 50 mg gel", None, ["route_contradicts_name", "route_unknown"]),
        ("Voltaren 25 mg liquid gel", None, ["route_contradicts_name", "route_unknown"]),
        ("diclofenac gel 1% by mouth", None, ["route_contradicts_name", "route_unknown"]),
    ],
)
def test_tablet_with_the_route_of_a_gel_is_looked_at(name: str, route: str | None, codes: list[str] | None) -> None:
    match = match_medication(REFERENCE, Medication(name, route=route))
    assert match is not None
    assert (sorted(dict(match.doubts)) or None, match.not_applicable) == (codes, codes is None)
    assert match.drug == "diclofenac"
