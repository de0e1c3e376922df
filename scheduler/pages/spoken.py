"""Texts of the questions in the language of whoever reads or hears them; moments in the practice's zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import dateformat, translation
from django.utils.translation import gettext

from checklists.rules.questions import Text

LANGUAGES = (("en", "English"), ("es", "Español"))


def language_of(code: str) -> str:
    """A language that we speak; English for any other."""
    spoken = code.lower().split("-")[0]
    return spoken if spoken in dict(LANGUAGES) else "en"


def say(text: Text, tz: ZoneInfo) -> str:
    """The text in the active language. Raises KeyError for a translation with a placeholder of its own."""
    values = {name: _shown(value, tz) for name, value in text.values.items()}
    return gettext(text.msgid).format(**values) if values else gettext(text.msgid)


def _shown(value: object, tz: ZoneInfo) -> str:
    if isinstance(value, Text):
        return say(value, tz)
    if isinstance(value, datetime):
        return moment(value, tz)
    return day(value) if isinstance(value, date) else str(value)


def _spanish() -> bool:
    return (translation.get_language() or "").startswith("es")


def day(on: date) -> str:
    """Weekday and date: "Monday, March 1", "lunes 1 de marzo"."""
    return dateformat.format(on, r"l j \d\e F" if _spanish() else "l, F j")


def moment(at: datetime, tz: ZoneInfo) -> str:
    """Weekday, date, time and zone: "Monday, March 1 at 10:00 AM (EST)", "lunes 1 de marzo a las 10:00 a. m. (EST)"."""
    local = at.astimezone(tz)
    hour, noon = local.hour % 12 or 12, local.hour >= 12
    clock = f"{hour}:{local:%M}"
    if _spanish():
        return (
            f"{day(local.date())} a {'la' if hour == 1 else 'las'} {clock} {'p. m.' if noon else 'a. m.'} ({local:%Z})"
        )
    return f"{day(local.date())} at {clock} {'PM' if noon else 'AM'} ({local:%Z})"
