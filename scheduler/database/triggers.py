"""Overlapping claims, unlawful steps of a case, a start without its gate pass: refused by triggers, SQL per engine."""

from checklists.database import MOVES, Trigger, refused
from scheduler.rules.transitions import BEFORE_PROCEDURE, allowed_steps

OVERLAP = (
    "SELECT RAISE(ABORT, 'claim_overlap: already claimed for this time') WHERE NEW.is_active AND EXISTS ("
    "SELECT 1 FROM scheduler_claim c WHERE c.practice_id = NEW.practice_id AND c.claimed = NEW.claimed "
    "AND c.is_active AND c.id <> NEW.id AND c.starts_at < NEW.ends_at AND NEW.starts_at < c.ends_at)"
)
CLAIM_OVERLAP = (
    Trigger(
        "claim_overlap_insert",
        "scheduler_claim",
        sqlite=(f"CREATE TRIGGER claim_overlap_insert BEFORE INSERT ON scheduler_claim BEGIN {OVERLAP}; END",),
        postgresql=(),
    ),
    Trigger(
        "claim_overlap_update",
        "scheduler_claim",
        sqlite=(f"CREATE TRIGGER claim_overlap_update BEFORE UPDATE ON scheduler_claim BEGIN {OVERLAP}; END",),
        postgresql=(),
    ),
)
# PostgreSQL only, the triggers above hold the same on SQLite.
CLAIMS_APART = (
    "EXCLUDE USING gist (practice_id WITH =, claimed WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&) "
    "WHERE (is_active)"
)

STEPS = ", ".join(f"'{source}>{target}'" for source, target in allowed_steps())
UNLAWFUL = f"OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ({STEPS})"
ENTERS = "NEW.state = 'in_procedure' AND OLD.state <> 'in_procedure'"
# The pass must name this case, booking, moment and version and be unused; since its gate was asked nothing may have
# been recorded, struck out, or changed in the case, and the protocol version must be the same, and in force - though
# not for what began on paper, which no withdrawal undoes.
FITTING_PASS = (
    "practice_id = NEW.practice_id AND subject = NEW.id AND booking = NEW.booking_id AND start = NEW.started_at "
    "AND subject_version = OLD.version AND used_at IS NULL AND NOT EXISTS (SELECT 1 FROM checklists_evidence e "
    "WHERE e.checklist_id = NEW.checklist_id AND e.id > checklists_gatepass.last_evidence_id) "
    "AND EXISTS (SELECT 1 FROM checklists_decision d JOIN checklists_checklist c ON c.id = d.checklist_id "
    "JOIN checklists_protocolversion v ON v.id = c.protocol_version_id "
    "WHERE d.id = checklists_gatepass.decision_id AND c.id = NEW.checklist_id AND d.facts_number = c.facts_number "
    "AND d.version_hash = v.document_hash AND v.signed_at IS NOT NULL "
    "AND (v.withdrawn_at IS NULL OR checklists_gatepass.kind = 'downtime') "
    "AND d.errors_counted = (SELECT COUNT(*) FROM checklists_evidenceerror x "
    "JOIN checklists_evidence e ON e.id = x.evidence_id WHERE e.checklist_id = NEW.checklist_id))"
)
USE = "used_at = CASE kind WHEN 'downtime' THEN issued_at ELSE NEW.started_at END"
NO_PASS = "case_start_needs_gate_pass: no fresh, unused gate pass names this case, booking and start"

CASE_STEPS = (
    Trigger(
        "case_lawful_step",
        "scheduler_case",
        sqlite=(
            f"CREATE TRIGGER case_lawful_step BEFORE UPDATE OF state ON scheduler_case WHEN {UNLAWFUL} BEGIN "
            "SELECT RAISE(ABORT, 'case_lawful_step: this step is not in the table of transitions'); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION case_lawful_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'case_lawful_step: % to % is not in the table of transitions', OLD.state, NEW.state "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER case_lawful_step BEFORE UPDATE OF state ON scheduler_case FOR EACH ROW WHEN ({UNLAWFUL}) "
            "EXECUTE FUNCTION case_lawful_step()",
        ),
    ),
    Trigger(
        "case_opens_referred",
        "scheduler_case",
        sqlite=(
            "CREATE TRIGGER case_opens_referred BEFORE INSERT ON scheduler_case WHEN NEW.state <> 'referred' BEGIN "
            "SELECT RAISE(ABORT, 'case_opens_referred: a case opens as referred'); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION case_opens_referred() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'case_opens_referred: a case opens as referred' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$",
            "CREATE TRIGGER case_opens_referred BEFORE INSERT ON scheduler_case FOR EACH ROW "
            "WHEN (NEW.state <> 'referred') EXECUTE FUNCTION case_opens_referred()",
        ),
    ),
    Trigger(
        "case_start_needs_gate_pass",
        "scheduler_case",
        sqlite=(
            f"CREATE TRIGGER case_start_needs_gate_pass BEFORE UPDATE OF state ON scheduler_case WHEN {ENTERS} BEGIN "
            f"SELECT RAISE(ABORT, '{NO_PASS}') WHERE NOT EXISTS "
            f"(SELECT 1 FROM checklists_gatepass WHERE {FITTING_PASS}); "
            f"UPDATE checklists_gatepass SET {USE} WHERE {FITTING_PASS}; END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION case_start_needs_gate_pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"UPDATE checklists_gatepass SET {USE} WHERE {FITTING_PASS}; "
            f"IF NOT FOUND THEN RAISE EXCEPTION '{NO_PASS}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            "RETURN NEW; END $$",
            "CREATE TRIGGER case_start_needs_gate_pass BEFORE UPDATE OF state ON scheduler_case FOR EACH ROW "
            f"WHEN ({ENTERS}) EXECUTE FUNCTION case_start_needs_gate_pass()",
        ),
    ),
    Trigger(
        "case_start_is_not_rewritten",
        "scheduler_case",
        sqlite=(
            "CREATE TRIGGER case_start_is_not_rewritten BEFORE UPDATE OF started_at ON scheduler_case "
            "WHEN NEW.started_at IS NOT OLD.started_at AND NEW.state = OLD.state BEGIN "
            "SELECT RAISE(ABORT, 'case_start_is_not_rewritten: the start is set by starting'); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION case_start_is_not_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'case_start_is_not_rewritten: the start is set by starting' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$",
            "CREATE TRIGGER case_start_is_not_rewritten BEFORE UPDATE OF started_at ON scheduler_case FOR EACH ROW "
            "WHEN (NEW.started_at IS DISTINCT FROM OLD.started_at AND NEW.state = OLD.state) "
            "EXECUTE FUNCTION case_start_is_not_rewritten()",
        ),
    ),
)

BEFORE = ", ".join(f"'{state}'" for state in BEFORE_PROCEDURE)
UNDER_WAY = f"SELECT 1 FROM scheduler_case c WHERE c.checklist_id = NEW.id AND c.state NOT IN ({BEFORE})"
STAYS = "checklist_stays_once_under_way: a case in procedure, in recovery or ended keeps its protocol version"
PINNED = Trigger(
    "checklist_stays_once_under_way",
    "checklists_checklist",
    sqlite=(
        "CREATE TRIGGER checklist_stays_once_under_way BEFORE UPDATE OF protocol_version_id ON checklists_checklist "
        f"WHEN {MOVES} BEGIN SELECT RAISE(ABORT, '{STAYS}') WHERE EXISTS ({UNDER_WAY}); END",
    ),
    postgresql=(
        "CREATE OR REPLACE FUNCTION checklist_stays_once_under_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF EXISTS ({UNDER_WAY}) THEN RAISE EXCEPTION '{STAYS}' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER checklist_stays_once_under_way BEFORE UPDATE OF protocol_version_id ON checklists_checklist "
        f"FOR EACH ROW WHEN ({MOVES}) EXECUTE FUNCTION checklist_stays_once_under_way()",
    ),
)

# Not append-only to the letter: sealing notes the number of the seal, once.
READING = ("id", "practice_id", "at", "by", "roles", "route", "subjects", "peer", "merged")
READINGS = (
    refused("scheduler_reading", "reading_is_kept", "DELETE"),
    refused("scheduler_reading", "reading_is_not_emptied", "TRUNCATE"),
    refused("scheduler_reading", "reading_content_is_kept", "UPDATE", columns=READING),
    refused("scheduler_reading", "reading_sealed_is_immutable", "UPDATE", when="OLD.seal IS NOT NULL"),
)
