"""What is known of a condition that a drug's rows ask about, and whether its prescriber knew when they agreed."""

from collections.abc import Sequence
from datetime import datetime

from checklists.rules.context import Context, once_for_case
from checklists.rules.ledger import latest
from checklists.rules.sitetime import day_ends, local_date
from checklists.rules.values import Evidence

YES, NO = "yes", "no"
TOLD = "told"  # the conditions that a prescriber was told of, with an asking or an answer


def is_so(context: Context, drug: str, code: str, *, on_the_day: bool) -> bool | None:
    """Whether a condition is there; None while nobody has said, or not on the day on which it matters.

    What the plan names is there whoever denied it: the plan may have been changed since. The day's own answer is newer.
    """
    said = [entry for entry in answers_on(context, drug) if code in entry.value["answers"]]
    if on_the_day:
        said = [entry for entry in said if is_of_the_day(context, entry)]
    answers = {entry.value["answers"][code] for entry in latest(said)}
    if YES in answers or (code in context.facts.conditions and not (on_the_day and answers)):
        return True
    if answers:
        return False if answers == {NO} else None
    return False if code in context.facts.conditions_denied and not on_the_day else None


def _answers_on(context: Context, drug: str) -> list[Evidence]:
    return [entry for entry in context.standing(f"hold:{drug}") if "answers" in entry.value]


answers_on = once_for_case(_answers_on)


def is_of_the_day(context: Context, entry: Evidence) -> bool:
    """Said on the day of this start, not for a date that was moved."""
    zone = context.facts.site.tz
    return context.start.before(day_ends(local_date(entry.observed_at, zone), zone))


def knew_of(context: Context, drug: str, agreed: Evidence, code: str, asked: Sequence[Evidence]) -> bool:
    """Whether a prescriber who agreed knew of a condition: told of it, or answering after somebody had said yes.

    A condition that stands only in the facts has no time of its own, so only a word that names it tells.
    """
    if TOLD in agreed.value:
        return code in agreed.value[TOLD]
    given_at = first_given(context, agreed)
    if any(entry.observed_at <= given_at and tells_of(entry, code) for entry in asked):
        return True
    known = [e.observed_at for e in answers_on(context, drug) if e.value["answers"].get(code) == YES]
    return bool(known) and given_at >= min(known)


def tells_of(entry: Evidence, code: str) -> bool:
    return code in entry.value.get(TOLD, ())


def first_given(context: Context, agreed: Evidence) -> datetime:
    """When these words were first written down: whoever verifies an answer writes the same words again."""
    same = (entry for entry in context.standing(agreed.item) if entry.value == agreed.value)
    return min(entry.observed_at for entry in same)
