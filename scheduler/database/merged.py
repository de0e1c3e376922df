"""A merged patient row holds nothing: whatever belongs to the person belongs to the row that survived."""

from checklists.database import Trigger

HOLDERS = ("scheduler_case", "scheduler_contact", "scheduler_claim")


def _holds_nothing(table: str) -> Trigger:
    name = f"{table}_of_no_merged_patient"
    message = f"{name}: this row was merged into another patient"
    on = f"BEFORE INSERT OR UPDATE OF patient_id ON {table} FOR EACH ROW WHEN (NEW.patient_id IS NOT NULL)"
    return Trigger(
        name,
        table,
        sqlite=(),
        postgresql=(
            # The lock waits for a merge that is under way, and then reads what it made of the row.
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE other uuid; BEGIN "
            "SELECT merged_into_id INTO other FROM scheduler_patient WHERE id = NEW.patient_id FOR KEY SHARE; "
            f"IF other IS NOT NULL THEN RAISE EXCEPTION '{message}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} {on} EXECUTE FUNCTION {name}()",
        ),
    )


def _holds_nothing_on_sqlite(table: str, event: str) -> Trigger:
    name = f"{table}_of_no_merged_patient_{event.split()[0].lower()}"
    return Trigger(
        name,
        table,
        sqlite=(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN "
            f"SELECT RAISE(ABORT, '{name}: this row was merged into another patient') WHERE EXISTS "
            "(SELECT 1 FROM scheduler_patient WHERE id = NEW.patient_id AND merged_into_id IS NOT NULL); END",
        ),
        postgresql=(),
    )


STILL_HOLDS = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE patient_id = NEW.id)" for table in HOLDERS)
NOT_EMPTY = "patient_merged_only_when_empty: cases, contacts or claims of this patient are left behind"
MARKS = "NEW.merged_into_id IS NOT NULL"
MERGED = (
    *(_holds_nothing(table) for table in HOLDERS),
    *(_holds_nothing_on_sqlite(table, event) for table in HOLDERS for event in ("INSERT", "UPDATE OF patient_id")),
    Trigger(
        "patient_merged_only_when_empty",
        "scheduler_patient",
        sqlite=(
            "CREATE TRIGGER patient_merged_only_when_empty BEFORE UPDATE OF merged_into_id ON scheduler_patient "
            f"WHEN {MARKS} BEGIN SELECT RAISE(ABORT, '{NOT_EMPTY}') WHERE {STILL_HOLDS}; END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION patient_merged_only_when_empty() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {STILL_HOLDS} THEN RAISE EXCEPTION '{NOT_EMPTY}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER patient_merged_only_when_empty BEFORE UPDATE OF merged_into_id ON scheduler_patient "
            f"FOR EACH ROW WHEN ({MARKS}) EXECUTE FUNCTION patient_merged_only_when_empty()",
        ),
    ),
)
