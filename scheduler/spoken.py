"""What a patient reads or hears, in their language: texts of the questions, and moments in the practice's zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import dateformat, translation
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from checklists.rules.questions import Text
from scheduler.models import Practice

LANGUAGES = (("en", "English"), ("es", "Español"))


def language_of(code: str) -> str:
    """A language that we speak; English for any other."""
    spoken = code.lower().split("-")[0]
    return spoken if spoken in dict(LANGUAGES) else "en"


def say(text: Text, tz: ZoneInfo) -> str:
    """The text in the active language. Raises KeyError for a translation with a placeholder of its own."""
    values = {name: _shown(value, tz) for name, value in text.values.items()}
    return gettext(text.msgid).format(**values) if values else gettext(text.msgid)


def say_if_known(text: Text, tz: ZoneInfo) -> str:
    """The text in the active language; "" where the language lacks it: a protocol's own sentences are English."""
    said = say(text, tz)
    return "" if language_now() != "en" and said == text.msgid else said


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
    """Weekday, date, time and zone.

    "Monday, March 1 at 10:00 AM (EST)", "lunes 1 de marzo a las 10:00 a. m. (hora del Este)". Of the hour that the
    autumn night has twice Spanish too says "EDT" or "EST": the words are the same for both.
    """
    local = at.astimezone(tz)
    hour, noon = local.hour % 12 or 12, local.hour >= 12
    clock = f"{hour}:{local:%M}"
    if _spanish():
        zone = f"{local:%Z}" if is_twice(local) else zone_in_words(at, tz)
        return f"{day(local.date())} a {'la' if hour == 1 else 'las'} {clock} {'p. m.' if noon else 'a. m.'} ({zone})"
    return f"{day(local.date())} at {clock} {'PM' if noon else 'AM'} ({local:%Z})"


def is_twice(local: datetime) -> bool:
    """Whether the clocks show this time a second time."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def language_now() -> str:
    return language_of(translation.get_language() or "en")


def zone_in_words(at: datetime, tz: ZoneInfo) -> str:
    """`Eastern time` for New York; the city where no word is known."""
    words = {
        "EST": _("Eastern time"),
        "EDT": _("Eastern time"),
        "CST": _("Central time"),
        "CDT": _("Central time"),
        "MST": _("Mountain time"),
        "MDT": _("Mountain time"),
        "PST": _("Pacific time"),
        "PDT": _("Pacific time"),
        "AKST": _("Alaska time"),
        "AKDT": _("Alaska time"),
        "HST": _("Hawaii time"),
    }
    if tz.key == "America/Phoenix":
        return _("Arizona time")
    short = f"{at.astimezone(tz):%Z}"
    american = tz.key.startswith(("America/", "Pacific/", "US/"))
    city = tz.key.rpartition("/")[2].replace("_", " ")
    return words[short] if american and short in words else _("{city} time").format(city=city)


def when_in_words(at: datetime, practice: Practice) -> str:
    """`Monday, March 1, 2027 at 10:00 AM (Eastern time)`."""
    here = at.astimezone(practice.site.tz)
    said = moment(at, practice.site.tz).rpartition(" (")[0]
    on, zone = day(here.date()), zone_in_words(at, practice.site.tz)
    year = f" de {here:%Y}" if language_now() == "es" else f", {here:%Y}"
    return f"{said.replace(on, on + year, 1)} ({zone})"
