"""Celery's wiring, and the one table of periodic work. Seconds and UTC only: no local-time crontab."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("cleared")
app.config_from_object("django.conf:settings", namespace="CELERY")  # CELERY_TIMEZONE = UTC
app.autodiscover_tasks(["scheduler"])

app.conf.beat_schedule = {
    # A lost doorbell costs at most this many seconds: the outbox rows are the truth.
    "send due messages": {"task": "scheduler.send_due_messages", "schedule": 10.0},
    # An overdue item must be blocked within 60 s, so the sweep runs at a third of that.
    "sweep due cases": {"task": "scheduler.sweep_due_cases", "schedule": 20.0},
    # What the database lost or altered is seen up to the last sealing.
    "seal records": {"task": "scheduler.seal_records", "schedule": 60.0},
    # Final bytes are kept for 30 days after sending, idempotent answers for one; an hour more does no harm.
    "forget what is old": {"task": "scheduler.forget_what_is_old", "schedule": 3600.0},
    # A record that was altered is somebody's work the next day; at night in the Americas, and never reset by a restart.
    "verify records": {"task": "scheduler.verify_records", "schedule": crontab(hour="8", minute="20")},
}
