"""Consent: the patient agreed to this procedure at these levels; nobody overrides that."""

from checklists.rules.context import Answer, Check, Context, Item, Kind, failed, pending, said
from checklists.rules.kinds.imaging import before_fracture
from checklists.rules.ledger import latest
from checklists.rules.shapes import LEVEL, NOT_SURE, TEXT, Shape, always, choice, listed
from checklists.rules.values import Evidence

REFUSED = "The patient does not consent. Call the clinician; nothing is done without consent."


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by a signed consent that names the planned procedure and exactly the planned levels."""
    standing = context.standing(item.key)
    signed = latest(entry for entry in standing if "refused" not in entry.value)
    checks = [check for entry in signed for check in plan_checks(context, entry)]
    checks += before_fracture(context, signed, "consent")
    if not signed:
        checks = [pending("consent_missing", "No consent is recorded. A clinician obtains and records it.")]
    return Answer(
        checks=tuple(checks),
        confirmed="The patient consents to this procedure at these levels.",
        basis=signed,
        grounds=(
            context.facts.procedure,
            sorted(set(context.facts.levels)),
            [dict(entry.value) for entry in signed],
        ),
    )


def plan_checks(context: Context, entry: Evidence) -> list[Check]:
    facts, value = context.facts, entry.value
    if value["signed"] is not True:
        raise ValueError("a consent that is neither signed nor refused")
    checks: list[Check] = []
    again = "Obtain consent anew, or correct the plan."
    if value["procedure"] != facts.procedure:
        differ = f"The consent names {value['procedure']}, the plan {facts.procedure}"
        checks.append(failed("consent_procedure_differs", f"{differ}. {again}"))
    if set(value["levels"]) != set(facts.levels):
        named, planned = (", ".join(sorted(set(levels))) or "no level" for levels in (value["levels"], facts.levels))
        checks.append(failed("consent_levels_differ", f"The consent names {named}, the plan {planned}. {again}"))
    return checks


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    return said("consent_refused", REFUSED) if evidence.value.get("refused") is True else None


CONSENT = Kind(
    name="consent",
    items=lambda context: context.single("consent"),
    answer=answer,
    said_no=said_no,
    shapes=(
        Shape(
            {
                "signed": always(True),
                "procedure": choice("kyphoplasty", "vertebroplasty"),
                "levels": listed(LEVEL, at_least=1),
            }
        ),
        Shape({"refused": always(True)}, {"reason": TEXT}),
        NOT_SURE,
    ),
)
