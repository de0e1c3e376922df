from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from notifications.database import TRIGGERS, Trigger
from notifications.models import Attempt, Message, Suppression
from notifications.services.outbox import enqueue, enqueue_invite, suppress
from tests.notifications.drafts import NOW, OTHER_PRACTICE, PATIENT, PRACTICE, a_draft, an_invite
from tests.notifications.services.steps import Answering, Clock, send

pytestmark = pytest.mark.django_db


def present() -> set[str]:
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {row[0] for row in cursor.fetchall()}


@pytest.fixture
def _installed(as_owner: None) -> None:
    """Whatever has been installed by migrate is replaced by what this module says now."""
    with connection.cursor() as cursor:
        for trigger in TRIGGERS:
            on = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}{on}")
            for statement in getattr(trigger, connection.vendor):
                cursor.execute(statement)


def test_migrate_has_installed_every_trigger() -> None:
    assert {t.name for t in TRIGGERS if getattr(t, connection.vendor)} <= present()


def test_trigger_is_a_frozen_value() -> None:
    assert Trigger("n", "t", (), ()) == Trigger("n", "t", (), ())
    with pytest.raises(AttributeError):
        TRIGGERS[0].name = "other"


@pytest.fixture
def sent(_installed: None) -> Message:
    enqueue_invite(an_invite(), now=NOW, by="staff:7")
    send(Answering(), Clock())
    return Message.objects.get()


def refusal(sql: str, parameters: list[Any] | None = None) -> str:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
    return str(refused.value)


def test_attempt_is_neither_changed_nor_deleted(sent: Message) -> None:
    assert refusal("UPDATE notifications_attempt SET outcome = 'permanent'").startswith("attempt_update_refused: ")
    assert refusal("DELETE FROM notifications_attempt").startswith("attempt_delete_refused: ")
    assert Attempt.objects.get().outcome == "delivered"


def test_attempts_are_not_truncated(sent: Message) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has TRUNCATE")
    connection.check_constraints()  # or PostgreSQL refuses for the deferred foreign key instead
    assert refusal("TRUNCATE notifications_attempt").startswith("attempt_truncate_refused: ")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("practice_id", OTHER_PRACTICE),
        ("occasion", "another"),
        ("message_id", "<another@practice.example>"),
        ("uid", "another"),
        ("sequence", 9),
        ("method", "CANCEL"),
        ("payload_digest", "0" * 64),
    ],
)
def test_identity_of_a_message_is_fixed(sent: Message, column: str, value: object) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Message.objects.filter(id=sent.id).update(**{column: value})
    assert str(refused.value).startswith("message_identity_fixed: ")


def test_rest_of_a_message_may_change(sent: Message) -> None:
    assert Message.objects.filter(id=sent.id).update(payload=b"", reason="wiped", sequence=sent.sequence) == 1


BROKEN_ROWS = [
    ("message_state_known", {"state": "lost", "finished_at": NOW}),
    ("message_channel_known", {"channel": "pigeon"}),
    ("message_invite_has_uid", {"method": "REQUEST"}),
    ("message_invite_has_uid", {"uid": "u-1"}),
    ("message_invite_has_uid", {"method": "REPLY", "uid": "u-1"}),
    ("message_lease_while_sending", {"state": "sending"}),
    ("message_lease_while_sending", {"state": "sending", "lease_owner": "w"}),
    ("message_lease_while_sending", {"state": "queued", "lease_owner": "w"}),
    ("message_lease_while_sending", {"state": "queued", "lease_until": NOW}),
    ("message_sent_has_time", {"state": "sent", "finished_at": NOW}),
    ("message_sent_has_time", {"sent_at": NOW}),
    ("message_finished_has_time", {"state": "failed"}),
    ("message_finished_has_time", {"finished_at": NOW}),
    ("message_window_open", {"not_before": NOW, "not_after": NOW}),
]


def a_row(**changes: Any) -> Message:
    values = {
        "practice_id": PRACTICE,
        "subject": PRACTICE,
        "kind": "k",
        "occasion": "o",
        "recipient": PATIENT,
        "recipient_hash": "h",
        "message_id": "<m@x>",
        "payload": b"x",
        "payload_digest": "d",
        "summary": "s",
        "next_attempt_at": NOW,
        "created_at": NOW,
        "by": "staff:7",
    }
    return Message(**(values | changes))


@pytest.mark.parametrize(("constraint", "changes"), BROKEN_ROWS)
def test_row_that_contradicts_itself_is_refused(constraint: str, changes: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        a_row(**changes).save(force_insert=True)


def test_row_that_does_not_contradict_itself_is_taken() -> None:
    a_row(not_before=NOW, not_after=NOW + timedelta(seconds=1)).save(force_insert=True)
    assert Message.objects.count() == 1


def test_second_row_of_an_occasion_is_refused() -> None:
    enqueue(a_draft(occasion="o"), now=NOW, by="staff:7")
    with pytest.raises(IntegrityError), transaction.atomic():
        a_row().save(force_insert=True)


def test_second_try_of_one_number_is_refused(sent: Message) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(
            practice_id=PRACTICE, message=sent, number=1, finished_at=NOW, outcome="delivered", by="w"
        )


def test_second_suppression_of_one_address_is_refused() -> None:
    suppress(practice_id=PRACTICE, channel="email", recipient=PATIENT, reason="r", now=NOW, by="staff:7")
    row = Suppression.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
