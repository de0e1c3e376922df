import uuid
from dataclasses import replace
from datetime import date

import pytest

from scheduler.rules.referrals.rows import Referral
from scheduler.rules.referrals.sameness import Person, differences, folded, recognise

BORN = date(1950, 1, 2)
ANN = Person(uuid.UUID(int=1), "Muñoz-Smith", "Ann", BORN, "number", line=4)
REFERRAL = Referral(9, "Muñoz-Smith", "Ann", BORN, "kyphoplasty", ("L1",), record_number="MR-1")


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("number", {}),
        ("number", {"family_name": "Jones"}),
        ("number", {"born_on": date(1951, 1, 2)}),
        ("number", {"born_on": date(1951, 1, 2), "given_name": "Anne"}),
        ("number", {"family_name": "Jones", "given_name": "Joan"}),
        ("", {}),
        ("", {"family_name": "MUNOZ SMITH", "given_name": "ann"}),
    ],
)
def test_recognise_two_identifiers_are_the_same_person(number: str, changes: dict[str, object]) -> None:
    assert recognise(replace(REFERRAL, **changes), number, [ANN]).same == ANN


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("number", {"born_on": date(1951, 1, 2), "family_name": "Jones"}),
        ("number", {"born_on": date(1951, 1, 2), "given_name": "Walter"}),  # a couple, one number mistyped
        ("another", {}),
    ],
)
def test_recognise_contradictions_are_left_to_a_person(number: str, changes: dict[str, object]) -> None:
    found = recognise(replace(REFERRAL, **changes), number, [ANN])
    assert found.same is None
    assert found.conflict is not None
    assert (found.conflict.column, found.conflict.value) == ("record_number", "MR-1")


@pytest.mark.parametrize(
    "changes",
    [
        {"given_name": "Anne"},
        {"given_name": "Barbara"},
        {"family_name": "Jones"},
        {"family_name": "Ann", "given_name": "Muñoz Smith"},
        {"family_name": "Munos-Smith", "given_name": "An"},
    ],
)
def test_recognise_look_alikes_are_not_merged(changes: dict[str, object]) -> None:
    found = recognise(replace(REFERRAL, **changes), "", [ANN])
    assert (found.same, found.alike, found.conflict) == (None, (ANN,), None)


@pytest.mark.parametrize("changes", [{"born_on": date(1950, 1, 3)}, {"family_name": "Kowalski", "given_name": "Peter"}])
def test_recognise_one_identifier_is_somebody_else(changes: dict[str, object]) -> None:
    found = recognise(replace(REFERRAL, **changes), "", [ANN])
    assert (found.same, found.alike, found.conflict) == (None, (), None)


def test_recognise_two_of_that_name_ask_for_the_number() -> None:
    other = replace(ANN, id=uuid.UUID(int=2), number="other", line=None)
    conflict = recognise(REFERRAL, "", [ANN, other]).conflict
    assert conflict is not None
    assert conflict.remedy == (
        f"line 4 and patient {other.id} have this name and birth date. Add the record number of the right one."
    )


def test_recognise_number_of_the_row_is_no_conflict_where_the_patient_has_none() -> None:
    person = replace(ANN, number="")
    assert recognise(REFERRAL, "number", [person]).same == person


def test_differences_name_what_stays() -> None:
    row = replace(REFERRAL, family_name="Jones", born_on=date(1951, 1, 2))
    assert [(c.column, c.value) for c in differences(row, ANN)] == [("family_name", "Jones"), ("born_on", "1951-01-02")]


def test_folded_keeps_letters_of_other_scripts_apart() -> None:
    assert folded("O’Brien-Ñu") == folded("OBRIEN NU") == "obriennu"
    assert folded("李") != folded("王")
