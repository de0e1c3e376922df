"""One process at the outbox: `queue COUNT` or `send PORT`; the only line of output is how many it did."""

import os
import sys
from datetime import UTC, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from notifications.models import PENDING, Message  # noqa: E402
from notifications.services.outbox import enqueue, send_due  # noqa: E402
from notifications.transport import SMTPTransport  # noqa: E402
from tests.notifications.drafts import NOW, PRACTICE, a_draft  # noqa: E402
from tests.notifications.services.steps import true  # noqa: E402


def queue(count: int) -> int:
    drafts = [a_draft(occasion=f"o-{n}") for n in range(count)]
    return sum(enqueue(draft, now=NOW, by="system") is not None for draft in drafts)


def send(port: int) -> int:
    sent = 0
    with SMTPTransport(host="127.0.0.1", port=port) as transport:
        while Message.objects.filter(state__in=PENDING).exists():
            sent += send_due(
                practice_id=PRACTICE,
                clock=lambda: datetime.now(UTC),
                until=datetime.now(UTC) + timedelta(seconds=30),
                still_true=true,
                transport=transport,
                owner=str(os.getpid()),
                limit=5,
            ).sent
    return sent


if __name__ == "__main__":
    done = {"queue": queue, "send": send}[sys.argv[1]](int(sys.argv[2]))
    sys.stdout.write(f"{done}\n")
