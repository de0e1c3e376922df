"""Dossiers as they are stored: of any number of checklists in one statement."""

import uuid
from collections.abc import Sequence

from django.db import connection

from checklists.models import Checklist
from checklists.rules.dossier import Dossier, Written, dossier_from

# One text for all rows of a checklist costs less than its rows one by one, and is compared whole in no time. `value`
# and `supersedes` stay text inside it: what cannot be read is then the trouble of one case, not of the statement.
WRITTEN = (
    "SELECT replace(CAST(c.id AS text), '-', ''), "
    '(SELECT CAST(f.document AS text) FROM "checklists_facts" f '
    'WHERE f."checklist_id" = c.id AND f.number = c.facts_number), '
    "(SELECT CAST({rows}({row}(e.id, e.item, e.observed_at, CAST(e.value AS text), e.said_by, e.authority, "
    "e.recorded_by, CAST(e.supersedes AS text), x.evidence_id)) AS text) "
    'FROM "checklists_evidence" e LEFT JOIN "checklists_evidenceerror" x ON x.evidence_id = e.id '
    'WHERE e."checklist_id" = c.id), '
    "(SELECT CAST({rows}({row}(r.at, r.item, r.inputs, r.start_from, r.start_until, r.by)) AS text) "
    'FROM "checklists_review" r WHERE r."checklist_id" = c.id) '
    'FROM "checklists_checklist" c WHERE c."id" IN ({ids})'
)
JSON_OF = {
    "sqlite": {"rows": "json_group_array", "row": "json_array"},
    "postgresql": {"rows": "json_agg", "row": "json_build_array"},
}


def read_written(checklists: Sequence[Checklist]) -> dict[uuid.UUID, Written]:
    """What is written of each of these checklists at one instant."""
    if not checklists:
        return {}
    asked = {checklist.id.hex: checklist.id for checklist in checklists}
    statement = WRITTEN.format(ids=", ".join(["%s"] * len(asked)), **JSON_OF[connection.vendor])
    with connection.cursor() as cursor:
        cursor.execute(statement, list(asked))
        return {
            asked[found]: Written(facts, evidence or "[]", reviews or "[]")
            for found, facts, evidence, reviews in cursor.fetchall()
        }


def load_dossiers(checklists: Sequence[Checklist]) -> dict[uuid.UUID, Dossier]:
    """The dossiers of any number of checklists in one query."""
    return {pk: dossier_from(written) for pk, written in read_written(checklists).items()}


def load_dossier(checklist: Checklist) -> Dossier:
    return load_dossiers([checklist])[checklist.pk]
