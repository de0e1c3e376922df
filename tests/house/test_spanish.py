"""Everything that a patient may read is there in Spanish, and what runs is what the catalogue says."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo, write_mo

from tests.house.spanish import SOURCES, catalogue, po_of, texts, without_spanish


@pytest.mark.parametrize("app", sorted(SOURCES))
def test_every_text_has_its_spanish(app: str) -> None:
    wanted = texts(app)
    assert len(wanted) > 50
    assert without_spanish(wanted, catalogue(po_of(app))) == []


@pytest.mark.parametrize("app", sorted(SOURCES))
def test_placeholders_are_the_same_in_both_languages(app: str) -> None:
    wrong = [(entry.id, list(map(str, entry.check()))) for entry in catalogue(po_of(app)) if entry.id and entry.check()]
    assert wrong == []


@pytest.mark.parametrize("app", sorted(SOURCES))
def test_compiled_catalogue_is_the_one_that_was_written(app: str) -> None:
    """Compile again after a change: pybabel compile -D django -d <app>/locale."""
    again = BytesIO()
    write_mo(again, catalogue(po_of(app)))
    with po_of(app).with_suffix(".mo").open("rb") as file:
        compiled = {str(entry.id): entry.string for entry in read_mo(file) if entry.id}
    again.seek(0)
    assert compiled == {str(entry.id): entry.string for entry in read_mo(again) if entry.id}


def test_planted_text_without_spanish_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "scheduler" / "templates" / "my"
    folder.mkdir(parents=True)
    (folder / "new.html").write_text('{% load i18n %}{% translate "Nobody translated this" %} {% translate "Save" %}')
    assert without_spanish(texts("scheduler", tmp_path), catalogue(po_of("scheduler"))) == ["Nobody translated this"]
