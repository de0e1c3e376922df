"""The canary patient is erased, and none of its words is left anywhere."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.services.key_rotation import encrypted_columns
from scheduler.services.sealing import seal_record
from scheduler.services.verification import verify_practice
from tests.scheduler.canary.telling import START, Told
from tests.scheduler.canary.words import WORDS, as_text, dump, found
from tests.scheduler.services.erasing import erase, settle

pytestmark = [pytest.mark.django_db, pytest.mark.matrix]
LATER = START + timedelta(days=40)
# One of two procedures, in the case and in the practice's own protocol: a case counts as what it was.
COUNTED = "procedure"
OF_PROTOCOLS = "checklists_protocolversion"


def opened() -> Iterator[tuple[str, str]]:
    """What the encrypted columns hold, decrypted."""
    for column in encrypted_columns():
        for value in column.model._default_manager.values_list(column.field.name, flat=True):
            yield column.name, as_text(value)


def left() -> dict[str, set[str]]:
    said: dict[str, set[str]] = {}
    for place, text in (*dump(), *opened()):
        if not place.startswith(OF_PROTOCOLS):
            for name in found(text, COUNTED):
                said.setdefault(name, set()).add(place)
    return said


def test_no_table_holds_a_word_of_an_erased_patient(told: Told) -> None:
    """Neither as it is stored nor decrypted; and the record holds as before."""
    case = settle(told.case, LATER)
    assert set(left()) == set(WORDS) - {COUNTED}, "without the words there is nothing to erase"
    erase(case, LATER)
    assert left() == {}
    assert verify_practice(case.practice_id).breaks == ()


def test_no_file_holds_a_word_of_an_erased_patient(told: Told, checkpoints: Path) -> None:
    case = settle(told.case, LATER)
    erase(case, LATER)
    seal_record(practice_id=case.practice_id, now=LATER)
    files = [path for path in checkpoints.rglob("*") if path.is_file()]
    assert files
    assert [names for path in files if (names := found(path.read_text()))] == []
    assert verify_practice(case.practice_id).breaks == ()
