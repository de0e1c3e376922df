import pytest

from scheduler.rules.referrals.complaints import CellError
from scheduler.rules.referrals.levels import read_levels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L1", ("L1",)),
        ("L 1", ("L1",)),
        ("l1", ("L1",)),
        ("th12", ("T12",)),
        ("T12/L1", ("T12", "L1")),
        ("T12-L1", ("T12", "L1")),
        ("T12 - L1", ("T12", "L1")),
        ("T12 – L1", ("T12", "L1")),
        ("t12, l1", ("T12", "L1")),
        ("T12 & L1", ("T12", "L1")),
        ("T12 and L1", ("T12", "L1")),
        ("T12; L1", ("T12", "L1")),
        ("T12+L1", ("T12", "L1")),
        ("T12 L1", ("T12", "L1")),
        ("T12\nL1", ("T12", "L1")),
        ("L1, T12, L1", ("T12", "L1")),
        ("T11-L1", ("T11", "T12", "L1")),
        ("T11 to L1", ("T11", "T12", "L1")),
        ("T11 thru L1", ("T11", "T12", "L1")),
        ("Levels: T8, L2", ("T8", "L2")),
        ("T8, T11-T12 / L2", ("T8", "T11", "T12", "L2")),
    ],
)
def test_read_levels_spellings(text: str, expected: tuple[str, ...]) -> None:
    assert read_levels(text) == expected


@pytest.mark.parametrize(
    "text", ["L6", "T13", "S1", "C5", "L1/2", "L1-3", "L1-T12", "T12L1", "lumbar", ",", "L0", "T1-T5-L1"]
)
def test_read_levels_refuses_what_it_would_have_to_guess(text: str) -> None:
    with pytest.raises(CellError, match=r"Several: T12/L1 or T11-L1\.$"):
        read_levels(text)
