import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.test import Client

from scheduler.models import Practice, User
from tests.scheduler.canary.telling import Teller, Told, tell_everything
from tests.scheduler.canary.words import Heard
from tests.scheduler.services.mailing import Mailbox, decoded


@pytest.fixture
def told(
    practice: Practice,
    staff: dict[str, User],
    resources: Any,
    api: Callable[..., Client],
    at: Callable[[datetime], None],
    django_capture_on_commit_callbacks: Any,
) -> Iterator[Told]:
    heard, rings = Heard(), []  # type: ignore[var-annotated]

    def ring(body: Any = None, headers: Any = None, **more: Any) -> None:
        rings.append(repr((body, headers, more)))

    before_task_publish.connect(ring)
    root, teller, box = logging.getLogger(), Teller(practice, staff, api), Mailbox()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            case = tell_everything(teller, resources, at, box)
        yield Told(case, heard, teller.traffic, [(to, decoded(raw)) for to, raw in box.received], rings)
    finally:
        root.removeHandler(heard)
        root.setLevel(level)
        before_task_publish.disconnect(ring)
