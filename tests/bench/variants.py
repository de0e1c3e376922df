"""Thousands of cases around the full one, each changed in one way, for two programs that have to agree on all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from checklists.rules.values import DateAbout, Facts, Site
from tests.bench.variant_words import DAY, FACTS, FULL, NOW, Words, only, without, word, words
from tests.checklists.rules.cases import HOUR, NEW_YORK, SECOND, START, at


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    facts: Facts
    evidence: Words
    start: datetime | None
    now: datetime


def told(verdict: Any) -> tuple[Any, ...]:
    """What has to be equal of two verdicts, ours or another program's."""
    found = [
        (
            each.item,
            each.status,
            each.code,
            each.due_at,
            each.deadline_at,
            each.clear_at,
            each.owner,
            each.recorded,
            each.evidence,
            [(reason.code, reason.status) for reason in each.reasons],
        )
        for each in verdict.findings
    ]
    return verdict.state, verdict.earliest_safe_start, verdict.next_change_at, found


def variants() -> Iterator[Variant]:
    """Each change of the words on the day, before it and without a booking; then other moments, sites and seasons."""
    moments = ((START, NOW), (START, START - 2 * DAY), (None, NOW), (START, START - 30 * HOUR), (None, START - 6 * DAY))
    for place, (name, evidence) in enumerate(words()):
        yield Variant(name, FACTS, evidence, START, NOW)
        start, now = moments[1 + place % 4]
        yield Variant(f"{name}, at another moment", FACTS, evidence, start, now)
    yield from moved()
    yield from at_other_sites()
    yield from in_other_seasons()


def moved() -> Iterator[Variant]:
    """The start moved, now moved over the weeks before, arrived or not, with all, half and nothing of the words."""
    some = tuple(entry for entry in FULL if entry.id % 2)
    for hours in (-72, -24, -5, -1, 1, 2, 3, 5, 7, 13, 14, 24, 26, 48, 72, 120, 168, 336, 504, 672, 1200, 1800, 2400):
        start = START + hours * HOUR
        for now in (start - SECOND, start, start + HOUR, NOW):
            yield Variant(f"start moved by {hours} h, {start - now} before it", FACTS, FULL, start, now)
        yield Variant(f"start moved by {hours} h, half recorded", FACTS, some, start, NOW)
    for arrived_at in (None, START - 2 * DAY, START - HOUR / 2):
        facts = replace(FACTS, arrived_at=arrived_at)
        for back in range(0, 24 * 14, 7):
            now = START - back * HOUR - SECOND
            for name, evidence in (("all", FULL), ("half", some), ("nothing", ())):
                so_far = f"{name} recorded, {back} h before, arrived {arrived_at}"
                yield Variant(so_far, facts, evidence, START, now)
                if back % 3 == 0:
                    yield Variant(f"{so_far}, not booked", facts, evidence, None, now)
    in_time = tuple(entry for entry in FULL if entry.observed_at <= START - 2 * DAY)
    for back in (30, 90, 300):
        now = START + back * DAY
        yield Variant(f"not booked, {back} days later", FACTS, FULL, None, now)
        yield Variant(f"not booked, {back} days later, half recorded", FACTS, in_time, None, now)
    birthday = replace(FACTS, born_on=date(1970, 3, 11))
    yield Variant("a birthday ahead, not booked", birthday, FULL, None, NOW)
    yield Variant("a birthday ahead", birthday, FULL, START, NOW)
    for fractured in (date(2027, 1, 13), date(2027, 1, 12), date(2026, 12, 16), date(2026, 12, 15), date(2027, 3, 11)):
        facts = replace(FACTS, fractured=DateAbout(fractured, fractured))
        for name, evidence in (("all", FULL), ("without imaging", without("imaging"))):
            yield Variant(f"fractured on {fractured}, {name}", facts, evidence, START, NOW)
            yield Variant(f"fractured on {fractured}, {name}, not booked", facts, evidence, None, NOW)


def at_other_sites() -> Iterator[Variant]:
    """Deadlines of people's work on other opening hours."""
    some = tuple(entry for entry in FULL if entry.item in ("consult", "imaging") or entry.id % 3 == 0)
    hours: Mapping[str, tuple[tuple[time, time] | None, ...]] = {
        "never": (None,) * 7,
        "late": ((time(11), time(15)),) * 7,
        "on Sundays": (None,) * 6 + ((time(9), time(12)),),
        "on Mondays and Thursdays": ((time(8), time(20)), None, None) * 2 + (None,),
    }
    for name, opening in hours.items():
        facts = replace(FACTS, site=Site("America/New_York", opening))
        for back in (0, 20, 50, 75, 100, 130, 170, 250):
            now = START - back * HOUR - SECOND
            yield Variant(f"open {name}, {back} h before", facts, some, START, now)
            asked = {"answer": "asked", "prescriber": "Dr. Late", "how": "fax"}
            late = only("prescriber_clearance:warfarin", word("prescriber_clearance:warfarin", asked, now - 2 * DAY))
            yield Variant(f"open {name}, asked two days before {back} h before", facts, late, START, now)


def in_other_seasons() -> Iterator[Variant]:
    """The whole case moved to the nights on which the clocks change."""
    for day in ("2027-03-14", "2027-03-15", "2027-03-17", "2027-11-07", "2027-11-08", "2027-11-10", "2028-02-29"):
        start = at(f"{day} 10:00")
        facts, evidence = in_days(start.astimezone(NEW_YORK).date() - START.astimezone(NEW_YORK).date())
        night = datetime.combine(start.astimezone(NEW_YORK).date(), time(1, 30), NEW_YORK).astimezone(UTC)
        by_date = {"last_dose_on": (start - 4 * DAY).date().isoformat()}
        short = tuple(replace(e, value=by_date) if e.item.startswith("hold:") else e for e in evidence)
        for name, said in (("all", evidence), ("doses by date", short), ("nothing", ())):
            for hours in (0.0, 1 / 3600, 5, 12, 26, 49, 74, 122, 170):
                now = start - hours * HOUR
                yield Variant(f"{day}, {name}, {hours:g} h before", facts, said, start, now)
                yield Variant(f"{day}, {name}, {hours:g} h before, not booked", facts, said, None, now)
            for hours in (0, 1, 2):
                yield Variant(f"{day} at night, {name}, {hours} h later", facts, said, night + hours * HOUR, night)


def in_days(by: timedelta) -> tuple[Facts, Words]:
    """The full case so many days of the site later, at the same times by the wall clock."""

    def later(instant: datetime) -> datetime:
        local = instant.astimezone(NEW_YORK)
        return datetime.combine(local.date() + by, local.time(), NEW_YORK).astimezone(UTC)

    def day_later(text: str) -> str:
        return (date.fromisoformat(text) + by).isoformat()

    moves: Mapping[str, Callable[[Any], Any]] = {
        "last_dose_at": lambda text: later(datetime.fromisoformat(text)).isoformat(),
        "valid_from": day_later,
        "valid_until": day_later,
        "intakes": lambda found: [{**one, "at": later(datetime.fromisoformat(one["at"])).isoformat()} for one in found],
    }
    evidence = tuple(
        replace(
            entry,
            observed_at=later(entry.observed_at),
            value={key: moves[key](value) if key in moves else value for key, value in entry.value.items()},
        )
        for entry in FULL
    )
    assert FACTS.fractured is not None
    on = FACTS.fractured.earliest + by
    assert FACTS.arrived_at is not None
    return replace(FACTS, fractured=DateAbout(on, on), arrived_at=later(FACTS.arrived_at)), evidence
