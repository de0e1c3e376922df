"""The system checks that only a whole deployment can answer."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection

from scheduler.database import TRIGGERS, install, remove


@pytest.mark.django_db
def test_missing_triggers_are_an_error_that_names_them() -> None:
    def errors() -> list[Any]:
        return [message for message in run_checks(databases=["default"]) if message.id == "cleared.E001"]

    assert errors() == []
    remove(connection)
    found = errors()
    install(connection)
    assert len(found) == 1
    assert {trigger.name for trigger in TRIGGERS if trigger.name in found[0].msg} >= {"case_start_needs_gate_pass"}
    assert errors() == []


def test_embedded_broker_with_postgresql_is_a_warning(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def warnings(broker: str, engine: str) -> list[str]:
        settings.CELERY_BROKER_URL = broker
        monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", f"django.db.backends.{engine}")
        return [message.id or "" for message in run_checks() if message.id == "cleared.W001"]

    assert warnings("filesystem://localhost", "sqlite3") == []
    assert warnings("filesystem://localhost", "postgresql") == ["cleared.W001"]
    assert warnings("redis://localhost", "postgresql") == []
