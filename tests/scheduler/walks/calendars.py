"""The calendars of everybody who is sent invites: a model that applies what arrives as RFC 5546 says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from icalendar import Calendar

from tests.scheduler.services.mailing import parsed


@dataclass(frozen=True)
class Entry:
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool


@dataclass
class Calendars:
    """By address and UID: what that calendar holds."""

    held: dict[tuple[str, str], Entry] = field(default_factory=dict)

    def receive(self, address: str, payload: bytes) -> None:
        """Apply one mail; one without an event changes no calendar."""
        parts = [part for part in parsed(payload).walk() if part.get_content_type() == "text/calendar"]
        if not parts:
            return
        calendar = Calendar.from_ical(parts[0].get_payload(decode=True))
        method, event = str(calendar["METHOD"]), calendar.walk("VEVENT")[0]
        invited = str(event["ATTENDEE"]).removeprefix("mailto:")
        assert invited == address, f"an invite of {invited} went to {address}"
        entry = Entry(
            int(event["SEQUENCE"]),
            event["DTSTAMP"].dt,
            event["DTSTART"].dt.astimezone(UTC),
            event["DTEND"].dt.astimezone(UTC),
            method == "CANCEL",
        )
        key = (address, str(event["UID"]))
        before = self.held.get(key)
        if before == entry:  # delivered again after an answer that was lost
            return
        if before is None:
            assert method == "REQUEST", f"{address} was told to remove what they never had"
        else:
            newer = (entry.sequence, entry.stamp) > (before.sequence, before.stamp)
            assert newer, f"{address} takes {method} {entry.sequence} for old: they hold {before.sequence}"
        self.held[key] = entry

    def standing(self, after: datetime) -> set[tuple[str, str, datetime]]:
        """(address, UID, start) of every appointment that begins after this moment."""
        return {
            (address, uid, entry.starts_at)
            for (address, uid), entry in self.held.items()
            if not entry.is_cancelled and entry.starts_at > after
        }
