"""Dates as people write them in a referral: exact, or approximate with an earliest and a latest day."""

import calendar
import re
from datetime import date, timedelta

from checklists.rules.values import DateAbout
from scheduler.rules.referrals.complaints import CellError

ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
TWO_FORMS = "Write it as 2027-03-14 or 3/14/2027 (month first)."
PHRASES = "Write a date, 'March 2027', or how long ago: 'about 3 weeks ago'."
RECEIVED = "This counts from the day the referral arrived. Fill in received_on, or give --received DATE."

DOUBT = re.compile(r"(?:about|approx\.?|approximately|around|roughly|circa|ca\.?|~)\s*")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
COUNTS = {"a": 1, "an": 1, "a couple of": 2, "a couple": 2, **{word: n for n, word in enumerate(NUMBERS, 1)}}
COUNT = r"\d{1,3}|" + "|".join(sorted(COUNTS, key=len, reverse=True))
AGO = re.compile(rf"(?P<from>{COUNT})(?:\s*(?:-|to|or)\s*(?P<to>{COUNT}))?\s+(?P<unit>day|week|wk|month|mo)s?\.?\s+ago")
MONTH = re.compile(r"(?:(?P<part>early|mid|late)[ -])?(?P<name>[a-z]{3,9})\.?,?\s+(?P<year>\d{4})")
NUMERIC_MONTH = re.compile(r"(\d{4})-(\d{2})")
PARTS = {"early": (1, 10), "mid": (11, 20), "late": (21, 31), None: (1, 31)}
DAYS_OF_DOUBT = timedelta(days=3)  # on either side of a number of days, or of a date called approximate


class DayFirstError(CellError):
    """The date can only be meant day first: a sign that others in the file may be, too."""


def read_date(text: str) -> date:
    """An exact date in one of the two forms. Raises CellError."""
    if iso := ISO.fullmatch(text):
        return calendar_date(int(iso[1]), int(iso[2]), int(iso[3]))
    if slashed := MONTH_FIRST.fullmatch(text):
        month, day, year = int(slashed[1]), int(slashed[2]), int(slashed[3])
        if month > 12 >= day >= 1:
            raise DayFirstError(f"There is no month {month}: the day seems to stand first. {TWO_FORMS}")
        return calendar_date(year, month, day)
    raise CellError(TWO_FORMS)


def calendar_date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise CellError(f"The calendar has no such day. {TWO_FORMS}") from None


def read_date_about(text: str, received: date | None) -> DateAbout:
    """An exact or approximate date, at the latest the day it was received. Raises CellError."""
    plain = " ".join(text.casefold().replace("–", "-").replace("—", "-").split())
    if plain in ("today", "yesterday"):
        day = known(received) - timedelta(days=plain == "yesterday")
        return DateAbout(day, day)
    words = DOUBT.sub("", plain, count=1) if DOUBT.match(plain) else plain
    if words[:1].isdigit() and (ISO.fullmatch(words) or MONTH_FIRST.fullmatch(words)):
        day = read_date(words)
        return DateAbout(day, day) if words == plain else around(day, received)
    if ago := AGO.fullmatch(words):
        return long_ago(ago, known(received))
    if month := month_of(words):
        return ending(month, received)
    if re.search(r"[a-z~]", plain):
        raise CellError(PHRASES)
    return DateAbout(*[read_date(plain)] * 2)


def known(received: date | None) -> date:
    if received is None:
        raise CellError(RECEIVED)
    return received


def around(day: date, received: date | None) -> DateAbout:
    return ending(DateAbout(day - DAYS_OF_DOUBT, day + DAYS_OF_DOUBT), received)


def ending(about: DateAbout, received: date | None) -> DateAbout:
    """The same, cut off at the day it was received; wholly after it, it is left for the caller to refuse."""
    if received is None or about.earliest > received:
        return about
    return DateAbout(about.earliest, min(about.latest, received))


def long_ago(ago: re.Match[str], received: date) -> DateAbout:
    """One unit of doubt on either side (of days: three), none where the writer gave a range."""
    fewest, most = count_of(ago["from"]), count_of(ago["to"] or ago["from"])
    if fewest > most:
        raise CellError(f"Put the smaller number first. {PHRASES}")
    unit = ago["unit"]
    doubt = 0 if ago["to"] else DAYS_OF_DOUBT.days if unit == "day" else 1
    return DateAbout(before(received, most + doubt, unit), before(received, max(fewest - doubt, 0), unit))


def count_of(word: str) -> int:
    return COUNTS[word] if word in COUNTS else int(word)


def before(day: date, count: int, unit: str) -> date:
    if unit in ("day", "week", "wk"):
        return day - timedelta(days=count if unit == "day" else 7 * count)
    year, month = divmod(day.year * 12 + day.month - 1 - count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_of(words: str) -> DateAbout | None:
    """`March 2027`, `late March 2027` and `2027-03`, as their first to their last day."""
    if numeric := NUMERIC_MONTH.fullmatch(words):
        first = calendar_date(int(numeric[1]), int(numeric[2]), 1)
        return days_of(first, 1, 31)
    if named := MONTH.fullmatch(words):
        months = [n for n in range(1, 13) if named["name"] in (calendar.month_name[n].casefold(), abbreviated(n))]
        if months:
            return days_of(calendar_date(int(named["year"]), months[0], 1), *PARTS[named["part"]])
    return None


def abbreviated(month: int) -> str:
    return "sept" if month == 9 else calendar.month_abbr[month].casefold()


def days_of(first: date, start: int, end: int) -> DateAbout:
    last = calendar.monthrange(first.year, first.month)[1]
    return DateAbout(first.replace(day=start), first.replace(day=min(end, last)))
