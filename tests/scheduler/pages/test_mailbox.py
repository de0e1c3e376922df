"""The demonstration's mailbox: mails opened, invites downloaded; nowhere else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import icalendar
import pytest
from django.test import Client

from notifications.models import Message
from scheduler.models import Case, Practice
from tests.conftest import START

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(tell: Callable[..., Case], tmp_path: Path, settings: Any) -> str:
    """The patient's invite of a booked case, as the sink would keep it; its name in the mailbox."""
    case = tell("booked", start=START)
    message = Message.objects.get(subject=case.pk, kind="invite:patient")
    for folder in ("new", "envelope"):
        (tmp_path / folder).mkdir()
    name = "1800000000000000000.sink"
    (tmp_path / "new" / name).write_bytes(message.payload)
    (tmp_path / "envelope" / f"{name}.json").write_text(json.dumps({"to": [message.recipient]}))
    settings.MAILBOX_DIR = tmp_path
    return name


def test_mailbox_lists_opens_and_downloads_a_mail(mail: str, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    assert "REQUEST 0" in client.get("/desk/mailbox/").content.decode()
    page = client.get(f"/desk/mailbox/{mail}/").content.decode()
    assert "You have an appointment with Test Spine Clinic on Monday, March 1, 2027 at 10:00 AM (Eastern time)." in page
    invite = client.get(f"/desk/mailbox/{mail}/invite.ics")
    assert invite["Content-Disposition"] == 'attachment; filename="invite.ics"'
    assert icalendar.Calendar.from_ical(invite.content)["METHOD"] == "REQUEST"


def test_mail_that_is_not_there_is_not_found(mail: str, signed_in: Callable[[str], Client]) -> None:
    answers = [signed_in("nurse").get(f"/desk/mailbox/{name}/").status_code for name in ("1.mail", "..", mail)]
    assert answers == [404, 404, 200]


def test_real_practice_has_no_mailbox(mail: str, practice: Practice, signed_in: Callable[[str], Client]) -> None:
    Practice.objects.filter(pk=practice.pk).update(is_demo=False)
    addresses = ("/desk/mailbox/", f"/desk/mailbox/{mail}/")
    assert [signed_in("scheduler").get(address).status_code for address in addresses] == [404, 404]
