"""The consult: a clinician has seen the patient and decided for the procedure."""

from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    failed,
    pending,
    said,
)
from checklists.rules.kinds.imaging import before_fracture
from checklists.rules.ledger import latest
from checklists.rules.shapes import LEVEL, NOT_SURE, Shape, choice, listed
from checklists.rules.values import Evidence


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by an outcome `procedure` whose levels, where given, are those planned."""
    found = latest(e for e in context.standing(item.key) if e.value["outcome"] == "procedure")
    planned = tuple(sorted(set(context.facts.levels)))
    return Answer(
        checks=(*level_checks(found, planned), *before_fracture(context, found, "consult")),
        confirmed="The consult decided for the procedure.",
        basis=found,
        grounds=(planned, [dict(e.value) for e in found]),
    )


def level_checks(found: tuple[Evidence, ...], planned: tuple[str, ...]) -> list[Check]:
    if not found:
        return [pending("consult_missing", "No consult is recorded. Arrange it and record its outcome.")]
    return [
        failed(
            "levels_differ",
            f"The consult names {', '.join(sorted(named))}, the plan {', '.join(planned) or 'no level'}. "
            "Correct the one that is wrong.",
        )
        for named in (set(e.value.get("levels", ())) for e in found)
        if named and named != set(planned)
    ]


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    if evidence.value.get("outcome") != "not_candidate":
        return None
    return said(
        "not_candidate",
        "The consult found that this patient is not a candidate. End the case, or record a new consult.",
    )


CONSULT = Kind(
    name="consult",
    items=lambda context: context.single("consult"),
    answer=answer,
    said_no=said_no,
    shapes=(Shape({"outcome": choice("procedure", "not_candidate")}, {"levels": listed(LEVEL, 1)}), NOT_SURE),
)
