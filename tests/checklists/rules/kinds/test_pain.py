"""Row IM41: a score of pain where the pathway asks for one, each boundary on both sides."""

from dataclasses import replace

import pytest

from checklists.rules.kinds.pain import SIGNS
from checklists.rules.protocol import PainRule
from tests.checklists.rules.cases import FACTS, PROTOCOL, SOURCED, finding, outcome
from tests.checklists.rules.notes import CANDIDACY, Notes

OK = ("satisfied", "satisfied")
LOW, CARE, UNSUPPORTED = (("review", f"pain_{code}") for code in ("low", "care_first", "unsupported"))
ASKING = replace(PROTOCOL, pain=PainRule(8, 5, 2, frozenset({"malignancy"}), SOURCED))
HOME = {"score": 5, "in_hospital": False, "despite_care": True, "worsening": True, "signs": []}
HOSPITAL = {"score": 8, "in_hospital": True, "worsening": True, "signs": []}
TWO_SIGNS = ["height_loss", "rdq_over_17"]


def noted(*pains):
    notes = Notes()
    for pain in pains:
        notes.add("candidacy", {**CANDIDACY, **({} if pain is None else {"pain": pain})})
    return notes.all


def judged(pain, protocol=ASKING, **facts):
    return outcome("candidacy", replace(FACTS, **facts), noted(pain), protocol=protocol)


@pytest.mark.parametrize(
    ("pain", "expected"),
    [
        (HOME, OK),
        ({**HOME, "score": 4}, LOW),
        (HOSPITAL, OK),
        ({**HOSPITAL, "score": 7}, LOW),
        ({**HOME, "despite_care": False}, CARE),
        ({key: said for key, said in HOME.items() if key != "despite_care"}, CARE),
        ({**HOSPITAL, "despite_care": False}, OK),
        ({**HOME, "worsening": False}, UNSUPPORTED),
        ({**HOME, "worsening": False, "signs": TWO_SIGNS[:1]}, UNSUPPORTED),
        ({**HOME, "worsening": False, "signs": TWO_SIGNS[:1] * 2}, UNSUPPORTED),
        ({**HOME, "worsening": False, "signs": TWO_SIGNS}, OK),
        (None, ("pending", "pain_unknown")),
    ],
)
def test_pain_of_a_candidate_is_weighed_by_its_score_and_what_goes_with_it(pain, expected):
    assert judged(pain) == expected


def test_pathway_that_asks_for_no_score_weighs_none():
    assert judged({**HOME, "score": 0}, PROTOCOL) == judged(None, PROTOCOL) == OK


def test_pain_of_a_cause_that_is_not_measured_is_not_asked_for():
    assert judged(None, cause="malignancy") == OK


def test_score_is_asked_for_together_with_the_assessment():
    found = finding("candidacy", FACTS, (), protocol=ASKING)
    assert [reason.code for reason in found.reasons] == ["candidacy_missing", "pain_unknown"]


def test_everything_that_speaks_against_is_said():
    found = finding(
        "candidacy", FACTS, noted({**HOME, "score": 4, "worsening": False, "despite_care": False}), protocol=ASKING
    )
    assert [reason.sentence for reason in found.reasons] == [
        "The pain is 4 of 10; at home this pathway wants 5 or more: a clinician decides.",
        "The pain is not there in spite of the best other care: a clinician decides.",
        "The pain does not get worse, and fewer than 2 signs go with it: a clinician decides.",
    ]
    (reason,) = finding("candidacy", FACTS, noted({**HOSPITAL, "score": 7}), protocol=ASKING).reasons
    assert reason.sentence == "The pain is 7 of 10; in hospital this pathway wants 8 or more: a clinician decides."


def test_signs_are_those_of_the_table():
    assert list(SIGNS) == ["height_loss", "kyphotic_deformity", "rdq_over_17", "severe_impact"]
