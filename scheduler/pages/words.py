"""Recorded values and item keys as a person reads them."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from checklists.rules.codes import code_in_words
from checklists.rules.shapes import KEY
from checklists.rules.sitetime import shown_on

# Keys whose answer says by itself what it is: "INR 1.0 ratio", "light meal at Mon 1 Mar 2027 06:00".
UNSPOKEN = frozenset({"analyte", "value", "temperature", "intake", "intakes", "answers"})

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

UNSHOWN = frozenset({"unit", "contact"})  # beside its number; an id

# Fields of calls that a form asks for in other words.
FIELDS = {
    "born_on": "date of birth",
    "contacts": "whose addresses are used",
    "decided_by": "who decided",
    "duplicate": "the other row",
    "email": "e-mail",
    "identifiers": "what you compared",
    "observed_at": "when it was seen",
    "other": "the other row",
    "said_by": "who said it",
    "starts_at": "start",
    "take": "what is right",
}


def field_in_words(field: str) -> str:
    """What the desk calls a field of a call: `value.escort_phone` as "escort phone"."""
    name = field.rpartition(".")[2]
    return FIELDS.get(name, item_in_words(name))


def item_in_words(item: str) -> str:
    """`hold:apixaban` as "hold: apixaban", `infection_check` as "infection check"."""
    return code_in_words(item).replace(":", ": ")


def moment_in_words(moment: datetime, tz: ZoneInfo) -> str:
    here = moment.astimezone(tz)
    return f"{shown_on(here.date())} {here:%H:%M}"


def value_in_words(value: Any, tz: ZoneInfo) -> str:
    """An evidence value: truth as yes and no, instants in the site's zone, many equal answers counted."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _text(value, tz)
    if isinstance(value, list):
        return "; ".join(value_in_words(inner, tz) for inner in value) or "none"
    if isinstance(value, Mapping):
        return _answers(value, tz)
    return str(value)


def _text(value: str, tz: ZoneInfo) -> str:
    if DAY.fullmatch(value):
        return _day(value)
    if len(value) > len("2027-03-01") and value[:4].isdigit():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return moment_in_words(moment, tz) if moment.utcoffset() is not None else value
    return code_in_words(value) if KEY.fullmatch(value) else value.replace("_", " ")


def _day(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return shown_on(day)


def _answers(value: Mapping[str, Any], tz: ZoneInfo) -> str:
    """Each name with its answer; where there are many, those that all say no are only counted."""
    many = Counter(str(inner) for inner in value.values())
    quiet = many["no"] if many["no"] > 3 else 0
    said = [
        _answer(name, inner, value.get("unit"), tz)
        for name, inner in value.items()
        if name not in UNSHOWN and not (quiet and inner == "no") and inner != {}
    ]
    between = " " if value.keys() & {"analyte", "intake"} else ", "
    return between.join([*said, *([f"{quiet} answered no"] if quiet else [])]) or "none"


def _answer(name: str, value: Any, unit: Any, tz: ZoneInfo) -> str:
    text = value_in_words(value, tz)
    if name in ("value", "temperature") and unit:
        return f"{text} {unit}"
    return text if name in UNSPOKEN else f"{item_in_words(name)} {text}"
