"""What we write is read back by readers that are not ours, on every side of every clock change."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rruleset, rrulestr
from ical.calendar_stream import CalendarStream

from notifications.rules.ical import Method, invite
from notifications.rules.vtimezone import written_zone
from tests.notifications.drafts import an_event

ZONES = (
    "America/New_York",
    "America/Phoenix",
    "America/Santiago",
    "America/St_Johns",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Chatham",
)

pytestmark = pytest.mark.matrix
YEARS = (2025, 2026, 2027, 2030)


def clock_changes(zone: str, year: int) -> list[datetime]:
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(365 * 24)]
    offset = {hour: hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours}
    return [late for early, late in pairwise(hours) if offset[early] != offset[late]]


def starts(zone: str, year: int) -> list[datetime]:
    """Every fourth day at a changing hour, and the quarters of an hour around each change."""
    spread = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=4 * n, hours=n % 24) for n in range(91)]
    steps = [timedelta(minutes=15 * n) for n in range(-12, 13)] + [timedelta(days=-1), timedelta(days=1)]
    return spread + [change + step for change in clock_changes(zone, year) for step in steps]


def written_start(text: str) -> datetime:
    """DTSTART through the VTIMEZONE of the same text, with dateutil as the reader of its rules."""
    zone, value = re.search(r"\r\nDTSTART(;TZID=[^:]+)?:(\d{8}T\d{6}Z?)\r\nDTEND", text).groups()
    if zone is None:
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    wall = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    onsets = []
    for part in re.findall(r"BEGIN:(?:STANDARD|DAYLIGHT)\r\n(.*?)END:", text, re.DOTALL):
        stated = [line.split(":", 1) for line in part.split("\r\n") if ":" in line]
        first = datetime.strptime(dict(stated)["DTSTART"], "%Y%m%dT%H%M%S")  # noqa: DTZ007
        rules = rruleset()
        rules.rdate(first)
        for name, said in stated:
            if name == "RDATE":
                rules.rdate(datetime.strptime(said, "%Y%m%dT%H%M%S"))  # noqa: DTZ007
            if name == "RRULE":
                rules.rrule(rrulestr(said, dtstart=first))
        if onset := rules.before(wall, inc=True):
            to = dict(stated)["TZOFFSETTO"]
            offset = timedelta(hours=int(to[1:3]), minutes=int(to[3:5])) * (-1 if to[0] == "-" else 1)
            onsets.append((onset, offset))
    return (wall - max(onsets)[1]).replace(tzinfo=UTC)


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("zone", ZONES)
def test_start_is_the_same_instant_for_another_reader(zone: str, year: int) -> None:
    instants = starts(zone, year)
    sent = [
        invite(an_event(zone=zone, starts_at=start, ends_at=start + timedelta(hours=1)), Method.REQUEST)
        for start in instants
    ]
    assert [written_start(text.decode()) for text in sent] == instants


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_are_those_of_zoneinfo_for_the_ical_package(zone: str) -> None:
    middays = [datetime(2026, 1, 1, 17, tzinfo=UTC) + timedelta(days=3 * n) for n in range(121)]
    start = datetime(2026, 3, 3, 17, tzinfo=UTC)
    sent = invite(an_event(zone=zone, starts_at=start, ends_at=start + timedelta(hours=1)), Method.REQUEST)
    event = CalendarStream.from_ics(sent.decode()).calendars[0].events[0]
    assert event.dtstart.astimezone(UTC) == start
    local = [midday.astimezone(ZoneInfo(zone)) for midday in middays]
    assert [wall.replace(tzinfo=event.dtstart.tzinfo).utcoffset() for wall in local] == [
        wall.utcoffset() for wall in local
    ]


def test_zone_with_a_yearly_rule_is_written_as_rules() -> None:
    text = written_zone("America/New_York", 2026, 2026).text
    assert re.findall(r"RRULE:(.*)\r", text) == [
        "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
    ]
    assert re.findall(r"DTSTART:(.*)\r", text) == ["20250309T020000", "20251102T020000"]


def test_zone_without_a_yearly_rule_has_one_onset_a_line() -> None:
    text = written_zone("Africa/Casablanca", 2026, 2026).text
    assert "RRULE" not in text
    assert re.findall(r"RDATE:(.*)\r", text) == [
        "20260215T030000",
        "20270207T030000",
        "20260322T020000",
        "20270314T020000",
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_text_stays_short(zone: str) -> None:
    assert len(written_zone(zone, 2026, 2026).text) < 600


def test_hour_that_happens_twice_is_written_in_utc() -> None:
    start = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    sent = invite(an_event(starts_at=start, ends_at=start + timedelta(minutes=15)), Method.REQUEST).decode()
    assert "VTIMEZONE" not in sent
    assert written_start(sent) == start


def test_zone_text_that_reads_differently_gives_way_to_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    tokyo = written_zone("Asia/Tokyo", 2026, 2026)
    monkeypatch.setattr("notifications.rules.ical.written_zone", lambda *_: tokyo)
    sent = invite(an_event(), Method.REQUEST).decode()
    assert "TZID" not in sent
    assert "\r\nDTSTART:20260701T130000Z\r\nDTEND:20260701T143000Z\r\n" in sent
