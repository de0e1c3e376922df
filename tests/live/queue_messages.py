"""`python -m tests.live.queue_messages N`: N messages about a demo case into the outbox of the environment."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from notifications.rules.mime import Draft  # noqa: E402
from notifications.services.outbox import enqueue  # noqa: E402
from scheduler import clock  # noqa: E402
from scheduler.models import Case  # noqa: E402

case = Case.objects.select_related("practice").earliest("opened_at")
now = clock.now()
for number in range(int(sys.argv[1])):
    draft = Draft(
        practice_id=case.practice_id,
        subject=case.pk,
        kind="notice",
        occasion=f"notice {number}",
        sender_name=case.practice.name,
        sender=case.practice.email,
        recipient=f"reader{number}@patients.example",
        recipient_name=None,
        title=f"Notice {number}",
        text="Please call us.\n",
        summary="notice",
        dated_at=now,
    )
    enqueue(draft, now=now, by="test")
