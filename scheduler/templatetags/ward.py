"""What the ward's templates ask for besides: an evidence value as a person reads it."""

from typing import Any

from django import template

from scheduler.models import Practice
from scheduler.pages.words import value_in_words

register = template.Library()


@register.filter
def value_words(value: Any, practice: Practice) -> str:
    return value_in_words(value, practice.site.tz)
