from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction

from notifications.models import Attempt, Channel, Message
from notifications.rules.mime import Draft
from notifications.services.claiming import LEASE
from notifications.services.outbox import (
    Report,
    Undelivered,
    enqueue,
    enqueue_invite,
    lift_suppression,
    send_due,
    suppress,
)
from notifications.transport import Permanent, SMTPTransport, Transient
from tests.notifications.drafts import NOW, PATIENT, PRACTICE, SUBJECT, a_draft, an_invite
from tests.notifications.services.steps import Answering, Clock, DyingAfterDelivery, Killed, claim, send, true
from tests.notifications.sinks import RunningSink, running_sink

pytestmark = pytest.mark.django_db
BY = "staff:7"


def queue(draft: Draft, now: datetime = NOW) -> Message:
    if draft.event:
        enqueue_invite(draft, now=now, by=BY)
    else:
        enqueue(draft, now=now, by=BY)
    return Message.objects.get(practice_id=draft.practice_id, occasion=draft.occasion)


def undelivered(message: Message, reason: str) -> Undelivered:
    return Undelivered(message.id, PRACTICE, SUBJECT, message.kind, message.summary, reason)


def test_due_messages_arrive_byte_for_byte(sink: RunningSink) -> None:
    rows = [queue(a_draft()), queue(an_invite())]
    with sink.transport() as transport:
        report = send(transport, Clock())
    assert report == Report(sent=2)
    assert sorted(r.raw for r in sink.received()) == sorted(bytes(row.payload) for row in rows)
    assert set(Message.objects.values_list("state", "sent_at", "finished_at", "attempts", "lease_owner")) == {
        ("sent", NOW, NOW, 1, "")
    }
    tries = Attempt.objects.values_list("message_id", "number", "outcome", "detail", "finished_at")
    assert set(tries) == {(row.id, 1, "delivered", "250 OK", NOW) for row in rows}


def test_sent_message_is_not_sent_again(sink: RunningSink) -> None:
    queue(a_draft())
    with sink.transport() as transport:
        send(transport, Clock())
        assert send(transport, Clock(NOW + timedelta(days=2))) == Report()
    assert len(sink.received()) == 1


def test_message_waits_for_its_moment() -> None:
    queue(a_draft(not_before=NOW + timedelta(hours=1)))
    clock = Clock(NOW + timedelta(minutes=59))
    assert send(Answering(), clock) == Report()
    clock.turn(minutes=1)
    assert send(Answering(), clock) == Report(sent=1)


def test_message_after_its_moment_is_skipped_and_named() -> None:
    row = queue(a_draft(not_after=NOW + timedelta(hours=1)))
    edge = Answering()
    report = send(edge, Clock(NOW + timedelta(hours=1)))
    assert report == Report(skipped=1, expired=(undelivered(row, "its moment has passed"),))
    assert edge.payloads == []
    row.refresh_from_db()
    assert (row.state, row.reason) == ("skipped", "its moment has passed")


def test_message_whose_moment_passes_while_others_are_sent_is_skipped() -> None:
    queue(a_draft(), NOW - timedelta(seconds=1))
    row = queue(a_draft(occasion="second", not_after=NOW + timedelta(seconds=5)))
    clock = Clock()

    slow = Answering(during=lambda: clock.turn(seconds=5))
    assert send(slow, clock) == Report(sent=1, skipped=1, expired=(undelivered(row, "its moment has passed"),))


def test_message_that_is_no_longer_true_is_skipped_with_the_reason() -> None:
    row = queue(a_draft())
    edge = Answering()
    report = send(edge, Clock(), still_true=lambda message: f"the step of {message.kind} is done")
    assert (report, edge.payloads) == (Report(skipped=1), [])
    row.refresh_from_db()
    assert (row.state, row.reason) == ("skipped", "the step of reminder:patient is done")


def test_451_is_tried_again_by_the_table(tmp_path: Path) -> None:
    row = queue(a_draft())
    clock = Clock()
    with running_sink(tmp_path, "--fail-first", "2") as sink, sink.transport() as transport:
        assert send(transport, clock) == Report(retried=1)
        row.refresh_from_db()
        assert (row.state, row.next_attempt_at) == ("queued", NOW + timedelta(seconds=30))
        clock.turn(seconds=29)
        assert send(transport, clock) == Report()
        clock.turn(seconds=1)
        assert send(transport, clock) == Report(retried=1)
        clock.turn(seconds=120)
        assert send(transport, clock) == Report(sent=1)
        assert [r.raw for r in sink.received()] == [bytes(row.payload)]
    outcomes = Attempt.objects.order_by("number").values_list("number", "outcome")
    assert list(outcomes) == [(1, "transient"), (2, "transient"), (3, "delivered")]


def test_550_is_a_persons_turn_at_once_and_the_others_flow(tmp_path: Path) -> None:
    row = queue(a_draft())
    queue(a_draft(recipient="bob@home.example", occasion="bob"))
    with running_sink(tmp_path, "--reject", PATIENT) as sink, sink.transport() as transport:
        report = send(transport, Clock())
    assert report == Report(sent=1, failed=(undelivered(row, "550 5.1.1 No such mailbox here"),))
    row.refresh_from_db()
    assert (row.state, row.perhaps_sent) == ("failed", False)


def test_address_in_the_servers_answer_is_not_kept_readable() -> None:
    queue(a_draft())
    report = send(Answering([Permanent(f"550 <{PATIENT.upper()}> is unknown")]), Clock())
    assert [f.reason for f in report.failed] == ["550 <the recipient> is unknown"]
    assert Attempt.objects.get().detail == "550 <the recipient> is unknown"


def test_retries_that_cannot_come_in_time_end_with_a_person() -> None:
    row = queue(a_draft(not_after=NOW + timedelta(seconds=30)))
    report = send(Answering([Transient("451 later")]), Clock())
    assert report == Report(failed=(undelivered(row, "451 later"),))


def test_mail_server_that_is_down_costs_no_message() -> None:
    row = queue(a_draft())
    with SMTPTransport(host="127.0.0.1", port=1, timeout=1) as transport:
        assert send(transport, Clock()) == Report(retried=1)
    row.refresh_from_db()
    assert (row.state, row.perhaps_sent) == ("queued", False)


def test_crash_between_delivery_and_record_repeats_the_same_bytes(sink: RunningSink) -> None:
    queue(an_invite())
    clock = Clock()
    with sink.transport() as transport:
        with pytest.raises(Killed):
            send(DyingAfterDelivery(transport), clock)
        clock.turn(seconds=119)
        assert send(transport, clock, owner="other") == Report()
        clock.turn(seconds=1)
        assert send(transport, clock, owner="other") == Report(sent=1)
    first, second = sink.received()
    assert first.raw == second.raw
    assert first.message["Message-ID"] == second.message["Message-ID"] == Message.objects.get().message_id
    assert list(Attempt.objects.values_list("number", "outcome")) == [(2, "delivered")]


def test_sender_that_lost_its_lease_does_not_send() -> None:
    queue(a_draft())
    clock, edge = Clock(), Answering()

    def taken_over(message: Message) -> None:
        assert len(claim(clock.turn(seconds=121), "other")) == 1

    report = send(edge, clock, still_true=taken_over)
    assert (report, edge.payloads) == (Report(), [])
    assert Message.objects.get().lease_owner.startswith("other/")


def test_late_answer_of_a_lost_lease_changes_nothing() -> None:
    row = queue(a_draft())
    clock = Clock()

    slow = Answering([Permanent("550 no")], during=lambda: claim(clock.turn(seconds=121), "other"))
    assert send(slow, clock) == Report()
    row.refresh_from_db()
    assert (row.state, Attempt.objects.count()) == ("sending", 0)


def test_lease_is_renewed_just_before_each_message() -> None:
    for n in range(3):
        queue(a_draft(occasion=f"o-{n}"))
    clock = Clock()
    seen: list[datetime | None] = []

    def look() -> None:
        seen.append(Message.objects.get(state="sending", perhaps_sent=True).lease_until)
        clock.turn(seconds=7)

    send(Answering(during=look), clock)
    assert seen == [NOW + LEASE + timedelta(seconds=7 * n) for n in range(3)]


def test_run_ends_after_30_seconds_and_gives_back_what_it_holds() -> None:
    for n in range(5):
        queue(a_draft(occasion=f"o-{n}"))
    clock = Clock()

    slow = Answering(during=lambda: clock.turn(seconds=10))
    assert send(slow, clock) == Report(sent=3)
    assert len(claim(clock.now, "next")) == 2


def test_all_that_is_due_is_sent_in_batches() -> None:
    for n in range(7):
        queue(a_draft(occasion=f"o-{n}"))
    assert send(Answering(), Clock(), limit=3) == Report(sent=7)


@pytest.mark.parametrize("column", ["recipient", "payload"])
def test_unreadable_message_is_parked_and_the_others_flow(column: str) -> None:
    poison = queue(a_draft())
    queue(a_draft(occasion="good"))
    with connection.cursor() as cursor:
        garbage = b"garbage" if column == "payload" else "garbage"
        cursor.execute(f"UPDATE notifications_message SET {column} = %s WHERE occasion = 'reminder-1'", [garbage])
    report = send(Answering(), Clock())
    reason = "the message cannot be sent as stored (Unreadable)"
    assert report == Report(sent=1, failed=(undelivered(poison, reason),))
    assert Message.objects.defer("payload", "recipient").get(id=poison.id).state == "failed"
    assert list(Attempt.objects.filter(message_id=poison.id).values_list("outcome", flat=True)) == ["broken"]


def test_question_that_fails_for_one_message_parks_it_and_the_others_flow() -> None:
    poison = queue(a_draft())
    queue(a_draft(occasion="good"))

    def question(message: Message) -> str | None:
        return None if message.occasion == "good" else str(1 // 0)

    report = send(Answering(), Clock(), still_true=question)
    reason = "the message cannot be sent as stored (ZeroDivisionError)"
    assert report == Report(sent=1, failed=(undelivered(poison, reason),))


def test_failed_message_is_handed_over_in_the_transaction_that_marks_it() -> None:
    row = queue(a_draft(), NOW - timedelta(seconds=1))
    queue(a_draft(occasion="good"))
    told: list[tuple[Undelivered, str]] = []

    def hand_over(failed: Undelivered) -> None:
        told.append((failed, Message.objects.get(id=failed.message_id).state))
        if len(told) == 1:
            raise RuntimeError("the task could not be written")

    clock = Clock()
    edge = Answering([Permanent("550 no")])
    run = {"practice_id": PRACTICE, "clock": clock, "until": NOW + timedelta(hours=1), "still_true": true}
    run |= {"transport": edge, "owner": "w", "on_failed": hand_over}
    assert send_due(**run) == Report(sent=1)
    row.refresh_from_db()
    assert row.state == "sending"
    clock.turn(seconds=121)
    edge.answers = [Permanent("550 no")]
    assert send_due(**run) == Report(failed=(undelivered(row, "550 no"),))
    assert told == [(undelivered(row, "550 no"), "sending")] * 2


def test_only_the_lowest_unsent_sequence_of_an_invite_is_claimed() -> None:
    first = queue(an_invite())
    with pytest.raises(Killed):
        send(DyingAfterDelivery(Answering()), Clock())
    second = queue(an_invite(sequence=1))
    bob = queue(an_invite(recipient="bob@home.example"))
    other = queue(an_invite(uid="another"))
    later = NOW + timedelta(seconds=60)
    assert {c.id for c in claim(later, "w")} == {bob.id, other.id}
    assert [c.id for c in claim(NOW + LEASE, "w", limit=5)] == [first.id]
    Message.objects.filter(id=first.id).update(
        state="sent", sent_at=NOW, finished_at=NOW, lease_owner="", lease_until=None
    )
    assert [c.id for c in claim(later, "w")] == [second.id]


def test_move_and_cancel_arrive_in_order(sink: RunningSink) -> None:
    clock = Clock()
    with sink.transport() as transport:
        for draft in (an_invite(), an_invite(sequence=1), an_invite(sequence=2, cancelled=True)):
            queue(draft)
            send(transport, clock)
    calendars = [list(r.message.walk())[-1].get_content().decode() for r in sink.received()]
    found = [(c.split("METHOD:")[1].split()[0], c.split("SEQUENCE:")[1].split()[0]) for c in calendars]
    assert found == [("REQUEST", "0"), ("REQUEST", "1"), ("CANCEL", "2")]


def test_claimed_message_is_not_claimed_again_before_its_lease_ends() -> None:
    row = queue(a_draft())
    assert [c.id for c in claim(NOW, "one")] == [row.id]
    assert claim(NOW + LEASE - timedelta(seconds=1), "two") == []
    assert [c.id for c in claim(NOW + LEASE, "two")] == [row.id]


def test_claim_takes_the_oldest_due_first_and_no_more_than_its_limit() -> None:
    rows = [queue(a_draft(occasion=f"o-{n}", not_before=NOW + timedelta(minutes=9 - n))) for n in range(5)]
    taken = [c.id for c in claim(NOW + timedelta(hours=1), "w", limit=2)]
    assert taken == [rows[4].id, rows[3].id]


def test_suppressed_address_is_skipped_until_it_is_lifted() -> None:
    row = queue(a_draft())
    wish = {"practice_id": PRACTICE, "channel": Channel.EMAIL, "recipient": PATIENT.upper(), "now": NOW}
    assert suppress(**wish, reason="asked for no more", by=BY) is True
    assert suppress(**wish, reason="asked for no more", by=BY) is False
    assert send(Answering(), Clock()) == Report(skipped=1)
    row.refresh_from_db()
    assert row.state == "skipped"
    assert (lift_suppression(**wish), lift_suppression(**wish)) == (True, False)
    queue(a_draft(occasion="after"))
    assert send(Answering(), Clock()) == Report(sent=1)


@pytest.mark.django_db(transaction=True)
def test_claim_passes_over_a_row_that_another_sender_is_taking() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    held, free = queue(a_draft()), queue(a_draft(occasion="free"))
    url = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "context": None}
    with psycopg.connect(**url) as other:
        other.execute("SELECT set_config('cleared.practice', %s, false)", [str(PRACTICE)])
        other.execute("SELECT 1 FROM notifications_message WHERE id = %s FOR UPDATE", [held.id])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        assert [c.id for c in claim(NOW, "w")] == [free.id]
        other.rollback()
    assert [c.id for c in claim(NOW, "w")] == [held.id]


@pytest.mark.django_db(transaction=True)
def test_claim_inside_a_transaction_is_refused() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        claim(NOW, "w")


@pytest.mark.django_db(transaction=True)
def test_message_is_sent_outside_any_transaction() -> None:
    queue(a_draft())
    inside: list[bool] = []
    edge = Answering(during=lambda: inside.append(connection.in_atomic_block))
    assert send(edge, Clock()) == Report(sent=1)
    assert inside == [False]
