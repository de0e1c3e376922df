"""What was said of a case, and where its start lies on the site's calendar."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from checklists.rules.values import Evidence, Facts, Site

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
GRACE = HOUR
# Hours before the start at which people's work is due or blocks: of items, and of prescribers' answers.
BEFORE = {hours: hours * HOUR for hours in (0, 12, 24, 48, 72, 120, 144, 168, 192, 240)}
BY_ID = attrgetter("id")
Words = Sequence[Evidence]
Moments = dict[int, datetime | None]
UNBOOKED: Moments = dict.fromkeys(BEFORE)
NOTHING: Words = ()


class Case:
    """One case at one start. Each instant that is asked about is remembered: `next_change` is the first of them.

    said: the words that stand, by item. doubted: of items with a `not sure`, which does not stand, all words.
    ahead: items with words that are dated after now. odd: items of either kind.
    lead: how far a start that is not booked goes ahead of the clock.
    """

    __slots__ = (
        "ahead", "arrived_at", "at", "begun_at", "doubted", "due", "facts", "lead", "levels", "midnight", "next_change",
        "now", "odd", "on", "said", "tz", "until",
    )  # fmt: skip
    at: datetime
    lead: timedelta | None
    on: date
    midnight: datetime
    due: Moments
    until: Moments

    def __init__(self, facts: Facts, evidence: Words, now: datetime, is_no: Callable[[Evidence], object]) -> None:
        self.facts, self.arrived_at, self.tz = facts, facts.arrived_at, facts.site.tz
        self.levels = set(facts.levels)
        assert facts.fractured is not None
        self.begun_at = begins(facts.fractured.earliest, self.tz)
        self.now = now
        self.next_change: datetime | None = None
        self.said: dict[str, list[Evidence]] = {}
        self.doubted: dict[str, list[Evidence]] = {}
        self.ahead: set[str] = set()
        self.odd: set[str] = set()
        self.hear(evidence, is_no)

    def hear(self, evidence: Words, is_no: Callable[[Evidence], object]) -> None:
        """In the order of recording, without a recorded no that was superseded."""
        said = self.said
        unsure: set[str] = set()
        answered: set[str] = set()
        for word in sorted(evidence, key=BY_ID):
            item = word.item
            if item in said:
                said[item].append(word)
            else:
                said[item] = [word]
            if word.observed_at > self.now:
                self.ahead.add(item)
            if word.value.get("answer") == "not_sure":
                unsure.add(item)
            elif word.supersedes:
                answered.add(item)
        for item in answered:
            said[item] = [word for word in said[item] if not is_superseded(word, said[item], is_no)]
        for item in unsure:
            self.doubted[item] = said[item]
            said[item] = [word for word in said[item] if not is_unsure(word)]
        self.odd = self.ahead | unsure

    def starts(self, at: datetime, lead: timedelta | None = None) -> None:
        self.at, self.lead = at, lead
        self.on = self.day(at)
        self.midnight = begins(self.on, self.tz)
        self.due, self.until = working_times(at, self.facts.site, self.tz) if lead is None else (UNBOOKED, UNBOOKED)

    @property
    def booked(self) -> bool:
        return self.lead is None

    @property
    def arrival(self) -> tuple[datetime | None, datetime | None]:
        """When that is due which is done on arrival, and when its absence blocks."""
        return (self.arrived_at or self.at, self.at) if self.booked else (None, None)

    def reached(self, instant: datetime) -> bool:
        """Whether it is `instant` or later."""
        if instant <= self.now:
            return True
        if self.next_change is None or instant < self.next_change:
            self.next_change = instant
        return False

    def at_least(self, instant: datetime) -> bool:
        """Whether the start is at `instant` or later."""
        if self.lead is not None and instant > self.at:
            self.reached(instant - self.lead)
        return self.at >= instant

    def at_most(self, instant: datetime) -> bool:
        return not self.at_least(instant + INSTANT)

    def within(self, day: date, days: int) -> bool:
        """Whether the start's date is at most `days` days after `day`."""
        if self.lead is None:
            return (self.on - day).days <= days
        return not self.at_least(begins(day + (days + 1) * DAY, self.tz))

    def day(self, instant: datetime) -> date:
        return instant.astimezone(self.tz).date()


def is_unsure(word: Evidence) -> bool:
    return bool(word.value.get("answer") == "not_sure")


def is_superseded(no: Evidence, words: Words, is_no: Callable[[Evidence], object]) -> bool:
    """Whether a later word of the same or a higher authority names this no."""
    if is_unsure(no):
        return False
    later = (word for word in words if word.id > no.id and no.id in word.supersedes and not is_unsure(word))
    return any(word.authority >= no.authority for word in later) and bool(is_no(no))


def latest(words: Words) -> Words:
    """The last observed; several where they were observed at once."""
    if len(words) < 2:
        return words
    newest = max([word.observed_at for word in words])
    return [word for word in words if word.observed_at == newest]


def working_times(start: datetime, site: Site, zone: ZoneInfo) -> tuple[Moments, Moments]:
    """By hours before the start: when people should have done their work, and when its absence blocks."""
    due: Moments = {}
    until: Moments = {}
    for hours, before in BEFORE.items():
        instant = start - before
        local = instant.astimezone(zone)
        opening = site.hours[local.weekday()]
        if opening is None:
            due[hours] = until[hours] = last_closing(local.date(), site, zone) or instant
        elif local.time() < opening[0]:
            due[hours] = last_closing(local.date(), site, zone) or instant
            until[hours] = min(instant_of(local.date(), opening[0], zone) + GRACE, start)
        elif local.time() <= opening[1]:
            due[hours] = until[hours] = instant
        else:
            due[hours] = until[hours] = instant_of(local.date(), opening[1], zone)
    return due, until


def last_closing(day: date, site: Site, zone: ZoneInfo) -> datetime | None:
    """When the site last closed before this day; None where it never opens."""
    for back in range(1, 8):
        earlier = day - back * DAY
        if opening := site.hours[earlier.weekday()]:
            return instant_of(earlier, opening[1], zone)
    return None


def second_working_day_after(instant: datetime, case: Case) -> datetime:
    site, today = case.facts.site, case.day(instant)
    days = [today + ahead * DAY for ahead in range(1, 15)]
    opens = [(day, opening[0]) for day in days if (opening := site.hours[day.weekday()])]
    return instant_of(*opens[1], case.tz) if opens else instant + 2 * DAY


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def begins(day: date, zone: ZoneInfo) -> datetime:
    return instant_of(day, time.min, zone)
