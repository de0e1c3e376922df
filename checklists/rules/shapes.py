"""Shapes of evidence values: which keys a value has, what each may hold, and what to do where it does not."""

import math
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

LONGEST_TEXT = 500
LONGEST_LIST = 50
REASONABLE_YEARS = range(2000, 2101)
TIME_REMEDY = "Write date, time and offset, such as 2027-03-01T08:00:00-05:00."
DATE_REMEDY = "Write the date as 2027-03-01."
UNSTORABLE = frozenset({"Cc", "Cs"})  # controls, and halves of a character that no database stores
KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
LEVELS = (
    *(f"C{n}" for n in range(1, 8)),
    *(f"T{n}" for n in range(1, 13)),
    *(f"L{n}" for n in range(1, 6)),
    *(f"S{n}" for n in range(1, 6)),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of a value, with its remedy."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Field:
    """A type of values: `complaint` returns what is wrong, `schema` says the same in JSON Schema."""

    complaint: Callable[[Any], str | None]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    required: Mapping[str, Field]
    optional: Mapping[str, Field] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Field]:
        return {**self.required, **self.optional}

    @property
    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {key: dict(kind.schema) for key, kind in self.fields.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }

    def problems(self, value: Mapping[str, Any]) -> list[Problem]:
        found = [Problem(key, f"is missing. Add {key!r} to the value.") for key in self.required if key not in value]
        for key, content in value.items():
            kind = self.fields.get(key)
            if kind is None:
                found.append(Problem(str(key)[:64], f"is not known here. Use {words(self.fields)}."))
            elif complaint := kind.complaint(content):
                found.append(Problem(key, complaint))
        return found


def check_shapes(shapes: Sequence[Shape], value: Mapping[str, Any]) -> list[Problem]:
    """Problems against the shape that fits best: the most keys in common, then the fewest missing."""
    if not isinstance(value, Mapping):
        return [Problem("value", f"{shown(value)} is not an object. Send an object such as {{...}}.")]
    best = max(shapes, key=lambda shape: (len(shape.fields.keys() & value.keys()), -missing(shape, value)))
    return best.problems(value)


def missing(shape: Shape, value: Mapping[str, Any]) -> int:
    return len(shape.required.keys() - value.keys())


def words(options: Any) -> str:
    return ", ".join(str(option) for option in options)


def shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def choice(*options: str) -> Field:
    def complaint(value: Any) -> str | None:
        return None if value in options and isinstance(value, str) else f"{shown(value)}: use one of {words(options)}."

    return Field(complaint, {"enum": list(options)})


def always(expected: bool) -> Field:
    def complaint(value: Any) -> str | None:
        return None if value is expected else f"{shown(value)}: write {str(expected).lower()} or leave it out."

    return Field(complaint, {"const": expected})


def _boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"{shown(value)} is not true or false. Write true or false."


BOOLEAN = Field(_boolean, {"type": "boolean"})


def text_complaint(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return f"{shown(value)} is not a text. Write a few words."
    if len(value) > LONGEST_TEXT:
        return f"has {len(value)} characters. Shorten it to {LONGEST_TEXT}."
    if any(unicodedata.category(sign) in UNSTORABLE and sign not in "\n\t" for sign in value):
        return "has control characters. Type it again without them."
    return None


TEXT = Field(text_complaint, {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT})


def number(low: float, high: float) -> Field:
    reach = f"{low:,} to {high:,}"

    def complaint(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == math.inf:
            return f"{shown(value)} is not a number. Write a number from {reach}."
        return None if low <= value <= high else f"{shown(value)} is out of reach. Write {reach}."

    return Field(complaint, {"type": "number", "minimum": low, "maximum": high})


def parse_instant(value: Any) -> datetime:
    """An aware datetime from ISO 8601 text; ValueError with the remedy otherwise."""
    moment = value if isinstance(value, datetime) else None
    if isinstance(value, str) and "T" in value:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if moment is None:
        raise ValueError(f"{shown(value)} is not a time. {TIME_REMEDY}")
    if moment.utcoffset() is None:
        raise ValueError(f"{shown(value)} has no offset from UTC. {TIME_REMEDY}")
    if moment.year not in REASONABLE_YEARS:
        raise ValueError(f"{shown(value)} is not in the years 2000 to 2100. Correct the year.")
    return moment


def parse_date(value: Any, years: range = REASONABLE_YEARS) -> date:
    """A date from ISO 8601 text; ValueError with the remedy otherwise."""
    day = value if isinstance(value, date) and not isinstance(value, datetime) else None
    if isinstance(value, str) and len(value) == 10:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is not None and day.isoformat() != value:  # a week date such as 2027-W09-1
            day = None
    if day is None:
        raise ValueError(f"{shown(value)} is not a date. {DATE_REMEDY}")
    if day.year not in years:
        raise ValueError(f"{shown(value)} is not in the years {years[0]} to {years[-1]}. Correct the year.")
    return day


def parsed(parse: Callable[[Any], object], schema: Mapping[str, Any]) -> Field:
    def complaint(value: Any) -> str | None:
        try:
            parse(value)
        except ValueError as error:
            return str(error)
        return None

    return Field(complaint, schema)


INSTANT = parsed(parse_instant, {"type": "string", "format": "date-time"})
DATE = parsed(parse_date, {"type": "string", "format": "date"})


def _uuid(value: Any) -> str | None:
    try:
        uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return f"{shown(value)} is not the id of a contact. Send the id that the contact list gives."
    return None


UUID = Field(_uuid, {"type": "string", "format": "uuid"})


def listed(kind: Field, at_least: int = 0, at_most: int = LONGEST_LIST) -> Field:
    def complaint(value: Any) -> str | None:
        if isinstance(value, str) or not isinstance(value, Sequence):
            return f"{shown(value)} is not a list. Write a list in square brackets."
        if not at_least <= len(value) <= at_most:
            return f"has {len(value)} entries. Give {at_least} to {at_most}."
        return next((f"entry {n}: {c}" for n, entry in enumerate(value, 1) if (c := kind.complaint(entry))), None)

    schema = {"type": "array", "items": dict(kind.schema), "minItems": at_least, "maxItems": at_most}
    return Field(complaint, schema)


def nested(shape: Shape) -> Field:
    def complaint(value: Any) -> str | None:
        problems = check_shapes((shape,), value)
        return str(problems[0]) if problems else None

    return Field(complaint, shape.schema)


def _answers(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return f"{shown(value)} is not an object. Write question keys with yes, no or not_sure."
    if len(value) > LONGEST_LIST:
        return f"has {len(value)} answers. Give at most {LONGEST_LIST}."
    for key, answer in value.items():
        if not isinstance(key, str) or not KEY.fullmatch(key):
            return f"{shown(key)} is not a question key. Use the keys of the protocol's infection questions."
        if not isinstance(answer, str) or answer not in ("yes", "no", "not_sure"):
            return f"{key}: {shown(answer)}: use one of yes, no, not_sure."
    return None


ANSWERS = Field(
    _answers,
    {
        "type": "object",
        "propertyNames": {"pattern": f"^{KEY.pattern}$"},
        "additionalProperties": {"enum": ["yes", "no", "not_sure"]},
        "maxProperties": LONGEST_LIST,
    },
)


def _dates(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return f"{shown(value)} is not an object. Write keys of the protocol's dated signs with a date each."
    if len(value) > LONGEST_LIST:
        return f"has {len(value)} dates. Give at most {LONGEST_LIST}."
    for key, day in value.items():
        if not isinstance(key, str) or not KEY.fullmatch(key):
            return f"{shown(key)} is not a key of a date. Use those of the protocol's infection questions."
        if complaint := DATE.complaint(day):
            return f"{key}: {complaint}"
    return None


DATES = Field(
    _dates,
    {
        "type": "object",
        "propertyNames": {"pattern": f"^{KEY.pattern}$"},
        "additionalProperties": dict(DATE.schema),
        "maxProperties": LONGEST_LIST,
    },
)
ANYTHING = Field(lambda _: None, {})
OBJECT = Field(lambda _: None, {"type": "object"})
LEVEL = choice(*LEVELS)
NOT_SURE = Shape({"answer": choice("not_sure")})


def whole(low: int, high: int) -> Field:
    """A whole number."""
    kind = number(low, high)

    def complaint(value: Any) -> str | None:
        if isinstance(value, float):
            return f"{shown(value)} is not a whole number. Write a number without a point."
        return kind.complaint(value)

    return Field(complaint, {**kind.schema, "type": "integer"})
