from datetime import date

import pytest

from checklists.rules.values import DateAbout, Medication
from scheduler.rules.referrals.rows import Referral, RowRead, read_row
from scheduler.rules.referrals.sheet import Row

TODAY = date(2027, 3, 14)
GOOD = {
    "family_name": "Ng",
    "given_name": "Ann",
    "born_on": "1950-01-02",
    "procedure": "kyphoplasty",
    "levels": "L1",
    "phone": "602-555-0101",
    "fractured_on": "2027-02-14",
    "cause": "osteoporosis",
    "medications": "none",
}


def read(received: date | None = None, **cells: str) -> RowRead:
    return read_row(Row(7, {**GOOD, **cells}, ()), today=TODAY, received=received)


def said(read: RowRead) -> list[str]:
    return [str(complaint) for complaint in read.complaints]


def test_read_row_every_column() -> None:
    found = read(
        sex="F", record_number=" MR-1\u00a0", email="ann@example.org", procedure="Balloon Kyphoplasty", levels="T12-L1",
        cause="hemangioma", onset_on="about 3 weeks ago", diagnosed_on="3/1/2027", anesthesia="MAC", weight_kg="61.5",
        allergies="latex", conditions="diabetic", medications="apixaban 5 mg; aspirin", received_on="3/12/2027",
    )  # fmt: skip
    assert found.complaints == ()
    assert found.referral == Referral(
        line=7,
        family_name="Ng",
        given_name="Ann",
        born_on=date(1950, 1, 2),
        procedure="kyphoplasty",
        levels=("T12", "L1"),
        sex="female",
        record_number="MR-1",
        email="ann@example.org",
        phone="+16025550101",
        cause="haemangioma",
        anesthesia="sedation",
        fractured=DateAbout(date(2027, 2, 14), date(2027, 2, 14)),
        onset=DateAbout(date(2027, 2, 12), date(2027, 2, 26)),
        diagnosed=DateAbout(date(2027, 3, 1), date(2027, 3, 1)),
        weight_kg=61.5,
        allergies=("latex",),
        conditions=frozenset({"diabetes"}),
        medications=(Medication("apixaban 5 mg"), Medication("aspirin")),
    )
    assert [str(notice) for notice in found.notices] == [
        "onset_on: about 3 weeks ago: Taken as 2027-02-12 to 2027-02-26; the treatment window counts from the first."
    ]


def test_read_row_without_optional_columns() -> None:
    found = read_row(Row(2, {name: GOOD[name] for name in list(GOOD)[:5]}, ()), today=TODAY, received=None)
    assert found.referral == Referral(2, "Ng", "Ann", date(1950, 1, 2), "kyphoplasty", ("L1",), medications_known=False)
    assert [notice.column for notice in found.notices] == ["phone", "fractured_on", "cause", "medications"]


def test_read_row_says_everything_at_once() -> None:
    found = read(family_name="", born_on="14/3/1950", procedure="laminectomy", levels="L6", weight_kg="9")
    assert found.referral is None
    assert found.day_first == "14/3/1950"
    assert [complaint.column for complaint in found.complaints] == [
        "family_name", "born_on", "procedure", "levels", "weight_kg",
    ]  # fmt: skip


@pytest.mark.parametrize("nothing", ["", "  ", "n/a", "Unknown", "?", "-", "none"])
def test_read_row_words_for_nothing_known(nothing: str) -> None:
    found = read(record_number=nothing, phone=nothing, email="ann@example.org", sex=nothing, onset_on=nothing)
    assert found.referral is not None
    assert (found.referral.record_number, found.referral.phone, found.referral.sex) == ("", "", "")
    assert [str(notice) for notice in found.notices] == [
        f"phone: {nothing.strip() or '(empty)'}: There is no phone. Ask for one."
    ]


def test_read_row_unknown_medications_stay_for_review() -> None:
    found = read(medications="unknown")
    assert found.referral is not None
    assert found.referral.medications == (Medication("unknown"),)


AFTER = "This lies after {}, when it was known. Correct the date."
INVISIBLE = "Holds the invisible character {}. Type the text again without it."


@pytest.mark.parametrize(
    ("cells", "value", "remedy"),
    [
        ({"born_on": "2027-03-14"}, "2027-03-14", "A birth date lies in the past. Correct the date."),
        ({"born_on": "1906-12-31"}, "1906-12-31", "This is more than 120 years ago. Correct the year."),
        ({"born_on": "May 1950"}, "May 1950", "Write it as 2027-03-14 or 3/14/2027 (month first)."),
        ({"fractured_on": "2027-03-15"}, "2027-03-15", AFTER.format("2027-03-14")),
        ({"fractured_on": "April 2027"}, "April 2027", AFTER.format("2027-03-14")),
        ({"onset_on": "2027-03-02", "received_on": "2027-03-01"}, "2027-03-02", AFTER.format("2027-03-01")),
        (
            {"fractured_on": "1999-12-31"},
            "1999-12-31",
            "This lies before the year 2000. Correct the year, or leave it empty.",
        ),
        (
            {"diagnosed_on": "1949-12-31", "born_on": "1950-01-02"},
            "1949-12-31",
            "This lies before the year 2000. Correct the year, or leave it empty.",
        ),
        (
            {"fractured_on": "2010-01-01", "born_on": "2010-01-02"},
            "2010-01-01",
            "This lies before the birth date 2010-01-02. Correct one of the two.",
        ),
        ({"received_on": "2027-03-15"}, "2027-03-15", "This day has not come yet. Correct the date."),
        (
            {"onset_on": "3 weeks ago"},
            "3 weeks ago",
            "This counts from the day the referral arrived. Fill in received_on, or give --received DATE.",
        ),
        ({"family_name": "Ng\u200f"}, "Ng\\u200f", INVISIBLE.format("U+200F")),
        ({"given_name": "Ann\r\n"}, "Ann\\u000d\\u000a", INVISIBLE.format("U+000D")),
        ({"medications": "aspirin\0"}, "aspirin\\u0000", INVISIBLE.format("U+0000")),
        ({"procedure": ""}, "(empty)", "Fill it in."),
        (
            {"levels": "x" * 80},
            f"{'x' * 57}...",
            f"'{'x' * 40}' names no level from T1 to L5. Write it as T12 or L1. Several: T12/L1 or T11-L1.",
        ),
    ],
)
def test_read_row_complaint_names_column_value_and_remedy(cells: dict[str, str], value: str, remedy: str) -> None:
    assert said(read(**cells)) == [f"{next(iter(cells))}: {value}: {remedy}"]


def test_read_row_own_received_on_goes_before_the_lists() -> None:
    found = read(received=date(2027, 3, 14), received_on="2027-03-07", fractured_on="yesterday")
    assert found.referral is not None
    assert found.referral.fractured == DateAbout(date(2027, 3, 6), date(2027, 3, 6))


def test_read_row_month_is_cut_at_the_day_it_arrived() -> None:
    found = read(fractured_on="March 2027")
    assert found.referral is not None
    assert found.referral.fractured == DateAbout(date(2027, 3, 1), date(2027, 3, 14))
