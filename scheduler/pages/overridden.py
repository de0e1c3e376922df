"""Who carries an item over its failure, and why: the same on every page of a case."""

from dataclasses import dataclass

from checklists.models import Override
from scheduler.services.boards import Row
from scheduler.services.people import writer_names


@dataclass(frozen=True, slots=True)
class Carried:
    """One override that holds now, with the names of whoever gave it."""

    override: Override
    by: str | None
    second: str | None


def carried_by(row: Row) -> list[Carried]:
    """In the order of the checklist."""
    if not row.overridden:
        return []
    given = list(Override.objects.filter(checklist_id=row.case.checklist_id).order_by("at"))
    newest = {(override.item, override.inputs): override for override in given}
    names = writer_names(by for override in given for by in (override.by, override.second_by))
    carried = [newest[f.item, f.inputs] for f in row.verdict.findings if f.item in row.overridden]
    return [Carried(each, names.get(each.by), names.get(each.second_by)) for each in carried]
