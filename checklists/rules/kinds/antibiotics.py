"""The antibiotic plan: by vein before, by prescription after, or none; never one that the patient does not bear."""

import re
from collections.abc import Mapping
from typing import Any

from checklists.rules.context import Answer, Check, Context, Item, Kind, failed, never_no, pending, review
from checklists.rules.kinds.allergies import against_antibiotics
from checklists.rules.ledger import latest
from checklists.rules.shapes import NOT_SURE, TEXT, Problem, Shape, choice
from checklists.rules.values import Evidence

SHORTEST_NAME = 5
GIVEN = ("before_iv", "after_prescription")


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by a plan whose drugs are none of the patient's allergies, which must be known."""
    planned = latest(context.standing(item.key))
    drugs = tuple(sorted({drug for entry in planned for drug in drugs_of(entry)}))
    checks = allergy_checks(context, drugs)
    if not planned:
        ask = "No antibiotic plan is recorded. A clinician decides; none is a plan too."
        checks = [pending("antibiotic_plan_missing", ask)]
    return Answer(
        checks=tuple(checks),
        confirmed="The antibiotic plan is decided.",
        basis=planned,
        grounds=([dict(entry.value) for entry in planned], against_antibiotics(context) if drugs else ()),
    )


def drugs_of(entry: Evidence) -> list[str]:
    drugs = [str(entry.value[key]) for key in GIVEN if key in entry.value]
    if (entry.value["plan"] == "none") is bool(drugs):
        raise ValueError("an antibiotic plan that contradicts itself")
    return drugs


def allergy_checks(context: Context, drugs: tuple[str, ...]) -> list[Check]:
    """A drug that is named among the allergies fails; any other beside an antibiotic allergy is for a clinician."""
    if not drugs:
        return []
    allergic, named = against_antibiotics(context)
    refused = [drug for drug in drugs if any(same(drug, name) for name in named)]
    if refused:
        wrong = f"{', '.join(refused)} is planned, and the patient is allergic to it. A clinician changes the plan."
        return [failed("antibiotic_allergy", wrong)]
    if allergic is None:
        ask = "An antibiotic is planned, and it is not known whether the patient bears antibiotics. Ask and record it."
        return [pending("antibiotic_allergy_unknown", ask)]
    if allergic:
        beside = f"{', '.join(drugs)} is planned beside an allergy to {', '.join(named) or 'an antibiotic'}"
        return [review("antibiotic_beside_allergy", f"{beside}: a clinician decides.")]
    return []


def same(drug: str, allergy: str) -> bool:
    """Whether both texts share a name, as `cefazolin, 2 g IV` and `Cefazolin (rash)` do."""
    return not names_in(drug).isdisjoint(names_in(allergy))


def names_in(text: str) -> set[str]:
    """Words long enough for a name: no dose, unit or route."""
    return {word for word in re.findall(r"[^\W\d_]+", text.casefold()) if len(word) >= SHORTEST_NAME}


def plan_problems(value: Mapping[str, Any]) -> list[Problem]:
    named = [key for key in GIVEN if key in value]
    if value.get("plan") == "antibiotic" and not named:
        return [Problem("plan", f"an antibiotic is planned but not named. Add {' or '.join(GIVEN)}.")]
    if value.get("plan") == "none" and named:
        return [Problem("plan", f"none is planned, yet {named[0]} names one. Take it out, or correct the plan.")]
    return []


ANTIBIOTIC_PLAN = Kind(
    name="antibiotic_plan",
    items=lambda context: context.single("antibiotic_plan"),
    answer=answer,
    said_no=never_no,
    shapes=(Shape({"plan": choice("none", "antibiotic")}, dict.fromkeys(GIVEN, TEXT)), NOT_SURE),
    problems=plan_problems,
)
