"""The ride: a responsible adult takes the patient home; a driver for hire is transport only."""

from collections.abc import Mapping
from typing import Any

from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    failed,
    pending,
    review,
    said,
)
from checklists.rules.ledger import latest
from checklists.rules.shapes import BOOLEAN, NOT_SURE, UUID, Shape, choice
from checklists.rules.values import Evidence

FOR_HIRE = ("taxi", "ride_share")
NO_RIDE = "Nobody can take the patient home. Arrange an adult who can, or a new date."
NO_ADULT = "A driver alone is no responsible adult. Name an adult who goes along."


def answer(context: Context, item: Item) -> Answer:
    stated = latest(context.standing(item.key))
    checks = [check for entry in stated for check in ride_checks(entry)]
    if not stated:
        checks = [pending("ride_missing", "Nobody is named to take the patient home. Ask who will.")]
    return Answer(
        checks=tuple(checks),
        confirmed="A responsible adult takes the patient home.",
        basis=stated,
        grounds=([dict(entry.value) for entry in stated],),
    )


def ride_checks(entry: Evidence) -> list[Check]:
    value = entry.value
    if value.get("exempt"):
        return [review("ride_exempt", "A physician's exemption from the escort is noted: a clinician signs it.")]
    if not value["available"]:
        return [failed("no_ride", NO_RIDE)]
    if value.get("adult"):
        return []
    if is_without_adult(value):
        return [failed("no_adult", NO_ADULT)]
    return [pending("adult_unknown", "Record whether the person who comes along is a responsible adult.")]


def is_without_adult(value: Mapping[str, Any]) -> bool:
    return not value.get("adult") and (value.get("adult") is False or value.get("transport") in FOR_HIRE)


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    value = evidence.value
    if value.get("exempt"):
        return None
    if value.get("available") is False:
        return said("no_ride", NO_RIDE)
    return said("no_adult", NO_ADULT) if is_without_adult(value) else None


RIDE = Kind(
    name="ride",
    items=lambda context: context.single("ride"),
    answer=answer,
    said_no=said_no,
    shapes=(
        Shape(
            {"available": BOOLEAN},
            {
                "adult": BOOLEAN,
                "transport": choice("car", "taxi", "ride_share", "other"),
                "exempt": BOOLEAN,
                "seen": BOOLEAN,
                "contact": UUID,
            },
        ),
        NOT_SURE,
    ),
)
