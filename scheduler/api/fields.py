"""Fields that take what they say and nothing like it: no text for a number, no number for text, no guessed offset."""

import uuid
from datetime import date, datetime
from typing import Any

from rest_framework import serializers

from checklists.rules.shapes import KEY

# A time outside these is a mistyped year, and near the ends of the calendar arithmetic with zones overflows.
MOMENT_YEARS = range(2000, 2100)
BIRTH_YEARS = range(1900, 2100)
LARGEST = 2**31 - 1  # what a column of whole numbers holds


class Strict(serializers.Serializer[Any]):
    """A field that is not described is an error, never ignored: nobody assigns a state by accident."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                known = ", ".join(sorted(self.fields)) or "none"
                raise serializers.ValidationError(
                    {name[:60]: [f"There is no field '{name[:60]}' here. Known fields: {known}."] for name in unknown}
                )
        return super().to_internal_value(data)


def shown(value: Any) -> str:
    return str(value)[:40]


class MomentField(serializers.DateTimeField):
    """ISO 8601 with an offset: a time without one would be somebody's guess."""

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            raise serializers.ValidationError("Give ISO 8601 text with an offset, e.g. 2027-03-01T09:30:00-05:00.")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise serializers.ValidationError(
                f"'{shown(value)}' is no time. Give ISO 8601 with an offset, e.g. 2027-03-01T09:30:00-05:00."
            ) from error
        if moment.utcoffset() is None:
            raise serializers.ValidationError(
                f"'{shown(value)}' has no offset. Add it, e.g. {value[:19]}-05:00 or Z for UTC."
            )
        _check_year(moment.year, MOMENT_YEARS, value)
        return moment


class DayField(serializers.DateField):
    """A date as 2027-03-01, of a year that a patient of today can have seen."""

    def __init__(self, *, years: range = MOMENT_YEARS, **more: Any) -> None:
        super().__init__(**more)
        self.years = years

    def to_internal_value(self, value: Any) -> date:
        day = day_of(value)
        if day is None:
            raise serializers.ValidationError(f"'{shown(value)}' is no date. Give it as text, e.g. 2027-03-01.")
        _check_year(day.year, self.years, value)
        return day


def day_of(value: Any) -> date | None:
    """The date that text such as 2027-03-01 names; None for anything else."""
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return day if day.isoformat() == value else None  # not 20270301 or 2027-W09-1


def _check_year(year: int, years: range, value: str) -> None:
    if year not in years:
        raise serializers.ValidationError(f"'{shown(value)}' is not in {years[0]} to {years[-1]}. Check the year.")


class TextField(serializers.CharField):
    """Text only. One line, unless `lines`; a `name` does not begin as a spreadsheet's formula does."""

    def __init__(self, *, lines: bool = False, name: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.lines, self.name = lines, name

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(f"Give text, not {type(data).__name__}.")
        text = super().to_internal_value(data)
        if not self.lines and len(text.splitlines()) > 1:
            raise serializers.ValidationError("Give one line. Remove the line break.")
        if self.name and text.startswith(("=", "+", "-", "@")):
            raise serializers.ValidationError(f"A name does not begin with '{text[0]}'. Remove it.")
        return text


class CodeField(TextField):
    """A code such as diabetes: what rules look for letter by letter."""

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if not KEY.fullmatch(code):
            raise serializers.ValidationError(
                f"'{shown(code)}' is no code. Use small letters and underscores, e.g. diabetes."
            )
        return code


class DigitsField(TextField):
    """A code of digits only, as text, so that no leading zero is lost."""

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if not (code.isascii() and code.isdigit()):
            raise serializers.ValidationError(f"'{shown(code)}' is no code of digits. Use e.g. \"1364430\".")
        return code


class PasswordField(TextField):
    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=200, trim_whitespace=False, **more)


class WholeField(serializers.IntegerField):
    def __init__(self, **more: Any) -> None:
        super().__init__(**{"max_value": LARGEST, **more})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(f"Give a whole number, not '{shown(data)}'.")
        return data


class NumberField(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise serializers.ValidationError(f"Give a number, not '{shown(data)}'.")
        return float(data)


class TruthField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError(f"Give true or false, not '{shown(data)}'.")
        return data


class IdField(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str):
            raise serializers.ValidationError("Give an id as text, as an answer shows it.")
        return super().to_internal_value(data)


class WordField(serializers.ChoiceField):
    """One of the words that the field knows; the refusal lists them."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            known = ", ".join(str(word) for word in self.choices)
            raise serializers.ValidationError(f"'{shown(data)}' is not known here. Use one of: {known}.")
        return data


def text(longest: int = 120, **more: Any) -> TextField:
    return TextField(max_length=longest, **more)


def optional_text(longest: int = 120, **more: Any) -> TextField:
    return TextField(max_length=longest, required=False, allow_blank=True, default="", **more)
