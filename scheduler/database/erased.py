"""The one lawful change of what is kept as it was written: a patient's erasure, to the values of `rules/erased.py`.

These replace the triggers of the lower apps that refuse every UPDATE: they alone know whose case a row belongs to.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.apps import apps
from django.db import models

from checklists.database import GATE_PASS_IDENTITY, Trigger, append_only, refused
from scheduler.rules.erased import ERASED, OF_PATIENT, WORD, Copied, Empty, Masked, Numbered, What

BY_ERASURE = "JOIN scheduler_erasure x ON x.patient_id = k.patient_id AND x.practice_id = k.practice_id"
OF_CASE = f"SELECT 1 FROM scheduler_case k {BY_ERASURE} WHERE k.practice_id = OLD.practice_id AND k.id = {{}}"
OF_CHECKLIST = (
    f"SELECT 1 FROM checklists_checklist c JOIN scheduler_case k ON k.id = c.subject {BY_ERASURE} "
    "WHERE c.practice_id = OLD.practice_id AND c.id = {}"
)
OF_EVIDENCE = (
    "SELECT 1 FROM checklists_evidence e JOIN checklists_checklist c ON c.id = e.checklist_id "
    f"JOIN scheduler_case k ON k.id = c.subject {BY_ERASURE} WHERE c.practice_id = OLD.practice_id AND e.id = {{}}"
)
# A word that was filed to another patient first, or to several, stands there too, struck through.
REFILED_HERE = (
    "SELECT 1 FROM (WITH RECURSIVE filed(id) AS (SELECT r.refiled_as_id FROM checklists_evidenceerror r "
    "WHERE r.evidence_id = OLD.{} UNION SELECT r.refiled_as_id FROM checklists_evidenceerror r "
    "JOIN filed ON filed.id = r.evidence_id) SELECT id FROM filed) f WHERE EXISTS ("
    f"{OF_EVIDENCE.format('f.id')})"
)
# What was struck through when a case was filed to another patient was said by whoever it was filed to before. The two
# rows that the record has of that moment, of the case and of the patient, say alike what happened.
ALIKE = (
    "JOIN scheduler_record b ON b.practice_id = c.practice_id AND b.action = 'case_refiled' "
    "AND replace(b.subject, '-', '') = replace(CAST(c.subject AS text), '-', '') "
    "JOIN scheduler_record a ON a.practice_id = b.practice_id AND a.action = b.action AND a.at = b.at "
    "AND a.fields = b.fields JOIN scheduler_erasure x ON x.practice_id = a.practice_id "
    "AND replace(CAST(x.patient_id AS text), '-', '') = replace(a.subject, '-', '')"
)
STRUCK = (
    "SELECT 1 FROM checklists_evidenceerror r JOIN checklists_evidence e ON e.id = r.evidence_id "
    f"JOIN checklists_checklist c ON c.id = e.checklist_id {ALIKE} "
    "WHERE r.practice_id = OLD.practice_id AND r.evidence_id = OLD.{} AND b.at = r.at"
)
# A case that was filed to another patient since; the facts that count now are that one's.
FILED_ON = (
    f"SELECT 1 FROM checklists_checklist c {ALIKE} WHERE c.practice_id = OLD.practice_id "
    "AND c.id = OLD.checklist_id AND c.facts_number > OLD.number AND OLD.at <= b.at"
)
# What went to the patient alone while another's case was filed to them.
TO_THEM = (
    "SELECT 1 FROM scheduler_contact a JOIN scheduler_erasure x ON x.patient_id = a.patient_id "
    "AND x.practice_id = a.practice_id WHERE a.practice_id = OLD.practice_id AND {0}.recipient_hash <> '' "
    "AND {0}.recipient_hash IN (a.email_hash, a.phone_hash) AND NOT EXISTS (SELECT 1 FROM scheduler_case k "
    "JOIN scheduler_contact o ON o.patient_id = k.patient_id WHERE k.id = {0}.subject "
    "AND {0}.recipient_hash IN (o.email_hash, o.phone_hash))"
)
MESSAGE_OF_ATTEMPT = (
    "SELECT 1 FROM notifications_message m WHERE m.id = OLD.message_id AND (EXISTS ({}) OR EXISTS ({}))"
)

MESSAGE_IDENTITY = ("practice_id", "occasion", "message_id", "uid", "sequence", "method", "payload_digest")


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger that takes the erased values and nothing else, of rows that `whose` finds an erasure for.

    `columns`: those that it guards; none: all. `loose`: what changes nothing passes without an erasure too.
    `parts`: per engine, another lawful value of the erased column, of rows that `elsewhere` finds.
    """

    name: str
    label: str
    whose: tuple[str, ...]
    because: str = ""
    columns: tuple[str, ...] = ()
    loose: bool = False
    parts: Mapping[str, str] = field(default_factory=dict)
    elsewhere: str = ""

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.label)

    @property
    def table(self) -> str:
        return self.model._meta.db_table


PATHS = ", ".join(f"'$.{name}'" for name in OF_PATIENT)
NAMES = " - ".join(f"'{name}'" for name in OF_PATIENT)
KEPT = "a queued message keeps its identity; queue a new message instead"
GUARDS = (
    Guard(
        "checklists_facts_append_only_update",
        "checklists.Facts",
        (OF_CHECKLIST.format("OLD.checklist_id"),),
        parts={
            "sqlite": f"json(NEW.document) IS json_remove(OLD.document, {PATHS})",
            "postgresql": f"NEW.document IS NOT DISTINCT FROM OLD.document - {NAMES}",
        },
        elsewhere=FILED_ON,
    ),
    Guard(
        "checklists_evidence_append_only_update",
        "checklists.Evidence",
        (OF_CHECKLIST.format("OLD.checklist_id"), REFILED_HERE.format("id"), STRUCK.format("id")),
    ),
    Guard(
        "checklists_evidenceerror_append_only_update",
        "checklists.EvidenceError",
        (
            OF_EVIDENCE.format("OLD.evidence_id"),
            REFILED_HERE.format("evidence_id"),
            STRUCK.format("evidence_id"),
        ),
    ),
    Guard("checklists_review_append_only_update", "checklists.Review", (OF_CHECKLIST.format("OLD.checklist_id"),)),
    Guard("checklists_override_append_only_update", "checklists.Override", (OF_CHECKLIST.format("OLD.checklist_id"),)),
    Guard("checklists_decision_append_only_update", "checklists.Decision", (OF_CHECKLIST.format("OLD.checklist_id"),)),
    Guard(
        "gate_pass_is_immutable", "checklists.GatePass", (OF_CASE.format("OLD.subject"),), columns=GATE_PASS_IDENTITY
    ),
    Guard(
        "message_identity_fixed",
        "notifications.Message",
        (OF_CASE.format("OLD.subject"), TO_THEM.format("OLD")),
        because=KEPT,
        columns=MESSAGE_IDENTITY,
        loose=True,
    ),
    Guard(
        "attempt_update_refused",
        "notifications.Attempt",
        (MESSAGE_OF_ATTEMPT.format(OF_CASE.format("m.subject"), TO_THEM.format("m")),),
        because="attempts are only added",
    ),
)


def _sqlite(field: models.Field, what: What) -> str:  # type: ignore[type-arg]
    column = f"NEW.{field.column}"
    if isinstance(field, models.JSONField):
        return f"json({column}) IS json({_erased(what)})"
    return f"{column} IS {_erased(what)}"


def _postgresql(field: models.Field, what: What) -> str:  # type: ignore[type-arg]
    erased = f"{_erased(what)}::jsonb" if isinstance(field, models.JSONField) else _erased(what)
    return f"NEW.{field.column} IS NOT DISTINCT FROM {erased}".replace("OLD.id", "OLD.id::text")


def _erased(what: What) -> str:
    """The SQL of the value; `||` and CASE mean the same on both engines."""
    match what:
        case Empty(value) if isinstance(value, (Mapping, list)):
            return f"'{json.dumps(value)}'"
        case Empty(value):
            return f"'{value}'"
        case Masked():
            return f"'{WORD}'"
        case Numbered():
            return f"'{WORD}:' || OLD.id"
        case Copied(column):
            return f"OLD.{column}"
    raise AssertionError(f"{what} is not for what is kept as it was written")


def _lawful(guard: Guard, same: str, erased: Callable[[models.Field, What], str]) -> str:  # type: ignore[type-arg]
    """Every column is as it was, or is erased."""
    decided = ERASED[guard.label].erased
    terms = []
    for column in guard.model._meta.concrete_fields:
        if guard.columns and column.column not in guard.columns:
            continue
        unchanged = _same(str(column.column), same)
        what = decided.get(column.name)
        terms.append(unchanged if what is None else f"({unchanged} OR {erased(column, what)})")
    return " AND ".join(terms)


def _kept(guard: Guard, same: str) -> str:
    """What no erasure touches is as it was."""
    decided = ERASED[guard.label].erased
    fields = guard.model._meta.concrete_fields
    return " AND ".join(_same(str(field.column), same) for field in fields if field.name not in decided)


def _unchanged(guard: Guard, same: str) -> str:
    return " AND ".join(_same(column, same) for column in guard.columns)


def _same(column: str, same: str) -> str:
    """In quotes: PL/pgSQL takes `by` for a word of its own."""
    return f'NEW."{column}" {same} OLD."{column}"'


def _trigger(guard: Guard) -> Trigger:
    message = f"{guard.name}: {guard.because or f'rows of {guard.table} are kept as they were written'}"
    of = f" OF {', '.join(guard.columns)}" if guard.columns else ""
    head = f"CREATE TRIGGER {guard.name} BEFORE UPDATE{of} ON {guard.table} FOR EACH ROW"
    whose = " OR ".join(f"EXISTS ({each})" for each in guard.whose)

    def wrong(same: str, engine: str, erased: Callable[[models.Field, What], str]) -> str:  # type: ignore[type-arg]
        strict = f"NOT ({_lawful(guard, same, erased)} AND ({whose}))"
        if guard.parts:
            strict += f" AND NOT ({_kept(guard, same)} AND {guard.parts[engine]} AND EXISTS ({guard.elsewhere}))"
        return f"{strict} AND NOT ({_unchanged(guard, same)})" if guard.loose else strict

    return Trigger(
        guard.name,
        guard.table,
        sqlite=(f"{head} BEGIN SELECT RAISE(ABORT, '{message}') WHERE {wrong('IS', 'sqlite', _sqlite)}; END",),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {wrong('IS NOT DISTINCT FROM', 'postgresql', _postgresql)} THEN RAISE EXCEPTION '{message}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"{head} EXECUTE FUNCTION {guard.name}()",
        ),
    )


def _refused_where(name: str, event: str, table: str, when: str, exists: str, because: str, waits: str = "") -> Trigger:
    """Refused where the query finds something: a WHEN of PostgreSQL may not ask other tables.

    `waits`: what PostgreSQL does first, for the locks; SQLite has one writer at a time.
    """
    head = f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW"
    return Trigger(
        name,
        table,
        sqlite=(f"{head} BEGIN SELECT RAISE(ABORT, '{name}: {because}') WHERE {when} AND {exists}; END",),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {waits}"
            f"IF {when} AND {exists} THEN RAISE EXCEPTION '{name}: {because}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"{head} EXECUTE FUNCTION {name}()",
        ),
    )


# All but the encrypted record number, which every new key writes anew.
IDENTITY = (
    *("practice_id", "family_name", "given_name", "born_on", "sex", "language", "record_number_hash", "digest_salt"),
    *("created_at", "merged_into_id", "erased_at"),
)
REPLACED = {guard.name: _trigger(guard) for guard in GUARDS}
ERASURES = (
    *append_only("scheduler_erasure"),
    _refused_where(
        "erasure_of_closed_cases",
        "INSERT",
        "scheduler_erasure",
        "1 = 1",
        "EXISTS (SELECT 1 FROM scheduler_case k WHERE k.patient_id = NEW.patient_id AND k.state <> 'closed')",
        "a case of this patient is not closed",
        # Whoever gives the patient a case at this moment holds this row too, and is seen or sees the erasure.
        waits="PERFORM 1 FROM scheduler_patient WHERE id = NEW.patient_id FOR UPDATE; ",
    ),
    _refused_where(
        "patient_erased_with_its_row",
        "UPDATE OF erased_at",
        "scheduler_patient",
        "NEW.erased_at IS NOT NULL",
        "NOT EXISTS (SELECT 1 FROM scheduler_erasure x WHERE x.patient_id = NEW.id AND x.at = NEW.erased_at)",
        "no erasure stands behind this",
    ),
    refused(
        "scheduler_patient",
        "patient_erased_is_final",
        "UPDATE",
        when="OLD.erased_at IS NOT NULL",
        columns=IDENTITY,
        because="this patient was erased",
    ),
    # Whose checklist it is decides whose erasure may empty it.
    refused(
        "checklists_checklist",
        "checklist_keeps_its_subject",
        "UPDATE",
        when="NEW.subject <> OLD.subject",
        columns=("subject",),
        because="a checklist stays with its case",
    ),
)


def columns_granted() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Of tables that the application may only append to: what an erasure empties."""
    for guard in GUARDS:
        if guard.name.endswith("_append_only_update"):
            decided = ERASED[guard.label].erased
            fields = guard.model._meta.concrete_fields
            yield guard.table, tuple(str(field.column) for field in fields if field.name in decided)
