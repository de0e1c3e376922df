import pytest

from checklists.rules.levels import LevelError, parse_levels


@pytest.mark.parametrize(
    ("spellings", "coded"),
    [
        (["L1"], ("L1",)),
        (["l 1"], ("L1",)),
        (["T12/L1"], ("T12", "L1")),
        (["T12-L1"], ("T12", "L1")),
        (["T12 - L1"], ("T12", "L1")),
        (["T12 to L1"], ("T12", "L1")),
        (["T11–L1"], ("T11", "T12", "L1")),
        (["th12, L.2"], ("T12", "L2")),
        (["D12 L1"], ("T12", "L1")),
        (["L1 and T9"], ("T9", "L1")),
        (["L1", "L1", "T12"], ("T12", "L1")),
        (["T05"], ("T5",)),
        (["T12+L1"], ("T12", "L1")),
        (["T12, L1"], ("T12", "L1")),
        (["Th12-L1"], ("T12", "L1")),
        (["T12\u2011L1"], ("T12", "L1")),  # a hyphen that does not break, as pasted from a letter
        (["T9+L2"], ("T9", "L2")),
    ],
)
def test_levels_are_read_from_the_spellings_people_use(spellings: list[str], coded: tuple[str, ...]) -> None:
    assert parse_levels(spellings) == coded


@pytest.mark.parametrize(
    "spelling",
    ["", "L6", "T13", "C5", "C7", "L1-2", "S1", "L1-T12", "L1/2", "T12-L1-L2", "lumbar", "12", "L1x", "T", "L1\0"],
)
def test_spelling_of_no_level_is_refused_with_the_remedy(spelling: str) -> None:
    with pytest.raises(LevelError, match=r"Write|Name"):
        parse_levels([spelling])


@pytest.mark.parametrize(
    ("spellings", "told"),
    [
        ([], "No level is given. Name at least one, e.g. T12 or L1."),
        (["x" * 41], f"'{'x' * 40}' names no level from T1 to L5. Write it as T12 or L1."),
        (["T12-L1-L2"], "'T12-L1-L2' is no level or range. Write T12, or T11-L1 for a range."),
        (["L1-T12"], "'L1-T12' runs upwards. Write the upper level first, e.g. T11-L1."),
    ],
)
def test_refusal_repeats_the_spelling_in_short_and_shows_a_right_one(spellings: list[str], told: str) -> None:
    with pytest.raises(LevelError) as refused:
        parse_levels(spellings)
    assert str(refused.value) == told
