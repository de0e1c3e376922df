"""How much pain a candidate has, where a pathway asks for it (row IM41); less is for a clinician to weigh."""

from collections.abc import Iterator, Sequence
from typing import Any

from checklists.rules.context import Check, Context, pending, review
from checklists.rules.protocol import PainRule
from checklists.rules.shapes import BOOLEAN, Shape, choice, listed, whole
from checklists.rules.values import Evidence

SIGNS = {
    "height_loss": "the vertebra has lost more than 25 % of its height",
    "kyphotic_deformity": "a kyphotic deformity",
    "rdq_over_17": "a Roland-Morris score above 17",
    "severe_impact": "daily life is severely limited",
}
PAIN = Shape(
    {"score": whole(0, 10), "in_hospital": BOOLEAN, "worsening": BOOLEAN, "signs": listed(choice(*SIGNS))},
    {"despite_care": BOOLEAN},
)
ASK = "How strong the pain is is not recorded. Ask for it from 0 to 10 and record it with the assessment."


def pain_checks(context: Context, assessed: Sequence[Evidence]) -> Iterator[Check]:
    rule = context.protocol.pain
    if rule is None or context.facts.cause in rule.off_for:
        return
    said = [entry.value.get("pain") for entry in assessed]
    if not said or None in said:
        yield pending("pain_unknown", ASK)
    for pain in filter(None, said):
        yield from too_little(pain, rule)


def too_little(pain: dict[str, Any], rule: PainRule) -> Iterator[Check]:
    where, limit = ("in hospital", rule.hospital_from) if pain["in_hospital"] else ("at home", rule.home_from)
    if pain["score"] < limit:
        wanted = f"The pain is {pain['score']} of 10; {where} this pathway wants {limit} or more"
        yield review("pain_low", f"{wanted}: a clinician decides.")
    if not pain["in_hospital"] and not pain.get("despite_care"):
        yield review("pain_care_first", "The pain is not there in spite of the best other care: a clinician decides.")
    if not pain["worsening"] and len(set(pain["signs"])) < rule.signs:
        beside = f"fewer than {rule.signs} signs go with it"
        yield review("pain_unsupported", f"The pain does not get worse, and {beside}: a clinician decides.")
