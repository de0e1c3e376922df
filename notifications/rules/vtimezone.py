"""A short VTIMEZONE of our own, and what a client reads out of it.

Clients read a VTIMEZONE literally: many take only the first value of a comma-separated RDATE, and an onset
stands in the offset that it ends (RFC 5545 3.6.5). So: yearly rules where the zone
keeps them, else one RDATE a line.
"""

import re
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# A rule is written only if the zone keeps it from the year before the event until this many years after.
_RULE_HOLDS_FOR = 4


@dataclass(frozen=True, slots=True)
class _Change:
    """One change of a zone's offset; `onset` is naive wall time in the offset that ends."""

    onset: datetime
    before: timedelta
    after: timedelta
    name: str


@dataclass(frozen=True, slots=True)
class _Observance:
    onsets: tuple[datetime, ...]
    after: timedelta


@dataclass(frozen=True, slots=True)
class WrittenZone:
    """A VTIMEZONE as CRLF text, good for the years it was made for, with what it says when read."""

    text: str
    onsets: tuple[tuple[datetime, timedelta], ...]

    def instant(self, wall: datetime) -> datetime | None:
        """The UTC instant of a naive wall time as RFC 5545 reads this text; None before its first onset."""
        offsets = [after for onset, after in self.onsets if onset <= wall]
        return (wall - offsets[-1]).replace(tzinfo=UTC) if offsets else None


@lru_cache(maxsize=256)
def written_zone(zone: str, first_year: int, last_year: int) -> WrittenZone:
    """The VTIMEZONE of an IANA zone for instants in those years. Raises ZoneInfoNotFoundError."""
    components = _yearly(zone, first_year, last_year) or _listed(zone, first_year, last_year)
    lines = [
        "BEGIN:VTIMEZONE",
        f"TZID:{zone}",
        *(line for part in components for line in part),
        "END:VTIMEZONE",
    ]
    text = "".join(f"{line}\r\n" for line in lines)
    return WrittenZone(text, _read(text, last_year + 1))


def _changes(zone: str, first_year: int, last_year: int) -> list[_Change]:
    tz = ZoneInfo(zone)
    day = datetime(first_year, 1, 1, tzinfo=UTC)
    days = [day + timedelta(days=n) for n in range((last_year - first_year + 1) * 366)]
    return [
        _change(tz, early, late)
        for early, late in pairwise(days)
        if late.year <= last_year and _offset(tz, early) != _offset(tz, late)
    ]


def _offset(tz: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(tz).utcoffset() or timedelta()


def _change(tz: ZoneInfo, early: datetime, late: datetime) -> _Change:
    """The change between two instants, to the second, by halving."""
    before, after = _offset(tz, early), _offset(tz, late)
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        early, late = (middle, late) if _offset(tz, middle) == before else (early, middle)
    return _Change((late + before).replace(tzinfo=None), before, after, late.astimezone(tz).tzname() or "")


def _yearly(zone: str, first_year: int, last_year: int) -> list[list[str]]:
    """Two observances with an RRULE each, or nothing when the zone does not keep one simple yearly rule."""
    years = range(first_year - 1, last_year + _RULE_HOLDS_FOR + 1)
    kinds = _grouped(_changes(zone, years[0], years[-1]))
    if len(kinds) != 2:
        return []
    rules = [_rule(changes, years) for changes in kinds]
    if None in rules:
        return []
    return [_observance(changes[0], [f"RRULE:{rule}"]) for changes, rule in zip(kinds, rules, strict=True)]


def _grouped(changes: list[_Change]) -> list[list[_Change]]:
    groups: dict[tuple[timedelta, timedelta, str], list[_Change]] = defaultdict(list)
    for change in changes:
        groups[change.before, change.after, change.name].append(change)
    return list(groups.values())


def _rule(changes: list[_Change], years: range) -> str | None:
    onsets = [change.onset for change in changes]
    same = {(onset.month, onset.weekday(), onset.time()) for onset in onsets}
    if [onset.year for onset in onsets] != list(years) or len(same) != 1:
        return None
    weekday = _DAYS[onsets[0].weekday()]
    nths = {(onset.day + 6) // 7 for onset in onsets}
    if all(onset.day + 7 > monthrange(onset.year, onset.month)[1] for onset in onsets):
        nths = {-1}
    return f"FREQ=YEARLY;BYMONTH={onsets[0].month};BYDAY={nths.pop()}{weekday}" if len(nths) == 1 else None


def _listed(zone: str, first_year: int, last_year: int) -> list[list[str]]:
    """Every onset of these years by itself, after one standard observance that holds before them."""
    start = datetime(first_year - 1, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(zone))
    offset = start.utcoffset() or timedelta()
    base = _Change(start.replace(tzinfo=None), offset, offset, start.tzname() or "")
    groups = _grouped(_changes(zone, first_year - 1, last_year + 1))
    return [_observance(base, [])] + [
        _observance(group[0], [f"RDATE:{change.onset:%Y%m%dT%H%M%S}" for change in group[1:]]) for group in groups
    ]


def _observance(first: _Change, more: list[str]) -> list[str]:
    kind = "DAYLIGHT" if first.after > first.before else "STANDARD"
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{first.onset:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_signed(first.before)}",
        f"TZOFFSETTO:{_signed(first.after)}",
        f"TZNAME:{first.name}",
        *more,
        f"END:{kind}",
    ]


def _signed(offset: timedelta) -> str:
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}{f'{seconds:02}' if seconds else ''}"


def _read(text: str, last_year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """Every onset that the text states up to `last_year`, read back from the text alone."""
    parts = re.findall(r"BEGIN:(?:STANDARD|DAYLIGHT)\r\n(.*?)END:", text, re.DOTALL)
    observances = [_read_observance(part, last_year) for part in parts]
    return tuple(sorted((onset, seen.after) for seen in observances for onset in seen.onsets))


def _read_observance(part: str, last_year: int) -> _Observance:
    properties = [line.partition(":")[::2] for line in part.splitlines()]
    stated = dict(properties)
    onsets = [datetime.strptime(v, "%Y%m%dT%H%M%S") for n, v in properties if n in ("DTSTART", "RDATE")]  # noqa: DTZ007
    if rule := re.fullmatch(r"FREQ=YEARLY;BYMONTH=(\d+);BYDAY=(-?\d)(..)", stated.get("RRULE", "")):
        month, nth, weekday = int(rule[1]), int(rule[2]), _DAYS.index(rule[3])
        onsets = [
            datetime.combine(_nth_weekday(year, month, nth, weekday), onsets[0].time())
            for year in range(onsets[0].year, last_year + 1)
        ]
    return _Observance(tuple(onsets), _read_offset(stated["TZOFFSETTO"]))


def _read_offset(text: str) -> timedelta:
    size = timedelta(hours=int(text[1:3]), minutes=int(text[3:5]), seconds=int(text[5:7] or 0))
    return -size if text[0] == "-" else size


def _nth_weekday(year: int, month: int, nth: int, weekday: int) -> date:
    days = [d for d in range(1, monthrange(year, month)[1] + 1) if date(year, month, d).weekday() == weekday]
    return date(year, month, days[nth if nth < 0 else nth - 1])
