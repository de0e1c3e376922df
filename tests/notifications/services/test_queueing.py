import hashlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from notifications.models import Message, State
from notifications.rules.mime import message_id, render
from notifications.services.outbox import (
    OccasionTakenError,
    OutOfOrderError,
    Queued,
    enqueue,
    enqueue_invite,
    withdraw,
)
from notifications.transport import Answer, Delivered, Permanent, Transient
from scheduler.isolation import within
from tests.notifications.drafts import NOW, OTHER_PRACTICE, PATIENT, PRACTICE, SUBJECT, a_draft, an_invite
from tests.notifications.services.steps import Answering, Clock, DyingAfterDelivery, Killed, claim, send

pytestmark = pytest.mark.django_db
BY = "staff:7"


def states() -> list[tuple[str, int, str]]:
    rows = Message.objects.order_by("sequence", "created_at")
    return [(row.method, row.sequence, row.state) for row in rows]


def queue(**changes: object) -> Queued:
    return enqueue_invite(an_invite(**changes), now=NOW, by=BY)


def test_message_is_stored_with_its_final_bytes() -> None:
    draft = an_invite(not_after=NOW + timedelta(days=3))
    queued = enqueue_invite(draft, now=NOW, by=BY)
    row = Message.objects.get(id=queued.id)
    assert (bytes(row.payload), row.recipient, row.message_id) == (render(draft), PATIENT, message_id(draft))
    assert row.payload_digest == hashlib.sha256(render(draft)).hexdigest()
    assert (row.uid, row.sequence, row.method) == (draft.event.uid, 0, "REQUEST")
    assert (row.state, row.next_attempt_at, row.created_at, row.by) == ("queued", NOW, NOW, BY)
    assert row.not_after == NOW + timedelta(days=3)


def test_address_and_bytes_are_unreadable_in_their_columns() -> None:
    enqueue(a_draft(), now=NOW, by=BY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient, payload FROM notifications_message")
        recipient, payload = cursor.fetchone()
    assert "home.example" not in recipient
    assert b"home.example" not in bytes(payload)


def test_same_occasion_is_queued_once() -> None:
    assert enqueue(a_draft(), now=NOW, by=BY) is not None
    assert enqueue(a_draft(text="Other words"), now=NOW, by=BY) is None
    assert Message.objects.count() == 1


def test_same_invite_is_queued_once() -> None:
    first = queue()
    assert queue() == Queued(None)
    assert list(Message.objects.values_list("id", flat=True)) == [first.id]


def test_same_occasion_in_another_practice_is_another_message() -> None:
    assert enqueue(a_draft(), now=NOW, by=BY) is not None
    with within(OTHER_PRACTICE):
        assert enqueue(a_draft(practice_id=OTHER_PRACTICE), now=NOW, by=BY) is not None


def test_occasion_of_another_recipient_is_refused_and_not_lost() -> None:
    enqueue(a_draft(), now=NOW, by=BY)
    with pytest.raises(OccasionTakenError, match="name the recipient in it"):
        enqueue(a_draft(recipient="bob@home.example"), now=NOW, by=BY)


def test_message_disappears_with_the_callers_transaction() -> None:
    with pytest.raises(Killed), transaction.atomic():
        enqueue(a_draft(), now=NOW, by=BY)
        queue()
        raise Killed
    assert Message.objects.count() == 0


def test_invite_and_plain_message_have_their_own_doors() -> None:
    with pytest.raises(ValueError, match="queue it with enqueue_invite"):
        enqueue(an_invite(), now=NOW, by=BY)
    with pytest.raises(ValueError, match="queue it with enqueue"):
        enqueue_invite(a_draft(), now=NOW, by=BY)


def test_newer_sequence_takes_the_place_of_the_unsent_one() -> None:
    first = queue()
    second = queue(sequence=1)
    assert second.superseded == (first.id,)
    assert states() == [("REQUEST", 0, "superseded"), ("REQUEST", 1, "queued")]


def test_invite_of_another_person_or_appointment_is_left_alone() -> None:
    queue(recipient="bob@home.example")
    queue(uid="another")
    assert queue(sequence=1).superseded == ()


def test_cancel_of_an_unsent_request_drops_both() -> None:
    first = queue()
    assert queue(sequence=1, cancelled=True) == Queued(None, (first.id,), dropped=True)
    assert states() == [("REQUEST", 0, "superseded")]


def test_cancel_of_a_sent_request_is_owed() -> None:
    queue()
    send(Answering(), Clock())
    queued = queue(sequence=1, cancelled=True)
    assert (queued.dropped, queued.superseded) == (False, ())
    assert states() == [("REQUEST", 0, "sent"), ("CANCEL", 1, "queued")]


def test_cancel_of_an_unsent_move_is_owed_when_the_first_invite_was_sent() -> None:
    queue()
    send(Answering(), Clock())
    moved = queue(sequence=1)
    cancelled = queue(sequence=2, cancelled=True)
    assert (cancelled.superseded, cancelled.dropped) == ((moved.id,), False)
    assert states() == [("REQUEST", 0, "sent"), ("REQUEST", 1, "superseded"), ("CANCEL", 2, "queued")]


def test_cancel_is_owed_when_the_request_may_have_arrived() -> None:
    queue()
    send(Answering([Transient("time-out after DATA", ambiguous=True)]), Clock())
    queued = queue(sequence=1, cancelled=True)
    assert queued.dropped is False
    assert states() == [("REQUEST", 0, "superseded"), ("CANCEL", 1, "queued")]


def test_cancel_is_not_owed_when_the_server_clearly_refused() -> None:
    queue()
    send(Answering([Transient("451 later")]), Clock())
    assert queue(sequence=1, cancelled=True).dropped is True


def test_cancel_is_not_owed_twice() -> None:
    queue()
    send(Answering(), Clock())
    queue(sequence=1, cancelled=True)
    send(Answering(), Clock())
    assert queue(sequence=2, cancelled=True).dropped is True


def test_request_on_its_way_is_not_superseded_and_its_cancel_is_owed() -> None:
    queue()
    with pytest.raises(Killed):
        send(DyingAfterDelivery(Answering()), Clock())
    queued = queue(sequence=1, cancelled=True)
    assert (queued.superseded, queued.dropped) == ((), False)
    assert states() == [("REQUEST", 0, "sending"), ("CANCEL", 1, "queued")]


def test_claimed_request_that_has_not_left_yet_is_superseded_and_never_sent() -> None:
    first = queue()
    edge = Answering()

    def cancel_meanwhile(message: Message) -> None:
        queue(sequence=1, cancelled=True)

    report = send(edge, Clock(), still_true=cancel_meanwhile)
    assert (edge.payloads, report.sent) == ([], 0)
    assert Message.objects.get(id=first.id).state == State.SUPERSEDED


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"sequence": 2}, {"sequence": 1}),
        ({"sequence": 1, "cancelled": True}, {"sequence": 1}),
        ({"sequence": 1, "cancelled": True}, {"sequence": 0, "occasion": "late request"}),
    ],
)
def test_invite_older_than_one_queued_before_is_refused(first: dict, then: dict) -> None:
    queue()
    send(Answering(), Clock())
    queue(**first)
    with pytest.raises(OutOfOrderError, match="allocate a higher SEQUENCE"):
        queue(**then)


def test_cancellation_is_queued_though_the_request_cannot_be_read_any_more() -> None:
    queue()
    send(Answering(), Clock())
    Message.objects.update(payload=b"")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_message SET recipient = 'garbage'")
    assert queue(sequence=1, cancelled=True).dropped is False


def test_withdraw_takes_back_the_kinds_of_a_subject() -> None:
    reminder = enqueue(a_draft(), now=NOW, by=BY)
    invite = queue().id
    enqueue(a_draft(occasion="elsewhere", subject=uuid4()), now=NOW, by=BY)
    withdrawn = withdraw(subject=SUBJECT, kinds=("reminder:patient",), reason="booking released", now=NOW)
    assert withdrawn == (reminder,)
    assert Message.objects.get(id=reminder).reason == "booking released"
    assert withdraw(subject=SUBJECT, reason="the case ended", now=NOW) == (invite,)


def test_withdraw_takes_given_messages_and_leaves_sent_ones() -> None:
    enqueue(a_draft(), now=NOW, by=BY)
    send(Answering(), Clock())
    later = enqueue(a_draft(occasion="later"), now=NOW, by=BY)
    assert withdraw(messages=Message.objects.filter(practice_id=PRACTICE), reason="no longer called for", now=NOW) == (
        later,
    )


def test_withdraw_of_nothing_in_particular_is_refused() -> None:
    with pytest.raises(ValueError, match="Say what to withdraw"):
        withdraw(reason="?", now=NOW)


def test_withdrawn_message_is_not_claimed() -> None:
    enqueue(a_draft(), now=NOW, by=BY)
    withdraw(subject=SUBJECT, reason="booking released", now=NOW)
    assert claim(NOW, "worker") == []


@pytest.mark.parametrize(
    ("answer", "sent", "request_state", "cancel_state"),
    [
        (Delivered(), 2, "sent", "sent"),
        (Permanent("550 no such mailbox"), 1, "failed", "superseded"),
        (Transient("451 later"), 1, "superseded", "superseded"),
        (Transient("time-out after DATA", ambiguous=True), 2, "superseded", "sent"),
    ],
)
def test_cancel_during_the_sending_follows_what_became_of_the_request(
    answer: Answer, sent: int, request_state: str, cancel_state: str
) -> None:
    queue()
    edge = Answering([answer], during=lambda: queue(sequence=1, cancelled=True))
    send(edge, Clock())
    assert len(edge.payloads) == sent
    assert states() == [("REQUEST", 0, request_state), ("CANCEL", 1, cancel_state)]
