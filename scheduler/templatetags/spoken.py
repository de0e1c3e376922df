"""`{{ question.ask|said:practice }}`: a text of a question in the active language."""

from datetime import datetime

from django import template

from checklists.rules.questions import Text
from scheduler import spoken
from scheduler.models import Practice

register = template.Library()


@register.filter
def said(text: Text, practice: Practice) -> str:
    return spoken.say(text, practice.site.tz)


@register.filter
def moment_said(moment: datetime | None, practice: Practice) -> str:
    """Weekday, date, time and zone in the active language."""
    return spoken.moment(moment, practice.site.tz) if moment else ""
