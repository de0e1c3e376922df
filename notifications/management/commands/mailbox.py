"""Show what the mail sink has received: one line a message, or one message in full."""

import time
from argparse import ArgumentParser
from typing import Any

import icalendar
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from notifications.sink import Received, read_mailbox

POLL = 0.2  # seconds


class Command(BaseCommand):
    help = "List the mails that the sink of the demonstration has received, oldest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", default="", metavar="ADDRESS", help="only mails to this address")
        parser.add_argument("--expect", type=int, default=0, metavar="N", help="wait up to 30 s until there are N")
        parser.add_argument("--show", type=int, metavar="K", help="show the K-th mail of the list in full")

    def handle(self, *args: Any, **options: Any) -> None:
        mails = self.mails(options["to"])
        until = time.monotonic() + 30
        while len(mails) < options["expect"] and time.monotonic() < until:
            time.sleep(POLL)
            mails = self.mails(options["to"])
        if len(mails) < options["expect"]:
            raise CommandError(f"{len(mails)} of {options['expect']} mails came within 30 s. Is the worker running?")
        if options["show"] is None:
            for number, mail in enumerate(mails, 1):
                self.stdout.write(f"{number:3} {line(mail)}")
        elif 1 <= options["show"] <= len(mails):
            self.stdout.write(in_full(mails[options["show"] - 1]))
        else:
            raise CommandError(f"--show {options['show']}: there are {len(mails)} mails; give 1 to {len(mails)}.")

    def mails(self, to: str) -> list[Received]:
        received = read_mailbox(settings.MAILBOX_DIR)
        return [mail for mail in received if not to or to.casefold() in (a.casefold() for a in mail.envelope_to)]


def calendar_of(mail: Received) -> icalendar.Calendar | None:
    part = next((p for p in mail.message.walk() if p.get_content_type() == "text/calendar"), None)
    text = part.get_payload(decode=True) if part else None
    return icalendar.Calendar.from_ical(text) if isinstance(text, bytes) else None


def line(mail: Received) -> str:
    """To whom, what the calendar is told, and the subject."""
    calendar = calendar_of(mail)
    told = ""
    if calendar is not None:
        told = f"{calendar['METHOD']} SEQUENCE {calendar.walk('VEVENT')[0]['SEQUENCE']}"
    return f"{', '.join(mail.envelope_to):32} {told:20} {mail.message['Subject']}"


def in_full(mail: Received) -> str:
    """Headers, the text as a person reads it, and the calendar."""
    headers = "\n".join(f"{name}: {mail.message[name]}" for name in ("From", "To", "Subject", "Date", "Message-ID"))
    text = mail.message.get_body(("plain",))
    calendar = calendar_of(mail)
    parts = [headers, text.get_content() if text else "", calendar.to_ical().decode() if calendar else ""]
    return "\n\n".join(part.replace("\r\n", "\n").strip() for part in parts if part)
