"""The times on a paper: all past, in order, and not so long ago that the paper cannot be about this case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from checklists.rules.sitetime import wall_instant
from scheduler.rules.problems import Reason

# A long weekend without the system, and two days to enter what happened.
ENTERED_WITHIN = timedelta(days=7)
STEPS = ("arrived_at", "checked_in_at", "started_at", "finished_at", "discharged_at")
NEEDED = STEPS[:3]
# Between two steps of one procedure lie hours at most: a time before the last step's is either after midnight or wrong.
LONGEST_STEP = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class PaperTimes:
    """When each step was, as the paper says; None where it did not happen yet, or where the system knows it."""

    arrived_at: datetime | None = None
    checked_in_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    discharged_at: datetime | None = None

    def of(self, step: str) -> datetime | None:
        found: datetime | None = getattr(self, step)
        return found


def problems_of(paper: PaperTimes, known: dict[str, datetime | None], now: datetime) -> tuple[Reason, ...]:
    """Everything that is wrong with the times; `known`: what the system holds of the same steps."""
    return (*_twice_or_missing(paper, known), *_not_past(paper, now), *_out_of_order(paper, known))


def _twice_or_missing(paper: PaperTimes, known: dict[str, datetime | None]) -> list[Reason]:
    found = []
    for step in STEPS:
        given, has = paper.of(step), known.get(step)
        if given is not None and has is not None and given != has:
            told = f"The system already has {has.isoformat()} for this. Leave the field empty."
            found.append(Reason("known_already", told, field=step))
        elif given is None and has is None and step in NEEDED:
            found.append(Reason("time_missing", "Give the time from the paper.", field=step))
    if not any(paper.of(step) for step in STEPS):
        found.append(Reason("time_missing", "Give at least one time from the paper.", field="finished_at"))
    if paper.discharged_at is not None and paper.finished_at is None and known.get("finished_at") is None:
        found.append(Reason("time_missing", "Whoever went home had a procedure that ended.", field="finished_at"))
    return found


def _not_past(paper: PaperTimes, now: datetime) -> list[Reason]:
    found = []
    for step in STEPS:
        given = paper.of(step)
        if given is not None and given >= now:
            told = f"{given.isoformat()} is not past. What happens now is entered as it happens, not from paper."
            found.append(Reason("not_past", told, field=step))
        elif given is not None and given < now - ENTERED_WITHIN:
            told = f"{given.isoformat()} is more than {ENTERED_WITHIN.days} days ago. Check the date."
            found.append(Reason("too_long_ago", told, field=step))
    return found


def _out_of_order(paper: PaperTimes, known: dict[str, datetime | None]) -> list[Reason]:
    found: list[Reason] = []
    before: tuple[str, datetime] | None = None
    for step in STEPS:
        moment = paper.of(step) or known.get(step)
        if moment is None:
            continue
        if before is not None and moment < before[1]:
            name, earlier = before
            told = f"{moment.isoformat()} is before {name} ({earlier.isoformat()}). Put the times in order."
            found.append(Reason("out_of_order", told, field=step))
        before = (step, moment)
    return found


def instants(
    day: date, clocks: Mapping[str, time], known: Mapping[str, datetime | None], zone: ZoneInfo
) -> tuple[dict[str, datetime], dict[str, str]]:
    """Each step's wall time as an instant, and what is wrong by step. `day`: of the first time that is given.

    The steps go on after midnight; `known`: what the system holds of the same steps.
    """
    found: dict[str, datetime] = {}
    wrong: dict[str, str] = {}
    before: datetime | None = None
    for step in STEPS:
        if step in clocks:
            on = (found and before and before.astimezone(zone).date()) or day
            try:
                found[step] = _after_midnight(on, clocks[step], before, zone)
            except ValueError as error:
                wrong[step] = str(error)
        before = found.get(step) or known.get(step) or before
    return found, wrong


def _after_midnight(day: date, at: time, before: datetime | None, zone: ZoneInfo) -> datetime:
    moment = wall_instant(day, at, zone)
    if before is None or moment >= before:
        return moment
    next_day = wall_instant(day + timedelta(days=1), at, zone)
    return next_day if next_day - before <= LONGEST_STEP else moment
