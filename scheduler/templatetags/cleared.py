"""What templates ask for: a status as a chip, a moment in the practice's zone, an age in words."""

import re
from datetime import datetime, timedelta
from typing import Any

from django import template

from scheduler.access import Actor
from scheduler.models import Practice
from scheduler.pages.looks import LOOKS, Look
from scheduler.pages.places import Place
from scheduler.pages.places import places as places_of
from scheduler.pages.words import field_in_words, item_in_words, moment_in_words, value_in_words

register = template.Library()
MINUTE, HOUR, DAY = 60, 3600, 86400


@register.inclusion_tag("status.html")
def status(word: str, label: str = "") -> dict[str, Look | str]:
    """`{% status finding.status %}`: an unknown word looks like what is not known."""
    return {"look": LOOKS.get(word, LOOKS["pending"]), "label": label}


@register.simple_tag(takes_context=True)
def places(context: Any, actor: Actor) -> list[Place]:
    """`{% places actor as navigation %}`: the navigation of this person on this page."""
    match = context["request"].resolver_match
    return places_of(actor, match.url_name if match else "")


@register.filter
def local(moment: datetime | None, practice: Practice) -> str:
    """Weekday, date and time in the practice's zone."""
    if moment is None:
        return ""
    return moment_in_words(moment, practice.site.tz)


@register.filter
def unfielded(detail: str) -> str:
    """A refusal's sentence without the name of a field that calls send and no page shows."""
    return re.sub(r" \(field '\w+'\)", "", detail)


@register.filter
def words(code: str) -> str:
    return item_in_words(code)


@register.filter
def recorded(value: object, practice: Practice) -> str:
    """A value of evidence, or a part of one: a day as on every page."""
    return value_in_words(value, practice.site.tz)


@register.filter
def field_words(field: str) -> str:
    return field_in_words(field)


@register.filter
def local_time(moment: datetime | None, practice: Practice) -> str:
    return f"{moment.astimezone(practice.site.tz):%H:%M}" if moment else ""


@register.filter
def age(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = int((now - moment) / timedelta(seconds=1))
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


@register.filter
def get(mapping: dict[str, object], key: str) -> object:
    return mapping.get(key, "")


@register.filter
def named(by: str, names: dict[str, str]) -> str:
    """The name of whoever did something; links, the clock and people who left stay as they are written."""
    return names.get(by, by)
