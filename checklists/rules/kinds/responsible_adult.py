"""The responsible adult: somebody is there to take the patient home, whoever was named for the ride."""

from checklists.rules.context import Answer, Check, Context, Item, Kind, pending, said
from checklists.rules.ledger import latest
from checklists.rules.shapes import BOOLEAN, NOT_SURE, Shape
from checklists.rules.values import Evidence

REFUSED = "No responsible adult is there. The patient stays until one comes or a physician exempts."


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by the word that the adult is present; false is a recorded no."""
    seen = latest(entry for entry in context.standing(item.key) if entry.value["present"] is True)
    missing = "Record that a responsible adult is there to take the patient home."
    return Answer(
        checks=() if seen else (pending("responsible_adult_missing", missing),),
        confirmed="A responsible adult is there to take the patient home.",
        basis=seen,
    )


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    return said("responsible_adult_refused", REFUSED) if evidence.value.get("present") is False else None


RESPONSIBLE_ADULT = Kind(
    name="responsible_adult",
    items=lambda context: context.single("responsible_adult"),
    answer=answer,
    said_no=said_no,
    shapes=(Shape({"present": BOOLEAN}), NOT_SURE),
)
