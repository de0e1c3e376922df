"""Which texts a patient may read, and what the Spanish catalogues say of them."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation import template as templates

from tests.house.project import ROOT

KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "say": None}
# Each catalogue, and where the texts that it must hold are written.
SOURCES = {
    "scheduler": (
        *("scheduler/templates/my/*.html", "scheduler/pages/my/*.py"),
        *("scheduler/mail_texts.py", "scheduler/spoken.py"),
    ),
    "checklists": ("checklists/rules/questions/*.py",),
}


def po_of(app: str, root: Path = ROOT) -> Path:
    return root / app / "locale" / "es" / "LC_MESSAGES" / "django.po"


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="es")


def texts_of(path: Path) -> Iterator[str]:
    """Every text of a template or module that is to be translated; of a plural, the singular."""
    source = path.read_text()
    if path.suffix == ".html":
        source = templates.templatize(source, origin=str(path))
    for _, message, _, _ in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        yield message[0] if isinstance(message, tuple) else message


def texts(app: str, root: Path = ROOT) -> set[str]:
    return {text for pattern in SOURCES[app] for path in sorted(root.glob(pattern)) for text in texts_of(path)}


def without_spanish(wanted: set[str], found: Catalog) -> list[str]:
    """The texts that the catalogue lacks, leaves empty or marks as doubtful."""
    return sorted(text for text in wanted if not (entry := found.get(text)) or not _said(entry) or entry.fuzzy)


def _said(entry: object) -> bool:
    said = entry.string  # type: ignore[attr-defined]
    return all(said) if isinstance(said, tuple) else bool(said)
