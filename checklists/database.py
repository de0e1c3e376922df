"""What Meta cannot say: the append-only and immutable rows of this app, in SQL for each engine.

scheduler/database installs these after every migrate, because SQLite rebuilds a table on AlterField and
silently drops its triggers. Each message starts with the trigger's name.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trigger:
    name: str
    table: str
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]


def append_only(table: str) -> tuple[Trigger, ...]:
    """UPDATE and DELETE refused on both engines, TRUNCATE on PostgreSQL (SQLite has none)."""
    return tuple(
        refused(table, f"{table}_append_only_{operation.lower()}", operation)
        for operation in ("UPDATE", "DELETE", "TRUNCATE")
    )


def refused(
    table: str, name: str, operation: str, when: str = "", columns: tuple[str, ...] = (), because: str = ""
) -> Trigger:
    """A trigger that refuses an operation, where `when` holds (OLD and NEW mean the same on both engines)."""
    of = f" OF {', '.join(columns)}" if columns else ""
    level = "STATEMENT" if operation == "TRUNCATE" else "ROW"
    condition = f"WHEN ({when})" if when else ""
    message = f"{name}: {because or f'rows of {table} are kept as they were written'}"
    return Trigger(
        name,
        table,
        sqlite=()
        if operation == "TRUNCATE"
        else (
            f"CREATE TRIGGER {name} BEFORE {operation}{of} ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {name} BEFORE {operation}{of} ON {table} FOR EACH {level} {condition} "
            f"EXECUTE FUNCTION {name}()",
        ),
    )


# What a pass lets in, and who answers for it: immutable here, and told to the record in this order.
GATE_PASS_OPENS = (
    "subject",
    "booking",
    "start",
    "subject_version",
    "last_evidence_id",
    "decision_id",
    "issued_at",
    "issued_by",
)
GATE_PASS_ANSWERED_BY = ("kind", "decided_by", "signed_by", "second_by")
GATE_PASS_IDENTITY = ("practice_id", *GATE_PASS_OPENS, *GATE_PASS_ANSWERED_BY, "paper", "reason")
PROTOCOL_IDENTITY = ("practice_id", "protocol_id", "number", "document", "document_hash", "missing")

GATE_PASS_GROUND = (
    "SELECT 1 FROM checklists_decision d JOIN checklists_checklist c ON c.id = d.checklist_id "
    "WHERE d.id = NEW.decision_id AND d.practice_id = NEW.practice_id AND c.subject = NEW.subject "
    "AND d.kind = 'gate' AND d.gate = 'start' AND d.start = NEW.start "
    # What was done on paper against any of the gate's answers then needs a second person.
    "AND ((NEW.kind = 'downtime' AND NEW.second_by <> '') OR (d.answer IN ('open', 'open_overridden') "
    "AND (NEW.kind <> 'downtime' OR NOT EXISTS (SELECT 1 FROM checklists_decision o "
    "WHERE o.checklist_id = d.checklist_id AND o.kind = 'gate' AND o.gate = 'start' AND o.start = d.start "
    "AND o.at = d.at AND o.answer NOT IN ('open', 'open_overridden'))))) "
    "AND d.last_evidence_id = NEW.last_evidence_id AND NEW.used_at IS NULL"
)
GATE_PASS_NEEDS = "gate_pass_needs_open_gate: no open answer of the start gate stands behind this pass"

MOVES = "NEW.protocol_version_id <> OLD.protocol_version_id"
IN_FORCE = (
    "SELECT 1 FROM checklists_protocolversion v WHERE v.id = NEW.protocol_version_id "
    "AND v.practice_id = NEW.practice_id AND v.signed_at IS NOT NULL AND v.withdrawn_at IS NULL"
)
NOT_IN_FORCE = "checklist_moves_to_version_in_force: the version is unsigned, withdrawn, or another practice''s"

TRIGGERS: tuple[Trigger, ...] = (
    Trigger(
        "gate_pass_needs_open_gate",
        "checklists_gatepass",
        sqlite=(
            "CREATE TRIGGER gate_pass_needs_open_gate BEFORE INSERT ON checklists_gatepass BEGIN "
            f"SELECT RAISE(ABORT, '{GATE_PASS_NEEDS}') WHERE NOT EXISTS ({GATE_PASS_GROUND}); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION gate_pass_needs_open_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NOT EXISTS ({GATE_PASS_GROUND}) THEN RAISE EXCEPTION '{GATE_PASS_NEEDS}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER gate_pass_needs_open_gate BEFORE INSERT ON checklists_gatepass FOR EACH ROW "
            "EXECUTE FUNCTION gate_pass_needs_open_gate()",
        ),
    ),
    *append_only("checklists_facts"),
    *append_only("checklists_evidence"),
    *append_only("checklists_evidenceerror"),
    *append_only("checklists_review"),
    *append_only("checklists_override"),
    *append_only("checklists_decision"),
    # Also before it is signed: what the clinician reads is what the signature then covers.
    refused("checklists_protocolversion", "protocol_version_content_is_kept", "UPDATE", columns=PROTOCOL_IDENTITY),
    refused(
        "checklists_protocolversion",
        "protocol_version_signed_is_immutable",
        "UPDATE",
        when="OLD.signed_at IS NOT NULL",
        columns=("adopted_at", "adopted_by", "signed_at", "signed_by"),
    ),
    refused(
        "checklists_protocolversion", "protocol_version_signed_is_kept", "DELETE", when="OLD.signed_at IS NOT NULL"
    ),
    refused(
        "checklists_protocolversion",
        "protocol_version_withdrawn_once",
        "UPDATE",
        when="OLD.withdrawn_at IS NOT NULL",
        columns=("withdrawn_at", "withdrawn_by", "withdrawn_reason"),
    ),
    Trigger(
        "checklist_moves_to_version_in_force",
        "checklists_checklist",
        sqlite=(
            "CREATE TRIGGER checklist_moves_to_version_in_force BEFORE UPDATE OF protocol_version_id "
            f"ON checklists_checklist WHEN {MOVES} BEGIN "
            f"SELECT RAISE(ABORT, '{NOT_IN_FORCE}') WHERE NOT EXISTS ({IN_FORCE}); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION checklist_moves_to_version_in_force() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF NOT EXISTS ({IN_FORCE}) THEN RAISE EXCEPTION '{NOT_IN_FORCE}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER checklist_moves_to_version_in_force BEFORE UPDATE OF protocol_version_id "
            f"ON checklists_checklist FOR EACH ROW WHEN ({MOVES}) "
            "EXECUTE FUNCTION checklist_moves_to_version_in_force()",
        ),
    ),
    refused("checklists_gatepass", "gate_pass_is_kept", "DELETE"),
    refused("checklists_gatepass", "gate_pass_is_immutable", "UPDATE", columns=GATE_PASS_IDENTITY),
    refused(
        "checklists_gatepass",
        "gate_pass_is_used_once",
        "UPDATE",
        when="OLD.used_at IS NOT NULL",
        columns=("used_at",),
    ),
    refused("checklists_block", "block_is_kept", "DELETE"),
)
