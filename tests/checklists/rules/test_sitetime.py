"""Wall clocks of the site across both nights of the clock change, and opening hours."""

from datetime import UTC, date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from checklists.rules.sitetime import (
    day_begins,
    day_ends,
    dose_on,
    human_deadline,
    local_date,
    rolled_back,
    shown_at,
    wall_instant,
    working_day_after,
)
from checklists.rules.values import Site
from tests.checklists.rules.cases import HOUR, NEW_YORK, SECOND, SITE, at

ARIZONA = ZoneInfo("America/Phoenix")
SPRING, AUTUMN = date(2027, 3, 14), date(2027, 11, 7)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [(SPRING, NEW_YORK, 23), (AUTUMN, NEW_YORK, 25), (SPRING, ARIZONA, 24), (AUTUMN, ARIZONA, 24)],
)
def test_day_has_the_hours_of_its_zone(day, zone, hours):
    assert day_ends(day, zone) - day_begins(day, zone) == timedelta(hours=hours)


def test_instants_are_in_utc_wherever_the_machine_stands():
    instants = (
        day_begins(SPRING, NEW_YORK),
        day_ends(SPRING, NEW_YORK),
        dose_on(SPRING, NEW_YORK),
        rolled_back(at("2027-03-14 12:00"), SITE),
        working_day_after(at("2027-03-14 12:00"), 1, SITE),
    )
    assert all(instant.tzinfo is UTC for instant in instants)


def test_ambiguous_wall_time_is_the_later_instant():
    assert wall_instant(AUTUMN, time(1, 30), NEW_YORK).isoformat() == "2027-11-07T06:30:00+00:00"


def test_wall_time_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="Sun 14 Mar 2027 02:30 does not exist in America/New_York"):
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


def test_deadline_at_opening_is_not_before_it_and_one_at_closing_is_not_after_hours():
    start = at("2027-03-12 10:00")
    for wall in ("2027-03-10 08:00", "2027-03-10 17:00"):
        assert human_deadline(at(wall), SITE, HOUR, start) == at(wall)
    assert human_deadline(at("2027-03-10 07:59"), SITE, HOUR, start) == at("2027-03-10 09:00")


def test_date_and_wall_clock_are_those_of_the_site():
    late = at("2027-03-09 23:30")  # it is the 10th by UTC
    assert local_date(late, NEW_YORK) == date(2027, 3, 9)
    assert shown_at(late, NEW_YORK) == "Tue 9 Mar 2027 23:30 EST"
    assert shown_at(late, ARIZONA) == "Tue 9 Mar 2027 21:30 MST"


WEDNESDAYS = Site("America/New_York", (None, None, (time(9), time(12)), None, None, None, None))
NEVER_OPEN = Site("America/New_York", (None,) * 7)


@pytest.mark.parametrize(
    ("site", "instant", "days", "expected"),
    [
        (SITE, "2027-03-10 07:00", 1, "2027-03-11 08:00"),  # the instant's own day does not count
        (SITE, "2027-03-12 12:00", 1, "2027-03-15 08:00"),  # a Friday
        (SITE, "2027-03-12 12:00", 5, "2027-03-19 08:00"),
        (SITE, "2027-03-13 12:00", 1, "2027-03-15 08:00"),
        (SITE, "2027-03-10 12:00", 0, "2027-03-10 12:00"),
        (WEDNESDAYS, "2027-03-10 08:00", 1, "2027-03-17 09:00"),
        (WEDNESDAYS, "2027-03-10 08:00", 3, "2027-03-31 09:00"),
        (WEDNESDAYS, "2027-03-11 08:00", 2, "2027-03-24 09:00"),
        (NEVER_OPEN, "2027-03-10 12:00", 2, "2027-03-12 12:00"),
    ],
)
def test_working_days_after_are_days_on_which_the_site_opens(site, instant, days, expected):
    assert working_day_after(at(instant), days, site) == at(expected)


def test_human_work_rolls_back_over_a_week_and_not_at_all_where_the_site_never_opens():
    assert rolled_back(at("2027-03-17 08:59"), WEDNESDAYS) == at("2027-03-10 12:00")
    assert rolled_back(at("2027-03-17 08:59"), NEVER_OPEN) == at("2027-03-17 08:59")


def test_day_of_an_instant_is_that_of_the_site_east_and_west_of_greenwich():
    tokyo = Site("Asia/Tokyo", SITE.hours)
    morning = at("2027-03-10 08:30", tokyo.tz)  # still the 9th by UTC
    assert rolled_back(morning, tokyo) == morning
    assert human_deadline(at("2027-03-10 07:00", tokyo.tz), tokyo, HOUR, morning + 9 * HOUR) == morning + HOUR / 2
    assert working_day_after(morning, 1, tokyo) == at("2027-03-11 08:00", tokyo.tz)
    evening = at("2027-03-10 20:00")  # the 11th by UTC
    assert rolled_back(evening, SITE) == at("2027-03-10 17:00")
    assert human_deadline(evening, SITE, HOUR, at("2027-03-12 10:00")) == at("2027-03-10 17:00")
    assert working_day_after(evening, 1, SITE) == at("2027-03-11 08:00")
