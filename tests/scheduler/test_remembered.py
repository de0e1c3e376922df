"""What follows from a story that another worker told first is not kept: it would not fit the rows of that worker."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import F

from scheduler.models import Practice
from tests import kept
from tests.kept import Told
from tests.remembered import Memory, Once


@pytest.mark.skipif(connection.vendor != "sqlite", reason="on PostgreSQL each worker keeps its own")
@pytest.mark.parametrize("another_was_first", [True, False])
def test_only_what_follows_from_the_rows_that_are_kept_is_kept(
    another_was_first: bool, practice: Practice, memory: Memory
) -> None:
    def write() -> UUID:
        Practice.objects.filter(pk=practice.pk).update(version=F("version") + 1)
        return practice.pk

    def write_meanwhile() -> UUID:
        if another_was_first:
            kept.keep(memory.history, Told((), practice.pk))
        return write()

    memory.once(f"first {uuid4()}", write_meanwhile)
    before = memory.history
    memory.once("next", write)
    assert (kept.read((*before, "next")) is None) == another_was_first


def test_what_a_test_wrote_first_is_not_what_a_test_of_another_text_or_name_wrote(
    once: Once, memory: Memory, tmp_path: Path
) -> None:
    once("first", lambda: uuid4())
    (tmp_path / "test_it.py").write_text("one")
    texts = {kept.text_of(), kept.text_of(tmp_path)}
    kept.text_of.cache_clear()
    (tmp_path / "test_it.py").write_text("other")
    assert memory.history[-1] == f"{kept.text_of()} test_remembered.py first"
    assert len(texts | {kept.text_of(tmp_path)}) == 3
