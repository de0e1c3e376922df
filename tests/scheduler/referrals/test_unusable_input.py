from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from checklists.rules.values import DateAbout
from checklists.services.checklists import current_facts
from scheduler.models import Case, Patient, Practice, User
from tests.scheduler.referrals.conftest import Ran, everything, sheet

Imported = Callable[..., Ran]


@pytest.mark.parametrize("who", ["auditor", "nurse", "nobody@example.org"])
def test_import_by_somebody_who_may_not_is_refused(
    imported: Imported, practice: Practice, staff: dict[str, User], who: str
) -> None:
    email = staff[who].email if who in staff else who
    ran = imported({}, by=email)
    sentence = f"--by {email}: This is nobody who may open cases in {practice.name}. Give somebody's address."
    assert (ran.code, ran.lines, Case.objects.count()) == (2, (sentence,), 0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"practice": "Nowhere"},
            "--practice Nowhere: There is no such practice. Give the name of one: Test Spine Clinic.",
        ),
        (
            {"protocol": "reference-asra"},
            "--protocol reference-asra: Protocol 'reference-asra' has no signed version in this practice. Adopt it and "
            "have a clinician sign it.",
        ),
        ({"received": date(2027, 3, 2)}, "--received 2027-03-02: This day has not come yet. Correct the date."),
        (
            {"rejects": "/nowhere/rejects.csv"},
            "/nowhere/rejects.csv: Rejected rows cannot be written there. Name another file with --rejects.",
        ),
    ],
)
def test_import_unusable_option_writes_nothing(imported: Imported, options: dict[str, Any], sentence: str) -> None:
    before = everything()
    ran = imported({}, **options)
    assert (ran.code, ran.lines) == (2, (sentence,))
    assert everything() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "list.csv: It cannot be read (No such file or directory). Give the path of a CSV file."),
        (b"", "list.csv:1: The file is empty. Give it a first line with the names of the columns."),
        (
            b"family_name,given_name,born_on,procedure\nNg,Ann,1950-01-02,kyphoplasty\n",
            "list.csv:1: levels: no column has this name. Name the columns as documented; found: family_name, "
            "given_name, born_on, procedure.",
        ),
        (sheet({}).encode() + b'"open', "list.csv:3: From here on the quotation marks do not match (unexpected end "
         "of data). Close or double them in this row."),
        (b"x" * 5_000_001, "list.csv: The file is larger than 5,000,000 bytes. Split it and import the parts."),
    ],
)  # fmt: skip
def test_import_unreadable_file_writes_nothing(
    run: Callable[..., Ran], tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    before = everything()
    ran = run(path)
    assert (ran.code, ran.lines) == (2, (sentence,))
    assert everything() == before


def test_import_of_a_folder_is_refused(run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert (ran.code, ran.lines[0].partition(": ")[2]) == (
        2, "It cannot be read (Is a directory). Give the path of a CSV file."
    )  # fmt: skip


def test_import_received_option_is_read_as_a_date(practice: Practice, at: Any, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(sheet({"fractured_on": "yesterday"}), newline="")
    options = ["--practice", practice.name, "--received"]
    with pytest.raises(CommandError, match="1-3-2027: Write it as 2027-03-14 or 3/14/2027"):
        call_command("import_referrals", str(path), *options, "1-3-2027")
    call_command("import_referrals", str(path), *options, "2/20/2027")
    assert current_facts(Case.objects.get().checklist).fractured == DateAbout(date(2027, 2, 19), date(2027, 2, 19))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_import_encodings_and_delimiters(
    run: Callable[..., Ran], tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(sheet({"family_name": "Muñoz"}, delimiter=delimiter), encoding, newline="")
    assert run(path).code == 0
    assert Patient.objects.get().family_name == "Muñoz"


def test_import_warns_once_of_days_that_stand_first(imported: Imported) -> None:
    ran = imported({"born_on": "3/4/1941"}, {"born_on": "14/3/1941"}, {"born_on": "15/3/1941"})
    assert [line for line in ran.lines if ": file: " in line] == [
        "list.csv:3: file: 14/3/1941: (notice) Here the day stands first. Dates such as 3/4/2027 were read month "
        "first: check them all."
    ]
