"""Celery's entrances: each asks a service to look at the database, and carries nothing itself."""

import logging
import os
import socket
from datetime import timedelta

from celery import shared_task
from django.conf import settings

from notifications.services.outbox import send_due, wipe_payloads
from notifications.transport import SMTPTransport
from scheduler import clock, messages
from scheduler.doors import due_messages, practices_by_name
from scheduler.isolation import within
from scheduler.services.delivery import owe_expired, owe_undelivered
from scheduler.services.idempotency import forget_answers
from scheduler.services.record_watch import verify_every_record
from scheduler.services.sealing import seal_every_record
from scheduler.services.sweeps import sweep_due_cases as sweep

log = logging.getLogger(__name__)
# With the time-out of one mail conversation this stays below the worker's limit of 60 s for a task.
SEND_FOR = timedelta(seconds=30)
BYTES_KEPT = timedelta(days=30)
VERIFY_WITHIN = 540  # seconds; above it the broker would give the task to another worker as well


def _transport() -> SMTPTransport:
    return SMTPTransport(
        host=settings.SMTP_HOST,
        port=settings.SMTP_PORT,
        user=settings.SMTP_USER,
        password=settings.SMTP_PASSWORD,
        starttls=settings.SMTP_STARTTLS,
    )


@shared_task(name="scheduler.send_due_messages")
def send_due_messages() -> None:
    """Deliver what is due; what cannot be delivered becomes a person's task."""
    waiting = due_messages(clock.now())
    if not waiting:
        return
    until = clock.now() + SEND_FOR
    with _transport() as transport:
        for due in waiting:
            report = send_due(
                practice_id=due.practice_id,
                within=within,
                clock=clock.now,
                until=until,
                still_true=lambda message: messages.still_true(message, clock.now()),
                transport=transport,
                owner=f"{socket.gethostname()}:{os.getpid()}",
                on_failed=lambda undelivered: owe_undelivered(undelivered=undelivered, now=clock.now()),
                on_expired=lambda late: owe_expired(undelivered=late, now=clock.now()),
            )
            if report.sent or report.failed or report.retried:
                log.info("sent %s, failed %s, to retry %s", report.sent, len(report.failed), report.retried)


@shared_task(name="scheduler.forget_what_is_old")
def forget_what_is_old() -> None:
    now, wiped, forgotten = clock.now(), 0, 0
    for practice_id in practices_by_name().values():
        with within(practice_id):
            wiped += wipe_payloads(practice_id=practice_id, finished_before=now - BYTES_KEPT)
            forgotten += forget_answers(practice_id=practice_id, now=now)
    if wiped or forgotten:
        log.info("wiped the bytes of %s messages, forgot %s idempotent answers", wiped, forgotten)


@shared_task(name="scheduler.sweep_due_cases")
def sweep_due_cases() -> None:
    swept = sweep(clock=clock.now)
    if swept.looked or swept.failed:
        log.info("looked at %s cases, placed %s blocks, %s failed", swept.looked, swept.placed, swept.failed)


@shared_task(name="scheduler.seal_records")
def seal_records() -> None:
    seal_every_record(now=clock.now())


@shared_task(name="scheduler.verify_records", time_limit=VERIFY_WITHIN)
def verify_records() -> None:
    verify_every_record(now=clock.now())
