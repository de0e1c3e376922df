"""The demonstration's mailbox: each mail opened, its invite downloaded."""

from dataclasses import dataclass
from datetime import datetime

import icalendar
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from notifications.sink import Received, read_mailbox
from scheduler.access import Actor
from scheduler.pages.session import page
from scheduler.rules.problems import NotFound

NEWEST = 200


@dataclass(frozen=True, slots=True)
class Mail:
    name: str
    to: str
    subject: str
    received_at: datetime
    text: str
    invite: bytes | None

    @property
    def told(self) -> str:
        """What the calendar is told, e.g. "REQUEST 0"."""
        if self.invite is None:
            return ""
        calendar = icalendar.Calendar.from_ical(self.invite)
        return f"{calendar['METHOD']} {calendar.walk('VEVENT')[0]['SEQUENCE']}"


def _mail(received: Received) -> Mail:
    body = received.message.get_body(("plain",))
    parts = (p for p in received.message.walk() if p.get_content_type() == "text/calendar")
    invite = next((p.get_payload(decode=True) for p in parts), None)
    return Mail(
        name=received.path.name,
        to=", ".join(received.envelope_to),
        subject=str(received.message["Subject"]),
        received_at=received.received_at,
        text=body.get_content() if body else "",
        invite=invite if isinstance(invite, bytes) else None,
    )


def _mails(actor: Actor) -> list[Mail]:
    """The sink serves the demonstration alone; elsewhere there is no mailbox to open."""
    if not (settings.DEMO and actor.practice.is_demo):
        raise NotFound("There is no mailbox here: mails go to the mail server.")
    return [_mail(received) for received in reversed(read_mailbox(settings.MAILBOX_DIR)[-NEWEST:])]


def _one(actor: Actor, name: str) -> Mail:
    found = next((mail for mail in _mails(actor) if mail.name == name), None)
    if found is None:
        raise NotFound("There is no such mail in the mailbox.")
    return found


@require_GET
@page("desk-mailbox")
def mailbox(request: HttpRequest, actor: Actor) -> HttpResponse:
    return render(request, "desk/mailbox.html", {"actor": actor, "mails": _mails(actor)})


@require_GET
@page("desk-mail")
def mail(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    return render(request, "desk/mail.html", {"actor": actor, "mail": _one(actor, name)})


@require_GET
@page("desk-invite")
def invite(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    found = _one(actor, name)
    if found.invite is None:
        raise NotFound("This mail carries no invite.")
    response = HttpResponse(found.invite, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="invite.ics"'
    return response
