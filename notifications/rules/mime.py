"""One message for one recipient as the final bytes that are stored and sent (RFC 5322, 2045, 6047)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime
from uuid import UUID

from notifications.rules.ical import Event, Method, check_address, invite, one_line, printable


@dataclass(frozen=True, slots=True)
class Draft:
    """What is said, once, to one recipient.

    `occasion` names the logical occasion within the practice (a person's resend is a new one). `summary` is
    what the case page shows: short, nothing identifying. `dated_at` is the Date header. It is not sent before
    `not_before` nor from `not_after` on. `attach` adds the invite as a file too.
    """

    practice_id: UUID
    subject: UUID
    kind: str
    occasion: str
    sender_name: str
    sender: str
    recipient: str
    recipient_name: str | None
    title: str
    text: str
    summary: str
    dated_at: datetime
    html: str | None = None
    event: Event | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    attach: bool = True

    def __post_init__(self) -> None:
        check_address(self.sender)
        check_address(self.recipient)
        if not self.occasion or len(self.occasion) > 200:
            raise ValueError("An occasion needs 1 to 200 characters: it is what keeps a message from going twice.")
        for name in ("dated_at", "not_before", "not_after"):
            moment = getattr(self, name)
            if moment is not None and moment.utcoffset() is None:
                raise ValueError(f"{name} of a draft needs a time zone: pass an aware datetime.")
        if self.event and (self.event.organizer_email, self.event.attendee_email) != (
            self.sender,
            self.recipient,
        ):
            raise ValueError("An invite goes from its organizer to its attendee: use the same two addresses.")

    @property
    def method(self) -> Method | None:
        if self.event is None:
            return None
        return Method.CANCEL if self.event.cancelled else Method.REQUEST


def message_id(draft: Draft) -> str:
    """The same for every rendering of one draft, so that a repeated delivery can be recognised."""
    event = draft.event
    parts = (draft.practice_id, draft.occasion, draft.recipient.casefold())
    about = (event.uid, event.sequence, draft.method) if event else ()
    digest = hashlib.sha256("\0".join(map(str, parts + about)).encode()).hexdigest()[:40]
    domain = draft.sender.rpartition("@")[2]
    return f"<{digest}@{domain if domain.isascii() else domain.encode('idna').decode()}>"


def render(draft: Draft) -> bytes:
    """The final bytes: CRLF, 7 bit (addresses beyond ASCII need SMTPUTF8), identical each time."""
    international = not (draft.sender + draft.recipient).isascii()
    # 7 bit, or the library writes 8bit bodies that a relay may re-encode.
    style = (policy.SMTPUTF8 if international else policy.SMTP).clone(cte_type="7bit")
    message = EmailMessage(policy=style)
    message["From"] = _person(draft.sender_name, draft.sender)
    message["To"] = _person(draft.recipient_name or "", draft.recipient)
    message["Subject"] = one_line(draft.title)
    message["Date"] = format_datetime(draft.dated_at)
    message["Message-ID"] = message_id(draft)
    message["Auto-Submitted"] = "auto-generated"
    _fill(message, draft)
    _name_boundaries(message)
    return _unquoted(message.as_bytes(), draft.method)


def sender_of(payload: bytes) -> str:
    """The address that rendered bytes come from. Raises ValueError when there is not exactly one."""
    message = BytesHeaderParser(policy=policy.SMTPUTF8).parsebytes(payload)
    header = message["From"]
    addresses = [] if header is None else [str(address.addr_spec) for address in header.addresses]
    if len(addresses) != 1:
        raise ValueError("The stored message does not name one sender.")
    return addresses[0]


def _person(name: str, address: str) -> Address:
    """A name of at most 64 characters: the library drops the quotes of one that must be folded, and a comma in it
    then makes another recipient."""
    username, _, domain = address.rpartition("@")
    return Address(one_line(name)[:64].replace("=?", ""), username, domain)


def _fill(message: EmailMessage, draft: Draft) -> None:
    message.set_content(_body(draft.text), cte="quoted-printable")
    if draft.html is not None:
        message.add_alternative(_body(draft.html), subtype="html", cte="quoted-printable")
    if draft.event is None or draft.method is None:
        return
    calendar = invite(draft.event, draft.method)
    # Last: a reader shows the last alternative that it understands.
    message.add_alternative(calendar, "text", "calendar", cte="base64")
    part = list(message.iter_parts())[-1]
    part.set_param("method", draft.method.value)
    part.set_param("charset", "UTF-8")
    if draft.attach:
        message.add_attachment(calendar, "application", "ics", filename="invite.ics")
    else:
        message.make_mixed()


def _body(text: str) -> str:
    return f"{printable(text).rstrip()}\n"


def _unquoted(payload: bytes, method: Method | None) -> bytes:
    """The calendar part's parameters as tokens: some servers compare method=REQUEST as text."""
    written = f'Content-Type: text/calendar; method="{method}"; charset="UTF-8"\r\n'
    return payload.replace(written.encode(), written.replace('"', "").encode())


def _name_boundaries(message: EmailMessage) -> None:
    """Boundaries from the Message-ID, so that two renderings are identical; no encoded body has "=_"."""
    seed = hashlib.sha256(message["Message-ID"].encode()).hexdigest()[:24]
    for number, part in enumerate(p for p in message.walk() if p.is_multipart()):
        part.set_boundary(f"=_{number}_{seed}")
