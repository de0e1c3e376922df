"""Watches what a request writes: a change without a row in the record is a fault of whoever answered it."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection

WRITES = re.compile(r'\s*(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM) "?(\w+)"?', re.IGNORECASE)
# What the record itself does not tell: the access log has a chain of its own in it; the others hold no fact of a case.
BESIDES = {"scheduler_reading", "scheduler_idempotencykey", "scheduler_recordhead", "django_session"}
# Nor what a look at a checklist derives; to which version it is pinned is a fact.
DERIVED = re.compile(r'UPDATE "checklists_checklist" SET (?!.*"protocol_version_id" = .* WHERE)')


def recorded(request: Callable[..., Any]) -> Callable[..., Any]:
    def watch(client: Any, **environ: Any) -> Any:
        tables: set[str] = set()

        def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            if (found := WRITES.match(sql)) and not DERIVED.match(sql):
                tables.add(found[1])
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            answer = request(client, **environ)
        # A refusal's own writes are rolled back; what it leaves is the business of its tests.
        if answer.status_code < 400 and tables - BESIDES:
            changed, address = sorted(tables - BESIDES), environ.get("PATH_INFO")
            assert "scheduler_record" in tables, f"{address} changed {changed} without a row in the record"
        return answer

    return watch
