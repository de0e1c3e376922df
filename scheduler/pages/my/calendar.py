"""The appointment as a file for a phone's calendar: the entry of the invite, so that a change or its end reaches it."""

import icalendar
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scheduler.models import Booking, Practice
from scheduler.pages.my.door import Visit, my_page
from scheduler.rules.problems import NotFound


# Not for a caregiver: who gets no invite gets no cancellation either, and the entry would stay.
@require_safe
@my_page("my-calendar", of=("patient",))
def calendar(request: HttpRequest, visit: Visit) -> HttpResponse:
    if visit.case.booking is None:
        raise NotFound("There is no appointment.")
    answer = HttpResponse(_entry(visit.case.booking, visit.practice), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return answer


def _entry(booking: Booking, practice: Practice) -> bytes:
    """Times in UTC, which every calendar shows in its own zone; the UID and SEQUENCE of the invite."""
    event, appointment = icalendar.Event(), _("Appointment")
    event.add("UID", booking.uid)
    event.add("SEQUENCE", booking.sequence)
    event.add("DTSTAMP", booking.stamped_at)
    event.add("DTSTART", booking.starts_at)
    event.add("DTEND", booking.ends_at)
    event.add("SUMMARY", f"{appointment} - {practice.name}")
    event.add("LOCATION", practice.address)
    event.add("DESCRIPTION", f"{practice.name}, {practice.phone}")
    event.add("ORGANIZER", f"mailto:{practice.email}")
    event.add("CLASS", "PRIVATE")
    calendar = icalendar.Calendar()
    for name, value in (("PRODID", "-//Cleared//Appointments//EN"), ("VERSION", "2.0"), ("METHOD", "PUBLISH")):
        calendar.add(name, value)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
