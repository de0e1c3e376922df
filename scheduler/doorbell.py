"""The broker as a doorbell: after commit, ask a worker to look at the outbox. Losing the ring loses nothing."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)
# A broker that is down costs two seconds to find out; beat looks at the outbox meanwhile.
QUIET_SECONDS = 15.0


@dataclass
class Doorbell:
    """Rings, unless the broker was found silent a moment ago; `missed` counts the rings that nobody heard."""

    ring: Callable[[], object]
    clock: Callable[[], float] = time.monotonic
    quiet_until: float = 0.0
    missed: int = 0

    def press(self) -> None:
        if self.clock() < self.quiet_until:
            self.missed += 1
            return
        try:
            self.ring()
        except Exception as error:  # whatever the trouble: no request fails or hangs for want of a bell
            self.missed += 1
            self.quiet_until = self.clock() + QUIET_SECONDS
            log.warning("doorbell not heard (%s in all): %s", self.missed, type(error).__name__)


DOORBELL = Doorbell(lambda: current_app.send_task("scheduler.send_due_messages", expires=60, retry=False))


def ring_after_commit() -> None:
    """Ring once this transaction has committed; a broker that is down is logged and never felt by the caller."""
    transaction.on_commit(DOORBELL.press, robust=True)
