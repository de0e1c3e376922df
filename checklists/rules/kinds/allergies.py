"""Allergies to what the procedure uses: cement, contrast, anesthetic, antibiotic."""

import re

from checklists.rules.context import Answer, Check, Context, Item, Kind, failed, pending, review, said
from checklists.rules.ledger import latest
from checklists.rules.shapes import NOT_SURE, TEXT, Shape, choice, listed
from checklists.rules.values import Evidence

ALLERGENS = ("cement", "contrast", "anesthetic", "antibiotic")
KNOWN, UNKNOWN = "known", "unknown"
# How each of the four is called in a list of allergies, in English and Spanish: by itself, its drugs, their endings.
CALLED = {
    "cement": re.compile(r"cement|pmma|methacr|metacril"),
    "contrast": re.compile(r"contrast|iodinated|yodado|iohexol|iopamidol|iodixanol|ioversol"),
    "anesthetic": re.compile(r"ana?esth?[eé]|caine?\b|ca[ií]na\b|propofol"),
    "antibiotic": re.compile(
        r"antibi[oó]ti|cill?in|\bcef|\bceph|m[iy]cin|floxacin|cycline|ciclina|penem\b|lactam|\bsulfa\b|sulfameth"
    ),
}
CEMENT = "An allergy to cement is recorded: it excludes the procedure. Call the clinician."


def answer(context: Context, item: Item) -> Answer:
    """Satisfied when each of the four is known and named, or ruled out."""
    stated = latest(context.standing(item.key))
    checks = [check for entry in stated for check in allergy_checks(context, entry)]
    if not stated:
        ask = "Allergies are not recorded. Ask about cement, contrast, anesthetics and antibiotics."
        checks = [pending("allergies_missing", ask)]
    return Answer(
        checks=tuple(checks),
        confirmed="Allergies are known, and none stands against the procedure.",
        basis=stated,
        grounds=(sorted(context.facts.allergies), [dict(entry.value) for entry in stated]),
    )


def allergy_checks(context: Context, entry: Evidence) -> list[Check]:
    value = entry.value
    checks: list[Check] = []
    if unknown := [name for name in ALLERGENS if value[name] not in (KNOWN, "none")]:
        ask = f"It is not known whether the patient is allergic to {', '.join(unknown)}. Ask, and record the answer."
        checks.append(pending("allergy_unknown", ask))
    if value["cement"] == KNOWN:
        checks.append(failed("allergy_cement", CEMENT))
    for name in ("contrast", "anesthetic"):
        if value[name] == KNOWN:
            checks.append(review(f"allergy_{name}", f"The patient is allergic to {name}: a clinician decides."))
    named = substances(entry)
    denied = [name for name in ALLERGENS if value[name] == "none" and any(CALLED[name].search(text) for text in named)]
    if denied:
        both = f"An allergy to {', '.join(denied)} is named and denied at once"
        checks.append(pending("allergy_contradicts", f"{both}. Ask again, and correct it."))
    if not named and any(value[name] == KNOWN for name in ALLERGENS):
        checks.append(pending("allergy_unnamed", "An allergy is known but not named. Record what it is to."))
    if untold := [text for text in context.facts.allergies if text.strip().casefold() not in named]:
        missed = f"The case names an allergy to {', '.join(untold)}, which is not among those recorded here"
        checks.append(pending("allergy_not_recorded", f"{missed}. Ask again, and name it."))
    return checks


def substances(entry: Evidence) -> frozenset[str]:
    """What the patient is allergic to, by name."""
    return frozenset(str(text).strip().casefold() for text in entry.value.get("substances", ()))


def against_antibiotics(context: Context) -> tuple[bool | None, tuple[str, ...]]:
    """Whether an antibiotic is among the allergies (None: nobody knows), and all that is named."""
    stated = latest(context.standing("allergies"))
    answers = {entry.value["antibiotic"] for entry in stated}
    named = {name for entry in stated for name in substances(entry)}
    named |= {text.strip().casefold() for text in context.facts.allergies}
    allergic = True if KNOWN in answers else False if answers == {"none"} else None
    return allergic, tuple(sorted(named))


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    return said("allergy_cement", CEMENT) if evidence.value.get("cement") == KNOWN else None


ALLERGIES = Kind(
    name="allergies",
    items=lambda context: context.single("allergies"),
    answer=answer,
    said_no=said_no,
    shapes=(
        Shape(dict.fromkeys(ALLERGENS, choice("none", KNOWN, UNKNOWN)), {"substances": listed(TEXT)}),
        NOT_SURE,
    ),
)
