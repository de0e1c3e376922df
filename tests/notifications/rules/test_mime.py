import base64
import re
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.rules.ical import Method, invite
from notifications.rules.mime import Draft, message_id, render, sender_of
from tests.notifications.drafts import DESK, OTHER_PRACTICE, PATIENT, a_draft, an_event, an_invite


def parsed(draft: Draft) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(render(draft))


def shape(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


def test_invite_has_text_html_and_calendar_last_and_the_file() -> None:
    message = parsed(an_invite(html="<p>On Wednesday.</p>"))
    assert shape(message) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]


def test_invite_without_html_and_file_keeps_its_order() -> None:
    assert shape(parsed(an_invite(attach=False))) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/calendar",
    ]


def test_plain_message_is_one_text() -> None:
    message = parsed(a_draft(text="Call us.\n"))
    assert (shape(message), message.get_content()) == (["text/plain"], "Call us.\r\n")


def test_calendar_part_and_file_are_the_same_base64_bytes() -> None:
    draft = an_invite()
    raw = render(draft)
    part, file = list(parsed(draft).walk())[-2:]
    wanted = invite(an_event(), Method.REQUEST)
    assert [base64.b64decode(p.get_payload()) for p in (part, file)] == [wanted, wanted]
    assert [p["Content-Transfer-Encoding"] for p in (part, file)] == ["base64", "base64"]
    assert raw.count(b"\r\nContent-Type: text/calendar; method=REQUEST; charset=UTF-8\r\n") == 1
    assert part["Content-Disposition"] is None
    assert file["Content-Disposition"] == 'attachment; filename="invite.ics"'


def test_cancel_is_named_in_the_part_as_in_the_calendar() -> None:
    raw = render(an_invite(sequence=1, cancelled=True))
    assert re.findall(rb"method=(\w+)", raw) == [b"CANCEL"]


def test_headers_of_a_message() -> None:
    message = parsed(an_invite(recipient_name="Ana Ñandú"))
    assert {name: str(message[name]) for name in ("From", "To", "Subject", "Date", "Auto-Submitted")} == {
        "From": "North Practice <desk@practice.example>",
        "To": "Ana Ñandú <ana@home.example>",
        "Subject": "Before your appointment - North Practice",
        "Date": "Mon, 01 Jun 2026 12:00:00 +0000",
        "Auto-Submitted": "auto-generated",
    }
    assert sorted(set(message.keys())) == [
        "Auto-Submitted",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ]


SPECIAL = "Before Ñ 家族 =3D .\r\n.\r\n..dots\r\nFrom me\r\n" + "x" * 3000


@given(text=st.text(max_size=200) | st.just(SPECIAL))
def test_bytes_are_seven_bit_crlf_and_short_lines_for_any_text(text: str) -> None:
    raw = render(an_invite(text=text, html=text, title=text, recipient_name=text, sender_name=text))
    assert raw.isascii()
    rows = raw.split(b"\r\n")
    assert max(len(row) for row in rows) <= 998
    assert b"\n" not in b"".join(rows)
    assert b"\r" not in b"".join(rows)


@given(name=st.text(alphabet='añ,@<>".;:()[]\\ =?_\r\n', max_size=200), title=st.text(max_size=200))
def test_names_and_titles_add_no_header_and_no_recipient(name: str, title: str) -> None:
    plain, message = parsed(a_draft()), parsed(a_draft(recipient_name=name, sender_name=name, title=title))
    assert message.keys() == plain.keys()
    assert [a.addr_spec for a in message["To"].addresses] == [PATIENT]
    assert [a.addr_spec for a in message["From"].addresses] == [DESK]


@pytest.mark.parametrize("name", ["Smith, John", "Dr. A. Smith, " * 20, "Ñandú, Ana " * 20, "a," * 300])
def test_long_name_with_commas_stays_one_recipient(name: str) -> None:
    message = parsed(a_draft(recipient_name=name))
    assert [a.addr_spec for a in message["To"].addresses] == [PATIENT]


def test_line_ends_in_a_title_do_not_start_a_header() -> None:
    message = parsed(a_draft(title="Hello\r\nBcc: eve@evil.example", sender_name="North\nBcc: eve@evil.example"))
    assert (message["Bcc"], message["Subject"]) == (None, "Hello Bcc: eve@evil.example")


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nBcc: x@y.example", "a@b.example, x@y.example", "<a@b.example>", "ana", ""]
)
def test_address_that_is_not_one_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is not one mail address"):
        a_draft(recipient=address)


def test_invite_to_somebody_else_than_its_attendee_is_refused() -> None:
    with pytest.raises(ValueError, match="use the same two addresses"):
        a_draft(event=an_event(attendee_email="eve@evil.example"))


def test_address_beyond_ascii_is_kept_as_utf8() -> None:
    raw = render(a_draft(recipient="añа@home.example"))
    assert "\r\nTo: añа@home.example\r\n".encode() in raw


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert render(an_invite()) == render(an_invite())


def test_message_id_changes_with_whatever_makes_it_another_message() -> None:
    draft = an_invite()
    others = [
        an_invite(sequence=1),
        an_invite(sequence=1, cancelled=True),
        an_invite(uid="another"),
        an_invite(recipient="bob@home.example"),
        replace(draft, practice_id=OTHER_PRACTICE),
        replace(draft, occasion="sent again by the desk"),
    ]
    assert len({message_id(d) for d in [draft, *others]}) == 7
    assert message_id(draft) == message_id(replace(draft, text="Other words", title="Other title"))
    assert re.fullmatch(r"<[0-9a-f]{40}@practice\.example>", message_id(draft))


def test_sender_is_read_back_from_the_bytes() -> None:
    assert sender_of(render(an_invite(sender_name="Smith, John"))) == DESK


@pytest.mark.parametrize("raw", [b"", b"Subject: x\r\n\r\n", b"From: a@b.example, c@d.example\r\n\r\n"])
def test_bytes_without_one_sender_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="does not name one sender"):
        sender_of(raw)
