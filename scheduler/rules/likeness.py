"""How easily two people are taken for each other: by name, however it is written, and by birth date. Never a guess
about who they are."""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import combinations
from typing import Protocol, TypeVar

ALIKE = 0.8  # of 1: how much of two names must agree for a warning
ALL_WITH_ALL = 50  # people: more are compared with their neighbours in the order of their names
NEAR = 8  # neighbours in each order


class Named(Protocol):
    @property
    def family_name(self) -> str: ...
    @property
    def given_name(self) -> str: ...
    @property
    def born_on(self) -> date: ...


Person = TypeVar("Person", bound=Named)


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """The letters of a name, without case, accents, spaces and punctuation."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in decomposed if unicodedata.category(sign)[0] == "L")


def words_of_name(family_name: str, given_name: str) -> tuple[str, ...]:
    """The folded words of the whole name, sorted: whichever of them stands first."""
    apart = f"{family_name} {given_name}".replace("-", " ").split()
    return tuple(sorted(word for word in map(folded, apart) if word))


def close(one: str, other: str) -> bool:
    """Whether at most a few letters are off."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def may_be_close(one: str, other: str) -> bool:
    """A quick upper bound, in whatever order the words stand."""
    match = SequenceMatcher(None, one, other, autojunk=False)
    return match.real_quick_ratio() >= ALIKE and match.quick_ratio() >= ALIKE


def similar_names(one: Named, other: Named) -> bool:
    """The same words in any order, all of one name within the other, or a few letters off."""
    return _similar(one.family_name, one.given_name, other.family_name, other.given_name)


@lru_cache(maxsize=16384)  # a board that is polled compares the same people again and again
def _similar(family: str, given: str, other_family: str, other_given: str) -> bool:
    mine, theirs = words_of_name(family, given), words_of_name(other_family, other_given)
    fewer, more = sorted((set(mine), set(theirs)), key=len)
    if len(fewer) > 1 and fewer <= more:
        return True
    one, other = f"{folded(family)} {folded(given)}", f"{folded(other_family)} {folded(other_given)}"
    return may_be_close(one, other) and (close(one, other) or close(" ".join(mine), " ".join(theirs)))


def to_compare(people: Sequence[Person]) -> Iterator[tuple[Person, Person]]:
    """Pairs of people, each once, in their order. Of many only those whose names are written near each other.

    A date that stands for "not known", or a nursing home's phone, is shared by hundreds: all pairs would be too many.
    """
    if len(people) <= ALL_WITH_ALL:
        yield from combinations(people, 2)
        return
    place = {id(person): number for number, person in enumerate(people)}
    seen = set()
    for order in (written, _written_given_first, _written_in_order):
        row = sorted(people, key=order)
        for number, one in enumerate(row):
            for other in row[number + 1 : number + 1 + NEAR]:
                first, second = sorted((place[id(one)], place[id(other)]))
                if (first, second) not in seen:
                    seen.add((first, second))
                    yield people[first], people[second]


def _written_given_first(person: Named) -> str:
    return f"{folded(person.given_name)} {folded(person.family_name)}"


def _written_in_order(person: Named) -> str:
    return " ".join(words_of_name(person.family_name, person.given_name))


def written(person: Named) -> str:
    return f"{folded(person.family_name)} {folded(person.given_name)}"


def likeness(one: Named, other: Named) -> tuple[str, ...]:
    """What makes these two easy to confuse, in words; empty where nothing does."""
    same_family = folded(one.family_name) == folded(other.family_name)
    found = {
        "same name": written(one) == written(other),
        "similar name": written(one) != written(other) and similar_names(one, other),
        "same family name and birth year": same_family and one.born_on.year == other.born_on.year,
        "same birth date": one.born_on == other.born_on,
    }
    return tuple(words for words, holds in found.items() if holds)
