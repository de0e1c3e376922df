"""The clock that pages, tasks and commands read; everything below takes `now` as an argument."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def now() -> datetime:
    """The current instant, UTC, moved by CLOCK_OFFSET seconds in demonstrations and tests."""
    if settings.CLOCK_OFFSET and not settings.DEMO:
        raise ImproperlyConfigured("CLOCK_OFFSET moves the clock and is refused unless DEMO=1. Unset it.")
    return datetime.now(UTC) + timedelta(seconds=settings.CLOCK_OFFSET)
