"""The clock moves, and the record empties, in demonstrations and tests only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from scheduler import clock
from scheduler.models import Practice, Record, User


def test_clock_is_moved_in_the_demonstration(settings: Any) -> None:
    settings.DEMO, settings.CLOCK_OFFSET = True, 3600.0
    ahead = clock.now() - datetime.now(UTC)
    assert timedelta(minutes=59) < ahead <= timedelta(hours=1)
    assert clock.now().utcoffset() == timedelta(0)


def test_moved_clock_is_refused_outside_the_demonstration(settings: Any) -> None:
    settings.DEMO, settings.CLOCK_OFFSET = False, 1.0
    with pytest.raises(ImproperlyConfigured, match="CLOCK_OFFSET"):
        clock.now()


def test_clock_that_is_not_moved_runs_everywhere(settings: Any) -> None:
    settings.DEMO, settings.CLOCK_OFFSET = False, 0.0
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_flush_is_refused_outside_the_demonstration(practice: Practice, settings: Any) -> None:
    settings.DEMO = False
    before = Record.objects.count()
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("flush", interactive=False, verbosity=0)
    assert (Record.objects.count(), before > 0) == (before, True)


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_record_in_the_demonstration(practice: Practice, settings: Any) -> None:
    settings.DEMO = True
    call_command("flush", interactive=False, verbosity=0)
    assert Record.objects.count() == 0


@pytest.mark.django_db
def test_demonstration_refuses_to_exist_elsewhere(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("demo")
    assert (Practice.objects.count(), User.objects.count()) == (0, 0)
