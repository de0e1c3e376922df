"""Wall clocks and opening hours of the site. All instants come and go as aware datetimes."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from checklists.rules.values import Site

ONE_DAY = timedelta(days=1)
LAST_MINUTE = time(23, 59)
LONGEST_CLOSURE_DAYS = 14


def wall_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall time; the later one where the clock shows it twice.

    Raises ValueError where the clock skips that time, and at the ends of the calendar.
    """
    try:
        later = datetime.combine(day, at, zone).replace(fold=1).astimezone(UTC)
        shown = later.astimezone(zone)
    except OverflowError as error:
        raise ValueError(f"{shown_on(day)} is at the end of all calendars. Correct the year.") from error
    if (shown.date(), shown.time()) != (day, at):
        raise ValueError(
            f"{shown_on(day)} {at:%H:%M} does not exist in {zone.key}: the clocks go forward over it. "
            "Give a time before or after the change."
        )
    return later


@lru_cache(maxsize=4096)
def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, also where the clocks change at midnight."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def day_ends(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after a local day."""
    return day_begins(day + ONE_DAY, zone)


@lru_cache(maxsize=4096)
def local_date(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def shown_at(instant: datetime, zone: ZoneInfo) -> str:
    """Weekday, date, time and zone on the site's clock."""
    local = instant.astimezone(zone)
    return f"{shown_on(local.date())} {local:%H:%M %Z}"


def shown_on(day: date) -> str:
    """Weekday and date, as everywhere that a person reads one: Wed 10 Mar 2027."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def dose_on(day: date, zone: ZoneInfo) -> datetime:
    """A dose known by its date only counts as 23:59 of that day."""
    return wall_instant(day, LAST_MINUTE, zone)


def rolled_back(instant: datetime, site: Site) -> datetime:
    """The last moment of opening hours at or before `instant`; unchanged for a site that never opens."""
    today = local_date(instant, site.tz)
    for back in range(LONGEST_CLOSURE_DAYS):
        opening = opening_of(today - back * ONE_DAY, site)
        if opening and opening[0] <= instant:
            return min(instant, opening[1])
    return instant


def human_deadline(instant: datetime, site: Site, grace: timedelta, start: datetime) -> datetime:
    """A deadline of human work: before opening it is opening + grace, after hours the last working moment.

    Never later than the start.
    """
    opening = opening_of(local_date(instant, site.tz), site)
    if opening and instant < opening[0]:
        return min(opening[0] + grace, start)
    return min(rolled_back(instant, site), start)


def working_day_after(instant: datetime, days: int, site: Site) -> datetime:
    """The opening of the n-th working day after the instant's own day; n x 24 h for a site that never opens."""
    today = local_date(instant, site.tz)
    ahead = (opening_of(today + n * ONE_DAY, site) for n in range(1, 7 * days + 1))
    openings = [opening[0] for opening in ahead if opening]
    return openings[days - 1] if len(openings) >= days > 0 else instant + days * ONE_DAY


def opening_of(day: date, site: Site) -> tuple[datetime, datetime] | None:
    hours = site.hours[day.weekday()]
    return None if hours is None else opening_on(day, hours, site.zone)


@lru_cache(maxsize=4096)
def opening_on(day: date, hours: tuple[time, time], zone: str) -> tuple[datetime, datetime]:
    opens, closes = (datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC) for at in hours)
    return opens, closes
