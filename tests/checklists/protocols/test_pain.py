"""A pathway that asks for a score of pain (row IM41), as a practice writes it into its own file."""

import pytest

from checklists.protocols import loader
from checklists.protocols.differences import differences
from checklists.protocols.summary import summary
from checklists.rules.protocol import PainRule
from tests.checklists.protocols.documents import CHILD, problems

GIVEN = "hospital_from: 8, home_from: 5, signs: 2, off_for: [malignancy], source: S1, confidence: high"


def text(given: str) -> str:
    return f"{CHILD}pain: {{{given}}}\n"


def test_pathway_asks_for_a_score_only_where_it_says_so() -> None:
    asked = loader.load_text(text(GIVEN), origin="ours.yaml").pain
    assert isinstance(asked, PainRule)
    assert (asked.hospital_from, asked.home_from, asked.signs, asked.off_for) == (8, 5, 2, {"malignancy"})
    assert loader.load_text(CHILD, origin="ours.yaml").pain is None


@pytest.mark.parametrize("name", ["hospital_from", "home_from", "signs"])
def test_score_that_is_named_without_a_number_is_missing(name: str) -> None:
    given = ", ".join(f"{name}: missing" if part.startswith(f"{name}:") else part for part in GIVEN.split(", "))
    protocol = loader.load_text(text(given), origin="ours.yaml")
    assert protocol.missing == (f"pain.{name}",)
    assert protocol.pain is not None
    assert getattr(protocol.pain, name) == {"hospital_from": 10, "home_from": 10, "signs": 4}[name]


def test_score_beyond_ten_is_refused() -> None:
    (problem,) = problems(text(GIVEN.replace("home_from: 5", "home_from: 11")))
    assert "pain.home_from" in problem


def test_signer_reads_what_is_asked() -> None:
    document = loader.resolve_text(text(GIVEN), origin="ours.yaml")
    line = (
        "pain: from 8 of 10 in hospital, 5 at home despite the best other care; worsening, or 2 signs; less: a "
        "clinician decides; not asked with cause malignancy"
    )
    assert f"  {line}  [S1; high]" in summary(document)
    told = [one.sentence for one in differences(loader.resolve("reference-asra"), document)]
    assert [sentence for sentence in told if sentence.startswith("pain")] != []
