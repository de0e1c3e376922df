"""What the database refuses and Meta cannot say, per engine.

A trigger's error starts with its name. No statement says IF NOT EXISTS: drop a trigger by its name first.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trigger:
    """One trigger with its complete CREATE statements, in order; an engine that does not need it has none."""

    name: str
    table: str
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]


_IDENTITY = ("practice_id", "occasion", "message_id", "uid", "sequence", "method", "payload_digest")
_FIXED = "a queued message keeps its identity; queue a new message instead"
_APPENDED = "attempts are only added"


def _function(name: str, sentence: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{name}: {sentence}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )


def _attempt_refuses(event: str) -> Trigger:
    name = f"attempt_{event.lower()}_refused"
    level = "STATEMENT" if event == "TRUNCATE" else "ROW"
    sqlite = (
        f"CREATE TRIGGER {name} BEFORE {event} ON notifications_attempt "
        f"BEGIN SELECT RAISE(ABORT, '{name}: {_APPENDED}'); END",
    )
    postgresql = (
        _function(name, _APPENDED),
        f"CREATE TRIGGER {name} BEFORE {event} ON notifications_attempt FOR EACH {level} EXECUTE FUNCTION {name}()",
    )
    return Trigger(name, "notifications_attempt", () if event == "TRUNCATE" else sqlite, postgresql)


def _identity_fixed() -> Trigger:
    name, table = "message_identity_fixed", "notifications_message"
    columns = ", ".join(_IDENTITY)
    changed = " OR ".join(f"OLD.{c} {{differs}} NEW.{c}" for c in _IDENTITY)
    head = f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW"
    return Trigger(
        name,
        table,
        (f"{head} WHEN {changed.format(differs='IS NOT')} BEGIN SELECT RAISE(ABORT, '{name}: {_FIXED}'); END",),
        (
            _function(name, _FIXED),
            f"{head} WHEN ({changed.format(differs='IS DISTINCT FROM')}) EXECUTE FUNCTION {name}()",
        ),
    )


TRIGGERS: tuple[Trigger, ...] = (
    _attempt_refuses("UPDATE"),
    _attempt_refuses("DELETE"),
    _attempt_refuses("TRUNCATE"),
    _identity_fixed(),
)
