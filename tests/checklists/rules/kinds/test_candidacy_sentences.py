# ruff: noqa: E501  (tables of whole sentences)
"""What the assessment of a patient tells the person who has to act."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.kinds.candidacy import ABSOLUTE, RELATIVE
from tests.checklists.rules.cases import FACTS, PROTOCOL, SECOND, START, finding
from tests.checklists.rules.kinds.test_sentences import notes_of, told
from tests.checklists.rules.notes import CANDIDACY

DAY = timedelta(days=1)
APART = replace(PROTOCOL, levels=replace(PROTOCOL.levels, adjacent_only=False))
EXCLUDED_BY = {
    "active_infection": "an active infection",
    "osteomyelitis": "osteomyelitis",
    "discitis": "discitis",
    "pregnancy": "pregnancy",
    "healed_fracture": "a healed or painless fracture",
    "pain_not_from_fracture": "pain that does not come from the fracture",
    "uncorrectable_coagulopathy": "a coagulopathy that cannot be corrected",
    "cement_allergy": "an allergy to cement or other required materials",
    "prophylactic": "treatment of a level that is not fractured",
}
WEIGHED = {
    "instability": "Spinal instability",
    "posterior_wall_breach": "A breach of the posterior wall",
    "retropulsion": "Retropulsed bone",
    "canal_compromise": "A narrowed canal",
    "neurological_deficit": "A neurological deficit",
    "cord_compression": "Compression of the cord",
    "uncorrected_coagulopathy": "A coagulopathy not yet corrected",
    "opacifier_allergy": "An allergy to the opacification agent",
    "vertebra_plana": "A severely collapsed vertebra",
    "cardiopulmonary_limit": "A limit of heart or lungs",
}


def assessed(change, facts=FACTS):
    """Status, code and sentence of each thing that the assessment finds."""
    found = finding("candidacy", facts, notes_of("candidacy", {**CANDIDACY, **change}))
    return [(reason.status.value, reason.code, reason.sentence) for reason in found.reasons]


def test_every_exclusion_is_tried_here():
    assert (set(EXCLUDED_BY), set(WEIGHED)) == (set(ABSOLUTE), set(RELATIVE))


@pytest.mark.parametrize("code", EXCLUDED_BY)
def test_absolute_exclusion_says_what_excludes(code):
    sentence = f"The procedure is excluded by {EXCLUDED_BY[code]}. Call the clinician."
    assert assessed({"exclusions": [code]}) == [("failed", f"excluded_{code}", sentence)]


@pytest.mark.parametrize("code", WEIGHED)
def test_relative_exclusion_is_weighed_by_a_clinician(code):
    sentence = f"{WEIGHED[code]} was found: a clinician decides."
    assert assessed({"exclusions": [code]}) == [("review", f"excluded_{code}", sentence)]


def test_exclusion_of_another_version_excludes():
    sentence = (
        "The procedure is excluded by the exclusion 'luck', which this version does not know. Call the clinician."
    )
    assert assessed({"exclusions": ["luck"]}) == [("failed", "excluded_luck", sentence)]


@pytest.mark.parametrize(
    ("change", "facts", "said"),
    [
        ({"indication": "  "}, FACTS, ("pending", "indication_missing", "No indication is recorded. A clinician must state it.")),
        ({"pain_matches_imaging": False}, FACTS, ("failed", "pain_elsewhere", "The pain does not match the imaged level. Re-examine before going on.")),
        ({"can_lie_prone": False}, FACTS, ("review", "cannot_lie_prone", "The patient cannot lie face down: a clinician decides.")),
        ({}, replace(FACTS, medications_known=False), ("pending", "medications_unknown", "It is not known what the patient takes. Ask, and record the list; none is an answer too.")),
        ({}, replace(FACTS, procedure="sacroplasty"), ("failed", "procedure_not_covered", "The protocol does not cover sacroplasty. Choose the procedure or the protocol anew.")),
        ({}, replace(FACTS, levels=()), ("pending", "levels_missing", "No level is planned. Record the levels to be treated.")),
        ({}, replace(FACTS, levels=("X9", "L1", "A0")), ("failed", "level_unknown", "A0, X9 is not a level. Use codes such as T12 or L1.")),
        ({}, replace(FACTS, levels=("L1", "T9")), ("review", "levels_apart", "T9, L1 are not adjacent: a clinician decides, or treats in stages, such as T9, then L1.")),
        ({}, replace(FACTS, levels=("T12", "L1", "T11")), ("review", "many_levels", "3 levels (T11, T12, L1): a clinician decides, or treats in stages, such as T11+T12, then L1.")),
        ({}, replace(FACTS, levels=("T12", "L1", "T11", "T10")), ("failed", "too_many_levels", "4 levels (T10, T11, T12, L1) are more than 3. A clinician spreads them over stages, such as T10+T11, then T12+L1.")),
        ({}, replace(FACTS, levels=("S1",)), ("review", "level_outside", "S1 reaches outside T1 to L5: a clinician decides.")),
    ],
)  # fmt: skip
def test_assessment_says_what_is_wrong(change, facts, said):
    found = finding("candidacy", facts, notes_of("candidacy", {**CANDIDACY, **change}), now=START - SECOND)
    assert [(reason.status.value, reason.code, reason.sentence) for reason in found.reasons] == [said]


def test_protocol_without_adjacent_levels_spreads_them_by_number_alone():
    sentence = told(
        "candidacy", "many_levels", CANDIDACY, facts=replace(FACTS, levels=("T9", "L1", "L3")), protocol=APART
    )
    assert sentence == "3 levels (T9, L1, L3): a clinician decides, or treats in stages, such as T9+L1, then L3."
