"""A medication as a line of the form, and back."""

import pytest

from checklists.rules.values import Medication
from scheduler.pages.plan_forms import line_of
from scheduler.rules.referrals.cells import read_medication


@pytest.mark.parametrize(
    "medication",
    [
        Medication("apixaban 5 mg"),
        Medication("semaglutide", interval_days=7),
        Medication("Humira", interval_days=14),
        Medication("liraglutide", interval_days=1),
        Medication("prednisone", daily_mg=7.5),
        Medication("diclofenac", route="topical"),
        Medication("aspirin", indication="stent"),
        Medication("enoxaparin", dose_tier="therapeutic", rxcui="67108"),
    ],
)
def test_line_of_a_medication_is_read_as_the_medication(medication: Medication) -> None:
    assert read_medication(line_of(medication)) == medication
