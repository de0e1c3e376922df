"""Moments in both languages: no English zone in Spanish, but where only its letters tell two hours apart."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from scheduler.spoken import moment

NEW_YORK, PHOENIX = ZoneInfo("America/New_York"), ZoneInfo("America/Phoenix")


@pytest.mark.parametrize(
    ("language", "at", "tz", "said"),
    [
        ("en", datetime(2027, 3, 1, 15, tzinfo=UTC), NEW_YORK, "Monday, March 1 at 10:00 AM (EST)"),
        ("es", datetime(2027, 3, 1, 15, tzinfo=UTC), NEW_YORK, "lunes 1 de marzo a las 10:00 a. m. (hora del Este)"),
        ("es", datetime(2027, 7, 1, 17, tzinfo=UTC), NEW_YORK, "jueves 1 de julio a la 1:00 p. m. (hora del Este)"),
        ("es", datetime(2027, 7, 1, 17, tzinfo=UTC), PHOENIX, "jueves 1 de julio a las 10:00 a. m. (hora de Arizona)"),
        ("es", datetime(2027, 11, 7, 5, 30, tzinfo=UTC), NEW_YORK, "domingo 7 de noviembre a la 1:30 a. m. (EDT)"),
        ("es", datetime(2027, 11, 7, 6, 30, tzinfo=UTC), NEW_YORK, "domingo 7 de noviembre a la 1:30 a. m. (EST)"),
    ],
)
def test_moment_is_told_in_the_language(language: str, at: datetime, tz: ZoneInfo, said: str) -> None:
    with translation.override(language):
        assert moment(at, tz) == said
