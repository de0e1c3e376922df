"""Attestations: somebody entitled says that a thing is so."""

from checklists.rules.context import Answer, Check, Context, Item, Kind, pending, said
from checklists.rules.ledger import latest
from checklists.rules.shapes import BOOLEAN, NOT_SURE, Shape
from checklists.rules.values import Evidence


def attestation(name: str, key: str, missing: str, confirmed: str, refused: str) -> Kind:
    """A kind of one item whose value is `{key: true | false}`; false is a recorded no."""

    def answer(context: Context, item: Item) -> Answer:
        stated = latest(entry for entry in context.standing(item.key) if entry.value[key] is True)
        checks = () if stated else (pending(f"{name}_missing", missing),)
        return Answer(checks, confirmed, stated, grounds=([dict(entry.value) for entry in stated],))

    def said_no(_context: Context, evidence: Evidence) -> Check | None:
        return said(f"{name}_refused", refused) if evidence.value.get(key) is False else None

    return Kind(
        name=name,
        items=lambda context: context.single(name),
        answer=answer,
        said_no=said_no,
        shapes=(Shape({key: BOOLEAN}), NOT_SURE),
    )


RESPONSIBLE_ADULT = attestation(
    "responsible_adult",
    "present",
    missing="Record that a responsible adult is there to take the patient home.",
    confirmed="A responsible adult is there to take the patient home.",
    refused="No responsible adult is there. The patient stays until one comes or a physician exempts.",
)
