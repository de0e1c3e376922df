"""Whom a tired reader takes for somebody else, and whom not (H7)."""

from dataclasses import dataclass
from datetime import date
from itertools import combinations

import pytest

from scheduler.rules.likeness import ALL_WITH_ALL, NEAR, likeness, similar_names, to_compare

BORN = date(1941, 2, 17)


@dataclass(frozen=True)
class Somebody:
    family_name: str
    given_name: str
    born_on: date = BORN


ALIKE = [
    (("García", "Ana"), ("GARCIA", "ana"), "accents and case"),
    (("Smith-Jones", "Mary"), ("Smith Jones", "Mary"), "a hyphen"),
    (("O'Brien", "Pat"), ("OBrien", "Pat"), "an apostrophe"),
    (("Martin", "Paul"), ("Paul", "Martin"), "exchanged"),
    (("García López", "Ana"), ("García", "Ana"), "all of one within the other"),
    (("Johnson", "Robert"), ("Johnsen", "Robert"), "a letter off"),
    (("Abernathy", "Ruth"), ("Abernathy", "Rut"), "a letter missing"),
    (("Petersen", "Anna"), ("Anne", "Peterson"), "exchanged and letters off"),
]
UNLIKE = [
    (("Johnson", "Robert"), ("Johnson", "Mary")),
    (("Smith", "Ann"), ("Jones", "Ann")),
    (("Lee", "Kim"), ("Li", "Ming")),
    (("García", "Ana"), ("García", "Ignacio")),
]


@pytest.mark.parametrize(("one", "other", "why"), ALIKE)
def test_names_that_are_read_as_one_another_are_similar(one: tuple[str, str], other: tuple[str, str], why: str) -> None:
    assert similar_names(Somebody(*one), Somebody(*other)), why
    assert similar_names(Somebody(*other), Somebody(*one)), why


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_names_that_nobody_confuses_are_not(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not similar_names(Somebody(*one), Somebody(*other))


def test_likeness_names_everything_that_is_alike() -> None:
    ruth, other_year = Somebody("Abernathy", "Ruth"), date(1960, 5, 5)
    told = {
        "namesake": likeness(ruth, Somebody("ABERNATHY", "Ruth", other_year)),
        "cousin": likeness(ruth, Somebody("Abernathy", "Gwendolyn", date(1941, 12, 1))),
        "same day": likeness(ruth, Somebody("Quite", "Other")),
        "nobody": likeness(ruth, Somebody("Quite", "Other", other_year)),
        "family of another year": likeness(ruth, Somebody("Abernathy", "Gwendolyn", other_year)),
    }
    assert told == {
        "namesake": ("same name",),
        "cousin": ("same family name and birth year",),
        "same day": ("same birth date",),
        "nobody": (),
        "family of another year": (),
    }


def compared(people: list[Somebody]) -> list[tuple[Somebody, Somebody]]:
    return list(to_compare(people))


def test_few_people_are_compared_each_with_each() -> None:
    people = [Somebody(f"Family{number}", "Given") for number in range(ALL_WITH_ALL)]
    assert compared(people) == list(combinations(people, 2))


def test_comparing_many_people_costs_as_much_for_each_as_comparing_few() -> None:
    """A date that stands for "not known" is shared by hundreds."""
    crowds = [[Somebody(f"F{number}", "G") for number in range(many)] for many in (500, 1000)]
    spent = [len(compared(crowd)) for crowd in crowds]
    assert spent[1] / spent[0] < 2.05
    assert spent[0] <= 500 * 3 * NEAR


@pytest.mark.parametrize(("one", "other", "_"), ALIKE)
def test_alike_are_compared_among_many(one: tuple[str, str], other: tuple[str, str], _: str) -> None:
    crowd = [Somebody(f"{first}ilson{number}", f"{second}va") for number, (first, second) in enumerate(SIGNS)]
    first, second = Somebody(*one), Somebody(*other)
    pairs = compared([first, *crowd, second])
    assert (first, second) in pairs
    assert len(set(pairs)) == len(pairs)


SIGNS = [(first, second) for first in "BCDFGHKLMNPRSTVW" for second in "BDKLMNRSTV"]
