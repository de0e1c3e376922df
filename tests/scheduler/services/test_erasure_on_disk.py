"""What is erased is gone from the database's file too, not only from its tables."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from scheduler.models import Case
from scheduler.services.demonstration import Person, Story
from tests.scheduler.services.erasing import erase, settle

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's files are its operator's")
WORDS = (b"Quokkavale", b"Zymurgina", b"1931-07-07")


def holding(folder: Path) -> set[tuple[str, bytes]]:
    files = [path for path in folder.iterdir() if path.is_file()]
    return {(path.name, word) for path in files for word in WORDS if word in path.read_bytes()}


def test_no_file_of_the_database_holds_a_name_of_an_erased_patient(
    meeting: None, tmp_path: Path, story: Callable[..., Story], start: datetime
) -> None:
    late = start + timedelta(hours=4)
    telling = story(now=late)
    telling.person = Person("Quokkavale", "Zymurgina", date(1931, 7, 7), "female", ("apixaban",))
    case: Case = settle(telling.tell("discharged"), late)
    assert {word for _, word in holding(tmp_path)} == set(WORDS)
    erase(case, late)
    assert holding(tmp_path) == set()
