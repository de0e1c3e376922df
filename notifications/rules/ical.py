"""One appointment as an invitation or its cancellation (RFC 5545, 5546), as exact bytes."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
from icalendar import vCalAddress, vText

from notifications.rules.vtimezone import written_zone

PRODID = "-//Cleared//Appointments//EN"
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Event:
    """One appointment for one attendee. Instants are aware; `zone` is the site's IANA name.

    `sequence` rises with each change of time, place or status; `stamped_at` with each message of this `uid`.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    location: str
    description: str
    organizer_name: str
    organizer_email: str
    attendee_email: str
    attendee_name: str | None
    stamped_at: datetime
    cancelled: bool

    def __post_init__(self) -> None:
        for name in ("starts_at", "ends_at", "stamped_at"):
            if getattr(self, name).utcoffset() is None:
                raise ValueError(f"{name} of an event needs a time zone: pass an aware datetime.")
        if self.ends_at <= self.starts_at:
            raise ValueError("An event must end after it starts: check starts_at and ends_at.")
        if not self.uid or self.uid != one_line(self.uid):
            raise ValueError("An event needs a uid of one line: pass the one stored with the booking.")
        if self.sequence < 0:
            raise ValueError("The sequence of an event counts from 0: pass the one stored with the booking.")
        check_address(self.organizer_email)
        check_address(self.attendee_email)
        if self.organizer_email.casefold() == self.attendee_email.casefold():
            raise ValueError("The organizer cannot be the attendee: send from the practice's own mailbox.")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
            raise ValueError(f"Time zone {self.zone!r} is unknown: use an IANA name.") from unknown


def check_address(address: str) -> None:
    """Refuse with ValueError what is not one bare mail address without spaces or control characters."""
    if not _ADDRESS.fullmatch(address) or printable(address) != address:
        raise ValueError(f"{address!r} is not one mail address: write it as name@domain.")


def printable(text: str) -> str:
    """The text without control characters and lone surrogates; line ends become \\n."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def one_line(text: str) -> str:
    return " ".join(printable(text).split())


class _Text(vText):
    """icalendar takes a backslash before N for a line end; here it stays a backslash."""

    def to_ical(self) -> bytes:
        text = str(self).replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,")
        return text.replace("\n", r"\n").encode()


def invite(event: Event, method: Method) -> bytes:
    """The text/calendar bytes: CRLF, folded at 75 octets, one VEVENT, times in the zone or, where the zone
    cannot say them exactly, in UTC. Raises ValueError when the method does not fit the event."""
    if event.cancelled != (method is Method.CANCEL):
        # A cancelled event sent as REQUEST shows Accept and Decline: the patient would answer, not remove it.
        raise ValueError("A cancelled event is sent with CANCEL, and only that: match method and cancelled.")
    calendar = icalendar.Calendar()
    for name, value in (
        ("PRODID", PRODID),
        ("VERSION", "2.0"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", method.value),
    ):
        calendar.add(name, value)
    zone, starts_at, ends_at = _times(event)
    head, _, tail = bytes(calendar.to_ical()).partition(b"END:VCALENDAR")
    return (
        head + zone.encode() + bytes(_component(event, method, starts_at, ends_at).to_ical()) + b"END:VCALENDAR" + tail
    )


def _times(event: Event) -> tuple[str, datetime, datetime]:
    """The VTIMEZONE text with start and end in it, or none and both in UTC where reading back differs."""
    tz = ZoneInfo(event.zone)
    instants = [moment.astimezone(UTC).replace(microsecond=0) for moment in (event.starts_at, event.ends_at)]
    walls = [instant.astimezone(tz) for instant in instants]
    zone = written_zone(event.zone, walls[0].year, walls[1].year)
    exact = all(
        # Clients disagree about which of the two autumn hours is meant: that hour is written in UTC.
        wall.utcoffset() == wall.replace(fold=1 - wall.fold).utcoffset()
        and zone.instant(wall.replace(tzinfo=None)) == instant
        for wall, instant in zip(walls, instants, strict=True)
    )
    if event.zone == "UTC" or not exact:
        return "", instants[0], instants[1]
    return zone.text, walls[0], walls[1]


def _component(event: Event, method: Method, starts_at: datetime, ends_at: datetime) -> icalendar.Event:
    component = icalendar.Event()
    component.add("UID", _Text(event.uid))
    component.add("SEQUENCE", event.sequence)
    component.add("DTSTAMP", event.stamped_at.astimezone(UTC).replace(microsecond=0))
    component.add("DTSTART", starts_at)
    component.add("DTEND", ends_at)
    component.add("SUMMARY", _Text(one_line(event.summary)))
    for name, text in (
        ("LOCATION", one_line(event.location)),
        ("DESCRIPTION", printable(event.description).strip()),
    ):
        if text:
            component.add(name, _Text(text))
    component.add("ORGANIZER", _person(event.organizer_email, event.organizer_name, {}))
    component.add("ATTENDEE", _person(event.attendee_email, event.attendee_name, _ATTENDS))
    component.add("STATUS", "CANCELLED" if method is Method.CANCEL else "CONFIRMED")
    component.add("TRANSP", "OPAQUE")
    component.add("CLASS", "PRIVATE")
    component.add("X-MICROSOFT-DISALLOW-COUNTER", "TRUE")
    if method is Method.REQUEST:
        component.add_component(_alarm(event))
    return component


_ATTENDS = {
    "CUTYPE": "INDIVIDUAL",
    "ROLE": "REQ-PARTICIPANT",
    "PARTSTAT": "NEEDS-ACTION",
    "RSVP": "TRUE",
}


def _person(address: str, name: str | None, parameters: dict[str, str]) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    person.params.update(parameters)
    # A parameter value cannot hold a double quote, and few clients know the escape of RFC 6868.
    if shown := one_line(name or "").replace('"', "'").replace("^", ""):
        person.params["CN"] = shown
    return person


def _alarm(event: Event) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", _Text(one_line(event.summary)))
    # Hours, not P1D: a day before the event means another instant across a clock change.
    alarm.add("TRIGGER", _Text("-PT24H"))
    return alarm
