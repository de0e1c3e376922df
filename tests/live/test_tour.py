"""The tour by API and commands, run as docs/tour-by-api.md has it, against the live processes."""

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import icalendar
import pytest

from notifications.sink import Received, read_mailbox
from tests.live.conftest import ROOT, Live
from tests.notifications import libical

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
CLINICAL = ("kyphoplasty", "vertebroplasty", "apixaban", "fracture", "infection", "t12", "tourist", "1949")
IDS_AND_STAMPS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d{8}t\d{6}z?")  # chance spells 1949, noon is T12


def tour() -> str:
    """The shell blocks of the document, one script."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/tour-by-api.md").read_text(), flags=re.DOTALL)
    assert len(blocks) >= 6
    return "set -eu\n" + "\n".join(blocks)


def run_tour(live: Live) -> str:
    if shutil.which("curl") is None:
        pytest.skip("the tour needs curl, and this machine has none")
    done = subprocess.run(
        ["bash", "-c", tour()], cwd=ROOT, env=live.env, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{live.logs()}"
    return done.stdout


def calendar_of(mail: Received) -> icalendar.Calendar | None:
    part = next((part for part in mail.message.walk() if part.get_content_type() == "text/calendar"), None)
    return icalendar.Calendar.from_ical(part.get_payload(decode=True)) if part else None


def check_answers(printed: str) -> None:
    """What the tour's reader sees, in its order."""
    places = [
        printed.index(line)
        for line in (
            "prescriber_clearance:apixaban: ",
            "(409, 'The case cannot be booked: 3 item(s) do not allow it.')",
            "METHOD:REQUEST",
            "(True, 'referred', 'blocked')",
            "reschedule: The booking was released",
            "(409, 'The case is referred; to start it must be checked in.')",
            "checked_in",
            "(409, 'gate_refused', ['The temperature is 38.4 C: fever. Call the clinician.",
        )
    ]
    assert places == sorted(places)


def check_mailbox(mailbox: Path) -> None:
    """One REQUEST, one update, one CANCEL for each attendee, of one UID; nothing clinical in any of them."""
    told: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for mail in read_mailbox(mailbox):
        text = mail.message.get_body(("plain",))
        said = mail.raw.decode() + (text.get_content() if text else "")
        if (calendar := calendar_of(mail)) is not None:
            event = calendar.walk("VEVENT")[0]
            told[str(event["UID"])][mail.envelope_to[0]].append((str(calendar["METHOD"]), int(event["SEQUENCE"])))
            said += calendar.to_ical().decode()
        said = IDS_AND_STAMPS.sub(" ", said.lower())
        assert [word for word in CLINICAL if re.search(rf"(?<![a-z0-9]){word}", said)] == []
    whole = [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)]
    mine = [dict(by_address) for by_address in told.values() if "tess@patients.example" in by_address]
    assert mine == [{"tess@patients.example": whole, "second@demo.example": whole}]


def check(live: Live) -> None:
    check_answers(run_tour(live))
    live.manage("mailbox", "--to", "second@demo.example", "--expect", "3")
    check_mailbox(live.mailbox)
    invites = [mail for mail in read_mailbox(live.mailbox) if calendar_of(mail) is not None]
    assert len(invites) >= 10
    if libical.is_present():
        assert [libical.complaint(text) for text in map(calendar_text, invites)] == [None] * len(invites)


def calendar_text(mail: Received) -> bytes:
    part = next(part for part in mail.message.walk() if part.get_content_type() == "text/calendar")
    return bytes(part.get_payload(decode=True))


def test_tour_on_sqlite_and_filesystem_broker(embedded: Live) -> None:
    check(embedded)


@pytest.mark.postgresql
@pytest.mark.redis
def test_tour_on_postgresql_and_redis_with_two_workers_and_two_beats(apart: Live) -> None:
    check(apart)
