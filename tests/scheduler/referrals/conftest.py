"""A list to import, and the command that imports it."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from scheduler.models import Practice
from tests.scheduler import stored

COLUMNS = ("family_name", "given_name", "born_on", "record_number", "email", "phone", "procedure", "levels",
           "fractured_on", "cause", "medications")  # fmt: skip
PERSON = {
    "family_name": "Abernathy",
    "given_name": "Ruth",
    "born_on": "1941-02-17",
    "record_number": "MR-1",
    "email": "ruth@example.com",
    "phone": "602-555-0101",
    "procedure": "kyphoplasty",
    "levels": "L1",
    "fractured_on": "2027-02-01",
    "cause": "osteoporosis",
    "medications": "none",
}


@dataclass(frozen=True)
class Ran:
    code: int
    lines: tuple[str, ...]
    progress: str


def sheet(*rows: dict[str, str], delimiter: str = ",") -> str:
    """A list whose rows are PERSON but for what each one says."""
    columns = list(dict.fromkeys((*COLUMNS, *(name for row in rows for name in row))))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**PERSON, **row} for row in rows)
    return out.getvalue()


def everything() -> dict[str, list[str]]:
    """Every row of every table."""
    return stored.rows(apps.get_models(include_auto_created=True))


@pytest.fixture
def run(practice: Practice, at: Callable[[datetime], None]) -> Callable[..., Ran]:
    """Import a file into the practice; every path in what is said is shortened to the file's name."""

    def run_command(path: Path, **options: object) -> Ran:
        out, err, code, said = io.StringIO(), io.StringIO(), 0, ""
        try:
            call_command(
                "import_referrals", str(path), **{"practice": practice.name, **options}, stdout=out, stderr=err
            )
        except CommandError as error:
            code, said = error.returncode, f"{error}\n"
        text = (out.getvalue() + said).replace(f"{path.parent}/", "")
        return Ran(code, tuple(text.splitlines()), err.getvalue())

    return run_command


@pytest.fixture
def imported(run: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """Import a list made of rows: `imported({"levels": "T12"}, {...}, dry_run=True)`."""

    def go(*rows: dict[str, str], **options: object) -> Ran:
        path = tmp_path / "list.csv"
        path.write_text(sheet(*rows), newline="")
        return run(path, **options)

    return go
