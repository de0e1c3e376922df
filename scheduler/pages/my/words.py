"""A moment as a patient reads it, in their language: weekday, date, time, and the zone in words."""

from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from scheduler.models import Practice
from scheduler.pages import spoken


def language_now() -> str:
    return spoken.language_of(get_language() or "en")


def zone_in_words(moment: datetime, practice: Practice) -> str:
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
    if practice.zone == "America/Phoenix":
        return _("Arizona time")
    short = f"{moment.astimezone(practice.site.tz):%Z}"
    american = practice.zone.startswith(("America/", "Pacific/", "US/"))
    city = practice.zone.rpartition("/")[2].replace("_", " ")
    return words[short] if american and short in words else _("{city} time").format(city=city)


def when_in_words(moment: datetime, practice: Practice) -> str:
    """`Monday, March 1, 2027 at 10:00 AM (Eastern time)`."""
    here = moment.astimezone(practice.site.tz)
    said = spoken.moment(moment, practice.site.tz).rpartition(" (")[0]
    day, zone = spoken.day(here.date()), zone_in_words(moment, practice)
    year = f" de {here:%Y}" if language_now() == "es" else f", {here:%Y}"
    return f"{said.replace(day, day + year, 1)} ({zone})"
