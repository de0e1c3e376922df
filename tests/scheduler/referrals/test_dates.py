from datetime import date

import pytest

from checklists.rules.values import DateAbout
from scheduler.rules.referrals.complaints import CellError
from scheduler.rules.referrals.dates import DayFirstError, read_date, read_date_about

RECEIVED = date(2027, 3, 14)


def about(earliest: str, latest: str) -> DateAbout:
    return DateAbout(date.fromisoformat(earliest), date.fromisoformat(latest))


@pytest.mark.parametrize("text", ["2027-03-04", "3/4/2027", "03/04/2027"])
def test_read_date_takes_two_forms(text: str) -> None:
    assert read_date(text) == date(2027, 3, 4)


@pytest.mark.parametrize(
    "text", ["3/4/27", "4.3.2027", "3-4-2027", "2027/03/04", "March 4, 2027", "2027-3-4", "2/30/2027", "2027-02-29",
             "0/4/2027", "14/14/2027", "2027-03-04 00:00:00", "46000", "٣/٤/٢٠٢٧x"]
)  # fmt: skip
def test_read_date_refuses_the_rest_with_the_remedy(text: str) -> None:
    with pytest.raises(CellError, match=r"Write it as 2027-03-14 or 3/14/2027 \(month first\)\."):
        read_date(text)


def test_read_date_day_first_is_told_apart() -> None:
    with pytest.raises(DayFirstError, match="the day seems to stand first"):
        read_date("14/3/2027")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-02-01", about("2027-02-01", "2027-02-01")),
        ("2/1/2027", about("2027-02-01", "2027-02-01")),
        ("about three weeks ago", about("2027-02-14", "2027-02-28")),
        ("Approx. 3 wks ago", about("2027-02-14", "2027-02-28")),
        ("3 weeks ago", about("2027-02-14", "2027-02-28")),
        ("~ 3 Weeks Ago", about("2027-02-14", "2027-02-28")),
        ("a week ago", about("2027-02-28", "2027-03-14")),
        ("about 10 days ago", about("2027-03-01", "2027-03-07")),
        ("2 days ago", about("2027-03-09", "2027-03-14")),
        ("a couple of months ago", about("2026-12-14", "2027-02-14")),
        ("one month ago", about("2027-01-14", "2027-03-14")),
        ("2-3 weeks ago", about("2027-02-21", "2027-02-28")),
        ("two to three weeks ago", about("2027-02-21", "2027-02-28")),
        ("yesterday", about("2027-03-13", "2027-03-13")),
        ("today", about("2027-03-14", "2027-03-14")),
        ("February 2027", about("2027-02-01", "2027-02-28")),
        ("2027-02", about("2027-02-01", "2027-02-28")),
        ("Sept 2026", about("2026-09-01", "2026-09-30")),
        ("early Feb. 2027", about("2027-02-01", "2027-02-10")),
        ("mid-February 2027", about("2027-02-11", "2027-02-20")),
        ("late february 2027", about("2027-02-21", "2027-02-28")),
        ("March 2027", about("2027-03-01", "2027-03-14")),
        ("about 3/13/2027", about("2027-03-10", "2027-03-14")),
        ("~2027-02-10", about("2027-02-07", "2027-02-13")),
    ],
)
def test_read_date_about_words(text: str, expected: DateAbout) -> None:
    assert read_date_about(text, RECEIVED) == expected


def test_read_date_about_month_ends_are_cut_to_the_calendar() -> None:
    assert read_date_about("1 month ago", date(2027, 3, 31)) == about("2027-01-31", "2027-03-31")


@pytest.mark.parametrize("text", ["three weeks ago", "yesterday", "about 2 months ago"])
def test_read_date_about_ago_without_received_says_how(text: str) -> None:
    with pytest.raises(CellError, match="Fill in received_on, or give --received DATE"):
        read_date_about(text, None)


@pytest.mark.parametrize(
    "text",
    ["a few weeks ago", "recently", "over a month ago", "last week", "Marchember 2027", "3-2 weeks ago", "spring"],
)
def test_read_date_about_vague_words_are_refused(text: str) -> None:
    with pytest.raises(CellError, match="'about 3 weeks ago'"):
        read_date_about(text, RECEIVED)


def test_read_date_about_slashed_day_first_is_refused() -> None:
    with pytest.raises(DayFirstError):
        read_date_about("14/2/2027", RECEIVED)
