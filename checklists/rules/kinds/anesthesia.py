"""The anesthesia evaluation: somebody entitled found the patient fit for the planned anesthesia."""

from checklists.rules.context import Answer, Check, Context, Item, Kind, pending, said
from checklists.rules.kinds.imaging import before_fracture
from checklists.rules.ledger import latest
from checklists.rules.shapes import NOT_SURE, TEXT, Shape, choice, whole
from checklists.rules.values import Evidence

MILDEST_FIRST = ("local", "sedation", "general")
NOT_FIT = "The evaluation finds the patient not fit for the anesthesia. Call the clinician."


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by an evaluation for the planned anesthesia or a deeper one; undecided counts as the deepest."""
    standing = context.standing(item.key)
    fit = latest(entry for entry in standing if entry.value["outcome"] == "fit")
    checks = [check for entry in fit for check in plan_checks(context, entry)]
    checks += before_fracture(context, fit, "evaluation")
    if not fit:
        ask = "No anesthesia evaluation is recorded. A clinician does it and records its outcome."
        checks = [pending("evaluation_missing", ask)]
    return Answer(
        checks=tuple(checks),
        confirmed="The patient is fit for the planned anesthesia.",
        basis=fit,
        grounds=(context.facts.anesthesia, [dict(entry.value) for entry in fit]),
    )


def plan_checks(context: Context, entry: Evidence) -> list[Check]:
    evaluated, planned = entry.value["anesthesia"], context.facts.anesthesia
    depth = MILDEST_FIRST.index(planned or MILDEST_FIRST[-1])
    if MILDEST_FIRST.index(evaluated) >= depth:
        return []
    wanted = planned or "undecided, which counts as general"
    less = f"The evaluation is for {evaluated} anesthesia, the plan is {wanted}"
    return [pending("evaluated_for_less", f"{less}. Evaluate again, or correct the plan.")]


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    return said("not_fit", NOT_FIT) if evidence.value.get("outcome") == "not_fit" else None


ANESTHESIA_EVALUATION = Kind(
    name="anesthesia_evaluation",
    items=lambda context: context.single("anesthesia_evaluation"),
    answer=answer,
    said_no=said_no,
    shapes=(
        Shape(
            {"outcome": choice("fit", "not_fit"), "anesthesia": choice(*MILDEST_FIRST)},
            {"asa_class": whole(1, 6), "note": TEXT},
        ),
        NOT_SURE,
    ),
)
