"""Whether a referral is about a patient already known: two identifiers at least, and never a guess."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from scheduler.rules.likeness import ALIKE, folded
from scheduler.rules.referrals.complaints import Complaint
from scheduler.rules.referrals.rows import Referral


@dataclass(frozen=True, slots=True)
class Person:
    """`number` is the hash of a record number, or "". `line` is set for patients of the same file."""

    id: uuid.UUID
    family_name: str
    given_name: str
    born_on: date
    number: str = ""
    line: int | None = None

    @property
    def where(self) -> str:
        return f"line {self.line}" if self.line is not None else f"patient {self.id}"


@dataclass(frozen=True, slots=True)
class Recognition:
    """Either a person who is the same, or nobody and those who look alike, or a conflict for a person to solve."""

    same: Person | None = None
    alike: tuple[Person, ...] = ()
    conflict: Complaint | None = None


def recognise(referral: Referral, number: str, known: Iterable[Person]) -> Recognition:
    """Same record number with birth date or family name, or same full name with birth date, is the same person."""
    people = tuple(known)
    by_number = [person for person in people if number and person.number == number]
    if by_number:
        return numbered(referral, by_number[0])
    named = [person for person in people if same_name(referral, person) and person.born_on == referral.born_on]
    if len({person.id for person in named}) > 1:
        remedy = f"{in_words(named)} have this name and birth date. Add the record number of the right one."
        return Recognition(conflict=Complaint("family_name", referral.family_name, remedy))
    if named and number and named[0].number:
        return Recognition(conflict=other_number(referral, named[0]))
    if named:
        return Recognition(same=named[0])
    return Recognition(alike=tuple(person for person in people if alike(referral, person)))


def numbered(referral: Referral, person: Person) -> Recognition:
    """A shared number and family name may be a spouse's, so the given names must at least be alike."""
    same_family = folded(referral.family_name) == folded(person.family_name)
    if person.born_on == referral.born_on or (same_family and given_alike(referral, person)):
        return Recognition(same=person)
    remedy = (
        f"This record number belongs to {person.where}, whose name or birth date differs. "
        "Correct the number, or the name and birth date."
    )
    return Recognition(conflict=Complaint("record_number", referral.record_number, remedy))


def other_number(referral: Referral, person: Person) -> Complaint:
    remedy = (
        f"{person.where.capitalize()} has this name and birth date and another record number. "
        "Correct the number, or leave it empty if that is the same person."
    )
    return Complaint("record_number", referral.record_number, remedy)


def differences(referral: Referral, person: Person) -> tuple[Complaint, ...]:
    """Where the row says something else than the patient's own data, which stay as they are."""
    stays = f"{person.where.capitalize()} has another; it stays as it is. Check which is right."
    told = (
        ("family_name", referral.family_name, folded(referral.family_name) == folded(person.family_name)),
        ("given_name", referral.given_name, folded(referral.given_name) == folded(person.given_name)),
        ("born_on", referral.born_on.isoformat(), referral.born_on == person.born_on),
    )
    return tuple(Complaint(column, value, stays) for column, value, agrees in told if not agrees)


def look_alikes(referral: Referral, alike: Iterable[Person]) -> Iterable[Complaint]:
    name = f"{referral.family_name}, {referral.given_name}"
    for person in alike:
        remedy = f"Looks like {person.where}, born the same day. Imported as another person; check that it is one."
        yield Complaint("family_name", name, remedy)


def same_name(referral: Referral, person: Person) -> bool:
    return (folded(referral.family_name), folded(referral.given_name)) == (
        folded(person.family_name),
        folded(person.given_name),
    )


def alike(referral: Referral, person: Person) -> bool:
    """Born on the same day, with a name like it: a shared part, parts exchanged, or a few letters off."""
    if referral.born_on != person.born_on:
        return False
    family, given = folded(referral.family_name), folded(referral.given_name)
    other_family, other_given = folded(person.family_name), folded(person.given_name)
    if family == other_family or given == other_given or (family, given) == (other_given, other_family):
        return True
    return SequenceMatcher(None, f"{family} {given}", f"{other_family} {other_given}").ratio() >= ALIKE


def given_alike(referral: Referral, person: Person) -> bool:
    """One begins with the other (M., Mary, Mary Ann), or a few letters are off."""
    given, other = folded(referral.given_name), folded(person.given_name)
    return given.startswith(other) or other.startswith(given) or SequenceMatcher(None, given, other).ratio() >= ALIKE


def in_words(people: Sequence[Person]) -> str:
    return " and ".join(person.where for person in people)
