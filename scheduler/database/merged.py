"""A merged patient row holds nothing: whatever belongs to the person belongs to the row that survived.

An erased patient is given nothing new either.
"""

from dataclasses import dataclass

from checklists.database import Trigger

HOLDERS = ("scheduler_case", "scheduler_contact", "scheduler_claim")


@dataclass(frozen=True, slots=True)
class Gone:
    """What a patient's row is, where the query finds something, and what is said to whoever wants to give it more."""

    name: str
    found: str
    because: str


GONE = (
    Gone(
        "merged",
        "SELECT 1 FROM scheduler_patient WHERE id = NEW.patient_id AND merged_into_id IS NOT NULL",
        "this row was merged into another patient",
    ),
    # Already when the row of the erasure stands: what this patient holds may be emptied from then on.
    Gone("erased", "SELECT 1 FROM scheduler_erasure WHERE patient_id = NEW.patient_id", "this patient was erased"),
)


def _holds_nothing(table: str, gone: Gone) -> Trigger:
    name = f"{table}_of_no_{gone.name}_patient"
    message = f"{name}: {gone.because}"
    on = f"BEFORE INSERT OR UPDATE OF patient_id ON {table} FOR EACH ROW WHEN (NEW.patient_id IS NOT NULL)"
    return Trigger(
        name,
        table,
        sqlite=(),
        postgresql=(
            # The lock waits for a merge or an erasure that is under way, and then reads what it made of the row.
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM 1 FROM scheduler_patient WHERE id = NEW.patient_id FOR KEY SHARE; "
            f"IF EXISTS ({gone.found}) THEN RAISE EXCEPTION '{message}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} {on} EXECUTE FUNCTION {name}()",
        ),
    )


def _holds_nothing_on_sqlite(table: str, gone: Gone, event: str) -> Trigger:
    name = f"{table}_of_no_{gone.name}_patient_{event.split()[0].lower()}"
    return Trigger(
        name,
        table,
        sqlite=(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN "
            f"SELECT RAISE(ABORT, '{name}: {gone.because}') WHERE EXISTS ({gone.found}); END",
        ),
        postgresql=(),
    )


STILL_HOLDS = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE patient_id = NEW.id)" for table in HOLDERS)
NOT_EMPTY = "patient_merged_only_when_empty: cases, contacts or claims of this patient are left behind"
MARKS = "NEW.merged_into_id IS NOT NULL"
MERGED = (
    *(_holds_nothing(table, gone) for table in HOLDERS for gone in GONE),
    *(
        _holds_nothing_on_sqlite(table, gone, event)
        for table in HOLDERS
        for gone in GONE
        for event in ("INSERT", "UPDATE OF patient_id")
    ),
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
