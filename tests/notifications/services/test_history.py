from datetime import timedelta

import pytest

from notifications.models import Message
from notifications.services.outbox import enqueue, enqueue_invite, timeline, wipe_payloads
from notifications.transport import Permanent
from scheduler.isolation import within
from tests.notifications.drafts import NOW, OTHER_PRACTICE, PRACTICE, SUBJECT, a_draft, an_invite
from tests.notifications.services.steps import Answering, Clock, send

pytestmark = pytest.mark.django_db


def test_timeline_tells_what_was_said_without_a_secret_to_read() -> None:
    enqueue_invite(an_invite(summary="appointment, patient"), now=NOW, by="staff:7")
    enqueue(a_draft(), now=NOW + timedelta(seconds=1), by="system")
    with within(OTHER_PRACTICE):
        enqueue(a_draft(practice_id=OTHER_PRACTICE), now=NOW + timedelta(seconds=1), by="system")
    send(Answering([Permanent("550 no")]), Clock(), limit=1)
    Message.objects.update(payload=b"")
    entries = timeline(SUBJECT, practice_id=PRACTICE)
    assert [(e.kind, e.summary, e.method, e.state, e.reason, e.by) for e in entries] == [
        ("invite:patient", "appointment, patient", "REQUEST", "failed", "550 no", "staff:7"),
        ("reminder:patient", "reminder of an open step", "", "queued", "", "system"),
    ]


def test_bytes_of_finished_messages_are_wiped_and_their_digest_stays() -> None:
    enqueue(a_draft(), now=NOW, by="system")
    send(Answering(), Clock())
    enqueue(a_draft(occasion="waiting"), now=NOW, by="system")
    digests = set(Message.objects.values_list("payload_digest", flat=True))
    assert wipe_payloads(practice_id=PRACTICE, finished_before=NOW) == 0
    assert wipe_payloads(practice_id=PRACTICE, finished_before=NOW + timedelta(seconds=1)) == 1
    assert wipe_payloads(practice_id=PRACTICE, finished_before=NOW + timedelta(seconds=1)) == 0
    kept = {row.state: bytes(row.payload) == b"" for row in Message.objects.all()}
    assert kept == {"sent": True, "queued": False}
    assert set(Message.objects.values_list("payload_digest", flat=True)) == digests
