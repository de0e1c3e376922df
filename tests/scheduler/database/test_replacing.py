"""INSERT OR REPLACE deletes first; what is kept as written is not replaced either."""

import pytest
from django.db import IntegrityError, connection, transaction

from checklists.models import Facts
from scheduler.models import Case

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite can insert or replace"),
]


def test_append_only_row_is_not_replaced(tell) -> None:  # type: ignore[no-untyped-def]
    case: Case = tell("opened")
    facts = Facts.objects.get(checklist=case.checklist)
    columns = [field.column for field in Facts._meta.concrete_fields]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join("'{}'" if column == "document" else f'"{column}"' for column in columns)
    with pytest.raises(IntegrityError, match="checklists_facts_append_only"), transaction.atomic():
        connection.cursor().execute(
            f"INSERT OR REPLACE INTO checklists_facts ({names}) SELECT {values} FROM checklists_facts WHERE id = %s",
            [facts.pk.hex],
        )
    assert Facts.objects.get(pk=facts.pk).document == facts.document
