"""`{{ question.ask|said:practice }}`: a text of a question in the active language."""

from datetime import datetime

from django import template

from checklists.rules.questions import Text
from checklists.rules.questions.afterwards import AS_TOLD, Topic
from scheduler import spoken
from scheduler.models import Practice

register = template.Library()


@register.filter
def said(text: Text, practice: Practice) -> str:
    return spoken.say(text, practice.site.tz)


@register.filter
def told_at_home(topic: Topic, practice: Practice) -> str:
    """What the protocol says; where that is not there in this language, what to do instead."""
    shown = spoken.say_if_known(topic.says, practice.site.tz) if topic.says else ""
    return shown or spoken.say(AS_TOLD, practice.site.tz)


@register.filter
def moment_said(moment: datetime | None, practice: Practice) -> str:
    """Weekday, date, time and zone in the active language."""
    return spoken.moment(moment, practice.site.tz) if moment else ""
