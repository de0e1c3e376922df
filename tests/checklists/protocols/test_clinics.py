"""The five clinics: what their pages state, typed here by hand from the pages, and nothing else."""

from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from checklists.protocols import loader
from checklists.protocols.text import read_text
from checklists.rules.protocol import Protocol
from tests.checklists.protocols.documents import CHILD

ARIZONA, BAY, TREE, CENTER, PRO = (
    "pain-experts-of-arizona",
    "bay-area-spine",
    "one-tree-health",
    "interventional-pain-center",
    "pro-spine-pain",
)
CLINICS = (ARIZONA, BAY, TREE, CENTER, PRO)
shipped = cache(loader.load)
REFERENCE = shipped("reference-asra")
BOTH = ["kyphoplasty", "vertebroplasty"]
ANY_PLAN = ["local", "sedation", "general"]
OR_XRAY = [["mri"], ["ct", "bone_scan"], ["ct", "spect_ct"], ["xray"]]
THINNERS = [
    "vitamin K antagonist",
    "direct factor Xa inhibitor",
    "direct thrombin inhibitor (oral)",
    "P2Y12 inhibitor",
    "COX inhibitor (irreversible)",
    "phosphodiesterase inhibitor",
    "phosphodiesterase-3 inhibitor",
    "antiplatelet combination",
    "other antiplatelet",
]
NSAIDS = ["NSAID (non-selective)", "COX-2 selective inhibitor"]
MEALS = ["light meal", "toast and tea", "fatty or meat meal", "full breakfast", "burger", "unknown"]
SEEDS = {
    ARIZONA: ("SEED000", "000_0df866f8c7a9c253.txt"),
    BAY: ("SEED001", "001_27d96719b6f31e7e.txt"),
    TREE: ("SEED002", "002_7b908c5a862f5479.txt"),
    CENTER: ("SEED003", "003_2a303999dd4f7a88.txt"),
    PRO: ("SEED004", "004_ad707c788c85e80d.txt"),
}


def stopped(rows: list[str], **more: Any) -> dict[str, Any]:
    decided = {"action": "clinician_decision", "clear_at_h": None, **more}
    return {f"holds.{row}.{key}": value for row in rows for key, value in decided.items()}


UNSAID = ("source", "confidence", "note", "row", "class", "kind")
CANNOT_MEND = "herniated disc, spinal stenosis, arthritis, scoliosis or established deformity"
BESIDE = "herniated_disc|spinal_stenosis|spinal_arthritis|scoliosis"


def excluded(row: str, says: str, action: str, **by: Any) -> dict[str, Any]:
    return {f"exclusions.{row}.{key}": value for key, value in {"says": says, "action": action, **by}.items()}


# Every value that a file states about its rules. Fasting and holds: what the page names without a number.
STATED: dict[str, dict[str, Any]] = {
    ARIZONA: {
        "procedures": ["kyphoplasty"],
        "window.anchors": ["fractured"],
        "window.pass_days": 56,
        "window.review_days": None,
        "window.strict": True,
        **excluded("IM38a", "a fracture by trauma or injury", "fail", causes=["trauma"]),
        **excluded("IM38b", "younger patients", "fail", younger_than="missing"),
        **excluded("IM38c", "severe osteoporosis", "fail", conditions=["severe_osteoporosis"]),
        **excluded("IM38d", CANNOT_MEND, "review", conditions=BESIDE.split("|")),
        "hold_classes.blood_thinner.drug_classes": THINNERS,
        "hold_classes.blood_thinner.clear_at_h": "missing",
        "hold_classes.nsaid.drug_classes": NSAIDS,
        "hold_classes.nsaid.clear_at_h": "missing",
        "hold_classes.immunosuppressant.drug_classes": ["JAK inhibitor"],
        "hold_classes.immunosuppressant.clear_at_h": "missing",
        **stopped(["MH050", "MH051", "MH052", "MH053", "MH054"], clearance=True),
        **stopped(["MH073a", "MH073b", "MH073c", "MH073d", "MH073e"]),
        "remove": ["FA01", "FA02", "FA03", "FA04", "FA05", "FA06", "FA07", "FA08", "FA09", "FA16"],
        "fasting.mode": "elapsed",
        "fasting.applies_to": ANY_PLAN,
        "fasting.intakes.FA11.intake": "food and drink",
        "fasting.intakes.FA11.hours": "missing",
        "fasting.intakes.FA11.anesthesia": ANY_PLAN,
        "minutes.per_level.value": 60,
        "minutes.recovery.value": "missing",
    },
    BAY: {
        "procedures": BOTH,
        "window.anchors": ["diagnosed"],
        "window.pass_days": None,
        "window.pass_months": 2,
        "window.review_days": None,
        "window.strict": False,
        "items.conservative_care.required": True,
        "imaging.acceptable": OR_XRAY,
        "imaging.xray_proves_acuity": True,
        "minutes.recovery.value": "missing",
    },
    TREE: {
        "procedures": ["kyphoplasty"],
        "window.anchors": ["fractured"],
        "window.pass_days": 56,
        "window.review_days": None,
        "window.strict": False,
        "levels.max_pass": 2,
        "levels.max_review": 2,
        "levels.adjacent_only": True,
        "imaging.acceptable": OR_XRAY,
        "imaging.xray_proves_acuity": True,
        "hold_classes.blood_thinner.drug_classes": THINNERS,
        "hold_classes.blood_thinner.clear_at_h": "missing",
        "fasting.mode": "midnight",
        "fasting.applies_to": ["sedation", "general"],
        "minutes.recovery.value": 120,
        "minutes.flat.value": 120,
    },
    CENTER: {
        "procedures": ["kyphoplasty"],
        "minutes.per_level.value": 120,
        "minutes.recovery.value": 120,
    },
    PRO: {
        "procedures": BOTH,
        "items.conservative_care.required": True,
        "imaging.acceptable": OR_XRAY,
        "imaging.xray_proves_acuity": True,
        "hold_classes.blood_thinner.drug_classes": THINNERS,
        "hold_classes.blood_thinner.clear_at_h": "missing",
        "hold_classes.nsaid.drug_classes": NSAIDS,
        "hold_classes.nsaid.clear_at_h": "missing",
        "remove": ["FA06", "FA07", "FA09"],
        "fasting.mode": "elapsed",
        "fasting.applies_to": ANY_PLAN,
        "fasting.intakes.FA12.intake": "food",
        "fasting.intakes.FA12.examples": MEALS,
        "fasting.intakes.FA12.hours": "missing",
        "fasting.intakes.FA12.anesthesia": ANY_PLAN,
        **{f"fasting.intakes.{drink}.anesthesia": ANY_PLAN for drink in ("FA01", "FA02", "FA05", "FA08")},
        "minutes.recovery.value": 180,
        "minutes.flat.value": 60,
    },
}
MISSING = {
    ARIZONA: (
        "hold_classes.blood_thinner.clear_at_h",
        "hold_classes.nsaid.clear_at_h",
        "hold_classes.immunosuppressant.clear_at_h",
        "fasting.intakes.FA11.hours",
        "exclusions.IM38b.younger_than",
        "minutes.recovery.value",
    ),
    BAY: ("minutes.recovery.value",),
    TREE: ("hold_classes.blood_thinner.clear_at_h",),
    CENTER: (),
    PRO: (
        "hold_classes.blood_thinner.clear_at_h",
        "hold_classes.nsaid.clear_at_h",
        "fasting.intakes.FA12.hours",
    ),
}
# What a page says beyond the rules: topic and the words that carry the fact.
BEYOND = {
    ARIZONA: {
        "indication": "recent compression fracture",
        "exclusions": "severe osteoporosis, younger age, fracture by trauma",
        "allergies": "balloon, cement or anesthetic",
        "pregnancy": "other treatment",
        "anesthesia": "general by vein, or local alone",
        "infection": "ill on the day means a new date",
        "ride": "cannot drive",
        "position": "face down",
        "recovery": "allergic",
        "overnight": "a night in hospital is possible",
        "driving": "several days to weeks",
        "activity": "six weeks or more",
        "alcohol": "none",
        "pain_relief": "two to three days",
        "bone_health": "next fracture",
    },
    BAY: {
        "indication": "cancer",
        "exclusions": "not for prevention",
        "conservative_care": "other measures have not helped",
        "consult": "board-certified",
        "labs": "before the day",
        "allergies": "materials",
        "anesthesia": "perhaps with local",
        "antibiotics": "before",
        "preparation": "monitors of heart, pulse and blood pressure",
        "position": "stomach",
        "recovery": "within an hour",
        "overnight": "no stay",
        "activity": "the doctor says when",
        "comfort": "ice",
        "pain_relief": "48 hours",
        "bone_health": "supplements",
        "follow_up": "no date",
    },
    TREE: {
        "indication": "the pain must fit the fracture",
        "exclusions": "old and healed",
        "consult": "this fracture is what hurts",
        "diagnostic_injection": "sometimes",
        "labs": "none is named",
        "allergies": "very rarely",
        "anesthesia": "local plus mild sedation, or a light general one",
        "ride": "to be arranged",
        "position": "face down",
        "duration": "about 60 minutes, 30 more or less",
        "recovery": "lying flat",
        "overnight": "a short stay is possible",
        "activity": "two weeks",
        "work": "sitting after a few days",
        "pain_relief": "within a day",
        "bone_health": "calcium, vitamin D",
        "follow_up": "perhaps with an X-ray",
    },
    CENTER: {
        "indication": "osteoporosis",
        "consult": "evaluation with the doctor",
        "anesthesia": "local with light sedation",
        "position": "face down",
        "recovery": "complications",
        "overnight": "same day",
        "discharge_medicines": "as directed",
        "driving": "a few days to a few weeks",
        "activity": "until the doctor agrees",
        "pain_relief": "within two days",
        "bone_health": "bone density scan",
        "follow_up": "physical therapy for some",
    },
    PRO: {
        "indication": "malignant tumour, long steroid treatment",
        "conservative_care": "pain medicine, physical therapy, brace and rest have not helped",
        "consult": "a spine specialist first",
        "anesthesia": "general for both procedures",
        "antibiotics": "at discharge",
        "duration": "about 60 minutes",
        "recovery": "on the back for an hour",
        "overnight": "sometimes a night's stay",
        "discharge_medicines": "pain medicine",
        "activity": "eight weeks or more to heal",
        "comfort": "brace",
        "pain_relief": "72 hours",
        "follow_up": "few weeks",
    },
}


def own(name: str) -> dict[str, Any]:
    return read_text((loader.FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), name).values


def leaves(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {place: leaf for key, inner in value.items() for place, leaf in leaves(inner, f"{path}.{key}").items()}


def rules_of(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a file by path, without its own name, sources, notes and row keys."""
    about = ("protocol", "title", "extends", "sources", "stated")
    found = [leaves(value, key) for key, value in values.items() if key not in about]
    return {place: leaf for one in found for place, leaf in one.items() if place.rpartition(".")[2] not in UNSAID}


@pytest.mark.parametrize("name", CLINICS)
def test_clinic_states_what_its_page_states_and_nothing_else(name: str) -> None:
    assert rules_of(own(name)) == STATED[name]


@pytest.mark.parametrize("name", CLINICS)
def test_clinic_extends_the_reference_and_cites_the_file_of_its_page(name: str) -> None:
    values, (seed, file) = own(name), SEEDS[name]
    assert (values["extends"], list(values["sources"])) == ("reference-asra", [seed])
    assert values["sources"][seed].startswith(f"{file}, ")
    cited = [leaf for place, leaf in leaves(values, "").items() if place.endswith(".source")]
    assert [one for one in cited if seed not in one.split(",")] == []


@pytest.mark.parametrize("name", CLINICS)
def test_what_a_page_says_beyond_the_rules_is_kept(name: str) -> None:
    said = {one.topic: one for one in shipped(name).stated}
    assert list(said) == list(BEYOND[name])
    assert {topic: words for topic, words in BEYOND[name].items() if words not in said[topic].says} == {}
    assert {(one.sourced.source, one.sourced.confidence) for one in said.values()} == {(SEEDS[name][0], "high")}


@pytest.mark.parametrize("name", CLINICS)
def test_missing_numbers_are_named_exactly(name: str) -> None:
    assert shipped(name).missing == MISSING[name]


@pytest.mark.parametrize("name", CLINICS)
def test_silence_keeps_the_reference(name: str) -> None:
    clinic = shipped(name)
    own_items = {place.split(".")[1] for place in STATED[name] if place.startswith("items.")}
    items = tuple(rule for rule in clinic.items if rule.kind not in own_items)
    kept = (items, clinic.labs, clinic.lab_review_ages, clinic.infection, clinic.turnover_minutes)
    assert kept == (
        tuple(rule for rule in REFERENCE.items if rule.kind not in own_items),
        REFERENCE.labs,
        REFERENCE.lab_review_ages,
        REFERENCE.infection,
        REFERENCE.turnover_minutes,
    )
    stated = {place.partition(".")[0] for place in STATED[name]}
    for section in ("window", "levels", "imaging", "fasting"):
        assert (getattr(clinic, section) == getattr(REFERENCE, section)) == (section not in stated), section
    assert (clinic.window.off_for, clinic.imaging.validity_days) == (
        REFERENCE.window.off_for,
        REFERENCE.imaging.validity_days,
    )
    assert clinic.fasting.sip_with_medicines


OURS = "source: design, confidence: low"
RECOVERY = f"minutes: {{recovery: {{value: 90, {OURS}}}}}"
# A practice's own numbers for all that is missing, as its own file would give them.
GIVEN = {
    ARIZONA: f"""
exclusions: [{{row: IM38b, younger_than: 50, {OURS}}}]
hold_classes:
  - {{class: blood_thinner, clear_at_h: 72, {OURS}}}
  - {{class: nsaid, clear_at_h: 72, {OURS}}}
  - {{class: immunosuppressant, clear_at_h: 72, {OURS}}}
fasting: {{intakes: [{{row: FA11, hours: 6, {OURS}}}]}}
{RECOVERY}
""",
    BAY: RECOVERY,
    TREE: f"hold_classes: [{{class: blood_thinner, clear_at_h: 72, {OURS}}}]",
    CENTER: "",
    PRO: f"""
hold_classes: [{{class: blood_thinner, clear_at_h: 72, {OURS}}}, {{class: nsaid, clear_at_h: 72, {OURS}}}]
fasting: {{intakes: [{{row: FA12, hours: 6, {OURS}}}]}}
""",
}


def fill(name: str) -> str:
    """A practice's own file, with a number for everything that the clinic's page leaves open."""
    return f"{CHILD.replace('reference-asra', name)}{GIVEN[name]}\n"


@cache
def filled(name: str) -> Protocol:
    return loader.load_text(fill(name), origin="ours.yaml")


@pytest.mark.parametrize("name", CLINICS)
def test_clinic_is_complete_once_its_numbers_are_given(name: str) -> None:
    ours = filled(name)
    assert ours.missing == ()
    given = {one.name: one.clear_at for one in ours.hold_classes}
    assert given == {path.split(".")[1]: timedelta(hours=72) for path in MISSING[name] if path.startswith("hold_")}


@pytest.mark.parametrize("name", CLINICS)
def test_no_drug_is_held_for_less_than_in_the_reference(name: str) -> None:
    own_rows = {rule.row: rule for rule in filled(name).holds}
    for rule in REFERENCE.holds:
        ours = own_rows[rule.row]
        if ours.action in ("timed_hold", "avoid_without_level") and rule.clear_at is not None:
            assert ours.clear_at is not None and ours.clear_at >= rule.clear_at, rule.row
        if ours.action in ("timed_hold", "avoid_without_level") and rule.block_below is not None:
            assert ours.block_below is not None and ours.block_below >= rule.block_below, rule.row
    assert len(own_rows) == len(REFERENCE.holds)


@pytest.mark.parametrize("name", CLINICS)
def test_no_drug_is_stopped_without_its_prescriber_because_of_a_class(name: str) -> None:
    needs = {rule.row for rule in REFERENCE.holds if rule.prescriber_clearance}
    ours = {rule.row for rule in filled(name).holds if rule.prescriber_clearance}
    assert needs <= ours


def test_injected_anticoagulants_keep_their_own_clock() -> None:
    bridging = {rule.row: rule for rule in REFERENCE.holds if rule.drug in ("enoxaparin", "heparin", "dalteparin")}
    for name in CLINICS:
        assert {rule.row: rule for rule in filled(name).holds if rule.row in bridging} == bridging


def test_every_row_of_blood_thinners_belongs_to_the_class_or_is_injected() -> None:
    """A new anticoagulant in the reference must be sorted into the class or left out knowingly."""
    injected = {
        "heparin",
        "low molecular weight heparin",
        "factor Xa inhibitor (parenteral)",
        "direct thrombin inhibitor (IV)",
        "P2Y12 inhibitor (IV)",
        "GP IIb/IIIa inhibitor",
        "fibrinolytic",
    }
    rows = {rule.drug_class for rule in REFERENCE.holds if rule.row < "MH038"}
    assert rows - injected == set(THINNERS)
