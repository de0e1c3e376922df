"""The sample list of the documentation: which of its lines go in, which are rejected and why."""

import csv
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from checklists.services.checklists import current_facts
from scheduler.models import Case, Contact, Patient, Practice
from scheduler.rules.referrals.columns import KNOWN, PROBLEM, REQUIRED, column_name
from scheduler.rules.referrals.sheet import read_sheet
from tests.remembered import Once
from tests.scheduler.referrals.conftest import Ran

DOCS = Path(__file__).parents[3] / "docs"
SAMPLE = DOCS / "referrals-sample.csv"
REJECTED = {
    14: ("born_on", "day first"),
    15: ("fractured_on", "a third form of date"),
    16: ("levels", "L6"),
    21: ("born_on", "empty"),
    24: ("email", "no domain"),
    25: ("phone", "shortened by a spreadsheet"),
    30: ("weight_kg", "pounds"),
    34: ("record_number", "that of line 4"),
    36: ("levels", "the wait of line 11 with another date"),
    38: ("family_name", "a formula"),
    40: ("born_on", "February 30"),
    41: ("procedure", "laminectomy"),
    46: ("fractured_on", "after it was received"),
    52: ("row", "words under no heading"),
    60: ("family_name", "a lost character"),
    63: ("family_name", "a right-to-left mark"),
}
UNCHANGED = {12: 2, 13: 3}  # the same referral as an earlier line
NOTICED = {
    4: ["fractured_on"],
    5: ["phone"],
    8: ["onset_on"],
    9: ["medications"],
    10: ["fractured_on"],
    12: ["family_name"],
    13: ["family_name"],
    18: ["onset_on"],
    22: ["fractured_on"],
    23: ["fractured_on"],
    33: ["family_name"],
    35: ["levels"],
    37: ["family_name"],
    39: ["fractured_on", "medications"],
    45: ["fractured_on"],
    49: ["fractured_on"],
    50: ["phone", "medications"],
    51: ["onset_on"],
    53: ["medications"],
}


@pytest.fixture
def sample(run: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    return lambda **options: run(SAMPLE, rejects=str(tmp_path / "rejects.csv"), **options)


def columns_of(ran: Ran, *, notices: bool) -> dict[int, list[str]]:
    """Line number to the columns named on it, of the lines about rows."""
    found: dict[int, list[str]] = {}
    for text in ran.lines:
        name, _, rest = text.partition(":")
        if name == SAMPLE.name and ": file: " not in text and (": (notice) " in text) == notices:
            line, column, _ = rest.split(": ", 2)
            found.setdefault(int(line), []).append(column)
    return found


def test_sample_has_sixty_referrals() -> None:
    assert len(read_sheet(SAMPLE.read_bytes()).rows) == 60


def test_sample_lines_that_go_in_and_lines_that_do_not(sample: Callable[..., Ran], tmp_path: Path) -> None:
    ran = sample()
    assert ran.code == 1
    assert columns_of(ran, notices=False) == {line: [column] for line, (column, _) in REJECTED.items()}
    assert columns_of(ran, notices=True) == NOTICED
    assert "60 rows: 42 imported, 2 unchanged, 16 rejected. Notices: 22." in ran.lines
    assert (Patient.objects.count(), Case.objects.count()) == (41, 42)
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        heading, *rows = csv.reader(file)
    original = {row.line: row.written for row in read_sheet(SAMPLE.read_bytes()).rows}
    assert heading == [PROBLEM, *read_sheet(SAMPLE.read_bytes()).heading]
    assert [row[0].split(": ")[:2] for row in rows] == [[f"line {n}", column] for n, (column, _) in REJECTED.items()]
    assert [row[2:] for row in rows] == [list(original[line][1:]) for line in REJECTED]


def test_sample_dry_run_tells_the_fate_of_every_line(sample: Callable[..., Ran]) -> None:
    fates = {}
    for text in sample(dry_run=True).lines:
        line, _, rest = text.removeprefix(f"{SAMPLE.name}:").partition(": ")
        if rest.startswith(("would be imported: ", "unchanged: ")):
            fates[int(line)] = rest
    lines = {row.line for row in read_sheet(SAMPLE.read_bytes()).rows}
    unchanged = {line: f"unchanged: the same as line {first}" for line, first in UNCHANGED.items()}
    assert {line: fate for line, fate in fates.items() if fate.startswith("unchanged")} == unchanged
    assert set(fates) == lines - set(REJECTED)
    assert Case.objects.count() == 0


@pytest.fixture
def imported(sample: Callable[..., Ran], practice: Practice, once: Once) -> None:
    def bring_in() -> UUID:
        sample()
        return practice.pk

    once("the sample", bring_in)


def test_sample_second_run_changes_nothing(imported: None, sample: Callable[..., Ran]) -> None:
    cases = set(Case.objects.values_list("pk", "version"))
    assert "60 rows: 0 imported, 44 unchanged, 16 rejected. Notices: 1." in sample().lines
    assert set(Case.objects.values_list("pk", "version")) == cases


def test_sample_levels_as_coded_and_missing_phones(imported: None) -> None:
    spelled = ("Bellweather", "Castellanos", "Fairbanks", "Jankowski", "Nakagawa", "Fontaine", "Jefferson", "Langstrom")
    cases = Case.objects.filter(patient__family_name__in=spelled).select_related("patient")
    assert {case.patient.family_name: current_facts(case.checklist).levels for case in cases} == {
        "Bellweather": ("T12", "L1"),
        "Castellanos": ("T12", "L1"),
        "Fairbanks": ("T11", "T12", "L1"),
        "Jankowski": ("T12", "L1"),
        "Nakagawa": ("T12",),
        "Fontaine": ("T12", "L1"),
        "Jefferson": ("T11", "T12", "L1"),
        "Langstrom": ("L2",),
    }
    assert not Contact.objects.filter(patient__family_name="Dunleavy", patient__given_name="Patrick").exists()
    montgomery = Contact.objects.get(patient__family_name="Montgomery")
    assert (montgomery.channel, montgomery.phone) == ("email", "")
    assert Contact.objects.get(patient__family_name="Bellweather").channel == "call"


def test_documented_columns_are_those_that_are_read() -> None:
    rows = [
        line.split("|")[1].strip() for line in (DOCS / "referrals.md").read_text().splitlines() if line[:3] == "| `"
    ]
    documented = [name.strip("`") for name in rows if name.strip("`") in KNOWN]
    assert sorted(documented) == sorted(KNOWN)
    text = (DOCS / "referrals.md").read_text()
    assert [name for name in documented if f"| `{name}` | yes |" in text] == list(REQUIRED)
    assert {column_name(name) for name in read_sheet(SAMPLE.read_bytes()).heading if name} <= KNOWN
