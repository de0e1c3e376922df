"""Wall clocks of the site across both nights of the clock change, and opening hours."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from checklists.rules.sitetime import day_begins, day_ends, dose_on, human_deadline, rolled_back, wall_instant
from tests.checklists.rules.cases import HOUR, NEW_YORK, SECOND, SITE, at

ARIZONA = ZoneInfo("America/Phoenix")
SPRING, AUTUMN = date(2027, 3, 14), date(2027, 11, 7)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [(SPRING, NEW_YORK, 23), (AUTUMN, NEW_YORK, 25), (SPRING, ARIZONA, 24), (AUTUMN, ARIZONA, 24)],
)
def test_day_has_the_hours_of_its_zone(day, zone, hours):
    assert day_ends(day, zone) - day_begins(day, zone) == timedelta(hours=hours)


def test_ambiguous_wall_time_is_the_later_instant():
    assert wall_instant(AUTUMN, time(1, 30), NEW_YORK).isoformat() == "2027-11-07T06:30:00+00:00"


def test_wall_time_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="2027-03-14 02:30 does not exist in America/New_York"):
        wall_instant(SPRING, time(2, 30), NEW_YORK)
    assert wall_instant(SPRING, time(2, 30), ARIZONA).isoformat() == "2027-03-14T09:30:00+00:00"


@pytest.mark.parametrize(
    ("day", "hour", "zone"),
    [(date.max, time(23, 59), NEW_YORK), (date.min, time(0), ZoneInfo("Asia/Tokyo"))],
)
def test_wall_time_beyond_the_calendar_is_refused_like_one_that_does_not_exist(day, hour, zone):
    with pytest.raises(ValueError, match="Correct the year"):
        wall_instant(day, hour, zone)


def test_dose_known_by_its_date_counts_as_the_last_minute_of_the_day():
    assert dose_on(SPRING, NEW_YORK) == at("2027-03-14 23:59")


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2027-03-10 12:00", "2027-03-10 12:00"),
        ("2027-03-10 17:00", "2027-03-10 17:00"),
        ("2027-03-10 17:01", "2027-03-10 17:00"),
        ("2027-03-10 08:00", "2027-03-10 08:00"),
        ("2027-03-10 07:59", "2027-03-09 17:00"),
        ("2027-03-14 12:00", "2027-03-12 17:00"),
        ("2027-03-15 07:00", "2027-03-12 17:00"),
    ],
)
def test_human_work_rolls_back_to_the_last_working_moment(instant, expected):
    assert rolled_back(at(instant), SITE) == at(expected)


def test_deadline_before_opening_is_opening_and_grace_at_most_the_start():
    early, grace = at("2027-03-10 06:00"), timedelta(minutes=30)
    assert human_deadline(early, SITE, grace, at("2027-03-10 10:00")) == at("2027-03-10 08:30")
    assert human_deadline(early, SITE, grace, at("2027-03-10 08:10")) == at("2027-03-10 08:10")


def test_deadline_after_hours_rolls_back_and_never_passes_the_start():
    assert human_deadline(at("2027-03-13 12:00"), SITE, HOUR, at("2027-03-15 10:00")) == at("2027-03-12 17:00")
    start = at("2027-03-10 10:00")
    assert human_deadline(start + SECOND, SITE, HOUR, start) == start
