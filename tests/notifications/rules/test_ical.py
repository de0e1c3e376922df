from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar_stream import CalendarStream

from notifications.rules.ical import Event, Method, invite
from tests.notifications import libical
from tests.notifications.drafts import NOW, an_event

CANCELLED = an_event(cancelled=True, sequence=3)


def lines(sent: bytes) -> list[str]:
    return sent.decode().replace("\r\n ", "").split("\r\n")


def test_request_says_exactly_this() -> None:
    sent = lines(invite(an_event(attendee_name="Ana"), Method.REQUEST))
    start, end = sent.index("BEGIN:VTIMEZONE"), sent.index("END:VTIMEZONE")
    assert sorted(sent[:start]) == [
        "BEGIN:VCALENDAR",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "PRODID:-//Cleared//Appointments//EN",
        "VERSION:2.0",
    ]
    assert sorted(sent[end + 1 :]) == [
        "",
        "ACTION:DISPLAY",
        "ATTENDEE;CN=Ana;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:ana@home.example",
        "BEGIN:VALARM",
        "BEGIN:VEVENT",
        "CLASS:PRIVATE",
        "DESCRIPTION:Appointment - North Practice",
        "DESCRIPTION:North Practice\\, +1 555 0100",
        "DTEND;TZID=America/New_York:20260701T103000",
        "DTSTAMP:20260601T120000Z",
        "DTSTART;TZID=America/New_York:20260701T090000",
        "END:VALARM",
        "END:VCALENDAR",
        "END:VEVENT",
        "LOCATION:1 Main Street\\, Springfield",
        'ORGANIZER;CN="North Practice":mailto:desk@practice.example',
        "SEQUENCE:0",
        "STATUS:CONFIRMED",
        "SUMMARY:Appointment - North Practice",
        "TRANSP:OPAQUE",
        "TRIGGER:-PT24H",
        "UID:0b7f2f0e-uid@practice.example",
        "X-MICROSOFT-DISALLOW-COUNTER:TRUE",
    ]


def test_cancel_keeps_uid_people_and_times_and_has_no_alarm() -> None:
    kept = ("UID", "ORGANIZER", "ATTENDEE", "DTSTART", "DTEND")
    request, cancel = lines(invite(an_event(), Method.REQUEST)), lines(invite(CANCELLED, Method.CANCEL))
    event = cancel[cancel.index("BEGIN:VEVENT") :]
    before = request[request.index("BEGIN:VEVENT") :]
    assert [line for line in event if line.startswith(kept)] == [line for line in before if line.startswith(kept)]
    assert [line for line in cancel if line.startswith(("METHOD", "STATUS", "SEQUENCE", "BEGIN:VALARM"))] == [
        "METHOD:CANCEL",
        "SEQUENCE:3",
        "STATUS:CANCELLED",
    ]


@pytest.mark.parametrize(("event", "method"), [(CANCELLED, Method.REQUEST), (an_event(), Method.CANCEL)])
def test_method_that_contradicts_the_event_is_refused(event: Event, method: Method) -> None:
    with pytest.raises(ValueError, match="match method and cancelled"):
        invite(event, method)


NASTY = 'Prac, tice; "Q" \\New \\n\r\nBEGIN:VEVENT\x00\x07\ttab\x7f 家族👩‍👩‍👧 ' * 5


def test_text_comes_back_as_written_without_control_characters() -> None:
    event = an_event(summary=NASTY, description=NASTY, location=NASTY, attendee_name=NASTY, organizer_name=NASTY)
    sent = invite(event, Method.REQUEST)
    parsed = icalendar.Calendar.from_ical(sent)
    assert len(parsed.walk("VEVENT")) == 1
    found = CalendarStream.from_ics(sent.decode()).calendars[0].events[0]
    clean = NASTY.replace("\r\n", "\n").replace("\x00", "").replace("\x07", "").replace("\x7f", "")
    assert found.description == clean.strip()
    assert found.summary == " ".join(clean.split())
    assert found.location == " ".join(clean.split())
    assert not {0, 7, 127} & set(sent)


@given(text=st.text(max_size=300))
def test_lines_hold_75_octets_and_whole_characters_for_any_text(text: str) -> None:
    event = an_event(summary=text, description=text, location=text, attendee_name=text, organizer_name=text)
    sent = invite(event, Method.REQUEST)
    rows = sent.split(b"\r\n")
    assert rows[-1] == b""
    assert all(len(row) <= 75 for row in rows)
    assert all(b"\r" not in row and b"\n" not in row for row in rows)
    for row in rows:
        row.decode()
    assert len(icalendar.Calendar.from_ical(sent).walk("VEVENT")) == 1


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"starts_at": datetime(2026, 7, 1)}, "pass an aware datetime"),  # noqa: DTZ001
        ({"ends_at": an_event().starts_at}, "check starts_at and ends_at"),
        ({"uid": ""}, "pass the one stored with the booking"),
        ({"uid": "a\r\nMETHOD:CANCEL"}, "pass the one stored with the booking"),
        ({"sequence": -1}, "counts from 0"),
        ({"zone": "Mars/Olympus"}, "use an IANA name"),
        ({"zone": "../../etc/passwd"}, "use an IANA name"),
        ({"attendee_email": "a@b.example\r\nBcc: x@y.example"}, "write it as name@domain"),
        ({"attendee_email": "not an address"}, "write it as name@domain"),
        ({"organizer_email": "ANA@home.example"}, "send from the practice's own mailbox"),
    ],
)
def test_event_that_cannot_be_an_invite_is_refused(changes: dict[str, object], remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        an_event(**changes)


def test_zone_utc_is_written_without_a_vtimezone() -> None:
    sent = lines(invite(an_event(zone="UTC"), Method.REQUEST))
    assert "DTSTART:20260701T130000Z" in sent
    assert "BEGIN:VTIMEZONE" not in sent


def test_event_across_new_year_keeps_both_instants() -> None:
    start = datetime(2026, 12, 31, 23, tzinfo=UTC)
    event = an_event(zone="Europe/Berlin", starts_at=start, ends_at=start + timedelta(hours=3))
    found = CalendarStream.from_ics(invite(event, Method.REQUEST).decode()).calendars[0].events[0]
    assert (found.dtstart.astimezone(UTC), found.dtend.astimezone(UTC)) == (event.starts_at, event.ends_at)


def test_two_independent_readers_see_the_same_event() -> None:
    event = an_event(sequence=4)
    sent = invite(event, Method.REQUEST)
    mine = icalendar.Calendar.from_ical(sent).walk("VEVENT")[0]
    other = CalendarStream.from_ics(sent.decode()).calendars[0].events[0]
    assert (mine["UID"], mine["SEQUENCE"], mine.start, mine.end) == (
        event.uid,
        4,
        event.starts_at,
        event.ends_at,
    )
    assert (other.uid, other.sequence, other.dtstart.astimezone(UTC), other.dtend.astimezone(UTC)) == (
        event.uid,
        4,
        event.starts_at,
        event.ends_at,
    )
    assert other.dtstamp == NOW


@pytest.fixture(scope="module")
def _libical_present() -> None:
    if not libical.is_present():
        pytest.skip(libical.ABSENT)


@pytest.mark.usefixtures("_libical_present")
@pytest.mark.parametrize("zone", ["America/New_York", "Africa/Casablanca", "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize("method", list(Method))
def test_libical_finds_nothing_to_restrict(zone: str, method: Method) -> None:
    event = an_event(zone=zone, cancelled=method is Method.CANCEL, description=NASTY)
    assert libical.complaint(invite(event, method)) is None


@pytest.mark.usefixtures("_libical_present")
def test_libical_does_find_a_missing_dtstamp() -> None:
    broken = b"\r\n".join(
        line for line in invite(an_event(), Method.REQUEST).split(b"\r\n") if not line.startswith(b"DTSTAMP")
    )
    assert libical.complaint(broken) is not None


def test_same_event_gives_the_same_bytes() -> None:
    assert invite(an_event(), Method.REQUEST) == invite(replace(an_event()), Method.REQUEST)
