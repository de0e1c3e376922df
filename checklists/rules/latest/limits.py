"""One limit that a planned start sets, and the words for the deadlines of people's work."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from checklists.rules.context import Context
from checklists.rules.sitetime import shown_at, shown_on


class Limit(StrEnum):
    LATEST = "latest"  # this late and not later
    EARLIEST = "earliest"  # this early and not earlier
    ON = "on"  # the day that must be covered
    NONE = "none"  # no time can be given: the sentence says why


@dataclass(frozen=True, slots=True)
class LatestTime:
    """`at` is exact, in UTC, and itself allowed; `on` is a whole day of the site, that day included.

    Both: `on` counts where only the day is known. `missed`: this start cannot keep the limit any more.
    """

    item: str
    what: str  # stable, snake_case
    limit: Limit
    sentence: str
    at: datetime | None = None
    on: date | None = None
    missed: bool = False


RECORDED_BY = {
    "consult": "The outcome of the consult is recorded",
    "candidacy": "Candidacy is assessed",
    "imaging": "The imaging result is recorded",
    "labs": "The results of the blood tests are recorded",
    "prescriber_clearance": "The prescriber of {subject} has answered",
    "hold": "When {subject} was last taken is recorded",
    "fasting": "What was eaten and drunk last is recorded",
    "ride": "Who takes the patient home is named",
    "infection_prescreen": "The patient has answered the infection questions",
    "infection_check": "The nurse's infection check is recorded",
    "allergies": "Allergies are recorded",
    "pregnancy": "Whether a pregnancy is excluded is recorded",
    "anesthesia_evaluation": "The anesthesia evaluation is recorded",
    "antibiotic_plan": "The antibiotic plan is recorded",
    "consent": "Consent is recorded",
    "authorisation": "The payer's authorisation is recorded",
}


def until(
    context: Context, item: str, what: str, at: datetime, words: str, day: date | None = None, notes: str = ""
) -> LatestTime:
    """At the latest then; `words` come before the time, `notes` after it. `day`: where only the day is known."""
    zone = context.facts.site.tz
    by_day = f" Where only its day is known: {shown_on(day)}." if day else ""
    sentence = f"{words}: {shown_at(at, zone)} at the latest.{by_day}{notes}"
    return LatestTime(item, what, Limit.LATEST, sentence, at, day)


def until_day(item: str, what: str, day: date, words: str, notes: str = "") -> LatestTime:
    return LatestTime(item, what, Limit.LATEST, f"{words}: {shown_on(day)} at the latest.{notes}", on=day)


def since(context: Context, item: str, what: str, at: datetime, words: str) -> LatestTime:
    zone = context.facts.site.tz
    return LatestTime(item, what, Limit.EARLIEST, f"{words}: {shown_at(at, zone)} or later.", at)


def since_day(item: str, what: str, day: date, words: str) -> LatestTime:
    return LatestTime(item, what, Limit.EARLIEST, f"{words}: {shown_on(day)} or later.", on=day)


def no_time(item: str, what: str, sentence: str) -> LatestTime:
    return LatestTime(item, what, Limit.NONE, sentence)
